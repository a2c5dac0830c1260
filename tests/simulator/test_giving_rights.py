"""Who may give rights, to whom, and what becomes of the order (docs/ksef.md G)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit import (
    EU_NUMBER,
    FINGERPRINT,
    GROUP,
    MEMBER,
    OFFICE,
    PERSON,
    by_fingerprint,
    codes,
    to_entity,
    to_eu_administrator,
    to_eu_representative,
    to_person,
    to_subunit,
)

from ksef_simulator import DEMO_INTERNAL_ID, DEMO_NIP, identities
from ksef_simulator.state import LoginContext, Who

ENTITIES, PERSONS = "entities/grants", "persons/grants"
OWNER = identities.OWNER.identity
CLIENT = {"type": "Nip", "value": DEMO_NIP}
EU_CONTEXT = LoginContext("NipVatUe", f"{DEMO_NIP}-{EU_NUMBER}")


def order(ksef, bearer, kind, body):
    """The answer to an order to give rights."""
    return ksef.call("POST", f"/permissions/{kind}", bearer, json=body)


def verdict(ksef, bearer, answer):
    """The status of an order."""
    assert answer.status_code == 202, answer.text
    path = f"/permissions/operations/{answer.json()['referenceNumber']}"
    return ksef.call("GET", path, bearer).json()["status"]


def given(ksef, bearer, kind, body):
    """The code with which an order ended."""
    return verdict(ksef, bearer, order(ksef, bearer, kind, body))["code"]


def rights_of(sim, who, nip=DEMO_NIP):
    """What an identity may do in a company."""
    return set(sim.world.rights(who, LoginContext("Nip", nip)))


def test_an_owner_gives_an_office_rights_to_invoices(ksef, sim):
    bearer = ksef.login("seal").access
    assert given(ksef, bearer, ENTITIES, to_entity()) == 200
    assert rights_of(sim, Who("nip", OFFICE)) == {"InvoiceWrite", "InvoiceRead"}


def test_who_manages_credentials_may_give_what_he_has_not(ksef, sim):
    sim.world.grant(PERSON.identity, DEMO_NIP, "CredentialsManage")
    bearer = ksef.login("stranger").access
    assert given(ksef, bearer, ENTITIES, to_entity()) == 200
    assert "InvoiceWrite" not in rights_of(sim, PERSON.identity)


@pytest.mark.parametrize(
    "kind",
    [
        ENTITIES,
        PERSONS,
        "indirect/grants",
        "subunits/grants",
        "authorizations/grants",
        "eu-entities/grants",
        "eu-entities/administration/grants",
    ],
)
def test_who_does_not_manage_credentials_gives_nothing(ksef, kind):
    answer = order(ksef, ksef.login("edowod").access, kind, {})
    assert (answer.status_code, answer.json()["reasonCode"]) == (403, "missing-permissions")
    needed = answer.json()["security"]["requiredAnyOfPermissions"]
    special = {"subunits/grants": "SubunitManage", "eu-entities/grants": "VatUeManage"}
    assert needed == [special.get(kind, "CredentialsManage")]


def test_who_loses_the_right_meanwhile_is_told_by_420(ksef, sim):
    sim.settings.permission_delay = 60
    sim.world.grant(PERSON.identity, DEMO_NIP, "CredentialsManage")
    bearer = ksef.login("stranger").access
    answer = order(ksef, bearer, ENTITIES, to_entity())
    sim.world.revoke(PERSON.identity, DEMO_NIP)
    sim.clock.advance(60)
    assert verdict(ksef, bearer, answer)["code"] == 420
    assert not rights_of(sim, Who("nip", OFFICE))


def test_an_order_is_worked_off_in_the_background(ksef, sim):
    sim.settings.permission_delay = 2
    bearer = ksef.login().access
    answer = order(ksef, bearer, ENTITIES, to_entity())
    assert verdict(ksef, bearer, answer) == {
        "code": 100,
        "description": "Operacja przyjęta do realizacji",
    }
    sim.clock.advance(2)
    assert verdict(ksef, bearer, answer)["code"] == 200


def test_any_verdict_can_be_forced_and_then_nothing_is_given(ksef, sim):
    sim.settings.force_permission_status = {"code": 550, "times": 1}
    bearer = ksef.login().access
    status = verdict(ksef, bearer, order(ksef, bearer, ENTITIES, to_entity()))
    assert (status["code"], status["details"][0][-8:]) == (550, "później.")
    assert not rights_of(sim, Who("nip", OFFICE))
    assert given(ksef, bearer, ENTITIES, to_entity()) == 200


def test_an_order_is_readable_for_thirty_days(ksef, sim):
    answer = order(ksef, ksef.login().access, ENTITIES, to_entity())
    path = f"/permissions/operations/{answer.json()['referenceNumber']}"
    sim.clock.advance(timedelta(days=29))
    assert ksef.call("GET", path, ksef.login().access).status_code == 200
    sim.clock.advance(timedelta(days=1))
    assert ksef.call("GET", path, ksef.login().access).status_code == 410


def test_an_order_of_another_context_is_not_found(ksef, sim):
    answer = order(ksef, ksef.login().access, ENTITIES, to_entity())
    sim.world.grant(OWNER, OFFICE)
    path = f"/permissions/operations/{answer.json()['referenceNumber']}"
    assert codes(ksef.call("GET", path, ksef.login(nip=OFFICE).access)) == [21405]


def test_a_company_gives_itself_nothing(ksef):
    assert given(ksef, ksef.login().access, ENTITIES, to_entity(nip=DEMO_NIP)) == 410


def test_a_second_order_changes_nothing_not_even_whether_it_may_be_passed_on(ksef, sim):
    bearer = ksef.login().access
    given(ksef, bearer, ENTITIES, to_entity(can_delegate=False))
    before = list(sim.world.all_grants())
    assert given(ksef, bearer, ENTITIES, to_entity(can_delegate=True)) == 200
    assert sim.world.all_grants() == before


def test_the_verdict_on_a_second_order_is_open_and_so_a_switch(ksef, sim):
    sim.settings.repeated_grant_status = 440
    bearer = ksef.login().access
    assert given(ksef, bearer, ENTITIES, to_entity()) == 200
    assert given(ksef, bearer, ENTITIES, to_entity()) == 440


@pytest.mark.parametrize(
    "changed",
    [
        {"description": "ABCD"},
        {"description": "A" * 257},
        {"subjectDetails": {"fullName": "ABC"}},
        {"subjectDetails": {"fullName": "A" * 91}},
        {"permissions": []},
        {"permissions": [{"type": "Introspection"}]},
        {"permissions": [{"type": "InvoiceRead"}, {"type": "InvoiceRead", "canDelegate": True}]},
        {"subjectIdentifier": {"type": "Pesel", "value": PERSON.pesel}},
        {"subjectIdentifier": {"type": "Nip", "value": "5265877636"}},
    ],
)
def test_an_order_for_an_entity_that_breaks_a_rule_is_21405(ksef, changed):
    assert codes(order(ksef, ksef.login().access, ENTITIES, {**to_entity(), **changed})) == [21405]


@pytest.mark.parametrize(
    ("first", "last"), [("J", "Nowak"), ("J" * 31, "Nowak"), ("Jan", "N"), ("Jan", "N" * 82)]
)
def test_a_persons_names_have_their_lengths(ksef, first, last):
    details = {
        "subjectDetailsType": "PersonByIdentifier",
        "personById": {"firstName": first, "lastName": last},
    }
    body = to_person(subjectDetails=details)
    assert codes(order(ksef, ksef.login().access, PERSONS, body)) == [21405]


def test_a_person_gets_each_right_once(ksef):
    body = to_person(("InvoiceRead", "InvoiceRead"))
    assert codes(order(ksef, ksef.login().access, PERSONS, body)) == [21405]


@pytest.mark.parametrize("country", ["de", "D1"])
def test_the_country_of_an_identity_document_is_two_capital_letters(ksef, country):
    body = {**to_person(("InvoiceRead",)), **by_fingerprint()}
    body["subjectDetails"]["personByFpNoId"]["idDocument"]["country"] = country
    assert codes(order(ksef, ksef.login().access, PERSONS, body)) == [21405]


def test_a_type_of_details_needs_its_member(ksef):
    body = to_person(subjectDetails={"subjectDetailsType": "PersonByIdentifier"})
    assert codes(order(ksef, ksef.login().access, PERSONS, body)) == [21405]


def test_the_details_are_of_the_kind_that_the_identifier_has(ksef):
    body = {**to_person(), "subjectDetails": by_fingerprint()["subjectDetails"]}
    assert codes(order(ksef, ksef.login().access, PERSONS, body)) == [21405]


@pytest.mark.parametrize(
    ("identifier", "who"),
    [
        ({"type": "Pesel", "value": PERSON.pesel}, Who("pesel", PERSON.pesel)),
        ({"type": "Nip", "value": OFFICE}, Who("nip", OFFICE)),
    ],
)
def test_a_person_is_named_by_pesel_or_nip(ksef, sim, identifier, who):
    body = to_person(("Introspection",), subjectIdentifier=identifier)
    assert given(ksef, ksef.login().access, PERSONS, body) == 200
    assert rights_of(sim, who) == {"Introspection"}


def test_a_person_may_be_named_by_a_fingerprint_too(ksef, sim):
    body = {**to_person(("InvoiceRead",)), **by_fingerprint()}
    assert given(ksef, ksef.login().access, PERSONS, body) == 200
    assert rights_of(sim, Who("fingerprint", FINGERPRINT)) == {"InvoiceRead"}


def test_enforcement_is_for_bailiffs_and_enforcement_authorities(ksef, sim):
    bearer, body = ksef.login().access, to_person(("EnforcementOperations",))
    assert given(ksef, bearer, PERSONS, body) == 430
    sim.world.companies[DEMO_NIP].kind = "EnforcementAuthority"
    assert given(ksef, bearer, PERSONS, body) == 200


def test_a_right_to_credentials_lets_its_holder_give_rights_too(ksef):
    bearer = ksef.login().access
    assert given(ksef, bearer, PERSONS, to_person(("CredentialsManage",))) == 200
    assert given(ksef, ksef.login("stranger").access, ENTITIES, to_entity()) == 200


def test_rights_can_be_given_in_the_context_of_an_internal_unit(ksef, sim):
    bearer = ksef.login(nip=DEMO_INTERNAL_ID, context="InternalId").access
    assert given(ksef, bearer, PERSONS, to_person(("InvoiceRead",))) == 200
    where = LoginContext("InternalId", DEMO_INTERNAL_ID)
    assert sim.world.rights(Who("pesel", PERSON.pesel), where) == {"InvoiceRead"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("indirect/grants", to_person()),
        ("subunits/grants", to_subunit()),
        ("authorizations/grants", {}),
        ("eu-entities/administration/grants", to_eu_administrator()),
    ],
)
def test_some_rights_are_given_in_a_companys_own_context_only(ksef, kind, body):
    bearer = ksef.login(nip=DEMO_INTERNAL_ID, context="InternalId").access
    answer = order(ksef, bearer, kind, body)
    assert (answer.status_code, answer.json()["reasonCode"]) == (403, "context-type-not-allowed")
    assert answer.json()["security"] == {"contextIdentifierType": "InternalId"}


def test_a_client_must_have_given_the_office_something_to_pass_on(ksef, sim):
    sim.world.grant(OWNER, OFFICE)
    body = to_person(targetIdentifier=CLIENT)
    bearer = ksef.login(nip=OFFICE).access
    assert given(ksef, bearer, "indirect/grants", body) == 440
    sim.world.grant(Who("nip", OFFICE), DEMO_NIP, "InvoiceRead", can_delegate=True)
    assert given(ksef, bearer, "indirect/grants", body) == 200


@pytest.mark.parametrize(
    "target",
    [
        {"type": "Nip"},
        {"type": "AllPartners", "value": DEMO_NIP},
        {"type": "Everybody"},
        {"type": "Nip", "value": "1"},
    ],
)
def test_a_client_is_named_by_its_number_and_all_clients_by_none(ksef, sim, target):
    sim.world.grant(OWNER, OFFICE)
    answer = order(
        ksef, ksef.login(nip=OFFICE).access, "indirect/grants", to_person(targetIdentifier=target)
    )
    assert codes(answer) == [21405]


def _group(ksef, sim, kind="VatGroup"):
    sim.world.add_company(GROUP, "Grupa VAT", kind=kind)
    sim.world.add_company(MEMBER, "Członek grupy", parent=GROUP)
    sim.world.grant(OWNER, GROUP)
    return ksef.login(nip=GROUP).access


def test_a_group_names_an_administrator_of_its_member(ksef, sim):
    bearer = _group(ksef, sim)
    assert given(ksef, bearer, "subunits/grants", to_subunit()) == 200
    assert rights_of(sim, Who("pesel", PERSON.pesel), MEMBER) == {"CredentialsManage"}


def test_who_is_no_group_names_no_administrator_of_another_company(ksef, sim):
    assert given(ksef, _group(ksef, sim, ""), "subunits/grants", to_subunit()) == 430


def test_a_group_names_no_administrator_of_a_company_that_is_not_its_member(ksef, sim):
    body = {**to_subunit(), "contextIdentifier": {"type": "Nip", "value": OFFICE}}
    assert given(ksef, _group(ksef, sim), "subunits/grants", body) == 410


@pytest.mark.parametrize(
    ("number", "name", "result"),
    [
        (f"{DEMO_NIP}-00017", "Oddział", 200),
        (f"{DEMO_NIP}-00017", None, 21405),
        (f"{DEMO_NIP}-00018", "Oddział", 21405),
        (f"{OFFICE}-00016", "Oddział", 410),
    ],
)
def test_an_internal_unit_has_a_name_and_a_number_of_its_company(ksef, number, name, result):
    body = {**to_subunit(), "contextIdentifier": {"type": "InternalId", "value": number}}
    body["subunitName"] = name
    bearer = ksef.login().access
    answer = order(ksef, bearer, "subunits/grants", body)
    got = verdict(ksef, bearer, answer)["code"] if answer.ok else codes(answer)[0]
    assert got == result


def test_the_administrator_of_an_eu_entity_gets_a_context_with_four_rights(ksef, sim):
    bearer = ksef.login().access
    kind = "eu-entities/administration/grants"
    assert given(ksef, bearer, kind, to_eu_administrator()) == 200
    rights = sim.world.rights(Who("fingerprint", FINGERPRINT), EU_CONTEXT)
    assert rights == {"VatUeManage", "InvoiceWrite", "InvoiceRead", "Introspection"}


def test_an_eu_entity_belongs_to_the_company_of_its_number(ksef):
    context = {"type": "NipVatUe", "value": f"{OFFICE}-{EU_NUMBER}"}
    body = {**to_eu_administrator(), "contextIdentifier": context}
    kind = "eu-entities/administration/grants"
    assert given(ksef, ksef.login().access, kind, body) == 410


def test_a_representative_of_an_eu_entity_is_named_from_within(ksef, sim):
    outside = ksef.login().access
    order(ksef, outside, "eu-entities/administration/grants", to_eu_administrator())
    sim.world.grant(OWNER, EU_CONTEXT, "VatUeManage")
    bearer = ksef.login(nip=EU_CONTEXT.value, context=EU_CONTEXT.type).access
    body = to_eu_representative()
    body["subjectIdentifier"] = {"type": "Fingerprint", "value": "CD" * 32}
    assert given(ksef, bearer, "eu-entities/grants", body) == 200
    assert sim.world.rights(Who("fingerprint", "CD" * 32), EU_CONTEXT) == {"InvoiceRead"}


def test_self_invoicing_lets_nobody_in(ksef):
    bearer = ksef.login().access
    body = {**to_entity(), "permission": "TaxRepresentative"}
    del body["permissions"]
    body["subjectIdentifier"] = {"type": "Nip", "value": OFFICE}
    assert given(ksef, bearer, "authorizations/grants", body) == 200
    assert not rights_of(ksef.sim, Who("nip", OFFICE))


def test_an_authorization_is_taken_back_by_its_number(ksef, sim):
    bearer = ksef.login().access
    body = {**to_entity(), "permission": "SelfInvoicing"}
    del body["permissions"]
    order(ksef, bearer, "authorizations/grants", body)
    number = sim.state.authorizations[0].id
    path = f"/permissions/authorizations/grants/{number}"
    assert verdict(ksef, bearer, ksef.call("DELETE", path, bearer))["code"] == 200
    assert verdict(ksef, bearer, ksef.call("DELETE", path, bearer))["code"] == 400
