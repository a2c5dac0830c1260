"""A simulator for each test, whose every answer is checked against KSeF's contract."""

from __future__ import annotations

import pytest
import requests
from kit import Caller

from ksef_simulator import Simulator
from ksef_simulator.contract import CONTRACTS, Contract, watch


@pytest.fixture
def sim():
    """Give a simulator that is called without a socket."""
    sim = Simulator()
    sim.settings.rate_limits = "off"
    if all(Contract.at_hand(version) for version in CONTRACTS):
        watch(sim)
    return sim


@pytest.fixture
def ksef(sim):
    """Give a caller of the simulator."""
    http = requests.Session()
    http.mount(sim.url, sim.adapter())
    return Caller(sim, http)
