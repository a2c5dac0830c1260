"""Where a right is seen: in whose list, in which context, as what (docs/ksef.md E1, G, G2)."""

from __future__ import annotations

import pytest
from kit import (
    EU_NUMBER,
    FINGERPRINT,
    GROUP,
    MEMBER,
    OFFICE,
    PERSON,
    codes,
    to_entity,
    to_eu_administrator,
    to_person,
    to_subunit,
)

from ksef_simulator import DEMO_NIP, identities
from ksef_simulator.state import Who

HERE = {"queryType": "PermissionsInCurrentContext"}
CLIENT = {"type": "Nip", "value": DEMO_NIP}
OFFICE_ID = {"type": "Nip", "value": OFFICE}
PERSON_ID = {"type": "Pesel", "value": PERSON.pesel}


@pytest.fixture
def client(ksef):
    """The access token of the client's signer."""
    return ksef.login().access


@pytest.fixture
def office(ksef, sim):
    """The access token of somebody who manages the office's rights."""
    sim.world.grant(identities.OWNER.identity, OFFICE, "CredentialsManage")
    return ksef.login(nip=OFFICE).access


def give(ksef, bearer, kind, body):
    """Give rights."""
    answer = ksef.call("POST", f"/permissions/{kind}/grants", bearer, json=body)
    assert answer.status_code == 202, answer.text


def rows(ksef, bearer, kind="personal", member="permissions", **asked):
    """The rows of one list."""
    path = f"/permissions/query/{kind}/grants"
    answer = ksef.call("POST", path, bearer, json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()[member]


def scopes(found):
    """The rights in these rows."""
    return {item["permissionScope"] for item in found}


def test_an_entity_stands_among_the_people_who_may_work_here(ksef, client):
    give(ksef, client, "entities", to_entity())
    found = rows(ksef, client, "persons", **HERE, authorizedIdentifier=OFFICE_ID)
    assert scopes(found) == {"InvoiceWrite", "InvoiceRead"}
    assert len({item["id"] for item in found}) == 2
    assert found[0]["authorIdentifier"]["type"] == "Pesel"
    details = found[0]["subjectEntityDetails"]
    assert details == {"subjectDetailsType": "EntityByIdentifier", "fullName": "Biuro Rachunkowe"}


def test_the_description_comes_back_in_the_lists(ksef, client):
    give(ksef, client, "entities", to_entity(description="Odoo 4711: obsługa"))
    found = rows(ksef, client, "persons", **HERE, authorizedIdentifier=OFFICE_ID)
    assert {item["description"] for item in found} == {"Odoo 4711: obsługa"}


def test_a_person_is_described_by_name(ksef, client):
    give(ksef, client, "persons", to_person(("InvoiceRead",)))
    found = rows(ksef, client, "persons", **HERE, authorizedIdentifier=PERSON_ID)
    assert found[0]["subjectPersonDetails"] == {
        "subjectDetailsType": "PersonByIdentifier",
        "firstName": PERSON.given_names,
        "lastName": PERSON.surname,
    }


def test_rights_from_a_form_on_paper_have_no_author_and_are_not_passed_on(ksef, client):
    found = rows(ksef, client, "persons", **HERE, authorIdentifier={"type": "System"})
    assert found and {tuple(item["authorIdentifier"].items()) for item in found} == {
        (("type", "System"),)
    }
    assert not any(item["canDelegate"] for item in found)


def test_the_second_list_has_what_the_caller_gave(ksef, sim, client):
    give(ksef, client, "persons", to_person(("CredentialsManage",)))
    stranger = ksef.login("stranger").access
    give(ksef, stranger, "entities", to_entity(("InvoiceRead",)))
    asked = {"queryType": "PermissionsGrantedInCurrentContext"}
    assert scopes(rows(ksef, client, "persons", **asked)) == {"CredentialsManage"}
    assert scopes(rows(ksef, stranger, "persons", **asked)) == {"InvoiceRead"}


def test_the_list_needs_to_know_which_of_the_two_it_is(ksef, client):
    path = "/permissions/query/persons/grants"
    assert codes(ksef.call("POST", path, client, json={})) == [21405]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"permissionTypes": ["InvoiceRead"]}, 1),
        ({"permissionState": "Inactive"}, 0),
        ({"targetIdentifier": {"type": "AllPartners"}}, 0),
        ({"authorIdentifier": {"type": "Pesel", "value": identities.OWNER.pesel}}, 2),
        ({"authorIdentifier": {"type": "Nip", "value": OFFICE}}, 0),
    ],
)
def test_the_list_of_people_can_be_filtered(ksef, client, filters, count):
    give(ksef, client, "entities", to_entity())
    found = rows(ksef, client, "persons", **HERE, authorizedIdentifier=OFFICE_ID, **filters)
    assert len(found) == count


def test_lists_come_in_pages_newest_first(ksef, sim, client):
    give(ksef, client, "entities", to_entity(("InvoiceRead",)))
    path = "/permissions/query/persons/grants?pageSize=10"
    first = ksef.call("POST", path, client, json=HERE).json()
    assert first["hasMore"] and len(first["permissions"]) == 10
    assert first["permissions"][0]["authorizedIdentifier"] == OFFICE_ID
    starts = [item["startDate"] for item in first["permissions"]]
    assert starts == sorted(starts, reverse=True)


def test_lists_lag_behind_while_the_login_works_at_once(ksef, sim, client):
    sim.world.add_person(PERSON.pesel, PERSON.name)
    sim.settings.permission_list_delay = 60
    give(ksef, client, "persons", to_person(("InvoiceRead",)))
    assert ksef.status(ksef.started("stranger"))["code"] == 200
    asked = {**HERE, "authorizedIdentifier": PERSON_ID}
    assert rows(ksef, client, "persons", **asked) == []
    sim.clock.advance(60)
    assert len(rows(ksef, client, "persons", **asked)) == 1


def test_a_right_that_was_received_is_in_the_offices_list_and_not_in_the_clients(
    ksef, client, office
):
    give(ksef, client, "entities", to_entity(("InvoiceRead",)))
    assert rows(ksef, client, "entities") == []
    (found,) = rows(ksef, office, "entities")
    assert (found["contextIdentifier"], found["canDelegate"]) == (CLIENT, True)


def test_received_rights_are_those_of_all_clients_or_of_one(ksef, sim, client, office):
    give(ksef, client, "entities", to_entity(("InvoiceRead",)))
    sim.world.grant(Who("nip", OFFICE), GROUP, "InvoiceWrite")
    assert len(rows(ksef, office, "entities")) == 2
    assert len(rows(ksef, office, "entities", contextIdentifier=CLIENT)) == 1


def test_an_owner_sees_what_other_companies_gave_to_his(ksef, sim):
    """An office that a client let read is still the owner of its own company (docs/ksef.md E1)."""
    sim.settings.owner_grants = "empty"
    sim.world.grant(Who("nip", DEMO_NIP), GROUP, "InvoiceRead")
    answer = ksef.call("POST", "/permissions/query/personal/grants", ksef.login("seal").access)
    (row,) = answer.json()["permissions"]
    assert row["contextIdentifier"] == {"type": "Nip", "value": GROUP}
    assert "InvoiceWrite" in answer.json()["ownerPermissions"]


def test_who_is_no_owner_does_not_see_what_other_companies_gave_to_the_company(ksef, sim):
    sim.world.grant(Who("nip", DEMO_NIP), GROUP, "InvoiceWrite")
    found = rows(ksef, ksef.login("reader").access)
    assert [item["permissionScope"] for item in found] == ["InvoiceRead"]


def test_the_identity_is_named_where_it_is_not_the_callers_own(ksef, sim):
    sim.world.people[PERSON.pesel].nips.add(OFFICE)
    sim.world.grant(Who("nip", OFFICE), DEMO_NIP, "InvoiceRead")
    (found,) = rows(ksef, ksef.login("stranger").access)
    assert found["authorizedIdentifier"] == OFFICE_ID


def test_an_indirect_right_is_seen_by_its_holder_at_the_office_and_at_the_client(
    ksef, sim, client, office
):
    give(ksef, client, "entities", to_entity())
    give(ksef, office, "indirect", to_person(("InvoiceRead",), targetIdentifier=CLIENT))
    for nip in (DEMO_NIP, OFFICE):
        sim.world.grant(PERSON.identity, nip, "Introspection")
        found = rows(ksef, ksef.login("stranger", nip=nip).access)
        (row,) = [item for item in found if "targetIdentifier" in item]
        assert row["targetIdentifier"] == CLIENT
        assert row["contextIdentifier"] == OFFICE_ID


def test_indirect_rights_stand_in_the_offices_list_of_people_not_in_the_clients(
    ksef, client, office
):
    give(ksef, client, "entities", to_entity())
    give(ksef, office, "indirect", to_person(("InvoiceRead",), targetIdentifier=CLIENT))
    asked = {**HERE, "authorizedIdentifier": PERSON_ID}
    assert rows(ksef, client, "persons", **asked) == []
    (row,) = rows(ksef, office, "persons", **asked)
    assert (row["targetIdentifier"], row["permissionState"]) == (CLIENT, "Active")


def test_an_indirect_right_to_all_clients_names_none(ksef, client, office):
    give(ksef, client, "entities", to_entity())
    give(ksef, office, "indirect", to_person(targetIdentifier={"type": "AllPartners"}))
    found = rows(ksef, office, "persons", **HERE, targetIdentifier={"type": "AllPartners"})
    assert {tuple(item["targetIdentifier"].items()) for item in found} == {
        (("type", "AllPartners"),)
    }


def test_who_may_read_credentials_sees_the_list_and_gives_nothing(ksef, sim):
    sim.world.grant(PERSON.identity, DEMO_NIP, "CredentialsRead")
    bearer = ksef.login("stranger").access
    assert rows(ksef, bearer, "persons", **HERE)
    answer = ksef.call("POST", "/permissions/entities/grants", bearer, json=to_entity())
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "kind", ["persons", "entities", "subunits", "authorizations", "eu-entities"]
)
def test_who_may_not_read_credentials_sees_no_list_but_his_own(ksef, kind):
    bearer = ksef.login("edowod").access
    answer = ksef.call("POST", f"/permissions/query/{kind}/grants", bearer, json=HERE)
    assert answer.json()["reasonCode"] == "missing-permissions"
    assert rows(ksef, bearer)


def _group(ksef, sim, kind):
    sim.world.add_company(GROUP, "Jednostka nadrzędna", kind=kind)
    sim.world.add_company(MEMBER, "Jednostka podrzędna", parent=GROUP)
    sim.world.grant(identities.OWNER.identity, GROUP)
    return ksef.login(nip=GROUP).access


def test_administrators_of_members_are_in_the_groups_list(ksef, sim):
    group = _group(ksef, sim, "VatGroup")
    give(ksef, group, "subunits", to_subunit())
    (row,) = rows(ksef, group, "subunits")
    assert row["subunitIdentifier"] == {"type": "Nip", "value": MEMBER}
    other = {"type": "Nip", "value": OFFICE}
    assert rows(ksef, group, "subunits", subunitIdentifier=other) == []


def test_the_administrator_of_a_member_names_his_context_in_the_groups_second_list(ksef, sim):
    group = _group(ksef, sim, "VatGroup")
    give(ksef, group, "subunits", to_subunit())
    (row,) = rows(ksef, group, "persons", queryType="PermissionsGrantedInCurrentContext")
    assert row["contextIdentifier"] == {"type": "Nip", "value": MEMBER}


@pytest.mark.parametrize(
    ("kind", "above", "below"),
    [
        ("VatGroup", "VatGroupUnit", "VatGroupSubUnit"),
        ("JST", "LocalGovernmentUnit", "LocalGovernmentSubUnit"),
    ],
)
def test_a_superior_company_has_a_role_and_so_has_each_one_below_it(ksef, sim, kind, above, below):
    group = _group(ksef, sim, kind)
    sim.world.grant(identities.OWNER.identity, MEMBER)
    path = "/permissions/query/entities/roles"
    (role,) = ksef.call("GET", path, group).json()["roles"]
    assert role["role"] == above
    (role,) = ksef.call("GET", path, ksef.login(nip=MEMBER).access).json()["roles"]
    assert (role["role"], role["parentEntityIdentifier"]["value"]) == (below, GROUP)
    path = "/permissions/query/subordinate-entities/roles"
    (role,) = ksef.call("POST", path, group, json={}).json()["roles"]
    assert role["subordinateEntityIdentifier"] == {"type": "Nip", "value": MEMBER}


def test_a_usual_company_has_no_role_and_nobody_below(ksef, client):
    assert ksef.call("GET", "/permissions/query/entities/roles", client).json()["roles"] == []
    path = "/permissions/query/subordinate-entities/roles"
    assert ksef.call("POST", path, client, json={}).json()["roles"] == []


def test_a_bailiff_has_a_role(ksef, sim):
    body = {"nip": GROUP, "pesel": PERSON.pesel, "isBailiff": True, "description": "Komornik"}
    ksef.call("POST", "/testdata/person", json=body)
    bearer = ksef.login("stranger", nip=GROUP).access
    (role,) = ksef.call("GET", "/permissions/query/entities/roles", bearer).json()["roles"]
    assert role["role"] == "CourtBailiff"


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 4),
        ({"permissionTypes": ["VatUeManage"]}, 1),
        ({"vatUeIdentifier": "DE987654321"}, 0),
        ({"authorizedFingerprintIdentifier": FINGERPRINT.lower()}, 4),
    ],
)
def test_the_administrators_of_eu_entities_are_in_a_list_of_their_own(ksef, client, asked, count):
    give(ksef, client, "eu-entities/administration", to_eu_administrator())
    found = rows(ksef, client, "eu-entities", **asked)
    assert len(found) == count
    assert {item["vatUeIdentifier"] for item in found} <= {EU_NUMBER}


@pytest.mark.parametrize(("kind", "count"), [("Granted", 1), ("Received", 0)])
def test_an_authorization_is_granted_here_and_received_there(ksef, client, office, kind, count):
    body = {**to_entity(), "permission": "SelfInvoicing"}
    del body["permissions"]
    give(ksef, client, "authorizations", body)
    asked = {"queryType": kind}
    member = "authorizationGrants"
    assert len(rows(ksef, client, "authorizations", member, **asked)) == count
    assert len(rows(ksef, office, "authorizations", member, **asked)) == 1 - count
