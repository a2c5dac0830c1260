"""The calls below /testdata that fill the world, and the stand-in for the signing site."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import requests
from kit import Caller, Tokens, codes, ec_key, request_document

from ksef_simulator import DEMO_NIP, Simulator, identities

NEW_NIP = "1111111111"


def _person(pesel=identities.STRANGER.pesel, **more):
    return {
        "nip": NEW_NIP,
        "pesel": pesel,
        "description": "Osoba testowa",
        "isBailiff": False,
        **more,
    }


def _permission(scope="InvoiceRead", pesel=identities.STRANGER.pesel):
    return {
        "contextIdentifier": {"type": "Nip", "value": DEMO_NIP},
        "authorizedIdentifier": {"type": "Pesel", "value": pesel},
        "permissions": [{"permissionType": scope, "description": "Uprawnienie testowe"}],
    }


def test_a_test_person_becomes_the_owner_of_the_number(ksef):
    assert ksef.call("POST", "/testdata/person", json=_person()).status_code == 200
    assert ksef.status(ksef.started("stranger", nip=NEW_NIP))["code"] == 200
    assert ksef.call("POST", "/testdata/person/remove", json={"nip": NEW_NIP}).status_code == 200
    assert ksef.status(ksef.started("stranger", nip=NEW_NIP))["code"] == 415


def test_a_test_permission_opens_and_its_revocation_closes(ksef):
    body = _permission()
    assert ksef.call("POST", "/testdata/permissions", json=body).status_code == 200
    assert ksef.status(ksef.started("stranger"))["code"] == 200
    del body["permissions"]
    assert ksef.call("POST", "/testdata/permissions/revoke", json=body).status_code == 200
    assert ksef.status(ksef.started("stranger"))["code"] == 415


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/testdata/person", _person(pesel="12345678901")),
        ("/testdata/person", _person(nip="1234567890")),
        ("/testdata/person", {"nip": NEW_NIP}),
        ("/testdata/permissions", _permission("Everything")),
        ("/testdata/subject", {"subjectNip": NEW_NIP, "subjectType": "x", "description": "Firma"}),
        ("/testdata/context/block", {}),
    ],
)
def test_bad_test_data_is_21405(ksef, path, body):
    assert codes(ksef.call("POST", path, json=body)) == [21405]


def test_test_subjects_are_made_once_and_removed(ksef):
    body = {"subjectNip": NEW_NIP, "subjectType": "JST", "description": "Gmina"}
    assert ksef.call("POST", "/testdata/subject", json=body).status_code == 200
    assert codes(ksef.call("POST", "/testdata/subject", json=body)) == [30001]
    gone = {"subjectNip": NEW_NIP}
    assert ksef.call("POST", "/testdata/subject/remove", json=gone).status_code == 200


def test_a_context_is_blocked_and_unblocked(ksef):
    body = {"contextIdentifier": {"type": "Nip", "value": DEMO_NIP}}
    ksef.call("POST", "/testdata/context/block", json=body)
    assert ksef.status(ksef.started())["code"] == 480
    ksef.call("POST", "/testdata/context/unblock", json=body)
    assert ksef.status(ksef.started())["code"] == 200


def test_a_certificate_can_be_shortened(ksef, sim):
    tokens = ksef.login()
    made = ksef.certificate(tokens, ec_key())
    path = f"/testdata/certificates/{made.serial_number:016X}"
    end = sim.clock.now() + timedelta(days=3)
    body = {"validTo": end.isoformat()}
    assert ksef.call("PUT", path, tokens.access, json=body).status_code == 200
    found = ksef.call("POST", "/certificates/query", tokens.access).json()["certificates"][0]
    assert found["validTo"][:10] == f"{end:%Y-%m-%d}"
    later = {"validTo": (end + timedelta(days=9)).isoformat()}
    assert codes(ksef.call("PUT", path, tokens.access, json=later)) == [21405]


def test_only_the_callers_own_certificate_can_be_shortened(ksef, sim):
    made = ksef.certificate(ksef.login(), ec_key())
    path = f"/testdata/certificates/{made.serial_number:016X}"
    body = {"validTo": sim.clock.now().isoformat()}
    assert ksef.call("PUT", path, json=body).status_code == 401
    stranger = ksef.login("reader").access
    assert codes(ksef.call("PUT", path, stranger, json=body)) == [25008]
    assert codes(ksef.call("PUT", path[:-1], stranger, json=body)) == [21405]


def test_a_certificate_that_was_shortened_to_now_logs_in_no_more(ksef, sim):
    tokens, key = ksef.login(), ec_key()
    made = ksef.certificate(tokens, key)
    path = f"/testdata/certificates/{made.serial_number:016X}"
    ksef.call("PUT", path, tokens.access, json={"validTo": sim.clock.now().isoformat()})
    answer = ksef.submit(ksef.signed_with(key, made)).json()
    login = Tokens(answer["referenceNumber"], answer["authenticationToken"]["token"])
    status = ksef.status(login)
    assert (status["code"], status["details"]) == (460, ["Nieważny certyfikat"])


def test_a_subjects_limits_can_be_changed_and_restored(ksef):
    tokens, path = ksef.login(), "/testdata/limits/subject/certificate"
    body = {"enrollment": {"maxEnrollments": 1}, "certificate": {"maxCertificates": 1}}
    ksef.call("POST", path, tokens.access, json=body)
    limits = ksef.call("GET", "/certificates/limits", tokens.access).json()
    assert limits["enrollment"]["limit"] == limits["certificate"]["limit"] == 1
    ksef.call("DELETE", path, tokens.access)
    limits = ksef.call("GET", "/certificates/limits", tokens.access).json()
    assert limits["enrollment"]["limit"] == 12


@pytest.fixture(scope="module")
def served():
    with Simulator() as running:
        yield running


def _upload(sim, content, **form):
    files = {"document": ("AuthTokenRequest.xml", content)}
    return requests.post(sim.signing_url, files=files, data=form, timeout=20)


def test_the_signing_site_says_that_it_is_a_stand_in(served):
    page = requests.get(served.signing_url, timeout=20).text
    assert "SYMULATOR" in page
    assert "WYBIERZ DOKUMENT Z DYSKU" in page


def test_a_document_is_signed_in_steps_and_downloaded_under_a_new_name(served):
    caller = Caller(served, requests.Session())
    page = _upload(served, request_document(caller.challenge())).text
    action = re.search(r'action="(/podpis/[^"]+)"', page)[1]
    assert "Profil Zaufany: Róża Żółć-Źdźbło" in page
    page = requests.post(served.url + action, data={"signer": "owner"}, timeout=20).text
    link = re.search(r'href="([^"]+/pobierz)"', page)[1]
    file = requests.get(served.url + link, timeout=20)
    assert 'filename="AuthTokenRequest (1).xml"' in file.headers["Content-Disposition"]
    assert caller.submit(file.content).status_code == 202


def test_every_signer_that_the_site_offers_can_sign(served):
    from ksef_simulator.signing_site import OFFERED

    caller = Caller(served, requests.Session())
    for signer in OFFERED:
        page = _upload(served, request_document(caller.challenge()), signer=signer)
        assert "POBIERZ" in page.text, signer


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"", b"<broken"])
def test_what_cannot_be_signed_gets_a_sentence(served, content):
    answer = _upload(served, content, signer="owner")
    assert answer.status_code == 400
    assert "nie jest dokument XML" in answer.text


def test_a_form_without_a_file_gets_a_sentence(served):
    answer = requests.post(served.signing_url, data={"signer": "owner"}, timeout=20)
    assert answer.status_code == 400
    assert "Wybierz dokument z dysku." in answer.text
