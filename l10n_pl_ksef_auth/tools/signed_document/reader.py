"""The door through which uploaded documents enter: parse, locate, verify, judge."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ..auth_token_request import Context, SubjectType, build
from . import const, parsing
from .certificates import Person, has_signing_certificate, person, signing_time
from .document import Document, examine, shape_finding
from .location import Located, locate
from .model import Finding, KnownChallenge, Reading, Signer
from .report import finding, ordered
from .request import Request, read_request, request_findings
from .signature import algorithm_findings, form_findings, public_key
from .signer import certificate_findings, signer_of, subject_findings, time_findings
from .verification import Verdict, verify


@dataclass(frozen=True)
class Expected:
    """What the document is compared with; see :func:`read` for the members."""

    challenges: Collection[KnownChallenge]
    context: Context | None
    unsigned: Collection[bytes]
    now: datetime
    environment: str | None


def read(
    data: bytes,
    *,
    challenges: Collection[KnownChallenge] = (),
    context: Context | None = None,
    unsigned: Collection[bytes] = (),
    now: datetime,
    environment: str | None = None,
) -> Reading:
    """Say what an uploaded file is, who signed it and what is wrong with it.

    Opens no file and no connection; takes bounded time and memory (see :mod:`.const`).

    :param data: the file, byte for byte; it is never changed
    :param challenges: challenges that were fetched for this company, outdated ones too
    :param context: the company's; None when any is welcome
    :param unsigned: the requests as they were downloaded, to tell them from signed ones
    :param now: aware, by the clock that the challenges' ends are counted by: this machine's.  Times
        of other clocks (signature, certificate) are compared with tolerance
    :param environment: production, demo or test; None when unknown
    :raises ValueError: for arguments of a wrong type, never for what the file holds
    """
    _check_arguments(data, now)
    expected = Expected(challenges, context, unsigned, now, environment)
    try:
        return read_unguarded(bytes(data), expected)
    except Exception as error:  # no document may cost the user more than a sentence
        reason = type(error).__name__
        return Reading((finding("unchecked", reason, found=reason),))


def read_unguarded(data: bytes, expected: Expected) -> Reading:
    """Do the work of :func:`read`; what this raises is a fault of the reader, for its tests to see.

    :param expected: what the document is compared with
    """
    early = parsing.recognise(data)
    if early is not None:
        return Reading((early,))
    try:
        document = examine(parsing.parse(data))
    except parsing.Unreadable as error:
        return Reading((error.finding,))
    wrong = shape_finding(document)
    if wrong is not None:
        return _misshapen(document, wrong, data, expected.unsigned)
    located = locate(document)
    verdict = verify(located, _originals(located.request, expected.unsigned))
    return _judged(located, verdict, expected, data)


def _check_arguments(data: object, now: object) -> None:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ValueError("The document must be given as bytes.")
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise ValueError("The time must be an aware datetime.")


def _misshapen(
    document: Document, wrong: Finding, data: bytes, unsigned: Collection[bytes]
) -> Reading:
    """Return what is known of a document that is no signed request."""
    request = read_request(document.candidates[0].request) if document.candidates else Request()
    if wrong.code == "unsigned":
        same = any(data == bytes(original) for original in unsigned)
        wrong = finding("unsigned", "the download, byte for byte" if same else "not byte for byte")
    return Reading((wrong,), challenge=request.challenge, context=request.context)


def _originals(request: Request, unsigned: Collection[bytes]) -> tuple[bytes, ...]:
    """Return the downloads, and the request as this addon writes one of the same content."""
    known = tuple(bytes(original) for original in unsigned)
    if request.challenge is None or request.context is None:
        return known
    kind: SubjectType = (
        "certificateFingerprint"
        if request.subject_type == "certificateFingerprint"
        else "certificateSubject"
    )
    return (*known, build(request.challenge, request.context, kind))


def _judged(located: Located, verdict: Verdict, expected: Expected, data: bytes) -> Reading:
    """Return all that is known of a signed request."""
    request = located.request
    role = person(located.properties) if located.certain else None
    signer = signer_of(verdict.certificate, role, request.context)
    signed_at = signing_time(located.properties)
    found = [
        *parsing.encoding_findings(data),
        *request_findings(request, expected.challenges, expected.context, expected.now),
        *located.findings,
        *_signature_findings(located, verdict),
        *_key_findings(located),
        *time_findings(signed_at, expected.now),
    ]
    if signer is not None:
        certificate, environment = verdict.certificate, expected.environment
        found += subject_findings(signer, request, certificate)
        found += certificate_findings(certificate, signer, expected.now, environment)
        found += _role_findings(located, role, signer)
    return Reading(ordered(found), signer, request.challenge, request.context, signed_at)


def _signature_findings(located: Located, verdict: Verdict) -> list[Finding]:
    signature = located.document.signature
    found = list(verdict.findings)
    codes = {item.code for item in found}
    if "incomplete_signature" in codes:
        return found
    if "duplicate_id" not in codes:
        found += form_findings(signature)
    return found + algorithm_findings(signature, public_key(verdict.certificate))


def _key_findings(located: Located) -> list[Finding]:
    keys, properties = located.keys, located.properties
    if keys.present == 0:
        return [finding("no_certificate", "no certificates")]
    evidence = f"{keys.present} certificates, {len(keys.readable)} readable"
    if len(keys.readable) < keys.present:
        return [finding("unreadable_certificate", evidence)]
    if keys.named is False:
        return [finding("other_signing_certificate", f"{evidence}, none named")]
    if properties is None or has_signing_certificate(properties) or _is_key_info_signed(located):
        return []
    return [finding("no_signing_certificate", "nor a signed KeyInfo")]


def _is_key_info_signed(located: Located) -> bool:
    signature = located.document.signature
    holder = signature.find(const.ds("KeyInfo"))
    return holder is not None and any(r.covers(holder, signature) for r in located.references)


def _role_findings(located: Located, role: Person | None, signer: Signer) -> list[Finding]:
    """Warn of a role that is not signed; mention one beside a person's own certificate."""
    if role is None:
        stray = person(located.document.signature) is not None
        return [finding("ignored_role", "a role outside what is signed")] if stray else []
    if signer.kind == "trusted_profile":
        return []
    return [finding("unused_role", f"beside a certificate of: {signer.kind}")]
