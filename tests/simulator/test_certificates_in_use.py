"""KSeF certificates that exist: logging in with them, the list, revocation."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from kit import Tokens, codes, ec_key, make_csr

from ksef_simulator import identities
from ksef_simulator.releases import validity

QUERY = "/certificates/query"


@pytest.fixture
def tokens(ksef):
    return ksef.login()


def test_a_wished_beginning_is_kept(ksef, sim, tokens):
    start = (sim.clock.now() + timedelta(days=3)).replace(microsecond=0)
    made = ksef.certificate(tokens, ec_key(), validFrom=start.isoformat())
    assert validity(made)[0] == start


def test_a_login_with_a_ksef_certificate_is_the_same_person(ksef, sim, tokens):
    key = ec_key()
    operation = ksef.submit(ksef.signed_with(key, ksef.certificate(tokens, key)))
    assert operation.status_code == 202, operation.text
    login = sim.state.operations[operation.json()["referenceNumber"]]
    assert (login.method, login.who.value) == ("InternalCertificate", identities.OWNER.pesel)


def test_a_session_of_a_ksef_certificate_may_apply_for_the_next_one(ksef, tokens):
    key = ec_key()
    body = ksef.submit(ksef.signed_with(key, ksef.certificate(tokens, key))).json()
    renewed = ksef.redeemed(Tokens(body["referenceNumber"], body["authenticationToken"]["token"]))
    assert ksef.certificate(renewed, ec_key())


def _login_status(ksef, key, certificate):
    body = ksef.submit(ksef.signed_with(key, certificate)).json()
    path = f"/auth/{body['referenceNumber']}"
    state = ksef.call("GET", path, body["authenticationToken"]["token"]).json()["status"]
    return state["code"], state.get("details")


def test_a_certificate_that_begins_later_is_not_valid_yet(ksef, sim, tokens):
    sim.settings.certificate_valid_from_offset = 7200
    key = ec_key()
    made = ksef.certificate(tokens, key)
    assert _login_status(ksef, key, made) == (460, ["Nieważny certyfikat"])
    sim.clock.advance(7201)
    assert _login_status(ksef, key, made)[0] == 200


def test_an_expired_certificate_opens_nothing(ksef, sim, tokens):
    key = ec_key()
    made = ksef.certificate(tokens, key)
    sim.clock.advance(timedelta(days=731))
    assert _login_status(ksef, key, made) == (460, ["Nieważny certyfikat"])


def test_a_revoked_certificate_opens_nothing_but_its_sessions_live_on(ksef, tokens):
    key = ec_key()
    made = ksef.certificate(tokens, key)
    path = f"/certificates/{made.serial_number:016X}/revoke"
    reason = {"revocationReason": "KeyCompromise"}
    assert ksef.call("POST", path, tokens.access, json=reason).status_code == 204
    assert _login_status(ksef, key, made) == (460, ["Certyfikat odwołany"])
    assert ksef.call("POST", "/auth/token/refresh", tokens.refresh).status_code == 200
    assert codes(ksef.call("POST", path, tokens.access, json=reason)) == [25009]


def test_revoking_takes_only_known_reasons_and_own_certificates(ksef, tokens):
    path = f"/certificates/{ksef.certificate(tokens, ec_key()).serial_number:016X}/revoke"
    bad = {"revocationReason": "Because"}
    assert codes(ksef.call("POST", path, tokens.access, json=bad)) == [21405]
    assert codes(ksef.call("POST", path, ksef.login("reader").access)) == [25008]
    unknown = "/certificates/0123456789ABCDEF/revoke"
    assert codes(ksef.call("POST", unknown, tokens.access)) == [25008]


def test_a_certificate_is_blocked_while_it_is_being_revoked(ksef, sim, tokens):
    sim.settings.revocation_delay = 60
    path = f"/certificates/{ksef.certificate(tokens, ec_key()).serial_number:016X}/revoke"
    ksef.call("POST", path, tokens.access)
    states = []
    for _number in range(2):
        found = ksef.call("POST", QUERY, tokens.access).json()["certificates"]
        states.append(found[0]["status"])
        sim.clock.advance(60)
    assert states == ["Blocked", "Revoked"]


def test_the_list_can_be_filtered(ksef, tokens):
    ksef.certificate(tokens, ec_key(), certificateName="Pierwszy z dwóch")
    ksef.certificate(tokens, ec_key(), certificateType="Offline")
    later = datetime(2200, 1, 1, tzinfo=timezone.utc).isoformat()
    expected = [
        ({"type": "Offline"}, 1),
        ({"name": "Pierwszy"}, 1),
        ({"status": "Active"}, 2),
        ({"status": "Revoked"}, 0),
        ({"expiresAfter": later}, 0),
        ({}, 2),
    ]
    for filters, count in expected:
        body = ksef.call("POST", QUERY, tokens.access, json=filters).json()
        assert len(body["certificates"]) == count, filters
    assert codes(ksef.call("POST", QUERY, tokens.access, json={"status": "New"})) == [21405]


def test_the_list_comes_in_pages_newest_first(ksef, sim):
    tokens = ksef.login("seal")
    for number in range(11):
        ksef.enroll(tokens, certificateName=f"Certyfikat {number:02d}")
        sim.clock.advance(1)
    first = ksef.call("POST", QUERY, tokens.access).json()
    second = ksef.call("POST", f"{QUERY}?pageOffset=1", tokens.access).json()
    names = [item["name"] for item in first["certificates"] + second["certificates"]]
    assert names == [f"Certyfikat {number:02d}" for number in reversed(range(11))]
    assert (first["hasMore"], second["hasMore"]) == (True, False)


def test_retrieving_takes_one_to_ten_serial_numbers(ksef, tokens):
    path = "/certificates/retrieve"
    for serials in ([], ["0123456789ABCDEF"] * 11, ["short"]):
        body = {"certificateSerialNumbers": serials}
        assert codes(ksef.call("POST", path, tokens.access, json=body)) == [21405]
    body = {"certificateSerialNumbers": ["0123456789ABCDEF"]}
    assert ksef.call("POST", path, tokens.access, json=body).json() == {"certificates": []}


def test_the_retrieved_certificate_is_plain_base64_of_der(ksef, tokens):
    made = ksef.certificate(tokens, ec_key())
    body = {"certificateSerialNumbers": [f"{made.serial_number:016X}"]}
    answer = ksef.call("POST", "/certificates/retrieve", tokens.access, json=body).json()
    text = answer["certificates"][0]["certificate"]
    assert x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) == made


@pytest.mark.parametrize(("switch", "found"), [(True, []), (False, [25001, 25002])])
def test_a_login_by_fingerprint_may_apply_or_not(ksef, sim, switch, found):
    """KSeF's documents leave it open (docs/ksef.md A2-26)."""
    sim.settings.fingerprint_enrollment = switch
    login = ksef.login("foreign", subject_type="certificateFingerprint")
    data = ksef.call("GET", "/certificates/enrollments/data", login.access)
    applied = ksef.enroll(login, make_csr(data.json()) if switch else b"any")
    assert [code for item in (data, applied) if not item.ok for code in codes(item)] == found
    limits = ksef.call("GET", "/certificates/limits", login.access).json()
    assert limits["canRequest"] is switch


def test_a_certificate_without_numbers_stays_tied_to_the_first_fingerprint(ksef, sim):
    key = ec_key()
    first = ksef.login("foreign", subject_type="certificateFingerprint")
    made = ksef.certificate(first, key)
    document = ksef.signed_with(key, made, subject_type="certificateFingerprint")
    body = ksef.submit(document).json()
    logins = sim.state.operations
    assert logins[body["referenceNumber"]].who == logins[first.reference].who


def test_a_seals_certificate_acts_as_the_company_and_can_be_renewed(ksef):
    key = ec_key()
    made = ksef.certificate(ksef.login("seal"), key)
    body = ksef.submit(ksef.signed_with(key, made)).json()
    login = ksef.redeemed(Tokens(body["referenceNumber"], body["authenticationToken"]["token"]))
    assert ksef.certificate(login, ec_key()).subject == made.subject
