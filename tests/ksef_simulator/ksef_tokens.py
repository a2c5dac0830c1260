"""KSeF tokens: making, listing, revoking, and logging in with one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import addresses
from .answers import Answer, Forbidden, Refused, stamp
from .auth import new_operation, start_answer, use_challenge
from .call import Call, Endpoint
from .limits import AUTH, OTHER
from .paging import continuation, position
from .public_keys import TOKEN, check_key_id, decrypt
from .shapes import array, data, digest, identifier, nip, nullable, record, text
from .state import ACCESS, LoginContext, Who, reference
from .versions import by_version, rights

GRANTABLE = rights(
    "InvoiceRead",
    "InvoiceWrite",
    "CredentialsRead",
    "CredentialsManage",
    "SubunitManage",
    "EnforcementOperations",
    "Introspection",
)
WANTED = by_version(
    GRANTABLE,
    lambda right: record({"permissions": array(right, 1), "description": text(5, 256)}),
)
POLICY = {
    "ip4Addresses": addresses.SINGLE,
    "ip4Ranges": addresses.RANGE,
    "ip4Masks": addresses.MASK,
}
ALLOWED = record(
    {},
    {name: nullable(array(text(pattern=item), 0, addresses.MOST)) for name, item in POLICY.items()},
)
LOGIN = record(
    {
        "challenge": text(36, 36),
        "contextIdentifier": identifier(
            Nip=nip, InternalId=text(16, 16), NipVatUe=text(1), PeppolId=text(9, 9)
        ),
        "encryptedToken": data,
    },
    {
        "publicKeyId": nullable(digest),
        "authorizationPolicy": nullable(record({}, {"allowedIps": nullable(ALLOWED)})),
    },
)
STATUSES = ("Pending", "Active", "Revoking", "Revoked", "Failed")


@dataclass
class KsefToken:
    """One token; it carries its author's rights, as far as they were asked for."""

    reference: str
    secret: str = field(repr=False)
    author: Who
    context: LoginContext
    permissions: tuple[str, ...]
    description: str
    created: datetime
    status: str = "Active"
    last_use: datetime | None = None


def generate(call: Call) -> Answer:
    """POST /tokens: the token is told once."""
    body = call.json(WANTED)
    login = call.session
    if login.method == "Token":
        raise Forbidden("auth-method-not-allowed", {"authenticationMethodCategory": "Token"})
    if login.context.type not in ("Nip", "InternalId"):
        raise Refused(26002)
    permissions = body["permissions"]
    if missing := set(permissions) - call.sim.rights_of(login):
        raise Refused(26001, f"Brakujące uprawnienia: {', '.join(sorted(missing))}.")
    made = _made(call, tuple(permissions), body["description"])
    return Answer(202, {"referenceNumber": made.reference, "token": made.secret})


def _made(call: Call, permissions: tuple[str, ...], description: str) -> KsefToken:
    login, ref = call.session, reference("EC", call.now)
    kind = {"Nip": "nip", "InternalId": "internalId"}[login.context.type]
    secret = f"{ref}|{kind}-{login.context.value}|{secrets.token_hex(32)}"
    made = KsefToken(ref, secret, login.who, login.context, permissions, description, call.now)
    call.state.ksef_tokens[ref] = made
    return made


def _visible(call: Call, item: KsefToken) -> bool:
    login = call.session
    if item.context != login.context:
        return False
    if login.token_reference:
        return item.reference == login.token_reference
    rights = call.token.permissions if call.token else frozenset()
    manages = rights.intersection(("CredentialsManage", "CredentialsRead"))
    return bool(manages) or item.author == login.who


def listed(call: Call) -> Answer:
    """GET /tokens."""
    size = call.number("pageSize", 10, 10, 100)
    start = position(call.request.headers.get("x-continuation-token"))
    wanted = call.request.args.getlist("status")
    if set(wanted) - set(STATUSES):
        raise Refused(21405, "Parametr 'status' ma nieprawidłową wartość.")
    found = [item for item in call.state.ksef_tokens.values() if _visible(call, item)]
    found = [item for item in found if not wanted or item.status in wanted]
    found.sort(key=lambda item: item.created, reverse=True)
    body: dict[str, Any] = {"tokens": [_item(item) for item in found[start : start + size]]}
    if start + size < len(found):
        body["continuationToken"] = continuation(start + size)
    return Answer(body=body)


def _item(item: KsefToken) -> dict[str, Any]:
    body: dict[str, Any] = {
        "referenceNumber": item.reference,
        "authorIdentifier": {"type": item.author.type_name, "value": item.author.value},
        "contextIdentifier": {"type": item.context.type, "value": item.context.value},
        "description": item.description,
        "requestedPermissions": list(item.permissions),
        "dateCreated": stamp(item.created),
        "status": item.status,
        "statusDetails": [],
    }
    if item.last_use:
        body["lastUseDate"] = stamp(item.last_use)
    return body


def _own(call: Call) -> KsefToken:
    found = call.state.ksef_tokens.get(call.params["ref"])
    if found is None or not _visible(call, found):
        raise Refused(21405, "Token o podanym numerze referencyjnym nie istnieje.")
    return found


def token_status(call: Call) -> Answer:
    """GET /tokens/{ref}."""
    return Answer(body=_item(_own(call)))


def revoke(call: Call) -> Answer:
    """DELETE /tokens/{ref}."""
    _own(call).status = "Revoked"
    return Answer(204)


def login(call: Call) -> Answer:
    """POST /auth/ksef-token: what is wrong with the token is told by the status, as 450."""
    body = call.json(LOGIN)
    allowed = _addresses(body)
    check_key_id(TOKEN, body.get("publicKeyId"))
    timestamp = use_challenge(call, body["challenge"]).timestamp_ms
    where = LoginContext(body["contextIdentifier"]["type"], body["contextIdentifier"]["value"])
    found, detail = _found(call, body["encryptedToken"], timestamp, where)
    who = found.author if found else Who("nip", where.nip)
    operation = new_operation(call, where, who, "Token")
    operation.allowed_ips = allowed
    if found and not detail:
        operation.token_reference = found.reference
        found.last_use = call.now
    operation.problem = (450, (detail,)) if detail else None
    return start_answer(call, operation)


def _addresses(body: dict[str, Any]) -> tuple[str, ...]:
    """Return the addresses of the AuthorizationPolicy.

    :raises Refused: 21405 for a range that ends before it begins
    """
    policy = (body.get("authorizationPolicy") or {}).get("allowedIps") or {}
    found = tuple(address for name in POLICY for address in policy.get(name) or ())
    if fault := addresses.backwards(found):
        raise Refused(21405, fault)
    return found


def _found(
    call: Call, encrypted: str, timestamp: int, where: LoginContext
) -> tuple[KsefToken | None, str]:
    """The token that was sent, and what is wrong with it ("" when nothing is)."""
    try:
        content = decrypt(TOKEN, encrypted)
        if content is None and call.is_new:
            return None, "Nieprawidłowe szyfrowanie tokena"
        plain = (content or b"").decode()
    except UnicodeDecodeError:
        new = "Nieprawidłowe kodowanie tokena"
        return None, new if call.is_new else "Invalid token encoding."
    secret, _bar, sent = plain.rpartition("|")
    found = call.state.ksef_tokens.get(secret.partition("|")[0])
    if found is None or found.secret != secret:
        return None, "Nieprawidłowy token"
    if found.context != where:
        new = f"Token nie może być użyty w kontekście {where.value}"
        return None, new if call.is_new else "Nieprawidłowy token"
    if sent != str(timestamp):
        return found, "Nieprawidłowy czas tokena"
    problems = {"Active": "", "Revoked": "Token unieważniony", "Revoking": "Token unieważniony"}
    return found, problems.get(found.status, "Token nieaktywny")


ENDPOINTS = (
    Endpoint("ksef-token", "POST", "/auth/ksef-token", login, limit=AUTH),
    Endpoint("token-generate", "POST", "/tokens", generate, (ACCESS,), OTHER),
    Endpoint("token-list", "GET", "/tokens", listed, (ACCESS,), OTHER),
    Endpoint("token-status", "GET", "/tokens/<ref>", token_status, (ACCESS,), OTHER),
    Endpoint("token-revoke", "DELETE", "/tokens/<ref>", revoke, (ACCESS,), OTHER),
)
