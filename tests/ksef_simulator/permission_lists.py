"""The lists of rights: the caller's own, those that were given, those that were received."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from . import permission_shapes as asked
from .answers import Answer, stamp_seconds
from .call import Call, Endpoint
from .limits import OTHER
from .permission_operations import settle
from .rights import ENTITY, EU_ENTITY, SUBUNIT, Grant
from .state import ACCESS, Who

READERS = ("CredentialsManage", "CredentialsRead")
CONTEXT_TYPES = ("Nip", "InternalId")


class Dated(Protocol):
    """What a list is sorted by."""

    id: str
    since: datetime


Item = TypeVar("Item", bound=Dated)


def page(
    call: Call, member: str, found: list[Item], told: Callable[[Item], dict[str, Any]]
) -> Answer:
    """One page of a list: newest first, then by id."""
    offset, size = call.number("pageOffset", 0, 0), call.number("pageSize", 10, 10, 100)
    found = sorted(found, key=lambda item: item.id)
    found.sort(key=lambda item: item.since, reverse=True)
    items = found[offset * size : (offset + 1) * size]
    body = {
        member: [told(item) for item in items],
        "hasMore": (offset + 1) * size < len(found),
    }
    return Answer(body=body)


def shown(call: Call, grants: list[Grant]) -> list[Grant]:
    """The rights that lists show already: they lag behind (docs/ksef.md G2)."""
    delay = timedelta(seconds=call.sim.settings.permission_list_delay)
    return [item for item in grants if item.since + delay <= call.now]


def personal(call: Call) -> Answer:
    """POST /permissions/query/personal/grants: the caller's own rights in this context."""
    settle(call.sim)
    filters, login = call.optional_json(asked.ASKS_PERSONAL), call.session
    world, settings = call.sim.world, call.sim.settings
    found = shown(call, world.own_rows(login.who, login.context))
    if settings.owner_grants == "listed":
        found += world.owner_rows(login.who, login.context)
    found = [item for item in found if _wanted(call, item, filters)]
    answer = page(call, "permissions", found, lambda item: _personal_item(call, item))
    if call.is_new:
        answer.body["ownerPermissions"] = _of_owner(call)
    return answer


def _of_owner(call: Call) -> list[str] | None:
    """The rights of an owner, which are no rows of the list since 2.9 (docs/ksef.md E1)."""
    world, settings, login = call.sim.world, call.sim.settings, call.session
    if not world.is_owner(login.who, login.context):
        return None if settings.nobodys_owner_permissions == "null" else []
    unknown = [settings.unknown_right] if settings.unknown_right else []
    return [*world.owner_rights(), *unknown]


def _wanted(call: Call, grant: Grant, filters: dict[str, Any]) -> bool:
    types, state = filters.get("permissionTypes"), filters.get("permissionState")
    where, target = filters.get("contextIdentifier"), filters.get("targetIdentifier")
    if types and grant.scope not in types:
        return False
    if where and (where["type"], where["value"]) != (grant.context.type, grant.context.value):
        return False
    if target and (grant.target is None or not _same_target(target, grant)):
        return False
    return state in (None, call.sim.world.state_of(grant))


def _same_target(wanted: dict[str, Any], grant: Grant) -> bool:
    told = grant.target.as_json() if grant.target else {}
    return (wanted["type"], wanted.get("value")) == (told.get("type"), told.get("value"))


def identifier_of(who: Who) -> dict[str, str]:
    """Return an identity as KSeF's lists name it."""
    return {"type": who.type_name, "value": who.value}


def _common(grant: Grant) -> dict[str, Any]:
    """The members that each list of rights has."""
    return {
        "id": grant.id,
        "permissionScope": grant.scope,
        "description": grant.description,
        "startDate": stamp_seconds(grant.since),
        **{name: value for name, value in grant.details.items() if value is not None},
    }


def _of_people(call: Call, grant: Grant) -> dict[str, Any]:
    item = {**_common(grant), "canDelegate": grant.can_delegate}
    for name in ("subunitName", "euEntityName", "euEntityDetails"):
        item.pop(name, None)
    item["permissionState"] = call.sim.world.state_of(grant)
    if grant.target is not None:
        item["targetIdentifier"] = grant.target.as_json()
    return item


def _personal_item(call: Call, grant: Grant) -> dict[str, Any]:
    item = _of_people(call, grant)
    if grant.context.type in CONTEXT_TYPES:
        item["contextIdentifier"] = {"type": grant.context.type, "value": grant.context.value}
    if grant.who != call.session.who:
        item["authorizedIdentifier"] = identifier_of(grant.who)
    return item


def persons(call: Call) -> Answer:
    """POST /permissions/query/persons/grants: who may work here, or what the caller gave here.

    Entities are among them; who was let in by another company's indirect right is not.
    """
    settle(call.sim)
    filters, login = call.json(asked.ASKS_PERSONS), call.session
    grants = [item for item in call.sim.world.all_grants() if item.kind != EU_ENTITY]
    if filters["queryType"] == "PermissionsInCurrentContext":
        found = [item for item in grants if item.context == login.context]
    else:
        found = [item for item in grants if item.home == login.context and item.author == login.who]
    found = [item for item in shown(call, found) if _about(item, filters)]
    found = [item for item in found if _wanted(call, item, filters)]
    return page(call, "permissions", found, lambda item: _person_item(call, item))


def _about(grant: Grant, filters: dict[str, Any]) -> bool:
    author, whom = filters.get("authorIdentifier"), filters.get("authorizedIdentifier")
    if author and (author["type"], author.get("value")) != _author(grant):
        return False
    return not whom or whom == identifier_of(grant.who)


def _author(grant: Grant) -> tuple[str, str | None]:
    return (grant.author.type_name, grant.author.value) if grant.author else ("System", None)


def _person_item(call: Call, grant: Grant) -> dict[str, Any]:
    kind, value = _author(grant)
    item = {
        **_of_people(call, grant),
        "authorizedIdentifier": identifier_of(grant.who),
        "authorIdentifier": {"type": kind, **({"value": value} if value else {})},
    }
    if grant.kind == SUBUNIT:
        item["contextIdentifier"] = {"type": grant.context.type, "value": grant.context.value}
    return item


def entities(call: Call) -> Answer:
    """POST /permissions/query/entities/grants: what other entities gave to this company."""
    settle(call.sim)
    filters, where = call.optional_json(asked.ASKS_ENTITIES), call.session.context
    mine = Who("nip", where.value)
    found = [
        item
        for item in call.sim.world.all_grants()
        if item.kind == ENTITY and item.who == mine and item.context.type in CONTEXT_TYPES
    ]
    found = [item for item in shown(call, found) if _wanted(call, item, filters)]
    return page(call, "permissions", found, _entity_item)


def _entity_item(grant: Grant) -> dict[str, Any]:
    item = {**_common(grant), "canDelegate": grant.can_delegate}
    item.pop("subjectEntityDetails", None)
    item["contextIdentifier"] = {"type": grant.context.type, "value": grant.context.value}
    return item


def subunits(call: Call) -> Answer:
    """POST /permissions/query/subunits/grants: administrators that were named from here."""
    settle(call.sim)
    filters, where = call.optional_json(asked.ASKS_SUBUNITS), call.session.context
    wanted = filters.get("subunitIdentifier")
    found = [
        item
        for item in shown(call, call.sim.world.all_grants())
        if item.kind == SUBUNIT
        and item.home == where
        and (not wanted or wanted["value"] == item.context.value)
    ]
    return page(call, "permissions", found, _subunit_item)


def _subunit_item(grant: Grant) -> dict[str, Any]:
    return {
        **_common(grant),
        "authorizedIdentifier": identifier_of(grant.who),
        "subunitIdentifier": {"type": grant.context.type, "value": grant.context.value},
        "authorIdentifier": identifier_of(grant.author or grant.who),
    }


def eu_entities(call: Call) -> Answer:
    """POST /permissions/query/eu-entities/grants: administrators from a NIP, all from within."""
    settle(call.sim)
    filters, where = call.optional_json(asked.ASKS_EU), call.session.context
    types = filters.get("permissionTypes")
    number, fingerprint = (
        filters.get("vatUeIdentifier"),
        filters.get("authorizedFingerprintIdentifier"),
    )
    found = [
        item
        for item in shown(call, call.sim.world.all_grants())
        if item.kind == EU_ENTITY
        and where in (item.given_in, item.context)
        and (not types or item.scope in types)
        and number in (None, item.context.value.partition("-")[2])
        and (fingerprint is None or fingerprint.upper() == item.who.value)
    ]
    return page(call, "permissions", found, _eu_item)


def _eu_item(grant: Grant) -> dict[str, Any]:
    return {
        **_common(grant),
        "authorIdentifier": identifier_of(grant.author or grant.who),
        "vatUeIdentifier": grant.context.value.partition("-")[2],
        "authorizedFingerprintIdentifier": grant.who.value,
    }


def list_of(path: str, handler: Any, *scopes: str, method: str = "POST") -> Endpoint:
    """Return the operation that asks for one list.

    :param scopes: rights of which the caller needs any one
    """
    operation = "permissions" if handler is personal else "permission-list"
    return Endpoint(
        operation, method, f"/permissions/query/{path}", handler, (ACCESS,), OTHER, scopes
    )


ENDPOINTS = (
    list_of("personal/grants", personal),
    list_of("persons/grants", persons, *READERS, "SubunitManage"),
    list_of("subunits/grants", subunits, *READERS, "SubunitManage"),
    list_of("entities/grants", entities, *READERS),
    list_of("eu-entities/grants", eu_entities, *READERS, "VatUeManage"),
)
