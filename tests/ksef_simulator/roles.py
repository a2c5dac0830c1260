"""What a company is at KSeF, and what the companies below it are: the lists of roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import permission_shapes as asked
from .answers import Answer, stamp_seconds
from .call import Call
from .permission_lists import READERS, list_of, page
from .state import Who
from .world import BEGINNING, World


@dataclass
class Role:
    """What a company is at KSeF, perhaps in relation to another one.

    :param other: the number of the company above or below it
    """

    id: str
    role: str
    description: str
    since: datetime
    other: str = ""


_ALONE = {
    "EnforcementAuthority": ("EnforcementAuthority", "Organ egzekucyjny"),
    "VatGroup": ("VatGroupUnit", "Grupa VAT"),
    "JST": ("LocalGovernmentUnit", "Nadrzędna JST"),
}
_BELOW = {
    "VatGroup": ("VatGroupSubUnit", "Członek grupy VAT"),
    "JST": ("LocalGovernmentSubUnit", "Podrzędna JST"),
}


def roles(world: World, nip: str) -> list[Role]:
    """List the roles of a company."""
    found = []
    company = world.companies.get(nip)
    if company is not None and company.kind in _ALONE:
        found.append(Role(nip, *_ALONE[company.kind], company.since))
    above = world.companies.get(company.parent or "") if company is not None else None
    if company is not None and above is not None and above.kind in _BELOW:
        found.append(Role(nip, *_BELOW[above.kind], company.since, above.nip))
    owners = [Who("pesel", item.pesel) for item in world.people.values() if nip in item.nips]
    if any(
        item.scope == "EnforcementOperations" and item.who in owners and item.context.value == nip
        for item in world.all_grants()
    ):
        found.append(Role(nip, "CourtBailiff", "Komornik sądowy", BEGINNING))
    return found


def roles_of(world: World, nip: str) -> set[str]:
    """Return the names of a company's roles."""
    return {item.role for item in roles(world, nip)}


def subordinate_roles(world: World, nip: str) -> list[Role]:
    """List the companies below one, by what they are to it."""
    above = world.companies.get(nip)
    if above is None or above.kind not in _BELOW:
        return []
    below = [item for item in world.companies.values() if item.parent == nip]
    return [Role(item.nip, *_BELOW[above.kind], item.since, item.nip) for item in below]


def entity_roles(call: Call) -> Answer:
    """GET /permissions/query/entities/roles: what this company is."""
    found = roles(call.sim.world, call.session.context.nip)
    return page(call, "roles", found, lambda item: _role_item(item, "parentEntityIdentifier"))


def subordinates(call: Call) -> Answer:
    """POST /permissions/query/subordinate-entities/roles: the units below this company."""
    wanted = call.optional_json(asked.ASKS_SUBORDINATES).get("subordinateEntityIdentifier")
    found = [
        item
        for item in subordinate_roles(call.sim.world, call.session.context.nip)
        if not wanted or wanted["value"] == item.other
    ]
    return page(call, "roles", found, lambda item: _role_item(item, "subordinateEntityIdentifier"))


def _role_item(item: Role, member: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "role": item.role,
        "description": item.description,
        "startDate": stamp_seconds(item.since),
    }
    if item.other:
        told[member] = {"type": "Nip", "value": item.other}
    return told


ENDPOINTS = (
    list_of("entities/roles", entity_roles, *READERS, method="GET"),
    list_of("subordinate-entities/roles", subordinates, *READERS, "SubunitManage"),
)
