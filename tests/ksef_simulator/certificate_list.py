"""KSeF certificates that exist: the list, and revocation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .answers import Answer, Forbidden, Refused, stamp_seconds
from .call import Call, Endpoint
from .certificates import SERIAL, TYPES, parsed_date, settle
from .limits import OTHER
from .shapes import choice, moment, nullable, record, text
from .state import ACCESS, Certificate

FILTERS = record(
    {},
    {
        "certificateSerialNumber": nullable(text(pattern=SERIAL.pattern)),
        "name": nullable(text()),
        "type": nullable(choice(*TYPES)),
        "status": nullable(choice("Active", "Blocked", "Revoked", "Expired")),
        "expiresAfter": nullable(moment),
    },
)
REASON = choice("Unspecified", "Superseded", "KeyCompromise")
REVOCATION = record({}, {"revocationReason": nullable(REASON)})


def query(call: Call) -> Answer:
    """POST /certificates/query: the caller's certificates, newest application first, in pages."""
    settle(call)
    offset, size = call.number("pageOffset", 0, 0), call.number("pageSize", 10, 10, 50)
    filters = _filters(call)
    mine = [item for item in call.state.certificates.values() if item.who == call.session.who]
    found = [item for item in mine if _wanted(call, item, filters)]
    found.sort(key=lambda item: (item.requested, item.serial), reverse=True)
    page = found[offset * size : (offset + 1) * size]
    body = {
        "certificates": [_item(call, item) for item in page],
        "hasMore": (offset + 1) * size < len(found),
    }
    return Answer(body=body)


def _filters(call: Call) -> dict[str, Any]:
    """The filters of the request.

    :raises Refused: 21405 for values that KSeF does not know
    """
    filters = call.optional_json(FILTERS)
    filters["expiresAfter"] = parsed_date(filters.get("expiresAfter"), "expiresAfter")
    return filters


def _wanted(call: Call, certificate: Certificate, filters: dict[str, Any]) -> bool:
    exact = {
        "certificateSerialNumber": certificate.serial,
        "type": certificate.type,
        "status": certificate.status(call.now),
    }
    if any(filters.get(name) not in (None, value) for name, value in exact.items()):
        return False
    after = filters["expiresAfter"]
    return (filters.get("name") or "") in certificate.name and (
        after is None or certificate.valid_to > after
    )


def _item(call: Call, certificate: Certificate) -> dict[str, Any]:
    who = certificate.who
    item: dict[str, Any] = {
        "certificateSerialNumber": certificate.serial,
        "name": certificate.name,
        "type": certificate.type,
        "commonName": certificate.common_name,
        "status": certificate.status(call.now),
        "subjectIdentifier": {"type": who.type_name, "value": who.value},
        "validFrom": stamp_seconds(certificate.valid_from),
        "validTo": stamp_seconds(certificate.valid_to),
        "requestDate": stamp_seconds(certificate.requested),
    }
    if certificate.last_use:
        item["lastUseDate"] = stamp_seconds(certificate.last_use)
    return item


def revoke(call: Call) -> Answer:
    """POST /certificates/{serial}/revoke; sessions opened with it live on (docs/ksef.md A2-18)."""
    settle(call)
    session, serial = call.session, call.params["serial"]
    if session.method == "Token":
        raise Forbidden("auth-method-not-allowed", {"authenticationMethodCategory": "Token"})
    if not SERIAL.fullmatch(serial):
        raise Refused(21405, "Numer seryjny ma nieprawidłowy format.")
    reason = call.optional_json(REVOCATION).get("revocationReason") or "Unspecified"
    certificate = call.state.certificates.get(serial)
    if certificate is None or certificate.who not in call.sim.world.same_subject(session.who):
        raise Refused(25008)
    if certificate.status(call.now) != "Active":
        raise Refused(25009)
    certificate.revoked, certificate.reason = call.now, reason
    delay = timedelta(seconds=call.sim.settings.revocation_delay)
    certificate.revocation_done = call.now + delay
    return Answer(204)


ENDPOINTS = (
    Endpoint("certificate-query", "POST", "/certificates/query", query, (ACCESS,), OTHER),
    Endpoint(
        "certificate-revoke", "POST", "/certificates/<serial>/revoke", revoke, (ACCESS,), OTHER
    ),
)
