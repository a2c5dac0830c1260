"""Wakes the scheduled action, as a step of the addon does."""

from __future__ import annotations

from typing import Any


def measure(env: Any) -> None:
    """Have Odoo's cron workers begin now."""
    env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")._trigger()
    env.cr.commit()
