"""Reads a document that has the shape of a signed request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..auth_token_request import Context, SubjectType, build
from ..x509_support import Certificate
from . import checks, names
from .algorithms import algorithm_findings
from .certificates import KeyInfo, has_signing_certificate, key_info
from .coverage import Coverage, coverage_of, reference_findings
from .document import Document
from .form import form_findings
from .model import Finding, KnownChallenge, Reading, Signer
from .parsing import encoding_findings
from .properties import Person, person, signing_time
from .references import Checked, check_all
from .report import finding, ordered
from .request import Request, read_request, request_findings
from .signer import signer_of
from .value import public_key, structure_finding, value_finding, verifies


@dataclass(frozen=True)
class Expected:
    """What the document is compared with; see :func:`.reader.read` for the members."""

    challenges: Collection[KnownChallenge]
    context: Context | None
    unsigned: Collection[bytes]
    now: datetime
    environment: str | None


@dataclass(frozen=True)
class Signed:
    """What is read of a signed document on the way to its findings."""

    signature: Any
    checked: list[Checked]
    coverage: Coverage
    keys: KeyInfo
    certificate: Certificate | None
    person: Person | None
    signer: Signer | None
    request: Request
    signed_at: datetime | None


def read_signed(document: Document, expected: Expected, data: bytes) -> Reading:
    """Return all that is known of a signed request."""
    signed = _examined(document)
    found = [
        *encoding_findings(data),
        *request_findings(signed.request, expected.challenges, expected.context, expected.now),
        *signed.coverage.findings,
        *_signature_findings(signed, _originals(signed.request, expected.unsigned)),
        *_key_findings(signed),
        *_signer_findings(signed, expected),
        *checks.time_findings(signed.signed_at, expected.now),
    ]
    return Reading(
        ordered(found),
        signer=signed.signer,
        challenge=signed.request.challenge,
        context=signed.request.context,
        packaging=document.packaging,
        signed_at=signed.signed_at,
        size=len(data),
    )


def _examined(document: Document) -> Signed:
    signature = document.signature
    checked = check_all(document.tree, signature)
    coverage = coverage_of(document, checked)
    keys = key_info(signature, coverage.properties)
    role = person(coverage.properties) if coverage.certain else None
    certificate = _certificate(signature, keys)
    request = read_request(coverage.request.request)
    return Signed(
        signature=signature,
        checked=checked,
        coverage=coverage,
        keys=keys,
        certificate=certificate,
        person=role,
        signer=signer_of(certificate, role, request.context),
        request=request,
        signed_at=signing_time(coverage.properties),
    )


def _certificate(signature: Any, keys: KeyInfo) -> Certificate | None:
    """Return the certificate whose key made the signature, else the first that is named."""
    first = next(iter(keys.readable), None)
    if len(keys.readable) < 2 or structure_finding(signature) is not None:
        return first
    return verifies(signature, list(keys.readable)) or first


def _originals(request: Request, unsigned: Collection[bytes]) -> list[bytes]:
    """Return the downloads, and the request as this addon writes one of the same content."""
    known = [bytes(original) for original in unsigned]
    if request.challenge is None or request.context is None:
        return known
    kind: SubjectType = (
        "certificateFingerprint"
        if request.subject_type == "certificateFingerprint"
        else "certificateSubject"
    )
    return [*known, build(request.challenge, request.context, kind)]


def _signature_findings(signed: Signed, originals: list[bytes]) -> list[Finding]:
    incomplete = structure_finding(signed.signature)
    if incomplete is not None:
        return [incomplete]
    found = reference_findings(signed.checked, signed.coverage.request, signed.signature, originals)
    # An editor that indents the request indents what was signed, too: one sentence is enough.
    edited = any(item.code == "edited" for item in found)
    if signed.certificate is not None and not edited:
        invalid = value_finding(signed.signature, signed.certificate)
        found += [invalid] if invalid is not None else []
    if all(item.code != "duplicate_id" for item in found):
        found += form_findings(signed.signature)
    return found + algorithm_findings(signed.signature, public_key(signed.certificate))


def _key_findings(signed: Signed) -> list[Finding]:
    keys, properties = signed.keys, signed.coverage.properties
    if signed.certificate is None:
        code = "unreadable_certificate" if keys.present else "no_certificate"
        return [finding(code, f"{keys.present} certificates")]
    if keys.named is False:
        return [finding("other_signing_certificate", f"{keys.present} certificates, none named")]
    if properties is None or has_signing_certificate(properties) or _is_key_info_signed(signed):
        return []
    return [finding("no_signing_certificate", "nor a signed KeyInfo")]


def _is_key_info_signed(signed: Signed) -> bool:
    holder = signed.signature.find(names.ds("KeyInfo"))
    return holder is not None and any(c.covers(holder, signed.signature) for c in signed.checked)


def _signer_findings(signed: Signed, expected: Expected) -> list[Finding]:
    if signed.signer is None:
        return []
    found = checks.subject_findings(signed.signer, signed.request, signed.certificate)
    if signed.certificate is not None:
        found += checks.certificate_findings(
            signed.certificate, signed.signer, expected.now, expected.environment
        )
    return found + _role_findings(signed)


def _role_findings(signed: Signed) -> list[Finding]:
    """Warn of a role that is not signed; mention one beside a person's own certificate."""
    if signed.person is None:
        stray = person(signed.signature) is not None
        return [finding("ignored_role", "a role outside what is signed")] if stray else []
    believed = signed.signer is not None and signed.signer.kind == "trusted_profile"
    kind = signed.signer.kind if signed.signer else "nobody"
    return [] if believed else [finding("unused_role", f"beside a certificate of: {kind}")]
