"""The one clock of the addon, so that a test can move it (docs/design.md 18)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_offset = timedelta(0)


def now() -> datetime:
    """Return the present moment, aware, in UTC. Call it as ``clock.now()``."""
    return datetime.now(timezone.utc) + _offset


def travel(offset: timedelta) -> None:
    """Put this process's clock ``offset`` away from the real time; zero brings it back."""
    global _offset
    _offset = offset


def offset() -> timedelta:
    """Return the distance of this process's clock from the real time."""
    return _offset
