"""The /testdata calls of KSeF's test environment: people, companies, rights, limits."""

from __future__ import annotations

from typing import Any

from . import shapes
from .answers import Answer, Refused
from .call import Call, Endpoint
from .certificates import SERIAL, parsed_date, settle
from .limits import AUTH, OTHER
from .shapes import array, choice, flag, moment, nip, nullable, pesel, record, text, whole
from .state import ACCESS, LoginContext, Who
from .versions import by_version, rights

AUTHORIZED = {"Nip": "nip", "Pesel": "pesel", "Fingerprint": "fingerprint"}
GRANTABLE = rights(
    "InvoiceRead",
    "InvoiceWrite",
    "Introspection",
    "CredentialsRead",
    "CredentialsManage",
    "EnforcementOperations",
    "SubunitManage",
)
DESCRIPTION = text(5, 256)
UNIT = record({"subjectNip": nip, "description": DESCRIPTION})
SUBJECT = record(
    {
        "subjectNip": nip,
        "subjectType": choice("EnforcementAuthority", "VatGroup", "JST"),
        "description": DESCRIPTION,
    },
    {"subunits": nullable(array(UNIT)), "createdDate": nullable(moment)},
)
PERSON = record(
    {"nip": nip, "pesel": pesel, "isBailiff": flag, "description": DESCRIPTION},
    {"isDeceased": flag, "createdDate": nullable(moment)},
)
GRANT = {
    "contextIdentifier": shapes.identifier(Nip=nip),
    "authorizedIdentifier": shapes.identifier(
        Nip=nip, Pesel=pesel, Fingerprint=text(pattern="[0-9A-Fa-f]{64}")
    ),
}
GRANTS = by_version(
    GRANTABLE,
    lambda right: record(
        {
            **GRANT,
            "permissions": array(record({"permissionType": right, "description": DESCRIPTION})),
        }
    ),
)
ANY_CONTEXT = shapes.identifier(Nip=text(1), InternalId=text(1), NipVatUe=text(1), PeppolId=text(1))
SUBJECT_LIMITS = record(
    {},
    {
        "subjectIdentifierType": choice(*AUTHORIZED),
        "enrollment": nullable(record({}, {"maxEnrollments": nullable(whole(0))})),
        "certificate": nullable(record({}, {"maxCertificates": nullable(whole(0))})),
    },
)


def subject(call: Call) -> Answer:
    """POST /testdata/subject: a company, perhaps with units below it."""
    body = call.json(SUBJECT)
    number, world = body["subjectNip"], call.sim.world
    if number in world.companies:
        raise Refused(30001, f"Podmiot o identyfikatorze {number} już istnieje.")
    _check_created(call, body, number)
    world.add_company(number, body["description"], kind=body["subjectType"])
    for unit in body.get("subunits") or ():
        world.add_company(unit["subjectNip"], unit["description"], parent=number)
    return Answer()


def _check_created(call: Call, body: dict[str, Any], number: str) -> None:
    """Demand that who is made again with a date is made later than before.

    :raises Refused: 21405
    """
    made, known = parsed_date(body.get("createdDate"), "createdDate"), call.state.test_data_made
    if made and number in known and made <= known[number]:
        raise shapes.wrong("createdDate", "musi być późniejsze niż poprzednio")
    known[number] = made or call.now


def subject_remove(call: Call) -> Answer:
    """POST /testdata/subject/remove: with the units below it."""
    call.sim.world.remove_company(call.json(record({"subjectNip": nip}))["subjectNip"])
    return Answer()


def person(call: Call) -> Answer:
    """POST /testdata/person: a person who owns a VAT number."""
    body = call.json(PERSON)
    number, who = body["nip"], body["pesel"]
    made = call.sim.world.people.get(who)
    if made is not None and number in made.nips:
        raise Refused(30001, f"Osoba o identyfikatorze {number} już istnieje.")
    _check_created(call, body, number)
    if made is None:
        made = call.sim.world.add_person(who, body["description"])
    made.nips.add(number)
    made.deceased = bool(body.get("isDeceased"))
    if body["isBailiff"]:
        call.sim.world.grant(Who("pesel", who), number, "EnforcementOperations")
    return Answer()


def person_remove(call: Call) -> Answer:
    """POST /testdata/person/remove: the owner of a VAT number, with all of his or her rights."""
    number = call.json(record({"nip": nip}))["nip"]
    for found in call.sim.world.people.values():
        if number in found.nips:
            found.nips.discard(number)
            call.sim.world.revoke(Who("pesel", found.pesel), number)
    return Answer()


def permissions(call: Call) -> Answer:
    """POST /testdata/permissions."""
    body = call.json(GRANTS)
    for item in body["permissions"]:
        call.sim.world.grant(*_parties(body), item["permissionType"], item["description"])
    return Answer()


def permissions_revoke(call: Call) -> Answer:
    """POST /testdata/permissions/revoke: all permissions of one identity in one context."""
    call.sim.world.revoke(*_parties(call.json(record(GRANT))))
    return Answer()


def _parties(body: dict[str, Any]) -> tuple[Who, str]:
    """Return who gets rights, and in which company."""
    who = body["authorizedIdentifier"]
    return Who(AUTHORIZED[who["type"]], who["value"].upper()), body["contextIdentifier"]["value"]


def block(call: Call) -> Answer:
    """POST /testdata/context/block: logins end with 480."""
    call.sim.world.block(_login_context(call))
    return Answer()


def unblock(call: Call) -> Answer:
    """POST /testdata/context/unblock."""
    call.sim.world.unblock(_login_context(call))
    return Answer()


def _login_context(call: Call) -> LoginContext:
    """Return the context of the body; the contract lets it be missing, which means nothing."""
    value = call.json(record({"contextIdentifier": ANY_CONTEXT}))["contextIdentifier"]
    return LoginContext(value["type"], value["value"])


def shorten(call: Call) -> Answer:
    """PUT /testdata/certificates/{serial}: end one of the caller's certificates earlier."""
    settle(call)
    serial = call.params["serial"]
    if not SERIAL.fullmatch(serial):
        raise Refused(21405, "Numer seryjny ma nieprawidłowy format.")
    certificate, session = call.state.certificates.get(serial), call.session
    if certificate is None or certificate.who not in call.sim.world.same_subject(session.who):
        raise Refused(25008)
    body = call.json(record({"validTo": moment}))
    end = parsed_date(body["validTo"], "validTo")
    if end is None or end > certificate.valid_to:
        raise Refused(21405, "Ważność certyfikatu można tylko skrócić.")
    certificate.valid_to = end
    return Answer()


def set_subject_limits(call: Call) -> Answer:
    """POST /testdata/limits/subject/certificate, for the identity that logged in."""
    body = call.json(SUBJECT_LIMITS)
    own = call.state.subject_limits.setdefault(call.session.who, {})
    for name, member in (("enrollment", "maxEnrollments"), ("certificate", "maxCertificates")):
        value = (body.get(name) or {}).get(member)
        if value is not None:
            own[name] = value
    return Answer()


def clear_subject_limits(call: Call) -> Answer:
    """DELETE /testdata/limits/subject/certificate."""
    call.state.subject_limits.pop(call.session.who, None)
    return Answer()


ENDPOINTS = (
    Endpoint("testdata", "POST", "/testdata/subject", subject, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/subject/remove", subject_remove, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/person", person, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/person/remove", person_remove, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/permissions", permissions, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/permissions/revoke", permissions_revoke, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/context/block", block, limit=OTHER),
    Endpoint("testdata", "POST", "/testdata/context/unblock", unblock, limit=OTHER),
    Endpoint("testdata", "PUT", "/testdata/certificates/<serial>", shorten, (ACCESS,), OTHER),
    Endpoint(
        "testdata",
        "POST",
        "/testdata/limits/subject/certificate",
        set_subject_limits,
        (ACCESS,),
        OTHER,
    ),
    Endpoint(
        "testdata",
        "DELETE",
        "/testdata/limits/subject/certificate",
        clear_subject_limits,
        (ACCESS,),
        OTHER,
    ),
)
