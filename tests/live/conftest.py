"""A simulator, a clock that only a test moves, and a life at the simulator."""

from __future__ import annotations

import argparse
from datetime import timedelta

import pytest

from ksef_simulator import Simulator
from live.__main__ import Live, arguments
from live.door import Clock
from tools import clock as addon_clock


class MovedClock(Clock):
    """Time that passes only by waiting, here, in the addon and at the simulator."""

    def __init__(self, sim: Simulator) -> None:
        self._sim = sim
        self._moment = 0.0

    def now(self) -> float:
        """Return the moment."""
        return self._moment

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._moment += seconds
        self._sim.clock.advance(timedelta(seconds=seconds))
        addon_clock.travel(self._sim.clock.offset())


@pytest.fixture
def sim():
    """Give a simulator that counts requests as strictly as any document says."""
    sim = Simulator()
    sim.settings.rate_limits = "group"
    yield sim
    addon_clock.travel(timedelta(0))


@pytest.fixture
def moved(sim):
    """Give the clock of the simulator and of whoever calls it."""
    return MovedClock(sim)


@pytest.fixture
def options(sim, tmp_path):
    """Give a function that makes the options of ./run live, for the simulator."""

    def make(*words: str) -> argparse.Namespace:
        files = ("--json", f"{tmp_path}/report.json", "--journal", f"{tmp_path}/journal.jsonl")
        folder = ("--folder", f"{tmp_path}/sign")
        return arguments([*words, "--base-url", sim.base_url, *files, *folder])

    return make


@pytest.fixture
def live(sim, moved, options):
    """Give a function that makes one call of ./run live, at the simulator."""
    return lambda *words: Live(options(*words), moved, sim.adapter())
