"""pytest plugin: leaves one run's counts and measured figures behind, for the sum of all.

A test that measures says its figures with ``record_property("figures", "…")``; an Odoo test, which
has no fixtures, appends a line to the file that STACK_FIGURES names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

VARIABLE = "STACK_COUNTS"
FIGURES = "STACK_FIGURES"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write how many tests passed, failed (errors count) and were skipped, and which failed."""
    target = os.environ.get(VARIABLE)
    if not target:
        return
    stats = terminalreporter.stats
    failed = [report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])]
    passed = len(stats.get("passed", [])) + len(stats.get("xfailed", []))
    counts = {"passed": passed, "failed": failed, "skipped": len(stats.get("skipped", []))}
    Path(target).write_text(json.dumps(counts))
    with open(os.environ[FIGURES], "a") as file:
        reports = stats.get("passed", []) + stats.get("failed", [])
        file.writelines(f"{text}\n" for text in _recorded(reports))


def _recorded(reports: list[pytest.TestReport]) -> list[str]:
    """The figures that tests recorded as a property."""
    properties = [pair for report in reports for pair in report.user_properties]
    return [str(value) for name, value in properties if name == "figures"]
