"""What `./run test` prints besides its moving line: each failure, and at the end the sum."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .say import say
from .stage import Stage
from .tally import Failure, minutes
from .workshop import Workshop

RULE = "────"


class Costs:
    """The time that a run takes: by the clock, and of the processors."""

    def __init__(self, shop: Workshop | None) -> None:
        """Begin to count; with a workshop the database server's time too."""
        self._postgres = shop.postgres if shop else None
        self._began, self._server = time.monotonic(), self._of_server()

    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def server(self) -> float:
        """Processor seconds of PostgreSQL since the beginning."""
        return self._of_server() - self._server

    def cpu_seconds(self) -> float:
        """Processor seconds of everything: this process, its children, PostgreSQL."""
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(usage.ru_utime + usage.ru_stime for usage in usages) + self.server()

    def _of_server(self) -> float:
        return self._postgres.cpu_seconds() if self._postgres else 0.0


@dataclass(frozen=True)
class Row:
    """One line of the table of times."""

    name: str
    tests: int | None
    seconds: float | None
    cpu_seconds: float


def failure(stage: str, found: Failure) -> str:
    """A failure as it is shown at once."""
    return f"{RULE} FAILED {stage}: {found.test}\n{found.text.rstrip()}\n"


def show(stages: Sequence[Stage], costs: Costs, logs: Path, chosen: bool) -> int:
    """Print failures, figures, times and, as the last line, the sum; return the exit code."""
    tallies = [stage.tally for stage in stages]
    failed = [f"{tally.name}: {name}" for tally in tallies for name in tally.failed]
    passed, skipped = (
        sum(getattr(each, name) for each in tallies) for name in ("passed", "skipped")
    )
    say(RULE)
    for name in failed:
        say(f"FAILED {name}")
    if failed or chosen:
        say(f"All output: {logs}")
    if not passed and not failed:
        say("No test fits these words.")
    for tally in tallies:
        for text in tally.figures:
            say(text)
    say(table(_rows(stages, costs)))
    more = f", {skipped} skipped" if skipped else ""
    say(f"{passed} passed, {len(failed)} failed{more}")
    return 1 if failed or not passed else 0


def table(rows: Sequence[Row]) -> str:
    """The times as lines of text: how many tests, by the clock, of the processors."""
    width = max(len(row.name) for row in rows)
    return "\n".join(_line(row, width) for row in rows)


def _line(row: Row, width: int) -> str:
    tests = "" if row.tests is None else f"{row.tests} tests"
    clock = "" if row.seconds is None else f"{minutes(row.seconds)} min"
    return f"{row.name:<{width}} {tests:>11} {clock:>10} {row.cpu_seconds:>7.0f} s CPU"


def _rows(stages: Sequence[Stage], costs: Costs) -> list[Row]:
    """The times of each stage, of PostgreSQL and of all."""
    rows = [
        Row(stage.name, stage.tally.ended, stage.seconds, stage.cpu_seconds) for stage in stages
    ]
    if costs.server():
        rows.append(Row("PostgreSQL", None, None, costs.server()))
    ended = sum(stage.tally.ended for stage in stages)
    return [*rows, Row("all", ended, costs.seconds(), costs.cpu_seconds())]
