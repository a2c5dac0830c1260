"""A simulator for each test, whose every answer is checked against KSeF's contract."""

from __future__ import annotations

import pytest
import requests
from kit import Caller

from ksef_simulator import Simulator
from ksef_simulator.contract import Contract, watch


@pytest.fixture(scope="session")
def contract():
    """Give KSeF's contract, or None where it is not at hand."""
    return Contract() if Contract.at_hand() else None


@pytest.fixture
def sim(contract):
    """Give a simulator that is called without a socket."""
    sim = Simulator()
    sim.settings.rate_limits = "off"
    if contract:
        watch(sim, contract)
    return sim


@pytest.fixture
def ksef(sim):
    """Give a caller of the simulator."""
    http = requests.Session()
    http.mount(sim.url, sim.adapter())
    return Caller(sim, http)
