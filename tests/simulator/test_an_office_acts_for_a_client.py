"""A client gives an office rights; the office logs in with its own identity (docs/ksef.md G2)."""

from __future__ import annotations

import pytest
from invoice_kit import invoice, opened
from kit import (
    OFFICE,
    PERSON,
    Tokens,
    codes,
    ec_key,
    request_document,
    to_entity,
    to_person,
)

from ksef_simulator import DEMO_NIP, identities
from ksef_simulator.own_seals import sign_as_company
from ksef_simulator.state import LoginContext, Who

CLIENT = {"type": "Nip", "value": DEMO_NIP}


def begun(ksef, answer):
    """A login that KSeF has begun to judge."""
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return Tokens(body["referenceNumber"], body["authenticationToken"]["token"])


def as_office(ksef, nip=DEMO_NIP):
    """A login by the office's seal, self-signed as on TEST."""
    document = request_document(ksef.challenge(), nip)
    return begun(ksef, ksef.submit(sign_as_company(document, at=ksef.sim.clock.now())))


def code(ksef, tokens):
    """The code with which a login ended."""
    return ksef.status(tokens)["code"]


def give(ksef, body, kind="entities", bearer=None):
    """Give rights, as the client's owner unless told."""
    bearer = bearer or ksef.login().access
    answer = ksef.call("POST", f"/permissions/{kind}/grants", bearer, json=body)
    assert answer.status_code == 202, answer.text


def take_back(ksef, bearer, *, nip=OFFICE):
    """Take all rights of an office back, one after the other; returns the verdicts."""
    asked = {
        "queryType": "PermissionsInCurrentContext",
        "authorizedIdentifier": {"type": "Nip", "value": nip},
    }
    path = "/permissions/query/persons/grants"
    found = ksef.call("POST", path, bearer, json=asked).json()["permissions"]
    return [revoked(ksef, bearer, item["id"]) for item in found]


def revoked(ksef, bearer, number):
    """The verdict on taking one right back."""
    answer = ksef.call("DELETE", f"/permissions/common/grants/{number}", bearer)
    path = f"/permissions/operations/{answer.json()['referenceNumber']}"
    return ksef.call("GET", path, bearer).json()["status"]["code"]


@pytest.mark.parametrize("can_delegate", [True, False])
def test_the_office_logs_in_with_its_own_number(ksef, can_delegate):
    assert code(ksef, as_office(ksef)) == 415
    give(ksef, to_entity(can_delegate=can_delegate))
    tokens = ksef.redeemed(as_office(ksef))
    body = ksef.call("POST", "/permissions/query/personal/grants", tokens.access).json()
    assert {item["permissionScope"] for item in body["permissions"]} == {
        "InvoiceWrite",
        "InvoiceRead",
    }
    assert {item["contextIdentifier"]["value"] for item in body["permissions"]} == {DEMO_NIP}
    assert body["ownerPermissions"] == []


def test_the_offices_ksef_certificate_carries_its_number_too(ksef):
    own, key = ksef.redeemed(as_office(ksef, OFFICE)), ec_key()
    certificate = ksef.certificate(own, key)
    give(ksef, to_entity())
    assert code(ksef, begun(ksef, ksef.submit(ksef.signed_with(key, certificate)))) == 200


def test_the_login_works_at_once_or_a_while_later_by_the_switch(ksef, sim):
    give(ksef, to_entity())
    sim.settings.permission_login_delay = 90
    assert code(ksef, as_office(ksef)) == 415
    sim.clock.advance(90)
    assert code(ksef, as_office(ksef)) == 200


def test_the_right_outlives_the_clients_login(ksef):
    login = ksef.login()
    give(ksef, to_entity(), bearer=login.access)
    ksef.call("DELETE", "/auth/sessions/current", login.access)
    assert code(ksef, as_office(ksef)) == 200


def test_an_employee_of_the_office_is_not_let_in_by_its_right(ksef, sim):
    sim.world.grant(PERSON.identity, OFFICE)
    give(ksef, to_entity())
    assert code(ksef, ksef.started("stranger")) == 415


@pytest.mark.parametrize(("switch", "status"), [(True, 200), (False, 415)])
def test_whether_a_sole_traders_pesel_is_let_in_is_open_and_so_a_switch(ksef, sim, switch, status):
    sim.settings.sole_trader_has_company_rights = switch
    sim.world.people[PERSON.pesel].nips.add(OFFICE)
    give(ksef, to_entity())
    assert code(ksef, ksef.started("stranger")) == status


def passed_on(ksef, sim, target, rights=("InvoiceRead",)):
    """Let the office pass rights on to its employee."""
    sim.world.grant(identities.OWNER.identity, OFFICE, "CredentialsManage")
    bearer = ksef.login(nip=OFFICE).access
    give(ksef, to_person(rights, targetIdentifier=target), "indirect", bearer)


@pytest.mark.parametrize("target", [CLIENT, {"type": "AllPartners"}, None])
def test_an_employee_is_let_in_by_an_indirect_right(ksef, sim, target):
    give(ksef, to_entity())
    passed_on(ksef, sim, target)
    operation = ksef.started("stranger")
    assert code(ksef, operation) == 200
    assert sim.state.operations[operation.reference].permissions == {"InvoiceRead"}


def test_an_indirect_right_reaches_only_the_client_that_it_names(ksef, sim):
    give(ksef, to_entity())
    passed_on(ksef, sim, CLIENT)
    sim.world.grant(Who("nip", OFFICE), "1111111111", "InvoiceRead", can_delegate=True)
    assert code(ksef, ksef.started("stranger", nip="1111111111")) == 415


def test_an_indirect_right_to_all_reaches_those_that_gave_the_right_to_pass_on(ksef, sim):
    give(ksef, to_entity())
    passed_on(ksef, sim, {"type": "AllPartners"})
    sim.world.grant(Who("nip", OFFICE), "1111111111", "InvoiceRead", can_delegate=True)
    sim.world.grant(Who("nip", OFFICE), "2222222239", "InvoiceRead")
    assert code(ksef, ksef.started("stranger", nip="1111111111")) == 200
    assert code(ksef, ksef.started("stranger", nip="2222222239")) == 415


def test_an_indirect_right_that_the_client_did_not_give_is_inactive(ksef, sim):
    """The order ends well all the same: 200 does not mean that it works."""
    give(ksef, to_entity(("InvoiceRead",)))
    passed_on(ksef, sim, CLIENT, ("InvoiceWrite",))
    (row,) = _rows_of_employee(ksef)
    assert (row["permissionScope"], row["permissionState"]) == ("InvoiceWrite", "Inactive")
    assert code(ksef, ksef.started("stranger")) == 415


def _rows_of_employee(ksef):
    asked = {
        "queryType": "PermissionsInCurrentContext",
        "authorizedIdentifier": {"type": "Pesel", "value": PERSON.pesel},
    }
    bearer = ksef.login(nip=OFFICE).access
    path = "/permissions/query/persons/grants"
    return ksef.call("POST", path, bearer, json=asked).json()["permissions"]


def test_one_direct_right_lets_an_employee_in_as_well(ksef):
    give(ksef, to_person(("InvoiceRead",)), "persons")
    assert code(ksef, ksef.started("stranger")) == 200


def test_the_office_and_its_employees_lose_the_client_at_once(ksef, sim):
    give(ksef, to_entity())
    passed_on(ksef, sim, CLIENT)
    assert take_back(ksef, ksef.login().access) == [200, 200]
    assert code(ksef, as_office(ksef)) == 415
    assert code(ksef, ksef.started("stranger")) == 415


@pytest.mark.parametrize(("switch", "state"), [(False, "Inactive"), (True, "Active")])
def test_an_employees_row_may_read_active_after_the_office_lost_the_right(ksef, sim, switch, state):
    sim.settings.indirect_rows_stay = switch
    give(ksef, to_entity())
    passed_on(ksef, sim, CLIENT)
    take_back(ksef, ksef.login().access)
    assert [item["permissionState"] for item in _rows_of_employee(ksef)] == [state]
    assert code(ksef, ksef.started("stranger")) == 415


def test_an_access_token_still_answers_with_empty_rights(ksef):
    give(ksef, to_entity())
    office = ksef.redeemed(as_office(ksef))
    take_back(ksef, ksef.login().access)
    answer = ksef.call("POST", "/permissions/query/personal/grants", office.access)
    assert (answer.status_code, answer.json()["permissions"]) == (200, [])


@pytest.mark.parametrize(("switch", "status"), [("token", 200), ("21301", 400)])
def test_a_login_without_rights_refreshes_or_not_by_the_switch(ksef, sim, switch, status):
    sim.settings.refresh_without_rights = switch
    give(ksef, to_entity())
    office = ksef.redeemed(as_office(ksef))
    take_back(ksef, ksef.login().access)
    answer = ksef.call("POST", "/auth/token/refresh", office.refresh)
    assert answer.status_code == status
    assert status == 200 or codes(answer) == [21301]


def test_a_refreshed_access_token_of_an_office_without_rights_is_refused(ksef, sim):
    give(ksef, to_entity())
    sim.world.grant(Who("nip", OFFICE), DEMO_NIP, "CredentialsRead")
    office = ksef.redeemed(as_office(ksef))
    assert take_back(ksef, ksef.login().access) == [200, 200, 200]
    fresh = ksef.call("POST", "/auth/token/refresh", office.refresh).json()["accessToken"]["token"]
    path, asked = "/permissions/query/persons/grants", {"queryType": "PermissionsInCurrentContext"}
    assert ksef.call("POST", path, office.access, json=asked).status_code == 200
    answer = ksef.call("POST", path, fresh, json=asked)
    assert (answer.status_code, answer.json()["reasonCode"]) == (403, "missing-permissions")


def test_whoever_manages_credentials_takes_a_right_back(ksef, sim):
    give(ksef, to_entity())
    sim.world.grant(PERSON.identity, DEMO_NIP, "CredentialsManage")
    assert take_back(ksef, ksef.login("stranger").access) == [200, 200]


def test_who_does_not_manage_credentials_takes_nothing_back(ksef, sim):
    number = sim.world.grant(Who("nip", OFFICE), DEMO_NIP, "InvoiceRead")[0]
    path = f"/permissions/common/grants/{number}"
    assert ksef.call("DELETE", path, ksef.login("edowod").access).status_code == 403


def test_a_right_that_is_gone_or_of_another_company_is_not_taken_back(ksef, sim):
    bearer = ksef.login().access
    other = sim.world.grant(PERSON.identity, "1111111111", "InvoiceRead")[0]
    assert revoked(ksef, bearer, other) == 400
    assert revoked(ksef, bearer, "0" * 36) == 400
    assert codes(ksef.call("DELETE", "/permissions/common/grants/7", bearer)) == [21405]


@pytest.mark.parametrize(("switch", "status"), [(False, 420), (True, 200)])
def test_whether_an_office_may_resign_is_open_and_so_a_switch(ksef, sim, switch, status):
    sim.settings.recipient_may_resign = switch
    number = sim.world.grant(Who("nip", OFFICE), DEMO_NIP, "InvoiceRead")[0]
    assert revoked(ksef, ksef.redeemed(as_office(ksef, OFFICE)).access, number) == status


def test_taking_a_right_back_and_giving_it_again_changes_whether_it_may_be_passed_on(ksef, sim):
    give(ksef, to_entity(can_delegate=False))
    take_back(ksef, ksef.login().access)
    give(ksef, to_entity(can_delegate=True))
    where = LoginContext("Nip", DEMO_NIP)
    assert all(item.can_delegate for item in sim.world.direct(Who("nip", OFFICE), where))


def test_a_sending_session_is_its_openers_alone(ksef):
    """After a change from the client's certificate to the office's (docs/ksef.md G2)."""
    sender = opened(ksef, ksef.login("edowod"))
    sender.send(invoice())
    give(ksef, to_entity())
    office = ksef.redeemed(as_office(ksef))
    for path in ("", "/invoices", "/invoices/failed"):
        answer = ksef.call("GET", f"/sessions/{sender.reference}{path}", office.access)
        assert (answer.status_code, answer.json()["reasonCode"]) == (
            403,
            "insufficient-resource-access",
        )


@pytest.mark.parametrize("signer", ["seal", "owner"])
def test_an_owner_and_who_may_look_into_sessions_see_those_of_others(ksef, signer):
    sender = opened(ksef, ksef.login("edowod"))
    sender.send(invoice())
    bearer = ksef.login(signer).access
    assert ksef.call("GET", f"/sessions/{sender.reference}", bearer).status_code == 200


def test_what_was_given_goes_back_with_ksefs_memory(ksef, sim):
    kept = sim.keep()
    give(ksef, to_entity())
    sim.go_back_to(kept)
    assert code(ksef, as_office(ksef)) == 415
