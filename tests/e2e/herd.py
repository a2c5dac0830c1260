"""Asks several Odoo servers of one database for a token, many times at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from odoo_user import OdooUser, first_login

from ksef_simulator.control import Control
from stack.demo import DemoStack, demo_stack
from stack.places import free_port

SERVERS, WORKERS, REQUESTS = 2, 4, 64
ROUND_TRIP = 0.5
# An addon that asks for a token: over the network alone nobody gets one.
CUSTOMER = Path(__file__).with_name("addons") / "ksef_customer"
LOCK = "hashtextextended('ksef-session,1,test', 0)"


class Herd:
    """Two servers on one database, and users that ask all at once."""

    def __init__(self, demo: DemoStack, urls: list[str]) -> None:
        """Connect the demo's company, and log users in at each server."""
        self.demo = demo
        self.simulator = Control(demo.simulator_url)
        first_login(OdooUser(urls[0], demo.database, "ksiegowa"), self.simulator)
        self.users = [OdooUser(urls[n % len(urls)], demo.database, "ksiegowa") for n in range(8)]

    def ask(self, number: int = 0) -> tuple[float, str]:
        """Ask for a token once; return the seconds, and the token's digest or the failure."""
        began = time.monotonic()
        try:
            found = self.users[number % len(self.users)].get("/ksef_customer/token").decode()
        except Exception as error:
            found = f"failed: {error}"
        return time.monotonic() - began, found

    def ask_at_once(self, requests: int = REQUESTS) -> tuple[list[float], set[str], list[str]]:
        """Ask for a token many times at once; return durations, tokens, failures."""
        with ThreadPoolExecutor(requests) as pool:
            answers = list(pool.map(self.ask, range(requests)))
        failures = [found for _time, found in answers if found.startswith("failed")]
        tokens = {found for _time, found in answers} - set(failures)
        return [duration for duration, _found in answers], tokens, failures

    @contextmanager
    def another_connection(self, statement: str, seconds: int) -> Iterator[None]:
        """Have another program run a statement and keep its locks for some seconds."""
        sleep = f"pg_sleep({seconds})"
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self.demo.sql, f"{statement}; SELECT {sleep}")
            waiting = f"query LIKE '%{sleep}%' AND pid != pg_backend_pid()"
            while self.demo.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}") == "0":
                time.sleep(0.05)
            try:
                yield
            finally:
                self.demo.sql(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waiting}"
                )


@contextmanager
def herd_of_requests() -> Iterator[Herd]:
    """Start two warm Odoo servers, whose KSeF takes half a second to answer."""
    with demo_stack(workers=WORKERS, helper=CUSTOMER) as demo:
        others = [demo.another_odoo(free_port(), WORKERS) for _n in range(SERVERS - 1)]
        try:
            urls = [demo.odoo_url]
            urls += [other.start().address.removesuffix("/web/login") for other in others]
            herd = Herd(demo, urls)
            herd.simulator.settings.latency = ROUND_TRIP
            herd.ask_at_once()
            yield herd
        finally:
            for other in others:
                other.stop()
