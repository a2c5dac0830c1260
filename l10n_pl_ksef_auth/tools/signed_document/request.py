"""Reads the request's challenge and context and compares them with what was downloaded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from ..auth_token_request import SUBJECT_TYPES, Context, ContextType
from ..nip import formatted
from . import const
from .document import elements_of, local_name, namespace, text_of
from .model import Finding, KnownChallenge
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


def read_request(element: Any) -> Request:
    """Return the members of an AuthTokenRequest of any version of the schema."""
    members = {local_name(child): child for child in reversed(elements_of(element))}
    return Request(
        challenge=_value(members.get("Challenge")) or None,
        context=_context(members.get("ContextIdentifier")),
        subject_type=_value(members.get("SubjectIdentifierType")),
        namespace=namespace(element),
        fault=_fault(element),
    )


def request_findings(
    request: Request, challenges: Collection[KnownChallenge], context: Context | None, now: datetime
) -> list[Finding]:
    """Compare a request with this company and its challenges.

    :param challenges: those fetched for the company; none means that challenges are not compared
    :param context: the company's; None means that contexts are not compared
    :param now: aware, by the clock that their ends are counted by
    """
    found: list[Finding] = []
    if request.challenge is None or request.context is None:
        found.append(finding("incomplete_request", request.fault or "an empty member"))
    elif request.fault:
        found.append(finding("invalid_request", request.fault))
    if request.namespace not in const.REQUEST_NAMESPACES:
        found.append(finding("unknown_schema", f"namespace {request.namespace or 'none'}"))
    if context is not None and request.context is not None and request.context != context:
        evidence = f"{_shown(request.context)}, expected {_shown(context)}"
        found.append(
            finding(
                "other_company",
                evidence,
                found=formatted(request.context.value),
                expected=formatted(context.value),
            )
        )
    return found + _challenge_findings(request.challenge, challenges, now)


def _challenge_findings(
    challenge: str | None, challenges: Collection[KnownChallenge], now: datetime
) -> list[Finding]:
    if challenge is None or not challenges:
        return []
    ends = [known.expires_at for known in challenges if known.value == challenge]
    if not ends:
        return [finding("other_challenge", f"challenge {challenge}")]
    if max(ends) <= now:
        return [
            finding("outdated_challenge", f"challenge {challenge} ended {max(ends).isoformat()}")
        ]
    return []


def _value(element: Any) -> str:
    return text_of(element)[: const.MAX_VALUE]


def _shown(context: Context) -> str:
    return f"{context.type} {context.value}"


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
