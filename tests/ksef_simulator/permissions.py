"""The caller's own permissions in the context of the login."""

from __future__ import annotations

from typing import Any

from .answers import Answer, Refused, stamp_seconds
from .call import Call, Endpoint
from .limits import OTHER
from .state import ACCESS
from .world import SCOPES, Grant

CONTEXT_TYPES = ("Nip", "InternalId")
TARGET_TYPES = ("Nip", "AllPartners", "InternalId")


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
    filters = call.optional_json()
    _check_type(filters.get("contextIdentifier"), "contextIdentifier", CONTEXT_TYPES)
    _check_type(filters.get("targetIdentifier"), "targetIdentifier", TARGET_TYPES)
    if unknown := set(filters.get("permissionTypes") or ()) - SCOPES:
        raise Refused(21405, *(f"Nieznane uprawnienie: {name}." for name in sorted(unknown)))
    if filters.get("permissionState") not in (None, "Active", "Inactive"):
        raise Refused(21405, "Nieznany stan uprawnienia.")
    return filters


def _check_type(identifier: Any, name: str, types: tuple[str, ...]) -> None:
    if identifier is not None and (
        not isinstance(identifier, dict) or identifier.get("type") not in types
    ):
        raise Refused(21405, f"Pole '{name}' ma nieprawidłową wartość.")


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
