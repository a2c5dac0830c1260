"""Counts what KSeF is asked while four workers each send something every minute."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from ksef_simulator import DEMO_NIP
from ksef_simulator.control import Control
from ksef_simulator.signers import sign

WORKERS = 4
Work = Callable[[Any], None]


def measure(env: Any, simulator: str, hours: int) -> dict[str, float]:
    """Return the requests besides the sending itself in these hours, and the failures."""
    sim = Control(simulator)
    ours = "l10n_pl_ksef_environment" in env["res.company"]._fields
    work = _ours(sim) if ours else _alone(env, sim)
    with ThreadPoolExecutor(WORKERS) as pool:
        failures = 0
        sim.requests.clear()
        for _minute in range(hours * 60):
            jobs = [pool.submit(_request, env.registry, work) for _worker in range(WORKERS)]
            failures += sum(job.exception() is not None for job in jobs)
            _pass_a_minute(sim, ours)
    sent = sim.requests.count("sessions", 200)
    return {"others": sim.requests.count() - sent, "failures": failures}


def _request(registry: Any, work: Work) -> None:
    """Run a request as Odoo does: in a transaction of its own, repeated after a conflict."""
    from odoo.api import SUPERUSER_ID, Environment
    from odoo.service.model import retrying

    with registry.cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {})
        retrying(lambda: work(env), env)


def _pass_a_minute(sim: Control, ours: bool) -> None:
    sim.clock.advance(60)
    if ours:
        from odoo.addons.l10n_pl_ksef_auth.tools import clock

        clock.travel(clock.offset() + timedelta(minutes=1))


def _ours(sim: Control) -> Work:
    """Send with our client; the addon's clock starts at KSeF's."""
    from odoo.addons.l10n_pl_ksef_auth.tools import clock

    clock.travel(sim.clock.now() - clock.now() + clock.offset())

    def work(env: Any) -> None:
        with env["res.company"].browse(1).l10n_pl_ksef_api() as api:
            api.request("GET", "/auth/sessions")

    return work


def _alone(env: Any, sim: Control) -> Work:
    """Send with the client of Odoo's own sender, logged in by its tokens."""
    from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService

    sys.path.insert(0, str(Path(__file__).parents[3] / "l10n_pl_ksef_auth"))
    from tools.auth_token_request import Context, build
    from tools.client import KsefClient

    KsefApiService._get_api_url = lambda service: sim.base_url
    with KsefClient(sim.base_url) as client:
        document = build(client.challenge().challenge, Context("Nip", DEMO_NIP))
        signed = sign(document, "owner", at=sim.clock.now())
        operation = client.submit_signed_request(signed)
        token = operation.authentication_token.token
        while client.auth_status(operation.reference_number, token).code == 100:
            pass
        tokens = client.redeem(token)
    company = env["res.company"].browse(1)
    company.l10n_pl_edi_access_token = tokens.access.token
    company.l10n_pl_edi_refresh_token = tokens.refresh.token
    env.cr.commit()

    def work(own: Any) -> None:
        service = KsefApiService(own["res.company"].browse(1))
        service._make_request("GET", f"{sim.base_url}/auth/sessions")

    return work
