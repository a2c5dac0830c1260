"""The list of logins, and their revocation."""

from __future__ import annotations

from .answers import Answer, Refused
from .auth import decide, described
from .call import Call, Endpoint
from .limits import OTHER
from .paging import continuation, position
from .state import ACCESS, REFRESH, Operation


def sessions(call: Call) -> Answer:
    """GET /auth/sessions: the caller's active logins in this context, newest first, in pages."""
    size = call.number("pageSize", 10, 10, 100)
    start = position(call.request.headers.get("x-continuation-token"))
    found = [item for item in call.state.operations.values() if _listed(call, item)]
    found.sort(key=lambda item: (item.started, item.reference), reverse=True)
    page = found[start : start + size]
    body = {"items": [_item(call, operation) for operation in page]}
    if start + size < len(found):
        body["continuationToken"] = continuation(start + size)
    return Answer(body=body)


def _listed(call: Call, operation: Operation) -> bool:
    mine = call.session
    if (operation.context, operation.who) != (mine.context, mine.who):
        return False
    if operation.revoked or decide(call, operation)[0] not in (100, 200):
        return False
    return operation.refresh_until is None or call.now < operation.refresh_until


def _item(call: Call, operation: Operation) -> dict:
    return {
        "referenceNumber": operation.reference,
        "isCurrent": operation is call.session,
        "isTokenRedeemed": operation.redeemed,
        **described(call, operation),
    }


def revoke_current(call: Call) -> Answer:
    """DELETE /auth/sessions/current."""
    call.session.revoked = True
    return Answer(204)


def revoke(call: Call) -> Answer:
    """DELETE /auth/sessions/{ref}: any of the caller's logins in this context."""
    operation = call.state.operations.get(call.params["ref"])
    if operation is None or not _listed(call, operation):
        raise Refused(21405, "Sesja o podanym numerze referencyjnym nie istnieje.")
    operation.revoked = True
    return Answer(204)


ENDPOINTS = (
    Endpoint("sessions", "GET", "/auth/sessions", sessions, (ACCESS,), OTHER),
    Endpoint(
        "session-revoke",
        "DELETE",
        "/auth/sessions/current",
        revoke_current,
        (ACCESS, REFRESH),
        OTHER,
    ),
    Endpoint("session-revoke", "DELETE", "/auth/sessions/<ref>", revoke, (ACCESS,), OTHER),
)
