"""How fast the scheduled action logs many companies in, with one cron worker and with two."""

from __future__ import annotations

import os
import time

from stack.places import free_port

from .rows import Row, row
from .workbench import Workbench

LATENCY = 0.1
# challenge, xades-signature, status, redeem, rights
REQUESTS = 5
# Seconds until a second Odoo's cron worker is at work.
STARTING = 5
FEW = 12
TIMEOUT = 20


def measure(bench: Workbench, count: int) -> list[Row]:
    """Rates, memory, and what one dead company costs the others."""
    bench.inside("companies", simulator=bench.simulator.url, count=count)
    bench.simulator.settings.latency = LATENCY
    run = Run(bench)
    run.wake()
    run.until_asked(10 * REQUESTS)
    memory = run.memory()
    one = run.share(count * REQUESTS // 20, count * REQUESTS // 3)
    helper = bench.demo.another_odoo(free_port())
    try:
        helper.start()
        time.sleep(STARTING)
        two = run.share(run.asked(), count * REQUESTS * 19 // 20) / 2
        run.until(count)
        each = run.asked() / count
    finally:
        helper.stop()
    growth = run.memory() - memory
    return [
        *_speed("one cron worker", one, 1, each),
        *_speed("two cron workers", two, 2, each),
        row("renewals: two workers against one", two * 2 / one, "x", 1.8, at_least=True),
        row(
            f"renewals: memory from the 10th to company {count}",
            growth,
            "MiB",
            30,
            note=f"{memory:.0f} MiB at the 10th",
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
        """Companies with a live login."""
        return int(
            self._demo.sql("SELECT count(*) FROM l10n_pl_ksef_session WHERE state = 'active'")
        )

    def wake(self) -> None:
        """Have the cron worker begin now."""
        self._bench.inside("wake")

    def until(self, number: int, patience: float = 1500) -> float:
        """Wait for this many logins; the moment."""
        deadline = time.monotonic() + patience
        while self.connected() - self._before < number:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{number} renewals did not come within {patience} s")
            time.sleep(0.2)
        return time.monotonic()

    def asked(self) -> int:
        """KSeF's requests since the beginning."""
        return self._bench.simulator.requests.count() - self._requests

    def until_asked(self, number: int) -> float:
        """Wait for this many requests; the moment."""
        while self.asked() < number:
            time.sleep(0.05)
        return time.monotonic()

    def share(self, first: int, last: int) -> float:
        """How much of the time between two requests the network took, for one worker."""
        began = self.until_asked(first)
        return (last - first) * LATENCY / (self.until_asked(last) - began)

    def memory(self) -> float:
        """Resident memory of the Odoo that the first cron worker is a thread of, in MiB."""
        with open(f"/proc/{self._demo.odoo.pid}/status") as file:
            line = next(line for line in file if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def again(self, nips: list[str]) -> None:
        """End the logins of a few companies, so that they are due once more."""
        listed = ", ".join(f"'{nip}'" for nip in nips)
        self._demo.sql(
            "UPDATE l10n_pl_ksef_session SET state = 'expired'"
            f" WHERE state = 'active' AND context_value IN ({listed})"
        )
        self._before = self.connected()


def _speed(who: str, share: float, workers: int, each: float) -> list[Row]:
    """:param each: requests that a renewal takes"""
    bare = workers * 60 / (each * LATENCY)
    note = (
        f"{bare:.0f} a minute of bare network at {LATENCY * 1000:.0f} ms a request; the rest is"
        f" processor time, which Odoo, PostgreSQL and the simulator share: {os.cpu_count()} cores"
    )
    return [
        row(f"renewals: {who}", share * bare, "per minute", note=f"{each:.1f} requests each"),
        row(f"renewals: {who}, share of the bare time", share, "", 0.8, at_least=True, note=note),
    ]


def _dead(run: Run, bench: Workbench) -> Row:
    """The time that the others wait longer when KSeF never answers one of them."""
    rows = bench.demo.sql(
        "SELECT context_value FROM l10n_pl_ksef_session WHERE state = 'active'"
        f" AND method = 'certificate' AND company_id > 1 ORDER BY id LIMIT {FEW}"
    )
    nips = rows.split()
    usual = _timed(run, nips)
    bench.simulator.faults.add("xades-signature", "delay", -1, 60, context=nips[0])
    try:
        slowed = _timed(run, nips, len(nips) - 1)
    finally:
        bench.simulator.faults.clear()
    return row(
        "renewals: a dead company costs the others",
        (slowed - usual) / TIMEOUT,
        "timeouts",
        1.1,
        note=f"{slowed:.0f} s instead of {usual:.0f} s for {FEW} companies",
    )


def _timed(run: Run, nips: list[str], wanted: int = FEW) -> float:
    run.again(nips)
    began = time.monotonic()
    run.wake()
    return run.until(wanted, 300) - began
