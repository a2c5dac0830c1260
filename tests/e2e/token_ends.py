"""Ends access tokens and sessions at KSeF while Odoo runs."""

from __future__ import annotations

from ministry import account

from ksef_simulator.control import Control
from stack.demo import DemoStack

MINUTES = 16


def outdate_access_token(demo: DemoStack, simulator: Control) -> None:
    """Let 16 minutes pass at KSeF, and set the token's end in Odoo accordingly."""
    simulator.clock.advance(MINUTES * 60)
    demo.sql(
        "UPDATE l10n_pl_ksef_session SET refresh_retry_at = NULL,"
        " access_valid_until = now() AT TIME ZONE 'utc' - interval '1 minute'"
    )


def revoke_at_ksef(simulator: Control) -> None:
    """Close all of Odoo's logins, from another program."""
    with account(simulator) as owner:
        for item in list(owner.client.sessions(owner.access)):
            if not item.is_current:
                owner.client.revoke_session(owner.access, item.reference_number)
