"""Locks between several `./run`; the kernel keeps them: a killed process leaves none behind."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from .places import cache
from .say import announce


@contextmanager
def exclusive(name: str) -> Iterator[None]:
    """Hold the lock `name`, which only one process has at a time; say so if it must wait."""
    with open(cache("locks") / name, "w") as handle:
        if not _taken_soon(handle):
            announce(f"another ./run is busy with '{name}', waiting for it …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _taken_soon(handle: TextIO) -> bool:
    """Try for a moment to take the lock, so that short waits are not worth a message."""
    for _attempt in range(20):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


class Usage:
    """A shared lock on a thing, held by each of its users: the last one puts the thing away."""

    def __init__(self, name: str) -> None:
        """Count as a user of `name` until `end`, or until this process is gone."""
        self._handle = open(cache("locks") / name, "w")
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def end(self) -> bool:
        """Stop using it; return True if nobody else uses it at this moment."""
        with self._handle:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True
