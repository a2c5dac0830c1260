"""How far a run of tests is: one moving line on a terminal, one line a minute elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY = 60.0
CLEAR = "\r\x1b[2K"


class Screen:
    """Standard output, with a line at its end that says how far the run is."""

    def __init__(
        self, stream: TextIO = sys.stdout, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to `stream`; `clock` gives seconds."""
        self._stream, self._clock = stream, clock
        self._moves = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._shown = ""
        self._last = clock()

    def tell(self, text: str) -> None:
        """Print a text that stays."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def update(self, line: str) -> None:
        """Show the line of now: in the place of the last one, or once a minute."""
        if self._moves:
            self._move(line)
        elif self._clock() - self._last >= EVERY:
            self._last = self._clock()
            self.tell(line)

    def clear(self) -> None:
        """Remove the moving line."""
        if self._shown:
            self._stream.write(CLEAR)
            self._shown = ""

    def _move(self, line: str) -> None:
        """Write the line over the last one, as much of it as the terminal is wide."""
        line = line[: shutil.get_terminal_size().columns - 1]
        if line != self._shown:
            self._stream.write(f"{CLEAR}{line}")
            self._stream.flush()
            self._shown = line
