"""A simulated KSeF for the protocol layer, over a socket, held to KSeF's contract."""

import pytest

from ksef_simulator import Simulator
from ksef_simulator.contract import Contract, watch
from tools.client import KsefClient


@pytest.fixture(scope="module")
def served():
    """Serve one simulator to all tests of a module."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def sim(served):
    """Give that simulator as new; the test fails if an exchange differs from KSeF's contract."""
    served.settings.reset()
    served.faults.clear()
    served.reset()
    served.settings.update({"rate_limits": "off"})
    broken = []
    if Contract.at_hand():
        watch(served, Contract.of(), broken)
    yield served
    assert not broken, "not as KSeF's contract says"


@pytest.fixture
def ksef(sim):
    """Give the addon's client of it."""
    with KsefClient(sim.base_url, timeout=5) as client:
        yield client
