"""The /testdata calls of KSeF's test environment: people, companies, rights, limits."""

from __future__ import annotations

from typing import Any

from .answers import Answer, Refused
from .call import Call, Endpoint
from .certificates import SERIAL, parsed_date, settle
from .identities import is_nip, is_pesel
from .limits import AUTH, OTHER
from .state import ACCESS, LoginContext, Who

SUBJECT_TYPES = ("EnforcementAuthority", "VatGroup", "JST")
AUTHORIZED = {"Nip": "nip", "Pesel": "pesel", "Fingerprint": "fingerprint"}
CONTEXTS = ("Nip", "InternalId", "NipVatUe", "PeppolId")
GRANTABLE = frozenset(
    {
        "InvoiceRead", "InvoiceWrite", "Introspection", "CredentialsRead", "CredentialsManage",
        "EnforcementOperations", "SubunitManage",
    }
)  # fmt: skip


def subject(call: Call) -> Answer:
    """POST /testdata/subject: a company, perhaps with units below it."""
    body = call.json(("subjectNip", "subjectType", "description"))
    nip, name = _nip(body["subjectNip"]), _description(body["description"])
    if body["subjectType"] not in SUBJECT_TYPES:
        raise Refused(21405, "Pole 'subjectType' ma nieprawidłową wartość.")
    if nip in call.sim.world.companies:
        raise Refused(30001, f"Podmiot o identyfikatorze {nip} już istnieje.")
    for unit in body.get("subunits") or ():
        call.sim.world.add_company(_nip(unit.get("subjectNip")), _description(unit["description"]))
    call.sim.world.add_company(nip, name)
    return Answer()


def subject_remove(call: Call) -> Answer:
    """POST /testdata/subject/remove."""
    nip = _nip(call.json(("subjectNip",))["subjectNip"])
    call.sim.world.companies.pop(nip, None)
    return Answer()


def person(call: Call) -> Answer:
    """POST /testdata/person: a person who owns a VAT number."""
    body = call.json(("nip", "pesel", "description", "isBailiff"))
    nip, pesel = _nip(body["nip"]), _pesel(body["pesel"])
    _description(body["description"])
    made = call.sim.world.people.get(pesel)
    if made is not None and nip in made.nips:
        raise Refused(30001, f"Osoba o identyfikatorze {nip} już istnieje.")
    if made is None:
        made = call.sim.world.add_person(pesel, body["description"])
    made.nips.add(nip)
    made.deceased = bool(body.get("isDeceased"))
    if body["isBailiff"]:
        call.sim.world.grant(Who("pesel", pesel), nip, "EnforcementOperations")
    return Answer()


def person_remove(call: Call) -> Answer:
    """POST /testdata/person/remove: the owner of a VAT number, with all of his or her rights."""
    nip = _nip(call.json(("nip",))["nip"])
    for found in call.sim.world.people.values():
        if nip in found.nips:
            found.nips.discard(nip)
            call.sim.world.revoke(Who("pesel", found.pesel), nip)
    return Answer()


def permissions(call: Call) -> Answer:
    """POST /testdata/permissions."""
    body = call.json(("contextIdentifier", "authorizedIdentifier", "permissions"))
    who, nip = _authorized(body["authorizedIdentifier"]), _context_nip(body["contextIdentifier"])
    if not isinstance(body["permissions"], list):
        raise Refused(21405, "Pole 'permissions' ma nieprawidłową wartość.")
    for item in body["permissions"]:
        if item.get("permissionType") not in GRANTABLE:
            raise Refused(21405, "Pole 'permissionType' ma nieprawidłową wartość.")
        description = _description(item.get("description"))
        call.sim.world.grant(who, nip, item["permissionType"], description)
    return Answer()


def permissions_revoke(call: Call) -> Answer:
    """POST /testdata/permissions/revoke: all permissions of one identity in one context."""
    body = call.json(("contextIdentifier", "authorizedIdentifier"))
    call.sim.world.revoke(
        _authorized(body["authorizedIdentifier"]), _context_nip(body["contextIdentifier"])
    )
    return Answer()


def block(call: Call) -> Answer:
    """POST /testdata/context/block: logins end with 480."""
    call.sim.world.block(_login_context(call.json()))
    return Answer()


def unblock(call: Call) -> Answer:
    """POST /testdata/context/unblock."""
    call.sim.world.unblock(_login_context(call.json()))
    return Answer()


def shorten(call: Call) -> Answer:
    """PUT /testdata/certificates/{serial} (API 2.7.0): end a certificate's validity earlier."""
    settle(call)
    serial = call.params["serial"]
    certificate = call.state.certificates.get(serial) if SERIAL.fullmatch(serial) else None
    if certificate is None:
        raise Refused(25008)
    body = call.json(("validTo",))
    end = parsed_date(body["validTo"], "validTo")
    if end is None or end > certificate.valid_to:
        raise Refused(21405, "Ważność certyfikatu można tylko skrócić.")
    certificate.valid_to = end
    return Answer()


def set_subject_limits(call: Call) -> Answer:
    """POST /testdata/limits/subject/certificate, for the identity that logged in."""
    body = call.json()
    own = call.state.subject_limits.setdefault(call.session.who, {})
    for name, member in (("enrollment", "maxEnrollments"), ("certificate", "maxCertificates")):
        value = (body.get(name) or {}).get(member)
        if value is not None:
            own[name] = int(value)
    return Answer()


def clear_subject_limits(call: Call) -> Answer:
    """DELETE /testdata/limits/subject/certificate."""
    call.state.subject_limits.pop(call.session.who, None)
    return Answer()


def _nip(value: Any) -> str:
    if not isinstance(value, str) or not is_nip(value):
        raise Refused(21405, "Nieprawidłowy numer NIP.")
    return value


def _pesel(value: Any) -> str:
    if not isinstance(value, str) or not is_pesel(value):
        raise Refused(21405, "Nieprawidłowy numer PESEL.")
    return value


def _description(value: Any) -> str:
    if not isinstance(value, str) or not 5 <= len(value) <= 256:
        raise Refused(21405, "Pole 'description' musi mieć od 5 do 256 znaków.")
    return value


def _authorized(value: Any) -> Who:
    if not isinstance(value, dict) or value.get("type") not in AUTHORIZED:
        raise Refused(21405, "Pole 'authorizedIdentifier' ma nieprawidłową wartość.")
    checks = {"Nip": _nip, "Pesel": _pesel}
    text = checks.get(value["type"], str)(value.get("value"))
    return Who(AUTHORIZED[value["type"]], text)


def _context_nip(value: Any) -> str:
    if not isinstance(value, dict) or value.get("type") != "Nip":
        raise Refused(21405, "Pole 'contextIdentifier' ma nieprawidłową wartość.")
    return _nip(value.get("value"))


def _login_context(body: dict[str, Any]) -> LoginContext:
    value = body.get("contextIdentifier")
    if not isinstance(value, dict) or value.get("type") not in CONTEXTS or not value.get("value"):
        raise Refused(21405, "Pole 'contextIdentifier' ma nieprawidłową wartość.")
    return LoginContext(value["type"], str(value["value"]))


ENDPOINTS = (
    Endpoint("testdata", "POST", "/testdata/subject", subject, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/subject/remove", subject_remove, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/person", person, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/person/remove", person_remove, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/permissions", permissions, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/permissions/revoke", permissions_revoke, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/context/block", block, limit=OTHER),
    Endpoint("testdata", "POST", "/testdata/context/unblock", unblock, limit=OTHER),
    Endpoint("testdata", "PUT", "/testdata/certificates/<serial>", shorten, limit=OTHER),
    Endpoint(
        "testdata", "POST", "/testdata/limits/subject/certificate", set_subject_limits,
        (ACCESS,), OTHER,
    ),
    Endpoint(
        "testdata", "DELETE", "/testdata/limits/subject/certificate", clear_subject_limits,
        (ACCESS,), OTHER,
    ),
)  # fmt: skip
