"""The door through which uploaded documents enter: parse, locate, verify, judge."""

from __future__ import annotations

from datetime import datetime

from . import const
from .certificates import Person, people, signing_certificate, signing_time
from .document import Document, examine, shape_finding
from .encodings import encoding_findings
from .model import Expected, Finding, Reading, Signer
from .parsing import Unreadable, parse
from .recognition import recognise
from .references import Located, locate
from .report import finding, ordered
from .request import Request, read_request, request_findings
from .signature import algorithm_findings, public_key
from .signer import certificate_findings, signer_of, subject_findings, time_findings
from .verification import Verdict, verify


def read(data: bytes, expected: Expected) -> Reading:
    """Say what an uploaded file is, who signed it and what is wrong with it.

    Opens no file and no connection; takes bounded time and memory (see :mod:`.const`).

    :param data: the file, byte for byte; it is never changed
    :raises ValueError: for arguments of a wrong type, never for what the file holds
    """
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ValueError("The document must be given as bytes.")
    if not isinstance(expected.now, datetime) or expected.now.tzinfo is None:
        raise ValueError("The time must be an aware datetime.")
    try:
        return read_unguarded(bytes(data), expected)
    except Exception as error:  # no document may cost the user more than a sentence
        reason = type(error).__name__
        return Reading((finding("unchecked", reason, found=reason),))


def read_unguarded(data: bytes, expected: Expected) -> Reading:
    """Do the work of :func:`read`; what this raises is a fault of the reader, for tests to see."""
    early = recognise(data)
    if early is not None:
        return Reading((early,))
    try:
        document = examine(parse(data))
    except Unreadable as error:
        return Reading((error.finding,))
    wrong = shape_finding(document)
    if wrong is not None:
        return _misshapen(document, wrong, data)
    located = locate(document)
    return _judged(located, verify(located), expected, data)


def _misshapen(document: Document, wrong: Finding, data: bytes) -> Reading:
    """Return what is known of a document that is no signed request."""
    request = read_request(document.candidates[0].request) if document.candidates else Request()
    if wrong.code == "unsigned":
        same = data == request.as_downloaded()
        wrong = finding("unsigned", "the download, byte for byte" if same else "not byte for byte")
    return Reading((wrong,), challenge=request.challenge, context=request.context)


def _judged(located: Located, verdict: Verdict, expected: Expected, data: bytes) -> Reading:
    """Return all that is known of a signed request."""
    request, certificate = located.request, verdict.certificate
    roles = people(located.properties) if located.certain else []
    signer = signer_of(certificate, next(iter(roles), None), request.context)
    signed_at = signing_time(located.properties)
    found = [
        *encoding_findings(data),
        *request_findings(request, expected),
        *located.findings,
        *verdict.findings,
        *_key_findings(located),
        *time_findings(signed_at, expected.now),
    ]
    if "incomplete_signature" not in {item.code for item in verdict.findings}:
        found += algorithm_findings(located.signature, public_key(certificate))
    if signer is not None:
        found += subject_findings(signer, request)
        found += certificate_findings(certificate, signer, expected)
        found += _role_findings(located, roles, signer)
    return Reading(ordered(found), signer, request.challenge, request.context, signed_at)


def _key_findings(located: Located) -> list[Finding]:
    keys, properties, signature = located.keys, located.properties, located.signature
    if keys.present == 0:
        return [finding("no_certificate", "no certificates")]
    evidence = f"{keys.present} certificates, {len(keys.readable)} readable"
    if len(keys.readable) < keys.present:
        return [finding("unreadable_certificate", evidence)]
    if keys.named is False:
        return [finding("other_signing_certificate", f"{evidence}, none named")]
    holder = signature.find(const.ds("KeyInfo"))
    signed = holder is not None and any(r.covers(holder, signature) for r in located.references)
    if properties is None or signed or signing_certificate(properties) is not None:
        return []
    return [finding("no_signing_certificate", "nor a signed KeyInfo")]


def _role_findings(located: Located, roles: list[Person], signer: Signer) -> list[Finding]:
    """Tell of roles that are not signed, of several, and of one beside a person's certificate."""
    found = []
    if len(people(located.signature)) > len(roles):
        found.append(finding("ignored_role", "a role outside what is signed"))
    if len(roles) > 1:
        names = ", ".join(dict.fromkeys(role.name for role in roles))
        found.append(finding("second_person", f"{len(roles)} people in roles", found=names))
    if roles and signer.kind != "trusted_profile":
        found.append(finding("unused_role", f"beside a certificate of: {signer.kind}"))
    return found
