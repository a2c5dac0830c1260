"""A warm token, beside reading the field that Odoo's own sender reads."""

from __future__ import annotations

import statistics
import time
from typing import Any

from ksef_simulator.control import Control

ROUNDS = 400


def measure(env: Any, simulator: str = "") -> dict[str, float]:
    """Return queries, requests and the median time of one access in a cold environment."""
    ours = "l10n_pl_ksef_environment" in env["res.company"]._fields
    user = env["res.users"].search([("login", "=", "ksiegowa" if ours else "admin")])
    company = user.company_id.with_user(user)
    seen = Control(simulator).requests if ours else None
    # The method is given to nobody who does not name it.
    work = (lambda: company.l10n_pl_ksef_access_token()) if ours else lambda: _field(company)
    work()
    env.invalidate_all()
    queries, requests = env.cr.sql_log_count, seen.count() if seen else 0
    work()
    return {
        "queries": env.cr.sql_log_count - queries,
        "requests": seen.count() - requests if seen else 0,
        "milliseconds": _median(env, work),
    }


def _field(company: Any) -> Any:
    return company.sudo().l10n_pl_edi_access_token


def _median(env: Any, work: Any) -> float:
    times = []
    for _round in range(ROUNDS):
        env.invalidate_all()
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
