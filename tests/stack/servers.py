"""Server processes, each with a log file."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from .children import end_with_parent
from .places import ROOT, cache
from .say import StackError

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server:
    """One background process with an address."""

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str], address: str
    ) -> None:
        """Describe the process; `address` is what answers once it is ready."""
        self.name, self.address = name, address
        self.log: Path = cache("logs") / f"{name}.log"
        self._command, self._environment = command, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float = 90) -> Server:
        """Start the process and wait, `patience` seconds at most, until its address answers."""
        with open(self.log, "ab") as output:
            # A session of its own: Ctrl-C reaches us alone, and we stop the servers in order.
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        deadline = time.monotonic() + patience
        while not _answers(self.address):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise StackError(
                    f"{self.name} did not start: {self._last_words()} (all of it in {self.log})"
                )
            time.sleep(0.1)
        return self

    @property
    def pid(self) -> int:
        """The number of the running process."""
        return self._process.pid if self._process else 0

    def running(self) -> bool:
        """Return True if the process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self, patience: float = 15) -> None:
        """Ask the process to end, and make it end after `patience` seconds."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        """The last line of the log."""
        lines = [
            line.strip()
            for line in self.log.read_text(errors="replace").splitlines()
            if line.strip()
        ]
        return lines[-1][-300:] if lines else "it said nothing"


def _answers(address: str) -> bool:
    """Return True if an HTTP server answers at `address` with any status below 500."""
    try:
        with _DIRECT.open(address, timeout=30) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as refusal:
        return refusal.code < 500
    except OSError:
        return False
