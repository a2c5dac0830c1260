"""Says who signed, and judges whether certificate and signer fit the request.

A document is signed with Profil Zaufany, a qualified or KSeF certificate, or a seal.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID

from .. import pesel
from ..auth_token_request import Context
from ..credentials import may_authenticate
from ..identity import (
    Identity,
    identity_of_certificate,
    is_issued_by_ksef,
    issuer_of,
    named_environment,
)
from ..nip import formatted
from ..x509_support import ORGANIZATION_IDENTIFIER, Certificate, value_of
from .certificates import Person
from .model import Expected, Finding, Kind, Signer
from .report import finding, mask
from .request import Request

_PERSONAL_ID_ISSUER = re.compile(r"podpis\w{0,9} osobist|\bPL\.?ID\b", re.IGNORECASE)
#: docs/ksef.md B-2: the seal that signs for everybody with Profil Zaufany; its NIP is nobody's.
_SHARED_NUMBER = "5252955037"
_SHARED_NAME = re.compile(r"podpisu zaufanego", re.IGNORECASE)
#: docs/ksef.md A2-2.
_PERSON = re.compile(r"PNO|PESEL|TINPL|NIP|PAS|IDC")
#: The clocks of signer, Odoo and KSeF may differ by so much without a warning.
_TOLERANCE = timedelta(minutes=5)
#: Clocks differ by less than this: a certificate that ended longer ago is certainly refused.
_CERTAINLY_EXPIRED = timedelta(days=1)
_FINGERPRINT = "certificateFingerprint"


def signer_of(
    certificate: Certificate | None, person: Person | None, context: Context | None
) -> Signer | None:
    """Return who signed; None when neither a certificate nor a signed role says anything.

    :param person: whom the signed role names; it only counts where the certificate is a seal,
        because a person's own certificate says better who signed (docs/ksef.md B-2)
    :param context: the request's; its own company's seal does not sign for Profil Zaufany
    """
    if person is not None and (certificate is None or _may_be_shared(certificate, context)):
        return _signer("trusted_profile", _identity_of(person), person.name, certificate)
    if certificate is None:
        return None
    if _is_shared_seal(certificate):
        return _signer("trusted_profile", None, "", certificate)
    identity = identity_of_certificate(certificate)
    return _signer(_kind(certificate, identity), identity, identity.name, certificate)


def _seal_number(certificate: Certificate) -> str:
    """Return the number of an organisation's seal; "" for others (docs/ksef.md A2-2)."""
    return "" if certificate.is_personal else value_of(certificate.subject, ORGANIZATION_IDENTIFIER)


def _is_shared_seal(certificate: Certificate) -> bool:
    """Return True for the Minister's seal, with which Profil Zaufany signs for everybody."""
    number = _seal_number(certificate)
    common = value_of(certificate.subject, NameOID.COMMON_NAME)
    return bool(number and (_SHARED_NUMBER in number or _SHARED_NAME.search(common)))


def _may_be_shared(certificate: Certificate, context: Context | None) -> bool:
    """Return True if a seal may be that of Profil Zaufany: any but the company's own."""
    number = _seal_number(certificate)
    return bool(number) and (context is None or context.value[:10] not in number)


def _identity_of(person: Person) -> Identity | None:
    number = re.sub(r"\s", "", person.personal_number)
    if not re.fullmatch(r"[0-9]{11}", number):
        return None
    return Identity(kind="pesel", value=number, name=mask(person.name))


def _kind(certificate: Certificate, identity: Identity) -> Kind:
    if is_issued_by_ksef(certificate):
        return "ksef_certificate"
    if _PERSONAL_ID_ISSUER.search(issuer_of(certificate)):
        return "personal_id"
    if _seal_number(certificate):
        return "seal"
    serial = value_of(certificate.subject, NameOID.SERIAL_NUMBER)
    return "qualified" if identity.kind != "fingerprint" or _PERSON.match(serial) else "other"


def _signer(
    kind: Kind, identity: Identity | None, name: str, certificate: Certificate | None
) -> Signer:
    if certificate is None:
        return Signer(mask(name), kind, identity)
    return Signer(
        name=mask(name or _name(certificate.subject)),
        kind=kind,
        identity=identity,
        issuer=mask(_name(certificate.issuer)),
    )


def certificate_findings(
    certificate: Certificate | None, signer: Signer, expected: Expected
) -> list[Finding]:
    """Judge the certificate that signed."""
    if certificate is None:
        return []
    found, environment = _validity_findings(certificate, expected.now), expected.environment
    if signer.kind == "ksef_certificate" and not may_authenticate(certificate):
        found.append(finding("offline_certificate", "key usage without digitalSignature"))
    if certificate.is_self_signed and environment in ("production", "demo"):
        found.append(finding("self_signed", f"issuer {signer.issuer}"))
    named = named_environment(certificate) if signer.kind == "ksef_certificate" else None
    if named and environment is not None and named.lower() != environment:
        found.append(finding("other_environment", f"issuer {signer.issuer}", found=named))
    return found


def time_findings(signed_at: datetime | None, now: datetime) -> list[Finding]:
    """Warn of a signing time in the future."""
    if signed_at is None or signed_at <= now + _TOLERANCE:
        return []
    return [finding("future_signature", signed_at.isoformat(), date=_minute(signed_at))]


def subject_findings(signer: Signer, request: Request) -> list[Finding]:
    """Judge whether the request's subject type can name this signer."""
    if signer.kind == "trusted_profile":
        return _trusted_findings(signer, request)
    identity = signer.identity
    if identity is None:
        return []
    evidence = f"subject type {request.subject_type}, certificate with {identity.kind}"
    if request.subject_type == _FINGERPRINT:
        # KSeF takes it, and looks for rights of the fingerprint alone (docs/ksef.md A2-11).
        unneeded = identity.kind != "fingerprint"
        return [finding("unneeded_fingerprint", evidence)] if unneeded else []
    if identity.kind == "fingerprint":
        return [finding("no_identifier", evidence)]
    if identity.kind == "pesel":
        return _number_findings(identity.value)
    return _seal_findings(identity.value, request.context) if signer.kind == "seal" else []


def _trusted_findings(signer: Signer, request: Request) -> list[Finding]:
    if request.subject_type == _FINGERPRINT:
        return [finding("shared_fingerprint", f"subject type {request.subject_type}")]
    if signer.identity is None:
        return [finding("no_personal_number", f"issuer {signer.issuer}")]
    return _number_findings(signer.identity.value)


def _number_findings(number: str) -> list[Finding]:
    """Warn of a PESEL whose check digit is wrong."""
    if pesel.is_valid(number):
        return []
    return [finding("invalid_personal_number", f"last digit {number[-1]}")]


def _seal_findings(nip: str, context: Context | None) -> list[Finding]:
    if context is None or context.type == "PeppolId" or context.value[:10] == nip:
        return []
    return [finding("other_seal", f"seal {nip}, context {context.value}", found=formatted(nip))]


def _validity_findings(certificate: Certificate, now: datetime) -> list[Finding]:
    start, end = certificate.valid_from, certificate.valid_to
    evidence = f"valid {start.isoformat()} to {end.isoformat()}"
    if now > end:
        certain = now - end > _CERTAINLY_EXPIRED
        code = "certificate_expired" if certain else "certificate_expiring"
        return [finding(code, evidence, date=_minute(end))]
    if now < start - _TOLERANCE:
        return [finding("certificate_not_yet_valid", evidence, date=_minute(start))]
    return []


def _name(name: x509.Name) -> str:
    """Return a name for people: the common name, else the organisation, else all of it."""
    common = value_of(name, NameOID.COMMON_NAME) or value_of(name, NameOID.ORGANIZATION_NAME)
    return common or name.rfc4514_string()


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z")
