"""How fast the scheduled action logs many companies in."""

from __future__ import annotations

import os
import time

from .rows import Row, row
from .workbench import Workbench

LATENCY = 0.1
# challenge, xades-signature, status, redeem, rights
REQUESTS = 5
# Companies until the worker's caches are warm, and those that are measured with a dead one.
FIRST, FEW = 10, 12
TIMEOUT = 20


def measure(bench: Workbench, count: int) -> list[Row]:
    """Rate, memory, and what one dead company costs the others."""
    bench.inside("companies", simulator=bench.simulator.url, count=count)
    bench.simulator.settings.latency = LATENCY
    run = Run(bench)
    run.wake()
    run.until_asked(FIRST * REQUESTS)
    memory = run.memory()
    share = run.share(count * REQUESTS * 19 // 20)
    run.until(count)
    growth = run.memory() - memory
    return [
        *_speed(share, run.asked() / count),
        row(
            f"renewals: memory from company {FIRST} to company {count}",
            growth,
            "MiB",
            30,
            note=f"{memory:.0f} MiB at company {FIRST}",
        ),
        _dead(run, bench),
    ]


class Run:
    """A scheduled action at work, watched from outside."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._demo = bench.demo
        self._before = self.connected()
        self._requests = bench.simulator.requests.count()

    def connected(self) -> int:
        """Return how many companies have an active session."""
        return int(
            self._demo.sql("SELECT count(*) FROM l10n_pl_ksef_session WHERE state = 'active'")
        )

    def wake(self) -> None:
        """Have the cron worker begin now."""
        self._bench.inside("wake")

    def until(self, number: int, patience: float = 1500) -> float:
        """Wait for this many active sessions, and return the moment."""
        deadline = time.monotonic() + patience
        while self.connected() - self._before < number:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{number} renewals did not come within {patience} s")
            time.sleep(0.2)
        return time.monotonic()

    def asked(self) -> int:
        """Return how many requests KSeF has got since the beginning."""
        return self._bench.simulator.requests.count() - self._requests

    def until_asked(self, number: int, patience: float = 1500) -> float:
        """Wait for this many requests, and return the moment."""
        deadline = time.monotonic() + patience
        while self.asked() < number:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{number} requests did not come within {patience} s")
            time.sleep(0.05)
        return time.monotonic()

    def share(self, last: int) -> float:
        """Return the network's share of the time from now to a later request."""
        first, began = self.asked(), time.monotonic()
        return (last - first) * LATENCY / (self.until_asked(last) - began)

    def memory(self) -> float:
        """Return the resident memory of the Odoo that the cron worker is a thread of, in MiB."""
        with open(f"/proc/{self._demo.odoo.pid}/status") as file:
            line = next(line for line in file if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def again(self, nips: list[str]) -> None:
        """End the sessions of a few companies, so that they are due once more."""
        listed = ", ".join(f"'{nip}'" for nip in nips)
        self._demo.sql(
            "UPDATE l10n_pl_ksef_session SET state = 'expired'"
            f" WHERE state = 'active' AND context_value IN ({listed})"
        )
        self._before = self.connected()


def _speed(share: float, each: float) -> list[Row]:
    """The rate, and how near it comes to the bare network's.

    :param share: how much of the time the network took
    :param each: requests that a renewal takes
    """
    bare = 60 / (each * LATENCY)
    note = (
        f"{bare:.0f} a minute of bare network at {LATENCY * 1000:.0f} ms a request; the rest is"
        f" processor time, which Odoo, PostgreSQL and the simulator share: {os.cpu_count()} cores"
    )
    return [
        row("renewals: rate", share * bare, "per minute", note=f"{each:.1f} requests each"),
        row("renewals: share of the bare time", share, "", 0.8, at_least=True, note=note),
    ]


def _dead(run: Run, bench: Workbench) -> Row:
    """Return how much longer the others wait when KSeF never answers one of them."""
    rows = bench.demo.sql(
        "SELECT context_value FROM l10n_pl_ksef_session WHERE state = 'active'"
        f" AND method = 'certificate' AND company_id > 1 ORDER BY id LIMIT {FEW}"
    )
    nips = rows.split()
    usual = _timed(run, nips, FEW)
    bench.simulator.faults.add("xades-signature", "delay", -1, 60, context=nips[0])
    try:
        slowed = _timed(run, nips, FEW - 1)
    finally:
        bench.simulator.faults.clear()
    return row(
        "renewals: a dead company costs the others",
        (slowed - usual) / TIMEOUT,
        "timeouts",
        1.1,
        note=f"{slowed:.0f} s instead of {usual:.0f} s for {FEW} companies",
    )


def _timed(run: Run, nips: list[str], wanted: int) -> float:
    """Seconds until so many of these companies are logged in again."""
    run.again(nips)
    began = time.monotonic()
    run.wake()
    return run.until(wanted, 300) - began
