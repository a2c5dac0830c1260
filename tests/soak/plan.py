"""The plan of a soak: how long, how fast, how many, and which faults."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass

#: Kinds of faults, and how likely each is.
FAULTS = {
    "reset": 4,
    "lost": 4,
    "half": 3,
    "500": 4,
    "503": 4,
    "html": 3,
    "429": 3,
    "delay": 3,
    "not-json": 2,
    "401": 2,
    "empty-403": 2,
}
#: Real seconds of a slow answer, and between two faults on average.
DELAY, PAUSE = 1.0, 0.4
#: Simulated lifetimes in hours: short, so that everything is renewed several times.
LOGIN_HOURS, CERTIFICATE_HOURS = 1.0, 4.0


@dataclass(frozen=True)
class Plan:
    """One soak.

    :param minutes: real minutes of faults in one storm
    :param speed: how many times faster the clocks run
    """

    minutes: float
    speed: float
    companies: int
    workers: int
    seed: int
    seeds: int = 1

    @classmethod
    def from_words(cls, words: list[str]) -> Plan:
        """Read the command line."""
        parser = argparse.ArgumentParser(prog="./run soak", description=__doc__)
        parser.add_argument("--minutes", type=float, default=4, help="real minutes of faults")
        parser.add_argument("--speed", type=float, default=60, help="simulated per real second")
        parser.add_argument("--companies", type=int, default=20)
        parser.add_argument("--workers", type=int, default=4, help="Odoo processes")
        parser.add_argument("--seed", type=int, default=20261122)
        parser.add_argument("--seeds", type=int, default=1, help="so many storms in a row")
        return cls(**vars(parser.parse_args(words)))

    @property
    def simulated_hours(self) -> float:
        """Return the simulated hours of the whole soak."""
        return self.minutes * self.speed / 60

    def faults(self) -> Iterator[tuple[float, str, int]]:
        """Yield without end: seconds to wait, kind of fault, how many requests in a row meet it."""
        chance = random.Random(self.seed)
        kinds, weights = list(FAULTS), list(FAULTS.values())
        while True:
            kind = chance.choices(kinds, weights)[0]
            # Now and then KSeF is down for everybody.
            times = chance.randint(20, 60) if chance.random() < 0.02 else chance.randint(1, 3)
            yield chance.expovariate(1 / PAUSE), kind, times

    def deaths(self) -> Iterator[tuple[float, int]]:
        """Yield without end: seconds to wait, number of the worker that is killed then."""
        chance = random.Random(self.seed + 1)
        while True:
            yield chance.uniform(10, 25), chance.randrange(self.workers)
