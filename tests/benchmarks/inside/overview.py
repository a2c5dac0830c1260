"""The first page of the list of companies, for who looks after many."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from ksef_simulator.identities import invented_nips

COLUMNS = ("name", "nip", "state", "days_left", "stands_on", "signer", "asked_at", "problem")
FILTERS = {
    "all": [],
    "who needs somebody": [("state", "not in", ["connected", "verifying"])],
    "whose login ends soon": [("ends_soon", "=", True)],
}
PAGE, TIMES = 80, 3


def measure(env: Any, count: int) -> dict[str, dict[str, float]]:
    """Return milliseconds and queries of the first page by filter; nothing is kept."""
    companies = env["res.company"].create(
        [{"name": f"Klient {nip}", "vat": f"PL{nip}"} for nip in invented_nips(count)]
    )
    companies.country_id = env.ref("base.pl")
    companies.l10n_pl_ksef_environment = "test"
    env["l10n_pl_ksef.session"].create(
        [_login(env, company, index) for index, company in enumerate(companies)]
    )
    user = env["res.users"].create(
        {
            "name": "Biuro",
            "login": "benchmark",
            "company_id": companies[0].id,
            "company_ids": [(6, 0, companies.ids)],
            "group_ids": [(4, env.ref("l10n_pl_ksef_auth.group_ksef_connection").id)],
        }
    )
    overview = env["l10n_pl_ksef.overview"].with_user(user)
    measured = {name: _best(overview, domain) for name, domain in FILTERS.items()}
    env.cr.rollback()
    return measured


def _login(env: Any, company: Any, index: int) -> dict[str, Any]:
    """Return a login in one of three states: lives, has ended, was refused."""
    now = env["l10n_pl_ksef.session"]._now()
    login = {"company_id": company.id, "environment": "test", "signer_name": f"P{index % 20}"}
    login |= {"context_value": company.vat.removeprefix("PL")}
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
    milliseconds, queries = min(found)
    return {"milliseconds": milliseconds, "queries": queries}
