"""KSeF certificates: limits, application, issue, retrieval."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from . import csr, texts
from .answers import Answer, Gone, Refused, stamp, status
from .call import Call, Endpoint
from .limits import OTHER
from .shapes import array, choice, moment, nullable, record, text
from .state import ACCESS, Certificate, Enrollment, Who, reference

SERIAL = re.compile(r"[0-9A-F]{16}")
TYPES = ("Authentication", "Offline")
APPLICATION = record(
    {
        "certificateName": text(5, 100, r"[a-zA-Z0-9_\- ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]*"),
        "certificateType": choice(*TYPES),
        "csr": text(),
    },
    {"validFrom": nullable(moment)},
)
SERIALS = record({"certificateSerialNumbers": array(text(pattern=SERIAL.pattern), 1, 10)})
REJECTED_LIMIT = texts.ENROLLMENT_STATUS[400][1]


def limits(call: Call) -> Answer:
    """GET /certificates/limits, of the identity that logged in."""
    settle(call)
    who = call.session.who
    enrollment, certificate = limits_of(call, who)
    enrollments_left = max(0, enrollment - call.state.enrollments_made[who])
    certificates_left = max(0, certificate - held(call, who))
    can = bool(enrollments_left and certificates_left and not _barred(call))
    body = {
        "canRequest": can,
        "enrollment": {"remaining": enrollments_left, "limit": enrollment},
        "certificate": {"remaining": certificates_left, "limit": certificate},
    }
    return Answer(body=body)


def limits_of(call: Call, who: Who) -> tuple[int, int]:
    """How many applications and how many certificates an identity may have (docs/ksef.md A2-24)."""
    settings = call.sim.settings
    usual = (
        (settings.company_enrollment_limit, settings.company_certificate_limit)
        if who.kind == "nip"
        else (settings.person_enrollment_limit, settings.person_certificate_limit)
    )
    own = call.state.subject_limits.get(who, {})
    return own.get("enrollment", usual[0]), own.get("certificate", usual[1])


def held(call: Call, who: Who) -> int:
    """The identity's certificates that count: active ones, also those that begin later."""
    mine = [item for item in call.state.certificates.values() if item.who == who]
    return sum(item.status(call.now) == "Active" for item in mine)


def _barred(call: Call) -> bool:
    """Return True if this kind of login may not apply for certificates (docs/ksef.md A2-26)."""
    by_fingerprint = call.session.who.kind == "fingerprint"
    refused = by_fingerprint and not call.sim.settings.fingerprint_enrollment
    return call.session.method == "Token" or refused


def enrollment_data(call: Call) -> Answer:
    """GET /certificates/enrollments/data."""
    if _barred(call):
        raise Refused(25001)
    return Answer(body=call.session.subject)


def enroll(call: Call) -> Answer:
    """POST /certificates/enrollments: every check of the application, then HTTP 202."""
    settle(call)
    body = call.json(APPLICATION)
    if _barred(call):
        raise Refused(25002)
    request = csr.read(body["csr"])
    csr.check(request, call.session.subject)
    who = call.session.who
    enrollment, certificate = limits_of(call, who)
    if call.state.enrollments_made[who] >= enrollment:
        raise Refused(25006)
    if held(call, who) >= certificate:
        raise Refused(25007)
    return _accept(call, body, request)


def parsed_date(value: Any, name: str) -> datetime | None:
    """An aware date from JSON, or None where there is none.

    :raises Refused: 21405 for what is not a date with an offset
    """
    if value is None:
        return None
    try:
        text = re.sub(r"(\.\d{6})\d+", r"\1", str(value)).replace("Z", "+00:00")
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(21405, f"Pole '{name}' nie jest poprawną datą.")
    return moment


def _accept(call: Call, body: dict[str, Any], request: Any) -> Answer:
    who, now = call.session.who, call.now
    application = Enrollment(
        reference=reference("EH", now),
        who=who,
        name=body["certificateName"],
        type=body["certificateType"],
        csr=request,
        valid_from=parsed_date(body.get("validFrom"), "validFrom"),
        requested=now,
        due=now + timedelta(seconds=call.sim.settings.enrollment_delay),
    )
    call.state.enrollments[application.reference] = application
    call.state.enrollments_made[who] += 1
    body = {"referenceNumber": application.reference, "timestamp": stamp(now)}
    return Answer(202, body)


def settle(call: Call) -> None:
    """Decide the applications that are due; KSeF does it in the background."""
    for application in call.state.enrollments.values():
        if application.outcome is None and call.now >= application.due:
            _decide(call, application)


def _decide(call: Call, application: Enrollment) -> None:
    forced = call.sim.take_forced("force_enrollment_status")
    if forced and forced[0] == 100:
        return
    code, details = forced or _judge(call, application)
    if code == 200:
        application.serial = _issue(call, application)
    text, usual = texts.ENROLLMENT_STATUS.get(code, ("Status nieopisany w dokumentacji", ()))
    application.outcome = (code, text, usual if details is None else details)


def _judge(call: Call, application: Enrollment) -> tuple[int, tuple[str, ...] | None]:
    digest = _key_digest(application)
    others = call.state.certificates.values()
    if any(item.key_digest == digest and item.who != application.who for item in others):
        return 400, (texts.KEY_OF_ANOTHER,)
    if held(call, application.who) >= limits_of(call, application.who)[1]:
        return 400, REJECTED_LIMIT
    return 200, None


def _key_digest(application: Enrollment) -> str:
    key = application.csr.public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _issue(call: Call, application: Enrollment) -> str:
    settings = call.sim.settings
    serial = secrets.randbits(60)
    start = max(application.valid_from or application.due, application.due)
    start += timedelta(seconds=settings.certificate_valid_from_offset)
    start = start.replace(microsecond=0)
    end = start + timedelta(days=settings.certificate_days)
    subject = application.csr.subject
    made = call.sim.authority.issue_ksef_certificate(
        application.csr.public_key(),
        subject,
        application.type,
        start,
        end,
        serial,
        settings.certificate_encoding,
    )
    common_name = subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    certificate = Certificate(
        serial=f"{serial:016X}",
        name=application.name,
        type=application.type,
        who=application.who,
        common_name=str(common_name),
        der=made.public_bytes(Encoding.DER),
        key_digest=_key_digest(application),
        requested=application.requested,
        valid_from=start,
        valid_to=end,
    )
    call.state.certificates[certificate.serial] = certificate
    return certificate.serial


def enrollment_status(call: Call) -> Answer:
    """GET /certificates/enrollments/{ref}."""
    settle(call)
    application = call.state.enrollments.get(call.params["ref"])
    if application is None or application.who != call.session.who:
        raise Refused(25005)
    days = call.sim.settings.enrollment_readable_days
    if call.now >= application.requested + timedelta(days=days):
        raise Gone
    outcome = application.outcome or (100, *texts.ENROLLMENT_STATUS[100])
    body: dict[str, Any] = {
        "requestDate": stamp(application.requested),
        "status": status(*outcome),
    }
    if application.serial:
        body["certificateSerialNumber"] = application.serial
    return Answer(body=body)


def retrieve(call: Call) -> Answer:
    """POST /certificates/retrieve: one to ten certificates of the caller's by serial number."""
    settle(call)
    serials = call.json(SERIALS)["certificateSerialNumbers"]
    known = call.state.certificates
    found = [known[serial] for serial in serials if serial in known]
    mine = [_retrieved(item) for item in found if item.who == call.session.who]
    return Answer(body={"certificates": mine})


def _retrieved(certificate: Certificate) -> dict[str, str]:
    return {
        "certificate": base64.b64encode(certificate.der).decode(),
        "certificateName": certificate.name,
        "certificateSerialNumber": certificate.serial,
        "certificateType": certificate.type,
    }


ENDPOINTS = (
    Endpoint("certificate-limits", "GET", "/certificates/limits", limits, (ACCESS,), OTHER),
    Endpoint(
        "enrollment-data",
        "GET",
        "/certificates/enrollments/data",
        enrollment_data,
        (ACCESS,),
        OTHER,
    ),
    Endpoint("enroll", "POST", "/certificates/enrollments", enroll, (ACCESS,), OTHER),
    Endpoint(
        "enrollment-status",
        "GET",
        "/certificates/enrollments/<ref>",
        enrollment_status,
        (ACCESS,),
        OTHER,
    ),
    Endpoint("retrieve", "POST", "/certificates/retrieve", retrieve, (ACCESS,), OTHER),
)
