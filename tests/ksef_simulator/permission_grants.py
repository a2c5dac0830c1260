"""Giving rights: to people, to entities, through an intermediary, below and beside a company."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from . import permission_shapes as asked
from .answers import Answer, Forbidden, Refused
from .call import Call, Endpoint
from .limits import OTHER
from .permission_operations import (
    DONE,
    FAILED,
    IDENTIFIERS,
    NOT_ENTITLED,
    RELATION,
    ROLE,
    order,
)
from .rights import ENTITY, EU_ENTITY, INDIRECT, PERSON, SUBUNIT, Grant, Target
from .roles import roles_of
from .shapes import wrong
from .state import ACCESS, LoginContext, Who

if TYPE_CHECKING:
    from .simulator import Simulator

KINDS = {"Nip": "nip", "Pesel": "pesel", "Fingerprint": "fingerprint"}
ENFORCING = {"EnforcementAuthority", "CourtBailiff"}
SUPERIOR = {"LocalGovernmentUnit", "VatGroupUnit"}
MANAGE, SUBUNITS, EU = "CredentialsManage", "SubunitManage", "VatUeManage"
REVOKERS = (MANAGE, EU, SUBUNITS)


def _subject(body: dict[str, Any]) -> Who:
    who = body["subjectIdentifier"]
    return Who(KINDS[who["type"]], who["value"].upper())


def check_context(call: Call, *types: str) -> LoginContext:
    """Return the login's context, which must be of one of these types.

    :raises Forbidden: context-type-not-allowed
    """
    where = call.session.context
    if where.type not in types:
        raise Forbidden("context-type-not-allowed", {"contextIdentifierType": where.type})
    return where


def _check_details(body: dict[str, Any]) -> None:
    """Demand details of the kind that the identifier has.

    :raises Refused: 21405
    """
    by_fingerprint = body["subjectIdentifier"]["type"] == "Fingerprint"
    if by_fingerprint == (body["subjectDetails"]["subjectDetailsType"] == "PersonByIdentifier"):
        raise wrong("subjectDetails.subjectDetailsType", "nie odpowiada identyfikatorowi")


def person_details(body: dict[str, Any]) -> dict[str, Any]:
    """Return how KSeF's lists describe a person, from what was said when the right was given."""
    details = body["subjectDetails"]
    kind = details["subjectDetailsType"]
    told = details[asked.OF_A_PERSON[kind][0]]
    found = {"subjectDetailsType": kind, **{name: told[name] for name in asked.NAMES}}
    if "identifier" in told:
        found["personIdentifier"] = told["identifier"]
    for name in ("birthDate", "idDocument"):
        if name in told:
            found[name] = told[name]
    return {"subjectPersonDetails": found}


def entity_details(body: dict[str, Any]) -> dict[str, Any]:
    """Return how KSeF's lists describe an entity."""
    name = body["subjectDetails"]["fullName"]
    return {"subjectEntityDetails": {"subjectDetailsType": "EntityByIdentifier", "fullName": name}}


def _grants(
    call: Call, body: dict[str, Any], rights: Iterable[tuple[str, bool]], **more: Any
) -> list[Grant]:
    """Return the rights of an order, each of them once."""
    shared = {
        "who": _subject(body),
        "context": call.session.context,
        "description": body["description"],
        "since": call.now,
        "author": call.session.who,
        **more,
    }
    return [Grant(scope=scope, can_delegate=passed, **shared) for scope, passed in rights]


def _give(grants: list[Grant], verdict: int, sim: Simulator) -> int:
    """Put rights in force; one that is there already stays as it is (docs/ksef.md G2)."""
    if verdict != DONE:
        return verdict
    known = {item.what for item in sim.world.all_grants()}
    new = [item for item in grants if item.what not in known]
    for item in new:
        item.since = sim.clock.now()
    sim.state.grants.extend(new)
    for item in new:
        sim.world.state_of(item)
    return DONE if new else sim.settings.repeated_grant_status


def _ordered(call: Call, grants: list[Grant], verdict: int = DONE, needed: str = MANAGE) -> Answer:
    return order(call, (needed,), partial(_give, grants, verdict))


def to_person(call: Call) -> Answer:
    """POST /permissions/persons/grants."""
    where = check_context(call, "Nip", "InternalId")
    body = call.json(asked.TO_PERSON)
    _check_details(body)
    rights = dict.fromkeys(body["permissions"], False)
    entitled = ENFORCING & roles_of(call.sim.world, where.nip)
    verdict = ROLE if "EnforcementOperations" in rights and not entitled else DONE
    details = person_details(body)
    return _ordered(
        call, _grants(call, body, rights.items(), kind=PERSON, details=details), verdict
    )


def to_entity(call: Call) -> Answer:
    """POST /permissions/entities/grants: to another company than the own one."""
    where = check_context(call, "Nip", "InternalId")
    body = call.json(asked.TO_ENTITY)
    rights = {item["type"]: bool(item.get("canDelegate")) for item in body["permissions"]}
    verdict = IDENTIFIERS if _subject(body).value == where.nip else DONE
    details = entity_details(body)
    return _ordered(
        call, _grants(call, body, rights.items(), kind=ENTITY, details=details), verdict
    )


def indirectly(call: Call) -> Answer:
    """POST /permissions/indirect/grants: what clients gave this company with the right to pass on.

    Without a target, as KSeF's documents say, it is for all clients.
    """
    where = check_context(call, "Nip")
    body = call.json(asked.INDIRECT)
    _check_details(body)
    named = body.get("targetIdentifier") or {"type": "AllPartners"}
    target = Target(named["type"], named.get("value"))
    verdict = DONE
    if target.value is not None:
        client = LoginContext(target.type, target.value)
        verdict = DONE if call.sim.world.delegable(None, client, where) else RELATION
    rights = dict.fromkeys(body["permissions"], False)
    more = {"kind": INDIRECT, "target": target, "details": person_details(body)}
    return _ordered(call, _grants(call, body, rights.items(), **more), verdict)


def to_subunit(call: Call) -> Answer:
    """POST /permissions/subunits/grants: an administrator of a unit below this company."""
    where = check_context(call, "Nip")
    body = call.json(asked.TO_SUBUNIT)
    _check_details(body)
    unit = LoginContext(body["contextIdentifier"]["type"], body["contextIdentifier"]["value"])
    if unit.type == "InternalId" and body.get("subunitName") is None:
        raise wrong("subunitName", "jest wymagane")
    details = {**person_details(body), "subunitName": body.get("subunitName")}
    more = {"kind": SUBUNIT, "context": unit, "given_in": where, "details": details}
    grants = _grants(call, body, [(MANAGE, False)], **more)
    return _ordered(call, grants, _about_unit(call, where, unit), SUBUNITS)


def _about_unit(call: Call, where: LoginContext, unit: LoginContext) -> int:
    if unit.type == "InternalId":
        return DONE if unit.nip == where.nip else IDENTIFIERS
    world = call.sim.world
    if not SUPERIOR & roles_of(world, where.nip):
        return ROLE
    company = world.companies.get(unit.value)
    return DONE if company is not None and company.parent == where.nip else IDENTIFIERS


def to_eu_administrator(call: Call) -> Answer:
    """POST /permissions/eu-entities/administration/grants: makes the context of an EU entity."""
    where = check_context(call, "Nip")
    body = call.json(asked.TO_EU_ADMINISTRATOR)
    entity = LoginContext("NipVatUe", body["contextIdentifier"]["value"])
    details = {
        **fingerprint_details(body),
        "euEntityName": body["euEntityName"],
        "euEntityDetails": {
            name: body["euEntityDetails"][name] for name in ("fullName", "address")
        },
    }
    more = {"kind": EU_ENTITY, "context": entity, "given_in": where, "details": details}
    rights = dict.fromkeys(asked.EU_RIGHTS, False)
    verdict = DONE if entity.nip == where.nip else IDENTIFIERS
    return _ordered(call, _grants(call, body, rights.items(), **more), verdict)


def to_eu_representative(call: Call) -> Answer:
    """POST /permissions/eu-entities/grants: in the EU entity's own context."""
    where = check_context(call, "NipVatUe")
    body = call.json(asked.TO_EU_REPRESENTATIVE)
    known = [item for item in call.sim.world.all_grants() if item.context == where]
    names = [item.details["euEntityName"] for item in known if "euEntityName" in item.details]
    name = names[0] if names else where.value
    details = {**fingerprint_details(body), "euEntityName": name}
    rights = dict.fromkeys(body["permissions"], False)
    grants = _grants(call, body, rights.items(), kind=EU_ENTITY, details=details)
    return _ordered(call, grants, needed=EU)


def fingerprint_details(body: dict[str, Any]) -> dict[str, Any]:
    """Return how KSeF's lists describe who is known by a certificate's fingerprint."""
    details = body["subjectDetails"]
    if details["subjectDetailsType"] != "EntityByFingerprint":
        return person_details(body)
    told = details["entityByFp"]
    kept = {name: told[name] for name in ("fullName", "address")}
    return {"subjectEntityDetails": {"subjectDetailsType": "EntityByFingerprint", **kept}}


def revoke(call: Call) -> Answer:
    """DELETE /permissions/common/grants/{id}: one right that was given in this context."""
    number = permission_id(call)
    return order(call, REVOKERS, partial(_revoke, number, call.session.context, call.session.who))


def permission_id(call: Call) -> str:
    """Return the number of the right that is to be taken back.

    :raises Refused: 21405
    """
    number = call.params["id"]
    if len(number) != 36:
        raise Refused(21405, "Identyfikator uprawnienia ma nieprawidłowy format.")
    return number


def _revoke(number: str, where: LoginContext, who: Who, sim: Simulator) -> int:
    world = sim.world
    found = next((item for item in world.all_grants() if item.id == number), None)
    if found is None:
        return FAILED
    received = found.kind == ENTITY and found.who == Who("nip", where.value)
    if found.home != where and found.context != where:
        if not received:
            return FAILED
        if not sim.settings.recipient_may_resign:
            return NOT_ENTITLED
    needed = {SUBUNIT: {MANAGE, SUBUNITS}, EU_ENTITY: {MANAGE, EU}}.get(found.kind, {MANAGE})
    if not needed & world.rights(who, where):
        return NOT_ENTITLED
    world.remove(lambda item: item.id == number)
    return DONE


def giving(
    method: str, path: str, handler: Any, *scopes: str, operation: str = "permission-grant"
) -> Endpoint:
    """Return an operation that gives rights or takes them back.

    :param scopes: rights of which the caller needs any one; CredentialsManage unless told
    """
    return Endpoint(
        operation, method, f"/permissions/{path}", handler, (ACCESS,), OTHER, scopes or (MANAGE,)
    )


REVOKE = "permission-revoke"
ENDPOINTS = (
    giving("POST", "persons/grants", to_person),
    giving("POST", "entities/grants", to_entity),
    giving("POST", "indirect/grants", indirectly),
    giving("POST", "subunits/grants", to_subunit, SUBUNITS),
    giving("POST", "eu-entities/administration/grants", to_eu_administrator),
    giving("POST", "eu-entities/grants", to_eu_representative, EU),
    giving("DELETE", "common/grants/<id>", revoke, *REVOKERS, operation=REVOKE),
)
