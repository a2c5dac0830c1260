"""Request limits: sliding windows per (context, address), in both readings of the documents."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from .answers import TooMany

WINDOWS = (("sekundę", 1.0), ("minutę", 60.0), ("godzinę", 3600.0))


@dataclass(frozen=True)
class Limit:
    """Requests per second, minute and hour (0: not limited), and the group they belong to."""

    per_second: int
    per_minute: int = 0
    per_hour: int = 0
    group: str = ""

    def __iter__(self):
        return iter((self.per_second, self.per_minute, self.per_hour))


AUTH = Limit(60)
OTHER = Limit(10, 30, 120, "other")
NONE = Limit(0)
#: Of one address, whatever it asks for and for whom (docs/ksef.md E6).
GLOBAL = Limit(75, group="global")


class RateLimiter:
    """Counts requests; a request over the limit is answered 429 and not counted."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, deque[datetime]] = {}

    def check(self, key: Hashable, limit: Limit, now: datetime) -> None:
        """Count one request under ``key``.

        :raises TooMany: when a window is full; says when the next request would pass
        """
        seen = self._seen.setdefault(key, deque())
        longest = max(
            (size for (_n, size), many in zip(WINDOWS, limit, strict=True) if many), default=0.0
        )
        while seen and (now - seen[0]).total_seconds() >= longest:
            seen.popleft()
        for (name, size), allowed in zip(WINDOWS, limit, strict=True):
            if allowed:
                self._check_window(seen, name, size, allowed, now)
        seen.append(now)

    @staticmethod
    def _check_window(
        seen: deque[datetime], name: str, size: float, allowed: int, now: datetime
    ) -> None:
        start = now - timedelta(seconds=size)
        recent = [moment for moment in seen if moment > start]
        if len(recent) < allowed:
            return
        free = recent[-allowed] + timedelta(seconds=size)
        wait = max(1, math.ceil((free - now).total_seconds()))
        raise TooMany(allowed, name, wait)

    def clear(self) -> None:
        """Forget what was counted."""
        self._seen.clear()
