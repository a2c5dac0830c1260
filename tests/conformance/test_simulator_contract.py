"""Every answer of the simulator is one that KSeF's official contract describes, old and new.

The simulator's own tests check each answer they get as well (tests/simulator/conftest.py); here
every operation and every kind of error is called on purpose, and none is left out.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import requests
from every_operation import Caller, everything, to_entity

from ksef_simulator import Simulator, texts
from ksef_simulator.app import ENDPOINTS
from ksef_simulator.contract import CONTRACTS, MISSING, Contract, watch
from ksef_simulator.versions import NEW

FORMATS = ["problem-details", "older"]
UNKNOWN = "20261122-XX-0123456789-0123456789-AB"


@pytest.fixture(scope="module", params=list(CONTRACTS))
def version(request):
    if not Contract.at_hand(request.param):
        pytest.skip(MISSING.format(CONTRACTS[request.param]))
    return request.param


@pytest.fixture(scope="module")
def contract(version):
    return Contract.of(version)


@pytest.fixture
def caller(version):
    sim = Simulator()
    sim.settings.version = version
    sim.settings.rate_limits = "off"
    http = requests.Session()
    http.mount(sim.url, sim.adapter())
    return Caller(sim, http)


def _routes(checked):
    return {(method, path) for method, path, _status in checked}


def test_every_operation_answers_as_the_contract_says(caller, contract):
    checked = watch(caller.sim)
    everything(caller)
    described = {
        (item.method, item.path) for item in ENDPOINTS if contract.knows(item.method, item.path)
    }
    assert _routes(checked) == described
    assert all(status < 400 for _method, _path, status in checked)


@pytest.mark.parametrize("format", FORMATS)
def test_every_operation_refuses_as_the_contract_says(caller, format):
    """401, 403, 429 and 400 of each operation, as faults bring them about."""
    checked = watch(caller.sim)
    headers = {"X-Error-Format": "problem-details"} if format == "problem-details" else {}
    for endpoint in ENDPOINTS:
        for kind in (
            ("401", "403", "empty-403", "429", "refusal")
            if endpoint.bearer
            else (
                "429",
                "refusal",
            )
        ):
            caller.sim.faults.add(endpoint.operation, kind, code=21405, details=["Szczegóły."])
            path = re.sub("<[a-z]+>", UNKNOWN, endpoint.path)
            caller.call(endpoint.method, path, headers=headers)
    assert {status for _method, _path, status in checked} == {400, 401, 403, 429}


def test_what_is_kept_no_longer_is_410_as_the_contract_says(caller):
    checked = watch(caller.sim)
    tokens = caller.login()
    reference = caller.enroll(tokens).json()["referenceNumber"]
    caller.sim.clock.advance(timedelta(days=30))
    path = f"/certificates/enrollments/{reference}"
    assert caller.call("GET", path, caller.login().access).status_code == 410
    old = caller.call("GET", f"/auth/{tokens.reference}", tokens.operation)
    assert old.status_code == 410
    assert [status for _method, _path, status in checked].count(410) == 2


@pytest.mark.parametrize(
    "signer", ["owner", "stranger", "reader", "qualified", "edowod", "seal", "expired"]
)
def test_the_status_of_every_kind_of_signer_is_as_the_contract_says(caller, signer):
    checked = watch(caller.sim)
    caller.status(caller.started(signer))
    assert ("GET", "/auth/<ref>", 200) in checked


def test_only_the_deprecated_member_differs_when_it_is_switched_off(caller, contract):
    caller.sim.settings.deprecated_authentication_method = False
    tokens = caller.started()
    body = caller.call("GET", f"/auth/{tokens.reference}", tokens.operation).json()
    with pytest.raises(AssertionError, match="'authenticationMethod' is a required property"):
        contract.check_answer("GET", "/auth/{x}", 200, "application/json", body)
    body["authenticationMethod"] = "TrustedProfile"
    contract.check_answer("GET", "/auth/{x}", 200, "application/json", body)


def test_the_check_itself_notices_a_member_that_the_contract_does_not_know(contract):
    body = {"accessToken": {"token": "a", "validUntil": "2026-11-22T00:00:00+00:00"}, "extra": 1}
    with pytest.raises(AssertionError, match="extra"):
        contract.check_answer("POST", "/auth/token/refresh", 200, "application/json", body)


@pytest.mark.parametrize(
    ("query", "headers", "told"),
    [
        ({"pagesize": ["10"]}, {}, r"\?pagesize= is not in the contract"),
        ({"pageSize": ["9"]}, {}, "less than the minimum"),
        ({"pageSize": ["ten"]}, {}, "is not of type 'integer'"),
        ({"pageOffset": ["0"]}, {}, r"\?pageOffset= is not in the contract"),
        ({}, {"Retry-After": "1"}, "Retry-After is not in the contract"),
    ],
)
def test_the_check_itself_notices_a_wrong_parameter(contract, query, headers, told):
    with pytest.raises(AssertionError, match=told):
        contract.check_parameters("GET", "/auth/sessions", query, headers)


def test_the_check_itself_lets_right_parameters_pass(contract):
    headers = {"X-Continuation-Token": "next", "Accept": "application/json"}
    contract.check_parameters("GET", "/auth/sessions", {"pageSize": ["10"]}, headers)
    contract.check_parameters("GET", "/tokens", {"status": ["Active", "Pending"]}, {})
    chain = {"verifyCertificateChain": ["true"]}
    contract.check_parameters("POST", "/auth/xades-signature", chain, {})


def test_the_check_itself_notices_a_header_of_another_call(contract):
    with pytest.raises(AssertionError, match="x-continuation-token is not in the contract"):
        contract.check_parameters("POST", "/auth/challenge", {}, {"x-continuation-token": "next"})


def test_the_check_itself_notices_a_wrong_header_of_an_answer(contract):
    with pytest.raises(AssertionError, match="Retry-After"):
        contract.check_answer_headers("GET", "/auth/sessions", 429, {"Retry-After": "soon"})


def test_every_reason_of_a_403_comes_in_the_contracts_shape(caller):
    checked = watch(caller.sim)
    for reason in texts.FORBIDDEN:
        caller.sim.faults.add("sessions", "403", reason=reason)
        assert caller.call("GET", "/auth/sessions").json()["reasonCode"] == reason
    assert len(checked) == len(texts.FORBIDDEN)


def test_only_the_new_ksef_leaves_out_the_time_of_a_block(caller, version):
    caller.sim.faults.add("sessions", "403", reason="security-service-blocked")
    body = caller.call("GET", "/auth/sessions").json()
    assert ("timestamp" in body) == (version != NEW)


@pytest.mark.parametrize("signer", ["owner", "seal"])
@pytest.mark.parametrize("listed", ["listed", "empty"])
@pytest.mark.parametrize("nobody", ["empty", "null"])
def test_the_list_of_own_rights_is_the_contracts_however_it_is_played(
    caller, signer, listed, nobody
):
    watch(caller.sim)
    caller.sim.settings.update({"owner_grants": listed, "nobodys_owner_permissions": nobody})
    answer = caller.call("POST", "/permissions/query/personal/grants", caller.login(signer).access)
    assert answer.status_code == 200


@pytest.mark.parametrize("status", texts.PERMISSION_STATUS)
def test_every_verdict_on_giving_rights_comes_in_the_contracts_shape(caller, status):
    watch(caller.sim)
    caller.sim.settings.force_permission_status = {"code": status}
    bearer = caller.login().access
    ref = caller.call("POST", "/permissions/entities/grants", bearer, json=to_entity()).json()
    path = f"/permissions/operations/{ref['referenceNumber']}"
    assert caller.call("GET", path, bearer).json()["status"]["code"] == status
