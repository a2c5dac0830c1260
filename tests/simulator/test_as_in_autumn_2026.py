"""What is new in KSeF 2.7 to 2.9 (docs/ksef.md E), and how the older one plays it."""

from __future__ import annotations

import pytest
import requests
from invoice_kit import invoice, opened
from kit import Caller, codes, request_document, to_person

from ksef_simulator import DEMO_NIP, Control, Simulator, app, identities, signers
from ksef_simulator.app import MAX_BODY
from ksef_simulator.limits import Limit

GRANTS = "/permissions/query/personal/grants"


def own_rights(ksef, bearer):
    """The answer about the caller's own rights."""
    return ksef.call("POST", GRANTS, bearer).json()


def elsewhere(ksef, address):
    """A caller of the same KSeF from another address."""
    http = requests.Session()
    http.mount(ksef.sim.url, ksef.sim.adapter(address))
    return Caller(ksef.sim, http)


def test_an_owners_rights_are_no_rows_but_a_list_of_their_own(ksef, sim):
    sim.settings.owner_grants = "empty"
    body = own_rights(ksef, ksef.login("seal").access)
    assert body["permissions"] == []
    assert {"InvoiceWrite", "CredentialsManage", "CollectiveIdentifierManage"} <= set(
        body["ownerPermissions"]
    )


@pytest.mark.parametrize(("switch", "told"), [("empty", []), ("null", None)])
def test_who_is_no_owner_has_no_owners_rights(ksef, sim, switch, told):
    sim.settings.nobodys_owner_permissions = switch
    assert own_rights(ksef, ksef.login("reader").access)["ownerPermissions"] == told


def test_the_older_ksef_tells_nothing_of_owners(ksef, sim):
    sim.settings.update({"version": "2.6", "owner_grants": "empty"})
    assert own_rights(ksef, ksef.login("seal").access) == {"permissions": [], "hasMore": False}


def test_a_right_that_clients_do_not_know_may_come(ksef, sim):
    sim.on_exchange = None  # the contract does not know it either
    sim.settings.unknown_right = "FutureManage"
    sim.world.grant(identities.READER.identity, DEMO_NIP, "FutureManage")
    rows = own_rights(ksef, ksef.login("reader").access)["permissions"]
    assert "FutureManage" in {item["permissionScope"] for item in rows}
    assert "FutureManage" in own_rights(ksef, ksef.login("seal").access)["ownerPermissions"]


@pytest.mark.parametrize(("version", "status"), [("2.9", 202), ("2.6", 400)])
def test_only_the_new_ksef_knows_the_right_to_collective_identifiers(ksef, sim, version, status):
    sim.settings.version = version
    bearer = ksef.login().access
    body = to_person(("CollectiveIdentifierManage",))
    path = "/permissions/persons/grants"
    assert ksef.call("POST", path, bearer, json=body).status_code == status


def test_maintenance_takes_open_sessions_away_and_leaves_new_ones(ksef, sim):
    tokens = ksef.login()
    before = opened(ksef, tokens)
    assert sim.interrupt_sessions() == [before.reference]
    assert codes(before.send(invoice())) == [21184]
    assert opened(ksef, tokens).send(invoice()).status_code == 202


def test_the_older_ksef_knows_no_maintenance_of_sessions(ksef, sim):
    sim.settings.version = "2.6"
    sender = opened(ksef, ksef.login())
    sim.interrupt_sessions()
    assert sender.send(invoice()).status_code == 202


def test_another_process_can_interrupt_sessions_too():
    with Simulator() as sim:
        ksef = Caller(sim, requests.Session())
        sender = opened(ksef, ksef.login())
        assert Control(sim.base_url).interrupt_sessions() == [sender.reference]


@pytest.mark.parametrize(("version", "closes"), [("2.9", 20), ("2.6", 10)])
def test_closing_a_session_has_a_limit_of_its_own(ksef, sim, version, closes):
    sim.settings.version = version
    senders = [opened(ksef, ksef.login()) for _number in range(21)]
    sim.settings.rate_limits = "per-endpoint"
    statuses = [sender.close().status_code for sender in senders]
    assert statuses.count(204) == closes and statuses[closes] == 429


def test_ksef_tells_the_limits_of_an_address(ksef, sim):
    bearer = ksef.login().access
    rates = ksef.call("GET", "/rate-limits", bearer).json()
    assert rates["global"] == {"perSecond": 75, "perMinute": -1, "perHour": -1}
    assert rates["anonymous"]["perSecond"] == 60
    sim.settings.version = "2.6"
    assert not {"global", "anonymous"} & set(ksef.call("GET", "/rate-limits", bearer).json())


def test_one_company_can_be_throttled_for_another_of_the_same_address(ksef, sim, monkeypatch):
    first, second = ksef.login().access, ksef.login("seal").access
    sim.settings.update({"rate_limits": "per-endpoint", "global_limit": True})
    monkeypatch.setattr(app, "GLOBAL", Limit(0, 20, 0, "global"))  # a minute: no race with time
    for path in ("/certificates/limits", "/auth/sessions"):
        for _number in range(10):
            ksef.call("GET", path, first)
    answer = ksef.call("GET", "/limits/context", second)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert elsewhere(ksef, "192.0.2.7").call("GET", "/limits/context", second).status_code == 200


def test_the_limit_of_an_address_is_off_as_announced(ksef, sim, monkeypatch):
    sim.settings.rate_limits = "per-endpoint"
    monkeypatch.setattr(app, "GLOBAL", Limit(0, 1, 0, "global"))
    assert ksef.challenge() and ksef.challenge()


@pytest.mark.parametrize("kind", ["503", "429", "wall"])
def test_an_outage_may_be_one_addresss(ksef, sim, kind):
    sim.faults.add("challenge", kind, times=-1, address="192.0.2.7")
    assert not elsewhere(ksef, "192.0.2.7").call("POST", "/auth/challenge").ok
    assert ksef.call("POST", "/auth/challenge").ok


def test_a_warning_may_come_with_every_answer_that_is_no_error(ksef, sim):
    sim.settings.warning_everywhere = "[api-7]: Zmiana wkrótce"
    tokens = ksef.login()
    for path in ("/auth/sessions", "/certificates/limits"):
        answer = ksef.call("GET", path, tokens.access)
        assert answer.headers["X-System-Warning"] == "[api-7]: Zmiana wkrotce"
    refused = ksef.call("GET", "/auth/sessions?pageSize=1", tokens.access)
    assert "X-System-Warning" not in refused.headers


def test_a_wished_warning_comes_beside_ksefs_own(ksef, sim):
    sim.settings.warning_everywhere = "[api-7]: Zmiana"
    answer = ksef.call("POST", "/auth/challenge", headers={"X-Test-System-Warning": "[x]: ż"})
    assert answer.headers["X-System-Warning"] == "[api-7]: Zmiana | [x]: z"


@pytest.mark.parametrize(
    ("features", "status"),
    [("other, enforce-xades-compliance", 400), ("not-enforce-xades-compliance", 202), ("", 202)],
)
def test_a_feature_may_be_one_of_several(ksef, sim, features, status):
    sim.settings.verifier = {"profile_enforced": False}
    document = signers.sign(
        request_document(ksef.challenge()), "owner", signing_certificate=None, at=sim.clock.now()
    )
    headers = {"X-KSeF-Feature": features} if features else {}
    assert ksef.submit(document, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("kind", "type", "start"),
    [
        ("wall", "application/json", b'{"title": "Request blocked"'),
        ("wall-text", "text/plain", b"Request blocked"),
        ("wall-html", "text/html", b"\xef\xbb\xbf<!DOCTYPE html>"),
    ],
)
def test_the_wall_answers_403_in_its_own_forms(ksef, sim, kind, type, start):
    sim.faults.add("challenge", kind, details=["4711-0815"])
    answer = ksef.call("POST", "/auth/challenge")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (403, type)
    assert answer.content.startswith(start) and b"4711-0815" in answer.content
    assert b"reasonCode" not in answer.content


def test_nothing_is_done_behind_the_wall(ksef, sim):
    sim.faults.add("challenge", "wall")
    ksef.call("POST", "/auth/challenge")
    assert not sim.state.challenges


@pytest.mark.parametrize("format", ["problem-details", ""])
def test_a_document_over_the_limit_is_refused_in_ksefs_shape(ksef, format):
    headers = {"X-Error-Format": format} if format else {}
    answer = ksef.submit(b"<a>" + b" " * MAX_BODY, headers=headers)
    assert codes(answer) == [9101]


def test_json_over_the_limit_is_refused_in_ksefs_shape(ksef, sim):
    body = b'{"a": "' + b"a" * MAX_BODY + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = ksef.call("POST", GRANTS, ksef.login().access, data=body, headers=headers)
    assert codes(answer) == [21405]
    assert sim.requests.of("permissions")[0].body_size == len(body)


def test_a_file_over_the_limit_is_refused_by_the_signing_site_too():
    with Simulator() as sim:
        files = {"document": ("AuthTokenRequest.xml", b" " * (3 * 1024 * 1024))}
        answer = requests.post(sim.signing_url, files=files, timeout=20)
    assert answer.status_code == 413 and "za duży" in answer.text
