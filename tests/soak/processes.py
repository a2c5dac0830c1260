"""Odoo's processes of a soak: scripts in its shell, killed and started again."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from stack.places import ROOT
from stack.say import StackError
from stack.workshop import Workshop

from .in_odoo import FRAME

# Odoo's shell goes on after an error; this makes it end with the error.
GUARD = """import os, traceback
try:
    exec({script!r})
except BaseException:
    traceback.print_exc()
    os._exit(1)
"""


class Process:
    """One Odoo shell that runs a script and writes what it found to a file."""

    def __init__(self, shop: Workshop, database: str, folder: Path, name: str) -> None:
        self._shop, self._database = shop, database
        self.answer, self.log = folder / f"{name}.json", folder / f"{name}.log"

    def start(self, script: str, values: dict[str, Any]) -> Process:
        """Start in the background."""
        environment = self._shop.programs.environment()
        environment["SOAK"] = json.dumps({**values, "answer": str(self.answer)})
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [*self._shop.programs.odoo(self._database, "shell"), "--no-http"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=ROOT,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        self._process.stdin.write((GUARD.format(script=FRAME + script) + "\n").encode())
        self._process.stdin.close()
        return self

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self._process.kill()
        self._process.wait()

    def running(self) -> bool:
        """Return True while it runs."""
        return self._process.poll() is None

    def wait(self, seconds: float) -> dict[str, Any]:
        """Wait for its end, and return what it found.

        :raises StackError: it failed
        """
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = -9
        if code:
            words = self.log.read_text(errors="replace")[-3000:]
            raise StackError(f"{self.answer.stem} ended with {code}:\n{words}")
        return self.found()

    def found(self) -> dict[str, Any]:
        """Return what it has found so far."""
        if not self.answer.exists():
            return {}
        found: dict[str, Any] = json.loads(self.answer.read_text())
        return found
