"""Ends access tokens and sessions at KSeF while Odoo runs."""

from __future__ import annotations

from ksef_simulator import DEMO_NIP
from ksef_simulator.control import Control
from ksef_simulator.signers import sign
from stack.demo import DemoStack
from tools.auth_token_request import Context, build
from tools.client import KsefClient

MINUTES = 16


def outdate_access_token(demo: DemoStack, simulator: Control) -> None:
    """Let 16 minutes pass at KSeF, and set the token's end in Odoo accordingly."""
    simulator.clock.advance(MINUTES * 60)
    demo.sql(
        "UPDATE l10n_pl_ksef_session SET refresh_retry_at = NULL,"
        " access_valid_until = now() AT TIME ZONE 'utc' - interval '1 minute'"
    )


def revoke_at_ksef(simulator: Control) -> None:
    """Log in as the owner with another program, and close all of Odoo's logins."""
    with KsefClient(simulator.base_url) as client:
        document = build(client.challenge().challenge, Context("Nip", DEMO_NIP))
        operation = client.submit_signed_request(sign(document, "owner", at=simulator.clock.now()))
        token = operation.authentication_token.token
        while client.auth_status(operation.reference_number, token).code == 100:
            pass
        access = client.redeem(token).access.token
        for item in list(client.sessions(access)):
            if not item.is_current:
                client.revoke_session(access, item.reference_number)
        client.revoke_current_session(access)
