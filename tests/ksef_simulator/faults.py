"""Faults on demand: what can go wrong between a client and KSeF."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "delay",
        "reset",
        "500",
        "503",
        "html",
        "half",
        "lost",
        "429",
        "401",
        "403",
        "empty-403",
        "refusal",
        "410",
        "not-json",
        "oversized",
        "wall",
        "wall-text",
        "wall-html",
    }
)

HTML = (
    b"<!DOCTYPE html><html><head><title>Request unsuccessful</title></head><body>"
    b"Request unsuccessful. Incident ID: 0-0 (simulated)</body></html>"
)


@dataclass
class Fault:
    """One planned fault. ``times`` counts the requests that still meet it."""

    endpoint: str
    kind: str
    times: int = 1
    seconds: float = 0
    code: int = 0
    reason: str | None = None
    details: list[str] = field(default_factory=list)
    context: str | None = None
    address: str | None = None


class Faults:
    """The planned faults, used up in the order in which they were added.

    :param operations: the names of all operations
    """

    def __init__(self, operations: Iterable[str]) -> None:
        self._known = frozenset(operations) | {"*"}
        self._planned: list[Fault] = []
        self._lock = threading.Lock()
        self.met = 0

    def add(self, endpoint: str, kind: str, times: int = 1, seconds: float = 0, **extra: Any):
        """Plan a fault.

        :param endpoint: an operation's name, or "*"; the two ways to end a session share one name,
            and so do all calls below /testdata
        :param kind: one of KINDS: "delay" (``seconds``), "reset" (nothing was done), "lost" (the
            work was done, the answer never came), "half" (half of the answer), "500", "503",
            "html" (``code``: HTTP status, 200 unless told), "429" (``seconds``: Retry-After),
            "401", "403" (``reason``), "empty-403", "410", "refusal" (``code``, ``details``),
            "not-json", "oversized", and the 403 of a wall before KSeF, whose number is the first of
            ``details``: "wall" (JSON without reasonCode), "wall-text", "wall-html"
        :param times: how many requests meet it; -1 for all until cleared
        :param context: only requests for this NIP, where the request says which
        :param address: only requests from this address: an outage or a limit is often one
            address's (docs/ksef.md E6)
        """
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        if endpoint not in self._known:
            raise ValueError(f"no operation {endpoint!r}; known: {', '.join(sorted(self._known))}")
        with self._lock:
            self._planned.append(Fault(endpoint, kind, times, seconds, **extra))

    def clear(self) -> None:
        """Forget all planned faults."""
        with self._lock:
            self._planned.clear()

    def planned(self) -> list[dict[str, Any]]:
        """The faults still to come, for the control API."""
        with self._lock:
            return [asdict(fault) for fault in self._planned]

    def take(self, operation: str, context: str | None, address: str | None) -> Fault | None:
        """The fault that the next request for ``operation`` meets, if any."""
        with self._lock:
            for fault in self._planned:
                if fault.endpoint not in ("*", operation):
                    continue
                if fault.context is not None and fault.context != context:
                    continue
                if fault.address is not None and fault.address != address:
                    continue
                self.met += 1
                fault.times -= 1
                if fault.times == 0:
                    self._planned.remove(fault)
                return fault
        return None


class Reset(ConnectionResetError):
    """The connection ends here, without an answer."""


def reset_connection(connection: socket.socket | None) -> None:
    """Close with a TCP reset instead of a goodbye."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
