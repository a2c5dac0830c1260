"""The stages of `./run test`: programs in the background that tell how far they are."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import events
from .children import end_with_parent, give_way
from .places import CACHE, ROOT
from .programs import isolated
from .tally import Event, Failure, Tally

NOTHING_COLLECTED = 5
CANNOT = 77
# Seconds that an interrupted stage has to put its servers and databases away.
PATIENCE = 20
LAST_LINES = 40


class Stage:
    """A program in the background: its output goes to a log, its events are counted."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        """Describe a stage; `run` starts it."""
        self.tally = Tally(name)
        self.environment = environment
        self.seconds = self.cpu_seconds = 0.0
        # How far it leaves the cores to the stages beside it: 0 (not at all) to 19.
        self.niceness = 0
        self.code: int | None = None
        self.log = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._stopped = False
        self._reaping = threading.Lock()

    @property
    def name(self) -> str:
        """What the stage is called."""
        return self.tally.name

    def run(self, words: list[str], logs: Path, folder: Path) -> None:
        """Run the stage to its end.

        :param words: the user's words for pytest
        :param logs: the folder for its log, which stays
        :param folder: a folder for files that nobody needs afterwards
        """
        self.log = logs / f"{self.name}.log"
        began = time.monotonic()
        code = 0
        for command, log in self._commands(words, folder):
            if self._stopped:
                break
            code = self._call(command, log)
        self.seconds = time.monotonic() - began
        self.code = code

    def _call(self, command: list[str], log: Path) -> int:
        """Run a program to its end; return its exit code."""
        with open(log, "wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=self._begin,
            )
        # Waited for without being reaped: as long as we have not, its number is nobody else's.
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        with self._reaping:
            _pid, status, usage = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        return self._process.returncode

    def _begin(self) -> None:
        """Prepare the new process."""
        end_with_parent(signal.SIGINT)
        give_way(self.niceness)

    def news(self) -> list[Failure]:
        """Count what has happened since the last call; return the failures among it."""
        ended = self.code is not None
        found = self._take(self._new_events())
        if ended and not self.tally.over:
            found += self._take(self._last_events())
            self.tally.over = True
            self.tally.running.clear()
        return found

    def stop(self) -> None:
        """End the program if it still runs, as Ctrl-C would: it then puts its things away."""
        self._stopped = True
        for number, patience in ((signal.SIGINT, PATIENCE), (signal.SIGKILL, 1)):
            with self._reaping:
                if self._process is None or self._process.returncode is not None:
                    return
                os.kill(self._process.pid, number)
            deadline = time.monotonic() + patience
            while self._process.returncode is None and time.monotonic() < deadline:
                time.sleep(0.1)

    def _commands(self, words: list[str], folder: Path) -> Iterator[tuple[list[str], Path]]:
        """Yield the command lines to call one after the other, with the log of each."""
        raise NotImplementedError

    def _new_events(self) -> Iterable[Event]:
        """Return what has happened since the last call."""
        return ()

    def _last_events(self) -> Iterable[Event]:
        """Return what the end of the program tells: a stage that broke off has failed."""
        if self.code and not self.tally.failed:
            text = f"{self.name} ended with code {self.code}:\n{self._last_lines()}"
            yield {"outcome": "failed", "test": self.name, "text": text}

    def _take(self, found: Iterable[Event]) -> list[Failure]:
        """Count events; return the failures."""
        now = time.monotonic()
        return [told for event in found if (told := self.tally.take(event, now))]

    def _new_lines(self, file: Path) -> Iterator[str]:
        """Yield the whole lines that were added to a file since the last call."""
        if not file.is_file():
            return
        with open(file, "rb") as handle:
            handle.seek(self._read)
            for line in handle:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield line.decode(errors="replace").rstrip("\n")

    def _last_lines(self) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LAST_LINES:])


class Pytest(Stage):
    """One pytest run."""

    def __init__(
        self,
        name: str,
        paths: list[str],
        interpreter: Path,
        options: Iterable[str] = (),
        environment: dict[str, str] | None = None,
    ) -> None:
        """Cover `paths` with an `interpreter` that has pytest.

        :param options: further options of pytest
        :param environment: the process's variables; those of `isolated` unless given
        """
        super().__init__(name, isolated() if environment is None else environment)
        self.paths, self.options = paths, list(options)
        self._interpreter = interpreter
        self._events = self._figures = Path()

    def _commands(self, words: list[str], folder: Path) -> Iterator[tuple[list[str], Path]]:
        self._events, self._figures = folder / f"{self.name}.json", folder / f"{self.name}.txt"
        self.environment |= {
            events.VARIABLE: str(self._events),
            events.FIGURES: str(self._figures),
        }
        command = [str(self._interpreter), "-m", "pytest", "-p", "stack.events"]
        command += ["-o", f"cache_dir={CACHE / 'pytest'}", f"--basetemp={folder / self.name}"]
        yield [*command, *self.options, *words, *self.paths], self.log

    def _new_events(self) -> Iterator[Event]:
        return map(json.loads, self._new_lines(self._events))

    def _last_events(self) -> Iterator[Event]:
        if self._figures.exists():
            yield from ({"figures": text} for text in self._figures.read_text().splitlines())
        if self.code != NOTHING_COLLECTED:
            yield from super()._last_events()


class Program(Stage):
    """A program that counts as one test: it passes when it ends well; its last line is a figure.

    With the code CANNOT it says that this machine lacks what it needs: the test is skipped.
    """

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Call `command`."""
        super().__init__(name, environment)
        self._words = command

    def _commands(self, words: list[str], folder: Path) -> Iterator[tuple[list[str], Path]]:
        yield self._words, self.log

    def _new_events(self) -> Iterator[Event]:
        if self._process and self.tally.collected is None:
            yield from ({"collected": 1}, {"began": self.name})

    def _last_events(self) -> Iterator[Event]:
        outcome = {0: "passed", CANNOT: "skipped"}.get(self.code or 0)
        if not outcome:
            yield from super()._last_events()
        yield {"ended": self.name}
        if outcome:
            yield {"outcome": outcome, "test": self.name}
            last = self._last_lines().rpartition("\n")[2]
            yield {"figures": f"{self.name}: {last.removeprefix(f'{self.name}: ')}"}
