"""What one company lets another do in its name, as self-invoicing: nobody logs in by that."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from . import permission_shapes as asked
from .answers import Answer, stamp_seconds
from .call import Call
from .permission_grants import MANAGE, REVOKE, check_context, giving, permission_id
from .permission_lists import READERS, identifier_of, list_of, page
from .permission_operations import DONE, FAILED, IDENTIFIERS, order, settle
from .rights import Authorization
from .state import LoginContext

if TYPE_CHECKING:
    from .simulator import Simulator


def authorize(call: Call) -> Answer:
    """POST /permissions/authorizations/grants: self-invoicing and the like."""
    where = check_context(call, "Nip")
    body = call.json(asked.AUTHORIZATION)
    whom = body["subjectIdentifier"]
    made = Authorization(
        authorizing=where.value,
        authorized=LoginContext(whom["type"], whom["value"]),
        scope=body["permission"],
        description=body["description"],
        since=call.now,
        author=call.session.who,
        full_name=body["subjectDetails"]["fullName"],
    )
    return order(call, (MANAGE,), partial(_authorize, made))


def _authorize(made: Authorization, sim: Simulator) -> int:
    if made.authorized.value == made.authorizing:
        return IDENTIFIERS
    known = [(item.authorizing, item.authorized, item.scope) for item in sim.state.authorizations]
    if (made.authorizing, made.authorized, made.scope) in known:
        return sim.settings.repeated_grant_status
    made.since = sim.clock.now()
    sim.state.authorizations.append(made)
    return DONE


def revoke_authorization(call: Call) -> Answer:
    """DELETE /permissions/authorizations/grants/{id}."""
    number, where = permission_id(call), call.session.context
    return order(call, (MANAGE,), partial(_revoke_authorization, number, where.value))


def _revoke_authorization(number: str, authorizing: str, sim: Simulator) -> int:
    for item in sim.state.authorizations:
        if (item.id, item.authorizing) == (number, authorizing):
            sim.state.authorizations.remove(item)
            return DONE
    return FAILED


def authorizations(call: Call) -> Answer:
    """POST /permissions/query/authorizations/grants: given or received."""
    settle(call.sim)
    filters, where = call.json(asked.ASKS_AUTHORIZATIONS), call.session.context
    given = filters["queryType"] == "Granted"
    other = filters.get("authorizedIdentifier" if given else "authorizingIdentifier")
    types = filters.get("permissionTypes")
    found = []
    for item in call.state.authorizations:
        mine, theirs = item.authorizing, item.authorized.value
        if not given:
            mine, theirs = theirs, mine
        fits = mine == where.value and (not other or other["value"] == theirs)
        if fits and (not types or item.scope in types):
            found.append(item)
    return page(call, "authorizationGrants", found, _authorization_item)


def _authorization_item(item: Authorization) -> dict[str, Any]:
    return {
        "id": item.id,
        "authorIdentifier": identifier_of(item.author),
        "authorizedEntityIdentifier": {
            "type": item.authorized.type,
            "value": item.authorized.value,
        },
        "authorizingEntityIdentifier": {"type": "Nip", "value": item.authorizing},
        "authorizationScope": item.scope,
        "description": item.description,
        "subjectEntityDetails": {
            "subjectDetailsType": "EntityByIdentifier",
            "fullName": item.full_name,
        },
        "startDate": stamp_seconds(item.since),
    }


ENDPOINTS = (
    giving("POST", "authorizations/grants", authorize),
    giving("DELETE", "authorizations/grants/<id>", revoke_authorization, operation=REVOKE),
    list_of("authorizations/grants", authorizations, *READERS, "PefInvoiceWrite"),
)
