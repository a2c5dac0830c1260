"""The log of requests that tests look at. It holds no token, key or document."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEPT = 10_000
SECRET_HEADERS = frozenset({"authorization", "cookie"})


@dataclass(frozen=True)
class Recorded:
    """One request and how it was answered.

    :param status: HTTP status, or 0 when the connection was cut
    :param bearer: kind of the bearer token ("authentication", "access", "refresh") or None
    :param context: NIP or other identifier that the bearer is logged in to
    :param body_digest: SHA-256 of the body, to see that bytes arrived untouched
    :param codes: KSeF's codes in a refusal
    """

    operation: str
    method: str
    path: str
    status: int
    bearer: str | None
    context: str | None
    at: datetime
    headers: dict[str, str]
    body_digest: str
    body_size: int
    fault: str | None
    codes: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the control API."""
        return {**asdict(self), "at": self.at.isoformat()}


class Requests:
    """The recorded requests in order; the last 10,000 are kept, counts for all."""

    def __init__(self) -> None:
        self._items: deque[Recorded] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, item: Recorded) -> None:
        """Record one request."""
        with self._lock:
            self._items.append(item)
            self._counts[item.operation] += 1

    def count(self, operation: str | None = None, status: int | None = None) -> int:
        """How many requests came, of one operation, with one status; all unless told."""
        if status is not None:
            return sum(
                item.status == status and operation in (None, item.operation) for item in self
            )
        with self._lock:
            return self._counts.total() if operation is None else self._counts[operation]

    def of(self, operation: str) -> list[Recorded]:
        """The recorded requests for one operation."""
        return [item for item in self if item.operation == operation]

    def counts(self) -> dict[str, int]:
        """Requests by operation."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._items.clear()
            self._counts.clear()

    def __iter__(self) -> Iterator[Recorded]:
        with self._lock:
            return iter(list(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Recorded:
        return self._items[index]
