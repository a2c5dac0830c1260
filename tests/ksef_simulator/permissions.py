"""The caller's own permissions in the context of the login."""

from __future__ import annotations

from typing import Any

from .answers import Answer, stamp_seconds
from .call import Call, Endpoint
from .limits import OTHER
from .shapes import array, choice, identifier, nullable, record, text
from .state import ACCESS
from .world import SCOPES, Grant

CONTEXT_TYPES = ("Nip", "InternalId")
NUMBER = text(10, 16)
FILTERS = record(
    {},
    {
        "contextIdentifier": nullable(identifier(Nip=NUMBER, InternalId=NUMBER)),
        "targetIdentifier": nullable(
            record(
                {"type": choice("Nip", "AllPartners", "InternalId")}, {"value": nullable(NUMBER)}
            )
        ),
        "permissionTypes": nullable(array(choice(*sorted(SCOPES)))),
        "permissionState": nullable(choice("Active", "Inactive")),
    },
)


def personal(call: Call) -> Answer:
    """POST /permissions/query/personal/grants, in pages, filtered."""
    offset, size = call.number("pageOffset", 0, 0), call.number("pageSize", 10, 10, 100)
    found = [grant for grant in _mine(call) if _wanted(grant, _filters(call))]
    page = found[offset * size : (offset + 1) * size]
    body = {
        "permissions": [_item(grant) for grant in page],
        "hasMore": (offset + 1) * size < len(found),
    }
    return Answer(body=body)


def _mine(call: Call) -> list[Grant]:
    session = call.session
    listed = call.sim.settings.owner_grants == "listed"
    return call.sim.world.listed(session.who, session.context, listed)


def _filters(call: Call) -> dict[str, Any]:
    """The filters of the request.

    :raises Refused: 21405 for values that KSeF does not know
    """
    return call.optional_json(FILTERS)


def _wanted(grant: Grant, filters: dict[str, Any]) -> bool:
    types = filters.get("permissionTypes")
    context = filters.get("contextIdentifier")
    if types and grant.scope not in types:
        return False
    if context and context.get("value") != grant.context.value:
        return False
    return filters.get("permissionState") != "Inactive" and not filters.get("targetIdentifier")


def _item(grant: Grant) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": grant.id,
        "permissionScope": grant.scope,
        "description": grant.description,
        "permissionState": "Active",
        "startDate": stamp_seconds(grant.since),
        "canDelegate": grant.can_delegate,
    }
    if grant.context.type in CONTEXT_TYPES:
        item["contextIdentifier"] = {"type": grant.context.type, "value": grant.context.value}
    return item


ENDPOINTS = (
    Endpoint(
        "permissions", "POST", "/permissions/query/personal/grants", personal, (ACCESS,), OTHER
    ),
)
