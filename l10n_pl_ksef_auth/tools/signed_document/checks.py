"""Judges the certificate and whether the signer fits the request."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ..auth_token_request import Context
from ..nip import formatted
from ..x509_support import Certificate
from .certificates import is_for_offline_invoices, is_self_signed, issuer_text
from .model import Finding, Signer
from .report import finding
from .request import Request
from .signer import is_shared_seal, is_valid_personal_number

#: How far the clocks of signer, Odoo and KSeF may differ without a word.
_TOLERANCE = timedelta(minutes=5)
#: A certificate that ended longer ago than any clock can be wrong is certainly refused.
_CERTAINLY_EXPIRED = timedelta(days=1)
_FINGERPRINT = "certificateFingerprint"
_ENVIRONMENT = re.compile(r"\b(TEST|DEMO)\b", re.IGNORECASE)


def certificate_findings(
    certificate: Certificate, signer: Signer, now: datetime, environment: str | None
) -> list[Finding]:
    """Judge the certificate that signed.

    :param environment: KSeF's; None when unknown
    """
    found = _validity_findings(certificate, now)
    if signer.kind == "ksef_certificate" and is_for_offline_invoices(certificate):
        found.append(finding("offline_certificate", "key usage nonRepudiation only"))
    if is_self_signed(certificate) and environment in ("production", "demo"):
        found.append(finding("self_signed", f"issuer {signer.issuer}"))
    named = _ENVIRONMENT.search(issuer_text(certificate))
    if signer.kind == "ksef_certificate" and named and environment is not None:
        if named[1].lower() != environment:
            found.append(finding("other_environment", f"issuer {signer.issuer}", found=named[1]))
    return found


def time_findings(signed_at: datetime | None, now: datetime) -> list[Finding]:
    """Warn of a signing time that has not come yet."""
    if signed_at is None or signed_at <= now + _TOLERANCE:
        return []
    return [finding("future_signature", signed_at.isoformat(), date=_minute(signed_at))]


def subject_findings(
    signer: Signer, request: Request, certificate: Certificate | None
) -> list[Finding]:
    """Judge whether the signer is somebody whom the request's subject type can name."""
    if signer.kind == "trusted_profile":
        return _trusted_findings(signer, request, certificate)
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


def _trusted_findings(
    signer: Signer, request: Request, certificate: Certificate | None
) -> list[Finding]:
    if request.subject_type == _FINGERPRINT:
        return [finding("shared_fingerprint", f"subject type {request.subject_type}")]
    if signer.identity is None:
        shared = certificate is not None and is_shared_seal(certificate)
        return [finding("no_personal_number", "the Minister's seal" if shared else "another seal")]
    return _number_findings(signer.identity.value)


def _number_findings(number: str) -> list[Finding]:
    if is_valid_personal_number(number):
        return []
    return [finding("invalid_personal_number", f"{len(number)} digits, the last {number[-1:]}")]


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


def _minute(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z")
