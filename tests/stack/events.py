"""pytest plugin: writes what happens in a run to a file, one JSON object a line, as it happens.

A test that measures says its figures with ``record_property("figures", "…")``; an Odoo test, which
has no fixtures, appends a line to the file that STACK_FIGURES names.
"""

from __future__ import annotations

import gc
import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

VARIABLE = "STACK_EVENTS"
FIGURES = "STACK_FIGURES"
# Odoo's tests cannot be marked for pytest: an Odoo tag of this name is taken for the mark.
LONG = "long"
OUTCOMES = {
    "passed": "passed",
    "xfailed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
}


def pytest_configure(config: pytest.Config) -> None:
    """Begin to write, if a file is named; the workers of pytest-xdist leave it to their parent."""
    target = os.environ.get(VARIABLE)
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(config, target))


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and not in what lives as long as the run: Odoo's registry is big."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark an Odoo test that has the tag "long"."""
    if LONG in getattr(getattr(item, "cls", None), "test_tags", ()):
        item.add_marker(LONG)


class Writer:
    """Writes the events of one run."""

    def __init__(self, config: pytest.Config, target: str) -> None:
        """Write to the file `target`, line by line: a killed run leaves all whole lines behind."""
        self._config = config
        self._file = open(target, "a", buffering=1)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how many tests there are to run."""
        self._write(collected=len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say which file cannot be read."""
        if report.failed:
            self._write(outcome="failed", test=report.nodeid, text=report.longreprtext)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say that a test begins."""
        self._write(began=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say how a test, its set-up or its end went, with the reason of a failure."""
        status = self._config.hook.pytest_report_teststatus(report=report, config=self._config)
        outcome = OUTCOMES.get(status[0])
        if outcome:
            text = report.longreprtext if outcome == "failed" else ""
            self._write(outcome=outcome, test=report.nodeid, text=text)
        # What a test recorded is in each of its reports.
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == "figures":
                    self._write(figures=str(value))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say that a test has ended."""
        self._write(ended=nodeid)

    def pytest_internalerror(self, excrepr: object) -> None:
        """Say that pytest itself broke off."""
        self._write(outcome="failed", test="pytest", text=str(excrepr))

    def _write(self, **event: Any) -> None:
        self._file.write(json.dumps(event) + "\n")
