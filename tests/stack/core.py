"""Odoo's own tests on a database that has our addons: do they still pass beside us?

Odoo runs them itself. Without --update its tests of the time of installation ("at_install") run
while Odoo loads the modules one by one: ours are not loaded yet, but their columns are there, as in
a database whose modules are brought up to date. A test that fails is run once more without our
addons: if it fails there too, it is Odoo's affair, and counts as skipped.
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
# Marked by Odoo as in need of the network; without it, what fails does so without us too.
VIES = "*/base_vat:TestStructureVIES"
# Of these at least one test must run; the classes are run at the time of installation, and create
# companies while our columns are there and our code is not.
WANTED = (
    *(f"*/{module}" for module in MODULES),
    "*/account:TestDuplicatePartnerBank",
    "*/base_vat:TestStructure",
    VIES,
)
RECORD = re.compile(
    r"\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>\S+): (?P<text>.*)"
)
STARTING = re.compile(r"Starting (\S+) \.\.\.\s*$")
SKIPPED = re.compile(r"skipped (\S+) : ")
FAILED = re.compile(r"(?:FAIL|ERROR): (.*\S)")
TOTAL = re.compile(r"\d+ failed, \d+ error\(s\) of \d+ tests when loading database")
METHOD = re.compile(r"(\w+)\.\S+: (?:Subtest )?(\w+\.\w+)")
SET_UP_CLASS = re.compile(r"\S+: \w+ \(odoo\.addons\.(\w+)\.\S*\.(\w+)\)")


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
        """End the last test that began; it has passed unless the log named it failed or skipped."""
        yield from self._tell_failure()
        if self._test:
            if not self._spoilt:
                yield {"outcome": "passed", "test": self._test}
            yield {"ended": self._test}
        self._test = ""

    def _tell_failure(self) -> Iterator[Event]:
        """Yield the failure whose last line has been read, if any."""
        if self._failure:
            self._spoilt = True
            test, *text = self._failure
            self._failure = []
            yield {"outcome": "failed", "test": test, "text": "\n".join(text)}


def tag(test: str) -> str:
    """Return the tag that makes Odoo run this test, or the class whose set-up failed.

    :param test: as in the events of `Log`, such as "account.tests.test_x: TestX.test_y"
    """
    found = SET_UP_CLASS.match(test) or METHOD.match(test)
    return f"*/{found[1]}:{found[2]}" if found else test


def failures(log: Path) -> set[str] | None:
    """Return the tags of the tests that failed by Odoo's log; None if the run broke off."""
    reader = Log()
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    events = [event for line in lines for event in reader.take(line)]
    if not reader.complete:
        return None
    return {tag(event["test"]) for event in events if event.get("outcome") == "failed"}


class Core(Stage):
    """One run of Odoo's own tests, and one of those that failed in it without our addons."""

    def __init__(self, shop: Workshop, ours: str, plain: str) -> None:
        """Run them on the database `ours`, and again on `plain`, which lacks our addons."""
        super().__init__("core", shop.programs.environment())
        self._shop, self._ours, self._plain = shop, ours, plain
        self._again = Path()
        self._reader = Log()
        self._suspects: list[Event] = []
        self._missing = set(WANTED)

    def _commands(self, words: list[str], folder: Path) -> Iterator[tuple[list[str], Path]]:
        tags = [*(f"/{module}" for module in MODULES), VIES]
        yield self._command(self._ours, tags), self.log
        failed = failures(self.log)
        if failed:
            self._again = self.log.with_name(f"{self.name}-without-our-addons.log")
            yield self._command(self._plain, sorted(failed)), self._again

    def _command(self, database: str, tags: Iterable[str]) -> list[str]:
        """Run the tests of these tags on a database."""
        return [
            *self._shop.programs.odoo(database),
            "--stop-after-init",
            f"--http-port={free_port()}",
            "--max-cron-threads=0",
            f"--test-tags={','.join(tags)}",
        ]

    def _new_events(self) -> Iterator[Event]:
        for line in self._new_lines(self.log):
            for event in self._reader.take(line):
                if event.get("outcome") == "failed":
                    self._suspects.append(event)
                    continue
                began = tag(event.get("began", ""))
                self._missing -= {began.partition(":")[0], began.rpartition(".")[0]}
                yield event

    def _last_events(self) -> Iterator[Event]:
        yield from self._reader.end()
        elsewhere = failures(self._again) or set()
        for event in self._suspects:
            if tag(event["test"]) in elsewhere:
                yield {"outcome": "skipped", "test": event["test"]}
                yield {"figures": f"core: fails without our addons too: {event['test']}"}
            else:
                yield event
        if self._reader.complete and self._missing:
            text = f"no test ran of {', '.join(sorted(self._missing))}"
            yield {"outcome": "failed", "test": self.name, "text": text}
        if not self._reader.complete:
            text = f"Odoo broke off with code {self.code}:\n{self._last_lines()}"
            yield {"outcome": "failed", "test": self.name, "text": text}
