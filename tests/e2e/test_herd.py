"""Sixty-four requests at once, on two Odoo servers of four workers each, want an outdated token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from odoo_user import OdooUser, first_login
from outdated import outdate_access_token, revoke_at_ksef

from ksef_simulator.control import Control
from stack.demo import DemoStack, demo_stack
from stack.places import free_port

SERVERS, WORKERS, REQUESTS = 2, 4, 64
ROUND_TRIP = 0.5
# Another addon that wants a token: nobody gets one over the network without such code.
CUSTOMER = Path(__file__).with_name("addons") / "ksef_customer"


class Herd:
    """Two servers on one database, and users that ask all at once."""

    def __init__(self, demo: DemoStack, urls: list[str]) -> None:
        self.demo = demo
        self.simulator = Control(demo.simulator_url)
        first_login(OdooUser(urls[0], demo.database, "ksiegowa"), self.simulator)
        self.users = [OdooUser(urls[n % len(urls)], demo.database, "ksiegowa") for n in range(8)]

    def ask(self, number: int) -> tuple[float, str]:
        """One request; how long it took and the end of the token, or the error."""
        began = time.monotonic()
        try:
            found = self.users[number % len(self.users)].get("/ksef_customer/token").decode()
        except Exception as error:
            found = f"failed: {error}"
        return time.monotonic() - began, found

    def ask_at_once(self) -> tuple[list[float], set[str], list[str]]:
        """All requests at once: durations, tokens, failures."""
        with ThreadPoolExecutor(REQUESTS) as pool:
            answers = list(pool.map(self.ask, range(REQUESTS)))
        failures = [found for _time, found in answers if found.startswith("failed")]
        tokens = {found for _time, found in answers} - set(failures)
        return [duration for duration, _found in answers], tokens, failures


@pytest.fixture(scope="module")
def herd() -> Iterator[Herd]:
    """Two running servers, warm, connected to a KSeF that takes half a second to answer."""
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


def test_a_herd_of_requests_refreshes_once_and_nobody_fails(herd: Herd, record_property) -> None:
    outdate_access_token(herd.demo, herd.simulator)
    herd.simulator.requests.clear()
    durations, tokens, failures = herd.ask_at_once()
    calls = herd.simulator.requests.count("refresh")
    slowest = max(durations)
    record_property(
        "figures",
        f"herd: {SERVERS} servers x {WORKERS} workers, {REQUESTS} requests at once: "
        f"{calls} refresh, {len(failures)} failures, slowest answer {slowest:.2f} s = "
        f"{slowest / ROUND_TRIP:.1f} x a refresh round trip of {ROUND_TRIP} s",
    )
    assert (calls, failures, len(tokens)) == (1, [], 1)
    assert slowest < 10 * ROUND_TRIP


def test_a_herd_on_a_dead_login_causes_one_login_with_the_certificate(herd: Herd) -> None:
    revoke_at_ksef(herd.simulator)
    outdate_access_token(herd.demo, herd.simulator)
    herd.simulator.requests.clear()
    _durations, tokens, failures = herd.ask_at_once()
    assert failures == [] and len(tokens) == 1
    assert herd.simulator.requests.count("xades-signature") == 1
