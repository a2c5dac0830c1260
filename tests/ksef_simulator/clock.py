"""The simulator's own clock: real time moved by an offset that tests set."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone


class Clock:
    """Time as this KSeF sees it; runs on by itself, and jumps when told."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current simulated time, aware, in UTC."""
        return datetime.now(timezone.utc) + self._offset

    def offset(self) -> timedelta:
        """How far ahead of real time this clock is."""
        return self._offset

    def advance(self, step: timedelta | float) -> datetime:
        """Move the clock by ``step`` (a timedelta, or seconds); returns the new time."""
        step = step if isinstance(step, timedelta) else timedelta(seconds=step)
        with self._lock:
            self._offset += step
        return self.now()

    def set(self, moment: datetime) -> datetime:
        """Make the clock show ``moment`` (aware) now; returns the new time."""
        if moment.tzinfo is None:
            raise ValueError("the simulator's clock takes aware datetimes only")
        with self._lock:
            self._offset = moment - datetime.now(timezone.utc)
        return self.now()
