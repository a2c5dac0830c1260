"""The demo's accounting office and its twelve clients. Runs in Odoo's shell, which provides `env`.

A script of its own: for the demo's first company Odoo installs modules, which only the next start
of Odoo knows.
"""

from typing import Any

from ksef_simulator.office import CLIENTS, OFFICE_NAME, OFFICE_NIP


def fill(env: Any) -> None:
    """Write the office's own company, its clients, and the accountant who looks after them."""
    rows = [_company(env, OFFICE_NAME, OFFICE_NIP), *(_client(env, one) for one in CLIENTS)]
    companies = env["res.company"].create(rows)
    accountant = env["res.users"].search([("login", "=", "ksiegowa")])
    user = env["res.users"].create(
        {
            "name": "Barbara Biuro",
            "login": "biuro",
            "password": "biuro",
            "email": "biuro@example.com",
            "lang": "pl_PL",
            "tz": "Europe/Warsaw",
            "company_id": companies[0].id,
            "company_ids": [(6, 0, companies.ids)],
            "group_ids": [(6, 0, accountant.group_ids.ids)],
        }
    )
    user.write({"tour_enabled": False, "odoobot_state": "disabled"})
    user.action_id = env.ref("l10n_pl_ksef_auth.action_overview").id
    env.cr.commit()


def _client(env: Any, client: Any) -> dict[str, Any]:
    """Return a client's company, as an administrator imports it."""
    return {
        **_company(env, client.name, client.nip),
        "l10n_pl_ksef_signer_name": client.signer.name,
        "l10n_pl_ksef_signer_email": client.email,
    }


def _company(env: Any, name: str, nip: str) -> dict[str, Any]:
    return {
        "name": name,
        "vat": f"PL{nip}",
        "country_id": env.ref("base.pl").id,
        "currency_id": env.ref("base.PLN").id,
        "l10n_pl_ksef_environment": "test",
    }


fill(globals()["env"])
