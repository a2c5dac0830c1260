"""Reads the request's challenge and context and compares them with what was downloaded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from ..auth_token_request import Context, ContextType
from . import names
from .document import local_name, namespace, text_of
from .findings import finding
from .limits import MAX_VALUE
from .model import Finding, KnownChallenge


@dataclass(frozen=True)
class Request:
    """What a request says; None where it says nothing."""

    challenge: str | None = None
    context: Context | None = None
    subject_type: str = ""
    namespace: str = ""


def read_request(element: Any) -> Request:
    """Return the members of an AuthTokenRequest, whatever version of the schema it follows."""
    members = {local_name(child): child for child in reversed(element)}
    return Request(
        challenge=_value(members.get("Challenge")) or None,
        context=_context(members.get("ContextIdentifier")),
        subject_type=_value(members.get("SubjectIdentifierType")),
        namespace=namespace(element),
    )


def request_findings(
    request: Request, challenges: Collection[KnownChallenge], context: Context | None, now: datetime
) -> list[Finding]:
    """Compare a request with this company and its challenges.

    :param challenges: those fetched for the company; none means that challenges are not compared
    :param context: the company's; None means that contexts are not compared
    :param now: aware, by KSeF's clock
    """
    found: list[Finding] = []
    if request.challenge is None or request.context is None:
        found.append(finding("incomplete_request"))
    if request.namespace not in names.REQUEST_NAMESPACES:
        found.append(finding("unknown_schema", f"namespace {request.namespace or 'none'}"))
    if context is not None and request.context is not None and request.context != context:
        evidence = f"{request.context.type} {request.context.value}, expected {context.type} {context.value}"
        found.append(
            finding("other_company", evidence, found=request.context.value, expected=context.value)
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
    return text_of(element)[:MAX_VALUE]


def _context(element: Any) -> Context | None:
    for child in element if element is not None else ():
        kind = local_name(child)
        if kind in names.CONTEXT_TYPES and _value(child):
            return Context(cast(ContextType, kind), _value(child))
    return None
