"""Says who signed: with Profil Zaufany, a qualified or KSeF certificate, or a seal."""

from __future__ import annotations

import re

from cryptography.x509.oid import NameOID

from ..auth_token_request import Context
from ..identity import Identity, identity_of_certificate
from ..x509_support import ORGANIZATION_IDENTIFIER, Certificate
from .certificates import issuer_text, name_text, value_of
from .model import Kind, Signer
from .properties import Person
from .report import mask

_KSEF_ISSUER = re.compile(r"\bKSeF\b", re.IGNORECASE)
_PERSONAL_ID_ISSUER = re.compile(r"podpis\w{0,9} osobist|\bPL\.?ID\b", re.IGNORECASE)
#: docs/ksef.md B-2: the seal that signs for everybody with Profil Zaufany; its NIP is nobody's.
_SHARED_NUMBER = "5252955037"
_SHARED_NAME = re.compile(r"podpisu zaufanego", re.IGNORECASE)
#: docs/ksef.md A2-2.
_PERSON = re.compile(r"PNO|PESEL|TINPL|NIP|PAS|IDC")


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
    if is_shared_seal(certificate):
        return _signer("trusted_profile", None, "", certificate)
    identity = identity_of_certificate(certificate)
    return _signer(_kind(certificate, identity), identity, identity.name, certificate)


def is_seal(certificate: Certificate) -> bool:
    """Whether the certificate names an organisation and no human being (docs/ksef.md A2-2)."""
    subject = certificate.subject
    human = value_of(subject, NameOID.GIVEN_NAME) or value_of(subject, NameOID.SURNAME)
    return not human and bool(value_of(subject, ORGANIZATION_IDENTIFIER))


def is_shared_seal(certificate: Certificate) -> bool:
    """Whether this is the Minister's seal, with which Profil Zaufany signs for everybody."""
    number = value_of(certificate.subject, ORGANIZATION_IDENTIFIER)
    common = value_of(certificate.subject, NameOID.COMMON_NAME)
    return is_seal(certificate) and (_SHARED_NUMBER in number or bool(_SHARED_NAME.search(common)))


def _may_be_shared(certificate: Certificate, context: Context | None) -> bool:
    """Whether a seal may be that of Profil Zaufany, whatever ministry holds it by then."""
    number = value_of(certificate.subject, ORGANIZATION_IDENTIFIER)
    own = context is not None and context.value[:10] in number
    return is_seal(certificate) and not own


def is_valid_personal_number(text: str) -> bool:
    """Whether the text is a PESEL with the right check digit."""
    if not re.fullmatch(r"[0-9]{11}", text):
        return False
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    return sum(int(digit) * weight for digit, weight in zip(text, weights, strict=True)) % 10 == 0


def _identity_of(person: Person) -> Identity | None:
    number = re.sub(r"\s", "", person.personal_number)
    if not re.fullmatch(r"[0-9]{11}", number):
        return None
    return Identity(kind="pesel", value=number, name=mask(person.name))


def _kind(certificate: Certificate, identity: Identity) -> Kind:
    issuer = issuer_text(certificate)
    if _KSEF_ISSUER.search(issuer):
        return "ksef_certificate"
    if _PERSONAL_ID_ISSUER.search(issuer):
        return "personal_id"
    if is_seal(certificate):
        return "seal"
    serial = value_of(certificate.subject, NameOID.SERIAL_NUMBER)
    return "qualified" if identity.kind != "fingerprint" or _PERSON.match(serial) else "other"


def _signer(
    kind: Kind, identity: Identity | None, name: str, certificate: Certificate | None
) -> Signer:
    if certificate is None:
        return Signer(mask(name), kind, identity)
    return Signer(
        name=mask(name or name_text(certificate.subject)),
        kind=kind,
        identity=identity,
        certificate_valid_from=certificate.valid_from,
        certificate_valid_to=certificate.valid_to,
        issuer=mask(name_text(certificate.issuer)),
    )
