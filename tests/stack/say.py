"""Messages to the person at the terminal: progress, and the one sentence of a failure."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StackError(Exception):
    """Something that cannot be done here: one sentence that names the remedy."""


def say(text: str) -> None:
    """Print one line at once, also when the output is a pipe."""
    print(text, flush=True)


def announce(text: str) -> None:
    """Print a line of the set-up, set off from the output of tests and servers.

    It goes to standard error, so that a command's own output stays usable in a pipe.
    """
    print(f"[set-up] {text}", file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, measure: Callable[[], str], every: float = 3.0) -> Iterator[None]:
    """Announce `what`, and every `every` seconds how far it is, as `measure()` tells."""
    announce(f"{what} …")
    started, done = time.monotonic(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(what, measure, every, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    announce(f"{what}: done in {time.monotonic() - started:.0f} s")


def _watch(what: str, measure: Callable[[], str], every: float, done: threading.Event) -> None:
    """Say how far the work is whenever that has changed, until `done`."""
    last = ""
    while not done.wait(every):
        now = measure()
        if now and now != last:
            announce(f"{what}: {now}")
        last = now
