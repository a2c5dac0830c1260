"""The counts of a running stage, and the line that tells how far all stages are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """A test that failed and why."""

    test: str
    text: str


@dataclass
class Tally:
    """The counts of one stage.

    :param collected: how many tests it has; None until it is known
    :param running: the moments at which the tests that run now began
    """

    name: str
    collected: int | None = None
    ended: int = 0
    passed: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    running: dict[str, float] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)
    over: bool = False

    def take(self, event: Event, now: float) -> Failure | None:
        """Count an event that happened at `now`; return the failure that it tells of, if any."""
        if "collected" in event:
            self.collected = event["collected"]
        elif "began" in event:
            self.running[event["began"]] = now
        elif "ended" in event:
            self.running.pop(event["ended"], None)
            self.ended += 1
        elif "figures" in event:
            self.figures.append(event["figures"])
        else:
            return self._count(event)
        return None

    def _count(self, event: Event) -> Failure | None:
        """Count an outcome."""
        if event["outcome"] == "failed":
            self.failed.append(event["test"])
            return Failure(event["test"], event["text"])
        self.passed += event["outcome"] == "passed"
        self.skipped += event["outcome"] == "skipped"
        return None


def line(tallies: Sequence[Tally], now: float, seconds: float) -> str:
    """How far all stages are, in one line.

    :param now: the moment, by the clock of `Tally.running`
    :param seconds: since the beginning
    """
    failed = sum(len(tally.failed) for tally in tallies)
    parts = [f"{minutes(seconds)} {_all(tallies)}, {failed} failed"]
    return " | ".join(filter(None, [*parts, _slowest(tallies, now), _stages(tallies)]))


def minutes(seconds: float) -> str:
    """A time as minutes and seconds, such as 4:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def short(test: str) -> str:
    """The name of a test, with its parameters, without file and class."""
    name, bracket, parameters = test.partition("[")
    return f"{name.rpartition('::')[2].rpartition('.')[2]}{bracket}{parameters}"[:60]


def _stages(tallies: Sequence[Tally]) -> str:
    """Each stage that runs now, with its own counts."""
    now = [tally for tally in tallies if not tally.over and (tally.collected or tally.ended)]
    return ", ".join(f"{tally.name} {_of(tally.ended, tally.collected)}" for tally in now)


def _of(ended: int, collected: int | None) -> str:
    return str(ended) if collected is None else f"{ended}/{collected}"


def _all(tallies: Sequence[Tally]) -> str:
    """Tests done of all; a plus for the stages that have not said how many they have."""
    unknown = any(tally.collected is None and not tally.over for tally in tallies)
    known = sum(tally.ended if tally.collected is None else tally.collected for tally in tallies)
    done = sum(tally.ended for tally in tallies)
    return f"{done} of {known}{'+' if unknown else ''} tests"


def _slowest(tallies: Sequence[Tally], now: float) -> str:
    """The test that has been running longest, and for how long."""
    running = [
        (began, tally.name, test) for tally in tallies for test, began in tally.running.items()
    ]
    if not running:
        return ""
    began, stage, test = min(running)
    return f"{minutes(now - began)} in {stage}: {short(test)}"
