"""Whom a certificate stands for, and whether KSeF believes it."""

from __future__ import annotations

import re
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID
from lxml import etree

from .. import identities
from ..identities import Identity, subject_value
from ..pki import Trust
from ..releases import ORGANIZATION_IDENTIFIER, check_issuer, validity
from .outcome import Refusal, Settings
from .profile import claimed_person

FINGERPRINT = "certificateFingerprint"


def chain_problem(
    certificate: x509.Certificate, trust: Trust, now: datetime, settings: Settings
) -> str | None:
    """Judge validity and issuer.

    :return: the details of status 460, None when all is well
    :raises Refusal: 21115 for what KSeF turns away at once (docs/ksef.md A2-2): its own
        certificate of another environment, and a self-signed one where these are not allowed
    """
    issuer = trust.issuer_of(certificate)
    allowed = settings.self_signed_allowed
    if allowed is None:
        allowed = trust.self_signed_allowed
    lenient = allowed and not settings.verify_chain
    if issuer is None:
        if certificate.issuer == trust.ksef.subject:
            raise Refusal(21115)
        if is_self_signed(certificate) and not allowed:
            raise Refusal(21115)
        if not lenient:
            return "Niezaufany łańcuch certyfikatów"
    start, end = validity(certificate)
    if not start <= now <= end:
        return "Nieważny certyfikat"
    if issuer == "ksef" and not _for_authentication(certificate):
        return "Niepoprawny certyfikat"
    if not lenient and certificate.serial_number in trust.revoked:
        return "Certyfikat odwołany"
    if not lenient and certificate.serial_number in trust.suspended:
        return "Certyfikat zawieszony"
    return None


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate's own key has issued it."""
    try:
        check_issuer(certificate, certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _for_authentication(certificate: x509.Certificate) -> bool:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    return bool(usage.value.digital_signature)


def identify(
    certificate: x509.Certificate,
    issuer: str | None,
    properties: etree._Element,
    subject_type: str,
) -> tuple[Identity, str]:
    """Find out who signed and by which of KSeF's methods.

    :param issuer: the trusted authority behind the certificate, see `Trust.issuer_of`
    :param properties: the signed properties
    :param subject_type: what the request claims
    :raises Refusal: 21115 for a subject without what KSeF needs, 21406 when the certificate has no
        identifier of the kind that the request claims
    """
    seal = subject_value(certificate.subject, ORGANIZATION_IDENTIFIER)
    if issuer == "minister" and seal == identities.MINISTER_NUMBER:
        person = claimed_person(properties)
        if person is None or subject_type == FINGERPRINT:
            raise Refusal(21406)
        return person, "TrustedProfile"
    if issuer != "ksef":
        _check_subject(certificate)
    method = {"ksef": "InternalCertificate", "personal_id": "PersonalSignature"}.get(issuer or "")
    if method is None:
        is_seal = identities.is_seal(certificate)
        method = "QualifiedSeal" if is_seal else "QualifiedSignature"
    if subject_type == FINGERPRINT:
        return _by_fingerprint(certificate, issuer), method
    identity = identities.identity_by_subject(certificate, own=issuer == "ksef")
    if identity is None:
        raise Refusal(21406)
    return identity, method


def _by_fingerprint(certificate: x509.Certificate, issuer: str | None) -> Identity:
    """Identify by fingerprint; KSeF's own certificate repeats the one it was issued for."""
    own = identities.identity_by_fingerprint(certificate)
    original = subject_value(certificate.subject, identities.UNIQUE_IDENTIFIER)
    if issuer == "ksef" and re.fullmatch(r"[0-9A-F]{64}", original):
        return Identity("fingerprint", original, own.name, own.given_names, own.surname)
    return own


def _check_subject(certificate: x509.Certificate) -> None:
    """Demand what subjects were seen refused without: CN, C, and a human's or a company's name."""
    subject = certificate.subject
    human = [NameOID.COMMON_NAME, NameOID.COUNTRY_NAME, NameOID.GIVEN_NAME, NameOID.SURNAME]
    company = [NameOID.COMMON_NAME, NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME]
    for wanted in company if identities.is_seal(certificate) else human:
        if not subject_value(subject, wanted):
            raise Refusal(21115)
