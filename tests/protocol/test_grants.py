"""A client gives an office rights and takes them back, by the addon's calls (docs/ksef.md G2)."""

import json
import time
from datetime import date

import pytest
from logins import bearer_of, ended, request
from protocol_builders import http, refused, wire

from ksef_simulator import DEMO_NIP, identities
from ksef_simulator.own_seals import OFFICE_NAME, OFFICE_NIP, sign_as_company
from ksef_simulator.state import LoginContext, Who
from tools import clock, grants, meanings
from tools.auth_token_request import Context
from tools.const import NO_RIGHTS
from tools.errors import (
    KsefError,
    KsefForbidden,
    KsefGone,
    KsefInvalidAnswer,
    KsefRefused,
    KsefUnauthorized,
    KsefUnavailable,
)
from tools.grantee import CompanyGrantee, IdDocument, Number, PersonGrantee

CLIENT, AT_HOME = Context("Nip", DEMO_NIP), Context("Nip", OFFICE_NIP)
OFFICE = CompanyGrantee(OFFICE_NIP, OFFICE_NAME)
STRANGER = identities.STRANGER
ACCOUNTANT = PersonGrantee(Number("pesel", STRANGER.pesel), STRANGER.given_names, STRANGER.surname)
MARKER = "4f3a9c0d-odoo"
TEXT = grants.description(MARKER, "Obsługa księgowa")
NUMBER = "0c9a72e8-f344-457f-9c16-7c640eb60242"


def by_the_office(ksef, context=CLIENT):
    """How the office's own login to a company ends, and its tokens if it goes well."""
    return ended(ksef, sign_as_company(request(ksef, context), at=clock.now()))


def office_enters(ksef):
    """How the office's own login to the client ends."""
    return by_the_office(ksef)[0].code


def give(ksef, bearer, grantee=OFFICE, text=TEXT, rights=grants.INVOICE_RIGHTS):
    """Give rights, and return the code with which that ended."""
    order = ksef.give_rights(bearer, grantee, rights, text)
    return ksef.order_status(bearer, order.reference_number).code


def _marked(rights):
    """Return the rights that came about by a grant with our marker."""
    return [right for right in rights if right.description.endswith(f"[{MARKER}]")]


@pytest.fixture
def client(ksef):
    """The access token of the client's owner."""
    return bearer_of(ksef)


def test_an_office_enters_once_the_client_has_given_it_rights(ksef, client):
    assert office_enters(ksef) == 415
    assert give(ksef, client) == 200
    assert office_enters(ksef) == 200


def test_an_accountant_enters_once_the_client_has_given_the_person_rights(ksef, client):
    assert give(ksef, client, ACCOUNTANT) == 200
    assert bearer_of(ksef, "stranger")


@pytest.mark.parametrize(
    "behind",
    [
        Number("pesel", STRANGER.pesel),
        IdDocument(date(1980, 2, 29), "Paszport", "C01X00T47", "DE"),
    ],
)
def test_rights_can_be_given_to_a_fingerprint(sim, ksef, client, behind):
    somebody = PersonGrantee(Number("fingerprint", "AB" * 32), "Jürgen", "Müller", behind)
    assert give(ksef, client, somebody) == 200
    where = LoginContext("Nip", DEMO_NIP)
    found = sim.world.rights(Who("fingerprint", "AB" * 32), where)
    assert found == set(grants.INVOICE_RIGHTS)


def test_the_office_cannot_pass_its_rights_on(ksef, client):
    give(ksef, client)
    assert not any(row.can_delegate for row in ksef.given_rights(client, OFFICE.number))


def test_a_list_tells_whether_the_rights_are_there(ksef, client):
    def missing():
        return grants.missing(ksef.given_rights(client, OFFICE.number))

    assert missing() == ["InvoiceWrite", "InvoiceRead"]
    give(ksef, client, rights=["InvoiceRead"])
    assert missing() == ["InvoiceWrite"]
    give(ksef, client)
    assert missing() == []


def test_lists_lag_behind_the_login(sim, ksef, client):
    sim.settings.permission_list_delay = 60
    give(ksef, client)
    assert office_enters(ksef) == 200
    assert list(ksef.given_rights(client, OFFICE.number)) == []


def test_the_list_of_one_office_holds_nobody_else(ksef, client):
    give(ksef, client, ACCOUNTANT)
    assert list(ksef.given_rights(client, OFFICE.number)) == []


def test_a_lost_answer_is_found_again_by_its_marker_and_nothing_is_given_twice(sim, ksef, client):
    sim.faults.add("permission-grant", "lost")
    with pytest.raises(KsefUnavailable) as lost:
        ksef.give_rights(client, OFFICE, grants.INVOICE_RIGHTS, TEXT)
    assert lost.value.sent
    found = list(ksef.given_rights(client, OFFICE.number))
    assert {row.scope for row in _marked(found)} == {"InvoiceWrite", "InvoiceRead"}


@pytest.mark.parametrize(
    "kind",
    ["reset", "lost", "half", "html", "500", "503", "not-json", "oversized", "wall", "429", "401"],
)
def test_after_every_fault_the_list_tells_whether_the_grant_has_arrived(sim, ksef, client, kind):
    sim.faults.add("permission-grant", kind)
    with pytest.raises(KsefError) as caught:
        ksef.give_rights(client, OFFICE, grants.INVOICE_RIGHTS, TEXT)
    arrived = sim.world.direct(Who("nip", OFFICE_NIP), LoginContext("Nip", DEMO_NIP))
    found = list(ksef.given_rights(client, OFFICE.number))
    assert {row.id for row in _marked(found)} == {row.id for row in arrived}
    assert not arrived or caught.value.sent


def test_an_office_sees_which_clients_gave_it_rights(sim, ksef, client):
    give(ksef, client)
    sim.world.grant(Who("nip", OFFICE_NIP), "1111111111", "InvoiceRead")
    office = by_the_office(ksef, AT_HOME)[1].access.token
    found = {(row.context_value, row.scope) for row in ksef.received_rights(office)}
    assert found == {
        (DEMO_NIP, "InvoiceWrite"),
        (DEMO_NIP, "InvoiceRead"),
        ("1111111111", "InvoiceRead"),
    }


def test_two_hundred_clients_are_read_page_by_page(sim, ksef):
    for number in range(201):
        sim.world.grant(Who("nip", OFFICE_NIP), f"{number:010}", "InvoiceRead")
    office = by_the_office(ksef, AT_HOME)[1].access.token
    assert len({row.id for row in ksef.received_rights(office)}) == 201


def test_what_was_given_is_taken_back_right_by_right(ksef, client):
    give(ksef, client)
    for row in list(ksef.given_rights(client, OFFICE.number)):
        order = ksef.take_right_back(client, row.id)
        assert ksef.order_status(client, order.reference_number).code == 200
    assert list(ksef.given_rights(client, OFFICE.number)) == []
    assert office_enters(ksef) == 415


def test_taking_back_what_is_gone_does_no_harm(ksef, client):
    give(ksef, client)
    (row, other) = ksef.given_rights(client, OFFICE.number)
    for _twice in range(2):
        order = ksef.take_right_back(client, row.id)
    assert ksef.order_status(client, order.reference_number).code == 400
    assert list(ksef.given_rights(client, OFFICE.number)) == [other]


def test_an_order_takes_its_time(sim, ksef, client):
    sim.settings.permission_delay = 2
    order = ksef.give_rights(client, OFFICE, grants.INVOICE_RIGHTS, TEXT)
    assert ksef.order_status(client, order.reference_number).code == 100
    sim.clock.advance(2)
    assert ksef.order_status(client, order.reference_number).code == 200


@pytest.mark.parametrize("version", ["2.9", "2.6"])
@pytest.mark.parametrize(
    ("signer", "rights", "may"),
    [
        ("seal", None, True),
        ("stranger", ["CredentialsManage"], True),
        ("stranger", ["InvoiceWrite", "InvoiceRead"], False),
    ],
)
def test_owners_give_rights_and_who_manages_them_though_he_may_not_send(
    sim, ksef, version, signer, rights, may
):
    sim.settings.version = version
    if rights:
        sim.world.grant(STRANGER.identity, DEMO_NIP, rights)
    bearer = bearer_of(ksef, signer)
    assert grants.may_give(ksef.personal_permissions(bearer, CLIENT)) is may
    if may:
        assert give(ksef, bearer) == 200


def test_who_has_no_rights_at_all_gives_none():
    assert not grants.may_give({NO_RIGHTS})


def test_who_may_not_give_rights_is_told_who_may(ksef):
    with pytest.raises(KsefForbidden) as caught:
        ksef.give_rights(bearer_of(ksef, "reader"), OFFICE, grants.INVOICE_RIGHTS, TEXT)
    meaning = meanings.of_error(caught.value)
    assert "may not give rights" in meaning.text
    assert "owner" in meaning.advice.action


def test_an_office_that_may_not_see_rights_is_told_which_right_it_needs(sim, ksef):
    sim.world.grant(STRANGER.identity, OFFICE_NIP, "InvoiceRead")
    with pytest.raises(KsefForbidden) as caught:
        list(ksef.received_rights(bearer_of(ksef, "stranger", AT_HOME)))
    assert "CredentialsRead" in meanings.of_error(caught.value).advice.action


# What is sent and read


CALLS = [
    lambda client: client.give_rights("b", OFFICE, grants.INVOICE_RIGHTS, TEXT),
    lambda client: client.take_right_back("b", NUMBER),
    lambda client: client.order_status("b", "R"),
    lambda client: list(client.given_rights("b", OFFICE.number)),
    lambda client: list(client.received_rights("b")),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", [{}, [], {"permissions": [{}]}, {"status": {}}])
def test_an_answer_without_what_is_needed_is_an_invalid_one(call, answer):
    with wire(http(200, answer)) as (client, _server), pytest.raises(KsefInvalidAnswer) as caught:
        call(client)
    assert caught.value.sent


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refused((21405, "…")), KsefRefused),
        (http(401), KsefUnauthorized),
        (http(503), KsefUnavailable),
        (http(410, {"title": "Gone", "status": 410}), KsefGone),
    ],
)
def test_a_refusal_is_an_exception_of_its_kind(call, answer, kind):
    with wire(answer) as (client, _server), pytest.raises(kind):
        call(client)


def test_the_answer_to_a_grant_is_waited_for_however_little_time_the_caller_has():
    with wire([0.4, http(202, {"referenceNumber": "R"})]) as (client, _server):
        client.deadline = time.monotonic() + 0.1
        order = client.give_rights("b", OFFICE, grants.INVOICE_RIGHTS, TEXT)
    assert order.reference_number == "R"


def test_only_rights_in_force_count():
    def row(scope, state):
        return {"id": NUMBER, "permissionScope": scope, "permissionState": state}

    items = [row("InvoiceWrite", "Inactive"), row("InvoiceRead", "Active")]
    with wire(http(200, {"permissions": items, "hasMore": False})) as (client, _server):
        assert grants.missing(client.given_rights("b", OFFICE.number)) == ["InvoiceWrite"]


def test_a_number_of_a_right_cannot_lead_to_another_path():
    with wire(http(202, {"referenceNumber": "R"})) as (client, server):
        client.take_right_back("b", "../../auth/sessions/current")
    assert server.requests[0].startswith(
        b"DELETE /v2/permissions/common/grants/..%2F..%2Fauth%2Fsessions%2Fcurrent "
    )


def test_a_grant_that_fails_shows_no_pesel_and_no_bearer():
    with wire(refused((21405, "…"))) as (client, _server), pytest.raises(KsefRefused) as caught:
        client.give_rights("the-bearer", ACCOUNTANT, grants.INVOICE_RIGHTS, TEXT)
    shown = f"{caught.value!r} {caught.value}"
    assert not any(part in shown for part in (STRANGER.pesel, STRANGER.surname, "the-bearer"))


# Descriptions


def test_a_description_is_cut_and_keeps_its_marker():
    text = grants.description(MARKER, "ż " * 200)
    assert len(text) <= 256
    with wire(http(202, {"referenceNumber": "R"})) as (client, server):
        client.give_rights("b", OFFICE, ["InvoiceRead"], text)
    sent = json.loads(server.requests[0].split(b"\r\n\r\n", 1)[1])
    assert sent["description"].endswith(f"[{MARKER}]")


@pytest.mark.parametrize("marker", ["", "short", "x" * 65])
def test_a_marker_that_would_not_tell_one_grant_from_others_is_refused(marker):
    with pytest.raises(ValueError, match="marker"):
        grants.description(marker, "Obsługa księgowa")
