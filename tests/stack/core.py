"""Odoo's own tests on a database that has our addons: do they still pass beside us?

Odoo runs them itself. Without --update its tests of the time of installation ("at_install") run
while Odoo loads the modules one by one: ours are not loaded yet, but their columns are there, as in
a database whose modules are brought up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .places import free_port
from .stage import Stage
from .tally import Event
from .workshop import Workshop

# Modules whose tests run: those that ours build on.
MODULES = ("account", "base_vat", "l10n_pl", "l10n_pl_edi")
RECORD = re.compile(
    r"\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<text>.*)"
)
STARTING = re.compile(r"Starting (\S+) \.\.\.\s*$")
SKIPPED = re.compile(r"skipped (\S+) : ")
FAILED = re.compile(r"(?:FAIL|ERROR): (.*\S)")
TOTAL = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests when loading database")


class Log:
    """Reads Odoo's log line by line and tells what happens to the tests."""

    def __init__(self) -> None:
        """Nothing has been read yet."""
        self.complete = False
        self._test = ""
        self._spoilt = False
        self._failure: list[str] = []

    def take(self, line: str) -> Iterator[Event]:
        """Read one line; yield the events that are certain by now."""
        record = RECORD.match(line)
        if not record:
            if self._failure:
                self._failure.append(line)
            return
        yield from self._tell_failure()
        place, text = record["logger"].removeprefix("odoo.addons."), record["text"]
        if starting := STARTING.match(text):
            yield from self.end()
            self._test, self._spoilt = f"{place}: {starting[1]}", False
            yield {"began": self._test}
        elif (failed := FAILED.match(text)) and record["level"] == "ERROR":
            self._failure = [f"{place}: {failed[1]}"]
        elif SKIPPED.match(text):
            self._spoilt = True
            yield {"outcome": "skipped", "test": self._test}
        elif TOTAL.match(text):
            self.complete = True
            yield from self.end()

    def end(self) -> Iterator[Event]:
        """Tell of the test that was the last one so far: without a complaint it has passed."""
        yield from self._tell_failure()
        if self._test:
            if not self._spoilt:
                yield {"outcome": "passed", "test": self._test}
            yield {"ended": self._test}
        self._test = ""

    def _tell_failure(self) -> Iterator[Event]:
        """Tell of the failure whose last line has been read."""
        if self._failure:
            self._spoilt = True
            test, *text = self._failure
            self._failure = []
            yield {"outcome": "failed", "test": test, "text": "\n".join(text)}


class Core(Stage):
    """One run of Odoo's own tests."""

    def __init__(self, shop: Workshop, database: str) -> None:
        """Run them on `database`, which has our addons and speaks English."""
        super().__init__("core", shop.programs.environment())
        self._shop, self._database = shop, database
        self._reader = Log()

    def _command(self, words: list[str], folder: Path) -> list[str]:
        return [
            *self._shop.programs.odoo(self._database),
            "--stop-after-init",
            f"--http-port={free_port()}",
            "--max-cron-threads=0",
            f"--test-tags={','.join(f'/{module}' for module in MODULES)}",
        ]

    def _new_events(self) -> Iterator[Event]:
        for line in self._new_lines(self.log):
            yield from self._reader.take(line)

    def _last_events(self) -> Iterable[Event]:
        yield from self._reader.end()
        if self._reader.complete and self.tally.failed:
            return
        if self.code or not self._reader.complete:
            text = f"Odoo ended with code {self.code}:\n{self._last_lines()}"
            yield {"outcome": "failed", "test": self.name, "text": text}
