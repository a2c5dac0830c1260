"""Every answer of the simulator is one that KSeF's official contract describes.

The simulator's own tests check each answer they get as well (tests/simulator/conftest.py); here
every operation and every kind of error is called on purpose, and none is left out.
"""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from ksef_simulator import DEMO_NIP, Simulator, identities
from ksef_simulator.app import ENDPOINTS
from ksef_simulator.contract import MISSING, Contract, watch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))
from invoice_kit import encrypt, invoice, opened  # noqa: E402 - found in the folder named above
from kit import Caller, ec_key  # noqa: E402 - found in the folder named above

pytestmark = pytest.mark.skipif(not Contract.at_hand(), reason=MISSING)
FORMATS = ["problem-details", "older"]
UNKNOWN = "20261122-XX-0123456789-0123456789-AB"


@pytest.fixture(scope="module")
def contract():
    return Contract()


@pytest.fixture
def caller():
    sim = Simulator()
    sim.settings.rate_limits = "off"
    http = requests.Session()
    http.mount(sim.url, sim.adapter())
    return Caller(sim, http)


def _routes(checked):
    return {(method, path) for method, path, _status in checked}


def _everything(ksef):
    """Each operation once, successfully."""
    tokens = ksef.login()
    ksef.status(tokens)
    ksef.call("POST", "/auth/token/refresh", tokens.refresh)
    ksef.call("POST", "/permissions/query/personal/grants", tokens.access, json={})
    ksef.call("GET", "/certificates/limits", tokens.access)
    serial = f"{ksef.certificate(tokens, ec_key()).serial_number:016X}"
    ksef.call("POST", "/certificates/query", tokens.access, json={})
    ksef.call("POST", f"/certificates/{serial}/revoke", tokens.access, json={})
    limits = {"enrollment": {"maxEnrollments": 5}, "certificate": {"maxCertificates": 5}}
    ksef.call("POST", "/testdata/limits/subject/certificate", tokens.access, json=limits)
    ksef.call("DELETE", "/testdata/limits/subject/certificate", tokens.access)
    _limits(ksef, tokens.access)
    _test_data(ksef)
    _invoices(ksef)
    _ksef_tokens(ksef)
    other = ksef.login()
    ksef.call("GET", "/auth/sessions", other.access)
    ksef.call("DELETE", f"/auth/sessions/{tokens.reference}", other.access)
    ksef.call("DELETE", "/auth/sessions/current", other.access)


def _limits(ksef, bearer):
    for path in ("/limits/context", "/limits/subject", "/rate-limits"):
        ksef.call("GET", path, bearer)
    rates = {"rateLimits": ksef.call("GET", "/rate-limits", bearer).json()}
    ksef.call("POST", "/testdata/rate-limits", bearer, json=rates)
    ksef.call("POST", "/testdata/rate-limits/production", bearer)
    ksef.call("DELETE", "/testdata/rate-limits", bearer)
    limits = ksef.call("GET", "/limits/context", bearer).json()
    ksef.call("POST", "/testdata/limits/context/session", bearer, json=limits)
    ksef.call("DELETE", "/testdata/limits/context/session", bearer)


def _invoices(ksef):
    sender = opened(ksef, ksef.login())
    state, _bad = sender.sent(invoice()), sender.sent(b"wrong")
    sender.get("/invoices")
    sender.get("/invoices/failed")
    sender.get(f"/invoices/{state['referenceNumber']}/upo")
    sender.get(f"/invoices/ksef/{state['ksefNumber']}/upo")
    ksef.call("GET", f"/invoices/ksef/{state['ksefNumber']}", sender.bearer)
    sender.close()
    page = sender.get().json()["upo"]["pages"][0]["referenceNumber"]
    sender.get(f"/upo/{page}")
    ksef.call("GET", "/sessions?sessionType=Online", sender.bearer)


def _ksef_tokens(ksef):
    bearer = ksef.login().access
    wanted = {"permissions": ["InvoiceRead"], "description": "Token testowy"}
    made = ksef.call("POST", "/tokens", bearer, json=wanted).json()
    challenge = ksef.call("POST", "/auth/challenge").json()
    plain = f"{made['token']}|{challenge['timestampMs']}".encode()
    body = {
        "challenge": challenge["challenge"],
        "contextIdentifier": {"type": "Nip", "value": DEMO_NIP},
        "encryptedToken": encrypt(ksef, "KsefTokenEncryption", plain),
    }
    ksef.call("POST", "/auth/ksef-token", json=body)
    ksef.call("GET", "/tokens", bearer)
    ksef.call("GET", f"/tokens/{made['referenceNumber']}", bearer)
    ksef.call("DELETE", f"/tokens/{made['referenceNumber']}", bearer)


def _test_data(ksef):
    nip = {"type": "Nip", "value": DEMO_NIP}
    pesel = {"type": "Pesel", "value": identities.READER.pesel}
    right = [{"permissionType": "InvoiceWrite", "description": "Uprawnienie"}]
    company = {"subjectNip": "1111111111", "subjectType": "JST", "description": "Gmina"}
    person = {"nip": "1111111111", "pesel": identities.STRANGER.pesel, "isBailiff": False,
              "description": "Osoba"}  # fmt: skip
    grant = {"contextIdentifier": nip, "authorizedIdentifier": pesel}
    for path, body in [
        ("subject", company),
        ("subject/remove", {"subjectNip": "1111111111"}),
        ("person", person),
        ("person/remove", {"nip": "1111111111"}),
        ("permissions", {**grant, "permissions": right}),
        ("permissions/revoke", grant),
        ("context/block", {"contextIdentifier": nip}),
        ("context/unblock", {"contextIdentifier": nip}),
    ]:
        assert ksef.call("POST", f"/testdata/{path}", json=body).status_code == 200, path


def test_every_operation_answers_as_the_contract_says(caller, contract):
    checked = watch(caller.sim, contract)
    _everything(caller)
    described = {
        (item.method, item.path) for item in ENDPOINTS if contract.knows(item.method, item.path)
    }
    assert _routes(checked) == described


@pytest.mark.parametrize("format", FORMATS)
def test_every_operation_refuses_as_the_contract_says(caller, contract, format):
    """401, 403, 429 and 400 of each operation, as faults bring them about."""
    checked = watch(caller.sim, contract)
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


def test_what_is_kept_no_longer_is_410_as_the_contract_says(caller, contract):
    checked = watch(caller.sim, contract)
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
def test_the_status_of_every_kind_of_signer_is_as_the_contract_says(caller, contract, signer):
    checked = watch(caller.sim, contract)
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
