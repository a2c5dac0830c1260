"""pytest plugin: leaves the counts of one run behind, for the sum over all runs.

A test that measures says its figures with ``record_property("figures", "…")``: they come last.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


VARIABLE = "STACK_COUNTS"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write how many tests passed, failed (errors count) and were skipped, and which failed."""
    target = os.environ.get(VARIABLE)
    if not target:
        return
    stats = terminalreporter.stats
    failed = [report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])]
    passed = len(stats.get("passed", [])) + len(stats.get("xfailed", []))
    figures = [
        str(value)
        for report in stats.get("passed", []) + stats.get("failed", [])
        for name, value in report.user_properties
        if name == "figures"
    ]
    counts = {
        "passed": passed,
        "failed": failed,
        "skipped": len(stats.get("skipped", [])),
        "figures": figures,
    }
    Path(target).write_text(json.dumps(counts))
