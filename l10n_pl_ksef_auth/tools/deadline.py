"""The moment at which a caller stops waiting, handed down to whatever takes time on the way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

_KEY = "l10n_pl_ksef_deadline"


class Deadline:
    """Some seconds from now, by this machine's steady clock.

    It is handed down in Odoo's context, which a browser can fill too: `deadline_of` believes only
    an object of this class, and JSON makes none.

    :param seconds: how long the caller waits
    """

    def __init__(self, seconds: float) -> None:
        self.moment = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds that are left; negative when the time is over."""
        return self.moment - time.monotonic()

    def context(self) -> dict[str, Any]:
        """Return what hands this down: `records.with_context(**deadline.context())`."""
        return {_KEY: self}


def deadline_of(context: Mapping[str, Any]) -> Deadline | None:
    """Return the deadline that was handed down in Odoo's context, or None.

    :param context: of an environment
    """
    deadline = context.get(_KEY)
    return deadline if isinstance(deadline, Deadline) else None
