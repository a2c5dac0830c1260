"""The simulator has every operation that a client of authentication can call, and is strict."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from every_operation import Caller, everything

from ksef_simulator import Simulator
from ksef_simulator.app import ENDPOINTS
from ksef_simulator.call import Endpoint
from ksef_simulator.contract import CONTRACTS, FOLDER, MISSING, Contract, watch
from ksef_simulator.versions import NEW, OLD

pytestmark = pytest.mark.skipif(not Contract.at_hand(), reason=MISSING.format(CONTRACTS[NEW]))

#: Operations that authenticate nobody and say nothing about a login or a right: not simulated.
BEYOND = re.compile(
    r"POST /sessions/batch.*"  # sending many invoices at once
    r"|(?:GET|POST) /invoices/(?:query|exports).*"  # receiving invoices
    r"|(?:GET|POST) /collective-identifiers.*"  # one number for the payment of many invoices
    r"|GET /peppol/query"  # the providers of another network
)
ODD: tuple[Any, ...] = (
    None,
    7,
    -1,
    10**12,
    "",
    "x",
    [],
    {},
    True,
    ["x"],
    [None],
    {"type": None},
    {"a": 1},
)


def shape(path: str) -> str:
    """Return a path with its parameters as {}."""
    return re.sub(r"[<{][^>}]*[>}]", "{}", path)


def test_every_operation_is_simulated_or_beyond_a_client_of_authentication():
    described = Contract.of().operations()
    simulated = {(item.method, shape(item.path)) for item in ENDPOINTS}
    beyond = {(method, path) for method, path in described if BEYOND.fullmatch(f"{method} {path}")}
    assert simulated - described == set()
    assert described - simulated == beyond
    assert not beyond & simulated
    starts = (
        "/auth",
        "/certificates",
        "/tokens",
        "/testdata",
        "/limits",
        "/rate-limits",
        "/permissions",
    )
    assert not any(path.startswith((*starts, "/security")) for _method, path in beyond)


class Recorder(Caller):
    """A caller that keeps the JSON that it sent."""

    def __init__(self, sim: Simulator, http: requests.Session) -> None:
        super().__init__(sim, http)
        self.sent: list[tuple[str, str, str | None, Any]] = []

    def call(self, method, path, bearer=None, **more):
        if "json" in more:
            self.sent.append((method, path, bearer, copy.deepcopy(more["json"])))
        return super().call(method, path, bearer, **more)


def odd(body: Any) -> Iterator[Any]:
    """Return a body with each of its values replaced by odd ones, and without each of them."""
    if isinstance(body, dict):
        for name in body:
            yield {key: value for key, value in body.items() if key != name}
            for value in (*ODD, *odd(body[name])):
                yield {**body, name: value}
    if isinstance(body, list):
        for position in range(len(body)):
            for value in (*ODD, *odd(body[position])):
                yield [*body[:position], value, *body[position + 1 :]]


def endpoint_of(method: str, path: str) -> Endpoint:
    """Return the endpoint that a request goes to."""
    plain = path.partition("?")[0]
    return next(
        item
        for item in ENDPOINTS
        if item.method == method and re.fullmatch(re.sub("<[a-z]+>", "[^/]+", item.path), plain)
    )


@pytest.fixture(scope="module")
def recorded():
    """A simulator and what it was sent in calling everything once, one body an operation."""
    sim = Simulator()
    sim.settings.rate_limits = "off"
    http = requests.Session()
    http.mount(sim.url, sim.adapter())
    recorder = Recorder(sim, http)
    everything(recorder)
    watch(sim)
    return recorder


def test_what_the_contract_refuses_the_simulator_refuses_and_nothing_breaks_it(recorded):
    """Every answer is compared with the contract as well, see `watch`."""
    contract = Contract(FOLDER / CONTRACTS[NEW], closed=False)
    sent = [
        (endpoint_of(method, path), path, bearer, body)
        for method, path, bearer, body in recorded.sent
    ]
    for endpoint, path, bearer, body in sent:
        for value in odd(body):
            answer = Caller.call(recorded, endpoint.method, path, bearer, json=value)
            if not _fits(contract, endpoint, value):
                assert answer.status_code == 400, (path, value, answer.text)


def test_the_older_ksef_has_every_operation_of_its_contract_too():
    if not Contract.at_hand(OLD):
        pytest.skip(MISSING.format(CONTRACTS[OLD]))
    simulated = {(item.method, shape(item.path)) for item in ENDPOINTS}
    left = Contract.of(OLD).operations() - simulated
    assert all(BEYOND.fullmatch(f"{method} {path}") for method, path in left)


def _fits(contract: Contract, endpoint: Endpoint, body: Any) -> bool:
    if not contract.knows(endpoint.method, endpoint.path):
        return True
    try:
        contract.check_request(endpoint.method, endpoint.path, "application/json", body)
    except AssertionError:
        return False
    return True


def test_what_odd_requests_left_behind_is_still_told_as_the_contract_says(recorded):
    bearer = recorded.login().access
    for path in ("/limits/context", "/limits/subject", "/rate-limits", "/tokens", "/sessions"):
        query = "?sessionType=Online" if path == "/sessions" else ""
        assert recorded.call("GET", path + query, bearer).status_code == 200, path
