"""One pytest run in the background: its output is shown as it comes, its counts taken over."""

from __future__ import annotations

import functools
import json
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from . import counts
from .children import end_with_parent
from .places import CACHE, ROOT
from .programs import isolated
from .say import say

NOTHING_COLLECTED = 5


@dataclass
class Stage:
    """One pytest run: what it covers and how it is called."""

    name: str
    paths: list[str]
    interpreter: Path
    options: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=isolated)
    failed: list[str] = field(default_factory=list)
    passed: int = 0
    skipped: int = 0
    figures: str = ""

    def begin(self, words: list[str], folder: Path) -> None:
        """Start the run in the background; its output goes to a file that `relay` reads."""
        self._counts, self._log = folder / f"{self.name}.json", folder / f"{self.name}.log"
        self._figures = folder / f"{self.name}.txt"
        self._figures.touch()
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        command = [
            str(self.interpreter),
            "-m",
            "pytest",
            "-p",
            "stack.counts",
            "-o",
            f"cache_dir={CACHE / 'pytest'}",
            f"--basetemp={folder / self.name}",
            *self.options,
            *colour,
            *words,
        ]
        environment = self.environment | {
            counts.VARIABLE: str(self._counts),
            counts.FIGURES: str(self._figures),
            "PYTHONUNBUFFERED": "1",
        }
        with open(self._log, "wb") as output:
            self._process = subprocess.Popen(
                [*command, *self.paths],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=functools.partial(end_with_parent, signal.SIGINT),
            )

    def wait(self) -> None:
        """Wait until the run has ended."""
        self._process.wait()

    def relay(self, starting: Future[None]) -> None:
        """Show the run's output until it ends, then take over its counts.

        :param starting: the work that begins this run when its turn has come
        """
        while not hasattr(self, "_process"):
            if starting.done():
                starting.result()
            time.sleep(0.1)
        say(f"──── {self.name} ────")
        with open(self._log, "rb") as log:
            while self._process.poll() is None:
                if not _pass_on(log):
                    time.sleep(0.1)
            _pass_on(log)
        self._read_counts()

    def stop(self) -> None:
        """End the run if it still goes on."""
        if hasattr(self, "_process") and self._process.poll() is None:
            # As Ctrl-C would: pytest then puts its fixtures away.
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _read_counts(self) -> None:
        """Add up what the run left behind; a run that broke off is one failure."""
        if self._counts.exists():
            left = json.loads(self._counts.read_text())
            self.passed, self.failed, self.skipped = left["passed"], left["failed"], left["skipped"]
        self.figures = self._figures.read_text()
        code = self._process.returncode
        if code not in (0, NOTHING_COLLECTED) and not self.failed:
            self.failed.append(f"{self.name}: pytest ended with code {code}")


def _pass_on(log: IO[bytes]) -> bool:
    """Copy what is new in the log to our output; whether there was something."""
    chunk = log.read(65536)
    sys.stdout.buffer.write(chunk)
    sys.stdout.flush()
    return bool(chunk)
