"""`./run soak`: many companies and workers against a KSeF that fails at random."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ksef_simulator import Simulator
from ksef_simulator.identities import OWNER, is_nip
from stack.places import cache
from stack.say import announce, say
from stack.workshop import Workshop, workshop

from .in_odoo import BEGIN, END, WORK
from .plan import CERTIFICATE_HOURS, DELAY, LOGIN_HOURS, Plan
from .processes import Process

#: Simulated minutes after which the story of a company that came back is told.
SLOW = 20


class Soak:
    """One soak: its simulator, its database, its processes; one storm of faults after the other."""

    def __init__(self, plan: Plan, shop: Workshop, simulator: Simulator, folder: Path) -> None:
        self.plan, self.simulator = plan, simulator
        self.database = shop.databases.copy("addon", "soak")
        self._shop, self._folder = shop, folder
        self._forget()

    def _forget(self) -> None:
        """Count anew."""
        self.deaths = self.simulator.faults.met = 0
        self.counts: Counter[str] = Counter()
        self.memory: list[list[float]] = []
        self.simulator.requests.clear()

    def storm(self, seed: int) -> dict[str, Any]:
        """Bring on faults, let all settle, and look at the outcome."""
        self.plan = replace(self.plan, seed=seed)
        self._forget()
        announce(f"{self.plan.simulated_hours:.1f} simulated hours with faults …")
        self._fail()
        announce("no more faults; who comes back?")
        for number, worker in enumerate(self._workers):
            self._take_over(number, worker.wait(60))
        return self._process("end").start(END, self._values()).wait(600)

    # ------------------------------------------------------------------
    # Phases
    # ------------------------------------------------------------------
    def begin(self) -> None:
        """Connect all companies."""
        nips = _nips(self.plan.companies)
        for nip in nips:
            self.simulator.world.add_company(nip, f"Firma {nip}")
            self.simulator.world.grant(OWNER.identity, nip)
        settings = self.simulator.settings
        settings.refresh_token_days = LOGIN_HOURS / 24
        settings.certificate_days = CERTIFICATE_HOURS / 24
        settings.person_enrollment_limit = 1000
        # KSeF's hour is a minute here: real limits would stop everybody, so 429 comes as a fault.
        settings.rate_limits = "off"
        self._start_clock()
        values = {"nips": nips, "base_url": self.simulator.base_url}
        announce(f"{len(nips)} companies are being connected …")
        begun = self._process("begin").start(BEGIN, self._values() | values).wait(300)
        self._companies = begun["companies"]

    def _fail(self) -> None:
        self._until = time.time() + self.plan.minutes * 60
        self._workers = [
            self._process(f"worker-{number}").start(WORK, self._worker_values(number))
            for number in range(self.plan.workers)
        ]
        killer = threading.Thread(target=self._kill, daemon=True)
        killer.start()
        for pause, kind, times in self.plan.faults():
            if time.time() + pause > self._until:
                break
            time.sleep(pause)
            self.simulator.faults.add("*", kind, times, seconds=DELAY)
        time.sleep(max(self._until - time.time(), 0))
        self.simulator.faults.clear()
        killer.join()

    def _kill(self) -> None:
        for pause, number in self.plan.deaths():
            if time.time() + pause > self._until:
                return
            time.sleep(pause)
            self._workers[number].kill()
            self._take_over(number, self._workers[number].found())
            self.deaths += 1
            values = self._worker_values(number)
            self._workers[number] = self._process(f"worker-{number}").start(WORK, values)

    def _take_over(self, number: int, found: dict[str, Any]) -> None:
        if found:
            self.counts.update(found["counts"])
            self.memory.append(found["memory"])
            self._process(f"worker-{number}").answer.unlink(missing_ok=True)

    # ------------------------------------------------------------------
    # Means
    # ------------------------------------------------------------------
    def _start_clock(self) -> None:
        """Let the simulator's clock run as fast as the workers'."""
        self._began = time.time()
        start = self.simulator.clock.now()

        def run() -> None:
            while True:
                passed = time.time() - self._began
                self.simulator.clock.set(start + timedelta(seconds=passed * self.plan.speed))
                time.sleep(0.02)

        threading.Thread(target=run, daemon=True).start()

    def _process(self, name: str) -> Process:
        return Process(self._shop, self.database, self._folder, name)

    def _values(self) -> dict[str, Any]:
        return {
            "began": self._began,
            "speed": self.plan.speed,
            "companies": getattr(self, "_companies", []),
            "until": getattr(self, "_until", 0),
        }

    def _worker_values(self, number: int) -> dict[str, Any]:
        seed = self.plan.seed * 1000 + number + self.deaths
        return self._values() | {"number": number, "seed": seed}


def _nips(count: int) -> list[str]:
    """Return valid NIPs of companies that do not exist."""
    found = (f"{number:010d}" for number in range(5_260_000_000, 5_270_000_000, 7))
    valid = (nip for nip in found if is_nip(nip))
    return [next(valid) for _number in range(count)]


def _figures(soak: Soak, end: dict[str, Any]) -> tuple[str, bool]:
    """Return the result in one paragraph, and True if it is good."""
    requests = soak.simulator.requests
    met = Counter(item.fault for item in requests if item.fault)
    lost = [item for item in end["companies"] if item["served"] is not True]
    failed = {name: count for name, count in soak.counts.items() if name.startswith("failed")}
    start = max((pair[0] for pair in soak.memory), default=0)
    last = max((pair[1] for pair in soak.memory), default=0)
    kinds = ", ".join(f"{kind} {count}" for kind, count in met.most_common())
    text = (
        f"soak: {soak.plan.simulated_hours:.1f} h in {soak.plan.minutes:g} min, "
        f"{soak.plan.companies} companies, {soak.plan.workers} workers, seed {soak.plan.seed}: "
        f"{requests.count()} requests to KSeF, {soak.simulator.faults.met} faults "
        f"(of the last {len(requests)} requests: {kinds}), {soak.deaths} workers killed; "
        f"{soak.counts['served']} of {soak.counts['asked']} calls served while it failed "
        f"({sum(failed.values())} told to try again: {failed}); "
        f"{end['logins']} logins, {end['certificates']} certificates; "
        f"recovered {len(end['companies']) - len(lost)} of {len(end['companies'])} companies, "
        f"the slowest after {end['slowest']:.0f} min, lost {len(lost)}, stuck {end['stuck']}; "
        f"memory {start:.0f} MB at the start, {last:.0f} MB at the end"
    )
    for item in end["companies"]:
        # Who is served at the first look has waited for this machine alone.
        if item in lost or (item["logins at first"] and item["minutes"] > SLOW):
            say(f"{'lost' if item in lost else 'slow'}: {item}")
    return text, not lost and not end["stuck"]


def main(words: list[str]) -> int:
    """Soak, and return the exit code."""
    plan = Plan.from_words(words)
    folder = cache("logs", f"soak-{plan.seed}")
    for old in folder.iterdir():
        old.unlink()
    with workshop() as shop, Simulator(port=0) as simulator:
        soak = Soak(plan, shop, simulator, folder)
        try:
            soak.begin()
            outcomes = [_told(soak, seed) for seed in range(plan.seed, plan.seed + plan.seeds)]
        finally:
            for worker in getattr(soak, "_workers", []):
                if worker.running():
                    worker.kill()
            shop.databases.drop(soak.database)
    if all(outcomes):
        shutil.rmtree(folder)
    else:
        say(f"the processes' logs: {folder}")
    if plan.seeds > 1:
        say(f"soak: {sum(outcomes)} of {plan.seeds} seeds in a row without a lost or stuck one")
    return 0 if all(outcomes) else 1


def _told(soak: Soak, seed: int) -> bool:
    """Have one storm, say its figures; return True if it ended well."""
    text, good = _figures(soak, soak.storm(seed))
    say(text)
    return good


sys.exit(main(sys.argv[1:]))
