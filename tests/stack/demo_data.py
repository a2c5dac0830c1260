"""The demo's company and users. Runs in Odoo's shell, which provides `env`."""

from typing import Any

COMPANY = "Przykładowa Sp. z o.o."
NIP = "5265877635"
BUYER = "Nabywca S.A."
BUYER_NIP = "1111111111"
OURS = ("l10n_pl_ksef_auth", "l10n_pl_edi_ksef_auth")
KEPT_CRONS = (
    "mail.ir_cron_mail_scheduler_action",
    "l10n_pl_edi.cron_auto_checks_the_polish_invoice_status",
)


def fill(env: Any) -> None:
    """Write what the journey starts from: a Polish company that is not connected."""
    _company(env)
    _users(env)
    _buyer(env)
    _parameters(env)
    _crons(env)
    env.cr.commit()


def _company(env: Any) -> None:
    """The company of the story, with a Polish chart of accounts."""
    company = env.ref("base.main_company")
    company.partner_id.write(
        {
            "name": COMPANY,
            "street": "ul. Przykładowa 1",
            "zip": "00-001",
            "city": "Warszawa",
            "country_id": env.ref("base.pl").id,
            "lang": "pl_PL",
            "tz": "Europe/Warsaw",
        }
    )
    env.ref("base.PLN").active = True
    company.write({"name": COMPANY, "currency_id": env.ref("base.PLN").id})
    if company.chart_template != "pl":
        env["account.chart.template"].try_loading("pl", company, install_demo=False)
    company.vat = f"PL{NIP}"
    if "l10n_pl_ksef_environment" in company._fields:
        company.l10n_pl_ksef_environment = "test"


def _users(env: Any) -> None:
    """The administrator, and an accountant without further rights."""
    env["ir.default"].set("res.partner", "lang", "pl_PL")
    groups = [env.ref("base.group_user").id, env.ref("account.group_account_invoice").id]
    connection = env.ref("l10n_pl_ksef_auth.group_ksef_connection", raise_if_not_found=False)
    accountant = env["res.users"].create(
        {
            "name": "Katarzyna Księgowa",
            "login": "ksiegowa",
            "password": "ksiegowa",
            "email": "ksiegowa@example.com",
            "group_ids": [(6, 0, groups + connection.ids if connection else groups)],
        }
    )
    users = accountant | env.ref("base.user_admin")
    dashboard = env.ref("account.open_account_journal_dashboard_kanban")
    users.write({"lang": "pl_PL", "tz": "Europe/Warsaw", "action_id": dashboard.id})
    # Neither Odoo's guided tour nor its chat robot stands in the way of the story.
    users.write({"tour_enabled": False, "odoobot_state": "disabled"})


def _buyer(env: Any) -> None:
    """Somebody to send an invoice to."""
    env["res.partner"].create(
        {
            "name": BUYER,
            "is_company": True,
            "street": "ul. Boczna 2",
            "zip": "81-300",
            "city": "Gdynia",
            "country_id": env.ref("base.pl").id,
            "vat": f"PL{BUYER_NIP}",
            "lang": "pl_PL",
            # There is no mail server here: sending means KSeF.
            "invoice_sending_method": "manual",
        }
    )


def _parameters(env: Any) -> None:
    """Settings of the whole database; the simulator's addresses are written at each start."""
    parameters = env["ir.config_parameter"]
    for environment in ("production", "demo", "test"):
        parameters.set_param(f"l10n_pl_ksef_auth.base_url.{environment}", "http://127.0.0.1:9/v2")
    parameters.set_param("l10n_pl_ksef_auth.signing_url", "http://127.0.0.1:9/podpis")
    # Odoo's own sender of invoices takes a missing mode for production.
    parameters.set_param("l10n_pl_edi_ksef.mode", "test")
    parameters.set_param("web.base.url.freeze", "True")


def _crons(env: Any) -> None:
    """Only the jobs that the journey needs; the others would look for services on the internet."""
    crons = env["ir.cron"].search([])
    names = crons.get_external_id()
    crons.filtered(
        lambda cron: names[cron.id] not in KEPT_CRONS and names[cron.id].split(".")[0] not in OURS
    ).active = False


fill(globals()["env"])
