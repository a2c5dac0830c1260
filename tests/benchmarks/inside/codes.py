"""Both codes of an invoice: what their links cost in queries, requests and time."""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from ksef_simulator.control import Control

ROUNDS = 200
#: Seconds until KSeF has issued the second certificate.
PATIENCE = 120
DIGEST = hashlib.sha256(b"invoice").digest()
ISSUED = date(2026, 11, 20)


def measure(env: Any, simulator: str) -> dict[str, dict[str, float]]:
    """Return, for each link, queries, requests and the median time in milliseconds."""
    user = env["res.users"].search([("login", "=", "ksiegowa")])
    company = user.company_id.with_user(user)
    _await_certificate(env, company)
    seen = Control(simulator).requests
    works = {
        "invoice": lambda: company.l10n_pl_ksef_invoice_link(ISSUED, DIGEST),
        "certificate": lambda: company.l10n_pl_ksef_certificate_link(company.vat, DIGEST),
    }
    return {name: _cost(env, seen, work) for name, work in works.items()}


def _await_certificate(env: Any, company: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not company._l10n_pl_ksef_offline_certificate():
        if time.monotonic() > until:
            raise TimeoutError("no certificate for offline invoices")
        time.sleep(1)
        env.cr.rollback()
        env.invalidate_all()


def _cost(env: Any, seen: Any, work: Callable[[], str]) -> dict[str, float]:
    work()
    env.flush_all()
    queries, requests = env.cr.sql_log_count, seen.count()
    work()
    env.flush_all()
    queries, requests = env.cr.sql_log_count - queries, seen.count() - requests
    times = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        work()
        env.flush_all()
        times.append(time.perf_counter() - began)
    return {
        "queries": queries,
        "requests": requests,
        "milliseconds": statistics.median(times) * 1000,
    }
