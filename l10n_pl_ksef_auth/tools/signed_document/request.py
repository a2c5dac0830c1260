"""Reads the request's challenge and context and compares them with what was downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from ..auth_token_request import SUBJECT_TYPES, Context, ContextType, SubjectType, build
from ..nip import formatted
from . import const
from .document import elements_of, local_name, namespace, text_of
from .model import Expected, Finding
from .report import finding

#: The sequence of the schema; the last one may be missing.
_MEMBERS = ("Challenge", "ContextIdentifier", "SubjectIdentifierType", "AuthorizationPolicy")


@dataclass(frozen=True)
class Request:
    """The members of a request; None for a missing one.

    ``fault`` tells how its members differ from the schema's, "" when they do not.
    """

    challenge: str | None = None
    context: Context | None = None
    subject_type: str = ""
    namespace: str = ""
    fault: str = ""

    def as_downloaded(self) -> bytes | None:
        """Return the request as this addon writes one of the same content; None if it never did."""
        if self.challenge is None or self.context is None or self.fault:
            return None
        return build(self.challenge, self.context, cast(SubjectType, self.subject_type))


def read_request(element: Any) -> Request:
    """Return the members of an AuthTokenRequest of any version of the schema."""
    return Request(
        challenge=_value(element.find("{*}Challenge")) or None,
        context=_context(element.find("{*}ContextIdentifier")),
        subject_type=_value(element.find("{*}SubjectIdentifierType")),
        namespace=namespace(element),
        fault=_fault(element),
    )


def request_findings(request: Request, expected: Expected) -> list[Finding]:
    """Compare a request with this company and its challenges."""
    found: list[Finding] = []
    if request.challenge is None or request.context is None:
        found.append(finding("incomplete_request", request.fault or "an empty member"))
    elif request.fault:
        found.append(finding("invalid_request", request.fault))
    if request.namespace not in const.REQUEST_NAMESPACES:
        found.append(finding("unknown_schema", f"namespace {request.namespace or 'none'}"))
    own, context = expected.context, request.context
    if own is not None and context is not None and context != own:
        evidence = f"{context.type} {context.value}, expected {own.type} {own.value}"
        values = {"found": formatted(context.value), "expected": formatted(own.value)}
        found.append(finding("other_company", evidence, **values))
    return found + _challenge_findings(request.challenge, expected)


def _challenge_findings(challenge: str | None, expected: Expected) -> list[Finding]:
    if challenge is None or not expected.challenges:
        return []
    ends = [known.expires_at for known in expected.challenges if known.value == challenge]
    if not ends:
        return [finding("other_challenge", f"challenge {challenge}")]
    if max(ends) > expected.now:
        return []
    return [finding("outdated_challenge", f"challenge {challenge} ended {max(ends).isoformat()}")]


def _value(element: Any) -> str:
    return text_of(element)[: const.MAX_VALUE]


def _context(element: Any) -> Context | None:
    for child in elements_of(element):
        kind = local_name(child)
        if kind in const.CONTEXT_TYPES and _value(child):
            return Context(cast(ContextType, kind), _value(child))
    return None


def _fault(element: Any) -> str:
    """Return how the members differ from the schema's sequence, the signature left out.

    One member too many would leave open which of them KSeF reads.
    """
    own = f"{{{namespace(element)}}}" if namespace(element) else ""
    members = [child.tag for child in elements_of(element) if child.tag != const.SIGNATURE]
    expected = [own + name for name in _MEMBERS]
    if members not in (expected, expected[:-1]):
        return f"members {', '.join(tag.rpartition('}')[2] for tag in members)}"
    context = elements_of(element.find(own + "ContextIdentifier"))
    kinds = [own + kind for kind in const.CONTEXT_TYPES]
    if len(context) != 1 or context[0].tag not in kinds:
        return f"{len(context)} context identifiers"
    kind = _value(element.find(own + "SubjectIdentifierType"))
    return "" if kind in SUBJECT_TYPES else f"subject type {kind or 'none'}"
