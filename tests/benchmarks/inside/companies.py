"""Many companies whose logins have ended, all served by one certificate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ksef_simulator.control import Control
from ksef_simulator.identities import OWNER, invented_nips

RIGHTS = ["InvoiceWrite", "InvoiceRead"]
LOGIN = [("state", "=", "active"), ("usage", "=", "login")]


def measure(env: Any, simulator: str, count: int) -> list[str]:
    """Make the companies known to KSeF and to Odoo, and return their NIPs."""
    sim = Control(simulator)
    numbers = invented_nips(count)
    for nip in numbers:
        sim.world.add_company(nip, f"Firma {nip}")
        sim.world.grant(OWNER.pesel, nip, RIGHTS)
    companies = env["res.company"].create(
        [{"name": f"Firma {nip}", "vat": f"PL{nip}"} for nip in numbers]
    )
    companies.l10n_pl_ksef_environment = "test"
    certificate = env["l10n_pl_ksef.certificate"].search(LOGIN, limit=1)
    certificate._agree_by_password({company: company.l10n_pl_ksef_digits for company in companies})
    certificate.company_ids |= companies
    env["l10n_pl_ksef.session"].create(
        [_ended(env, certificate, pair) for pair in zip(companies, numbers, strict=True)]
    )
    env.cr.commit()
    return numbers


def _ended(env: Any, certificate: Any, pair: Any) -> dict[str, Any]:
    company, nip = pair
    return {
        "company_id": company.id,
        "environment": "test",
        "method": "certificate",
        "certificate_id": certificate.id,
        "context_value": nip,
        "state": "expired",
        "activated_at": env["l10n_pl_ksef.session"]._now() - timedelta(days=8),
    }
