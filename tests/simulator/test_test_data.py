"""The calls below /testdata: whom each creates, what it changes, what it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from invoice_kit import invoice, opened
from kit import codes

from ksef_simulator import DEMO_NIP, identities

GROUP, UNIT = "1111111111", "2222222239"
ATTACHMENTS = "/permissions/attachments/status"


def subject(**more):
    return {"subjectNip": GROUP, "subjectType": "VatGroup", "description": "Grupa VAT", **more}


def test_a_group_takes_its_units_along_when_it_is_removed(ksef, sim):
    body = subject(subunits=[{"subjectNip": UNIT, "description": "Członek"}])
    assert ksef.call("POST", "/testdata/subject", json=body).status_code == 200
    assert {GROUP, UNIT} <= set(sim.world.companies)
    ksef.call("POST", "/testdata/subject/remove", json={"subjectNip": GROUP})
    assert not {GROUP, UNIT} & set(sim.world.companies)


def test_who_is_made_again_is_made_later(ksef):
    first = subject(createdDate="2026-05-01T00:00:00Z")
    ksef.call("POST", "/testdata/subject", json=first)
    ksef.call("POST", "/testdata/subject/remove", json={"subjectNip": GROUP})
    assert codes(ksef.call("POST", "/testdata/subject", json=first)) == [21405]
    later = subject(createdDate="2026-05-02T00:00:00Z")
    assert ksef.call("POST", "/testdata/subject", json=later).status_code == 200


@pytest.mark.parametrize(("bailiff", "deceased", "code"), [(True, False, 200), (False, True, 470)])
def test_a_test_person_may_be_a_bailiff_or_dead(ksef, bailiff, deceased, code):
    body = {
        "nip": GROUP,
        "pesel": identities.STRANGER.pesel,
        "description": "Osoba testowa",
        "isBailiff": bailiff,
        "isDeceased": deceased,
    }
    ksef.call("POST", "/testdata/person", json=body)
    assert ksef.status(ksef.started("stranger", nip=GROUP))["code"] == code


def test_who_has_died_gets_no_further_token(ksef, sim):
    tokens, waiting = ksef.login(), ksef.started()
    ksef.status(waiting)
    sim.world.people[identities.OWNER.pesel].deceased = True
    assert codes(ksef.call("POST", "/auth/token/refresh", tokens.refresh)) == [21308]
    assert codes(ksef.call("POST", "/auth/token/redeem", waiting.operation)) == [21308]


def test_a_right_can_be_given_to_a_fingerprint(ksef, sim):
    fingerprint = "AB" * 32
    body = {
        "contextIdentifier": {"type": "Nip", "value": DEMO_NIP},
        "authorizedIdentifier": {"type": "Fingerprint", "value": fingerprint.lower()},
        "permissions": [{"permissionType": "InvoiceRead", "description": "Odczyt faktur"}],
    }
    ksef.call("POST", "/testdata/permissions", json=body)
    assert fingerprint in {grant.who.value for grant in sim.world.grants}


def test_attachments_are_allowed_until_they_are_revoked(ksef, sim):
    bearer = ksef.login().access
    assert ksef.call("GET", ATTACHMENTS, bearer).json() == {"isAttachmentAllowed": False}
    ksef.call("POST", "/testdata/attachment", json={"nip": DEMO_NIP})
    assert ksef.call("GET", ATTACHMENTS, bearer).json() == {"isAttachmentAllowed": True}
    end = f"{sim.clock.now() + timedelta(days=2):%Y-%m-%d}"
    body = {"nip": DEMO_NIP, "expectedEndDate": end}
    ksef.call("POST", "/testdata/attachment/revoke", json=body)
    state = ksef.call("GET", ATTACHMENTS, bearer).json()
    assert state["isAttachmentAllowed"] and state["revokedDate"].startswith(end)
    sim.clock.advance(timedelta(days=2))
    bearer = ksef.login().access
    assert not ksef.call("GET", ATTACHMENTS, bearer).json()["isAttachmentAllowed"]


def test_attachments_can_be_revoked_at_once(ksef):
    ksef.call("POST", "/testdata/attachment", json={"nip": DEMO_NIP})
    ksef.call("POST", "/testdata/attachment/revoke", json={"nip": DEMO_NIP})
    state = ksef.call("GET", ATTACHMENTS, ksef.login().access).json()
    assert not state["isAttachmentAllowed"]


def test_who_manages_no_credentials_is_not_told_about_attachments(ksef):
    answer = ksef.call("GET", ATTACHMENTS, ksef.login("reader").access)
    assert (answer.status_code, answer.json()["reasonCode"]) == (403, "missing-permissions")


def test_a_session_holds_as_much_as_the_context_may_send(ksef):
    tokens = ksef.login()
    sender = opened(ksef, tokens)
    limits = ksef.call("GET", "/limits/context", tokens.access).json()
    limits["onlineSession"]["maxInvoices"] = 1
    path = "/testdata/limits/context/session"
    ksef.call("POST", path, tokens.access, json=limits)
    assert sender.send(invoice("FV/1")).status_code == 202
    assert codes(sender.send(invoice("FV/2"))) == [21155]
    ksef.call("DELETE", path, tokens.access)
    assert sender.send(invoice("FV/2")).status_code == 202


def test_an_invoice_larger_than_the_context_may_send_is_refused(ksef):
    tokens = ksef.login()
    sender = opened(ksef, tokens)
    limits = ksef.call("GET", "/limits/context", tokens.access).json()
    limits["onlineSession"]["maxInvoiceSizeInMB"] = 0
    ksef.call("POST", "/testdata/limits/context/session", tokens.access, json=limits)
    assert codes(sender.send(invoice())) == [21405]
