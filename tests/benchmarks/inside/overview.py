"""The first page of the list of companies, for who looks after few, and for who has many."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from .companies import LOGIN
from .many import invented

COLUMNS = ("name", "nip", "state", "days_left", "stands_on", "signer", "asked_at", "problem")
FILTERS = {
    "all": [],
    "who needs somebody": [("state", "not in", ["connected", "verifying"])],
    "whose login ends soon": [("ends_soon", "=", True)],
}
PAGE, TIMES = 80, 5
# Less than a page, and more than one: then Odoo counts the lines by the same domain once more.
FEW = (5, 40, 600)


def measure(env: Any, count: int) -> dict[str, dict[str, list[float]]]:
    """Return by filter the milliseconds and queries of the first page; nothing is kept.

    :param count: of the companies that one user looks after
    :return: each a list, for as many companies as in ``FEW``, and for ``count``
    """
    companies = invented(env, count)
    _connect(env, companies)
    measured: dict[str, dict[str, list[float]]] = {}
    for number in (*FEW, count):
        overview = env["l10n_pl_ksef.overview"].with_user(_office(env, companies[:number]))
        for name, domain in FILTERS.items():
            costs = measured.setdefault(name, {"milliseconds": [], "queries": []})
            for kind, cost in _best(overview, domain).items():
                costs[kind].append(cost)
    env.cr.rollback()
    return measured


def _office(env: Any, companies: Any) -> Any:
    return env["res.users"].create(
        {
            "name": "Biuro",
            "login": f"benchmark{len(companies)}",
            "company_id": companies[0].id,
            "company_ids": [(6, 0, companies.ids)],
            "group_ids": [(4, env.ref("l10n_pl_ksef_auth.group_ksef_connection").id)],
        }
    )


def _connect(env: Any, companies: Any) -> None:
    """Give each a login; every second one stands on the certificate that is in use."""
    certificate = env["l10n_pl_ksef.certificate"].search(LOGIN, limit=1)
    logins = [_login(env, company, index) for index, company in enumerate(companies)]
    env["l10n_pl_ksef.session"].create(logins)
    served = companies[::2]
    certificate.company_ids |= served
    agreed = {"certificate_id": certificate.id, "how": "accepted", "agreed_at": certificate._now()}
    env["l10n_pl_ksef.agreement"].create(
        [
            {**agreed, "company_id": company.id, "digits": company.l10n_pl_ksef_digits}
            for company in served
        ]
    )
    env.flush_all()
    env.cr.execute("ANALYZE l10n_pl_ksef_session, l10n_pl_ksef_agreement")


def _login(env: Any, company: Any, index: int) -> dict[str, Any]:
    """Return a login in one of three states: lives, has ended, was refused."""
    now = env["l10n_pl_ksef.session"]._now()
    login = {"company_id": company.id, "environment": "test", "signer_name": f"P{index % 20}"}
    login |= {"context_value": company.l10n_pl_ksef_digits}
    worked = {"activated_at": now, "rights_checked_at": now}
    return (
        login
        | (
            {"state": "active", "refresh_valid_until": now + timedelta(days=6), **worked},
            {"state": "expired", **worked},
            {"state": "failed", "problem": {"kind": "auth_status", "code": 415}},
        )[index % 3]
    )


def _best(overview: Any, domain: list[Any]) -> dict[str, float]:
    """Return the fewest milliseconds and queries of opening the list's first page."""
    found = []
    for _time in range(TIMES):
        overview.env.flush_all()
        overview.env.invalidate_all()
        queries, began = overview.env.cr.sql_log_count, time.monotonic()
        overview.web_search_read(domain, {name: {} for name in COLUMNS}, limit=PAGE)
        milliseconds = (time.monotonic() - began) * 1000
        found.append((milliseconds, overview.env.cr.sql_log_count - queries))
    return {
        "milliseconds": min(milliseconds for milliseconds, _queries in found),
        "queries": min(queries for _milliseconds, queries in found),
    }
