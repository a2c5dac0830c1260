"""Failures of calls to KSeF, as exceptions that are safe to log.

The text of each exception names the call, the HTTP status and KSeF's codes; never a token, a
header or a body. :func:`raise_for` raises the exception for an HTTP answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any

from . import clock, walls
from .members import MOST, for_people, shown, texts

#: Seconds; only a mistake or an attacker asks for a longer wait.
MAX_RETRY_AFTER = 24 * 3600.0
#: Members of a problem that tell nothing about its reason (RFC 7807, and KSeF's own).
_STANDARD_MEMBERS = {
    "title",
    "status",
    "detail",
    "instance",
    "timestamp",
    "traceId",
    "type",
    "reasonCode",
}
#: Calls that leave everything at KSeF as it is, by method and the beginning of the path.
_READS = (
    "GET ",
    "POST /auth/challenge",
    "POST /auth/token/refresh",
    "POST /certificates/query",
    "POST /certificates/retrieve",
    "POST /permissions/query",
)
_TRACE = re.compile("[0-9A-Za-z-]{8,80}")


@dataclass(frozen=True)
class Problem:
    """One of KSeF's errors; ``details`` may quote the document, so it is not logged."""

    code: int
    text: str
    details: tuple[str, ...] = field(default=(), repr=False)


@dataclass(eq=False, repr=False)
class KsefError(Exception):
    """Base of all. ``code`` is for machines; if ``retryable``, the same call may work later."""

    retryable = False

    message: str
    _: KW_ONLY
    code: str


@dataclass(eq=False, repr=False, kw_only=True)
class KsefUnavailable(KsefError):
    """No usable answer: network, time-out, 5xx, HTML, half an answer, too long an answer.

    ``sent`` is False only if the request certainly did not reach KSeF. ``code`` is one of
    network, timeout, tls, proxy, redirect, server, html, blocked, unreadable, too_long, reset,
    address. ``incident`` is the number of a blocked call for support, where one was told. ``call``
    is method and path, where no answer came at all.
    """

    retryable = True

    sent: bool
    status: int | None = None
    retry_after: float | None = None
    incident: str = ""
    call: str = ""

    @property
    def may_have_done(self) -> bool:
        """Return True if KSeF may have received something that changes anything there."""
        return self.sent and not self.call.startswith(_READS)

    @property
    def details(self) -> tuple[str, ...]:
        """Return what a record keeps of the answer: the incident's number, where there is one."""
        return (self.incident,) if self.incident else ()


class KsefBlocked(KsefUnavailable):
    """A firewall or gateway answered in KSeF's place: it is no verdict of KSeF's.

    ``code`` is html for a web page, blocked for text and JSON (docs/ksef.md E17).
    """


class KsefInvalidAnswer(KsefUnavailable):
    """A 2xx answer in JSON that lacks what the call needs."""


@dataclass(eq=False, repr=False, kw_only=True)
class KsefRefused(KsefError):
    """KSeF understood the call and said no (4xx); ``said`` is its own text beside the codes.

    ``call`` is method and path, by which one code may have several meanings (docs/ksef.md E4).
    """

    code: str = ""
    status: int
    problems: tuple[Problem, ...] = ()
    said: str = ""
    call: str = ""

    def __post_init__(self) -> None:
        self.code = self.code or str(self.number or f"http_{self.status}")

    @property
    def number(self) -> int | None:
        """Return KSeF's first error code, or None when it gave none."""
        return self.problems[0].code if self.problems else None

    def has(self, code: int) -> bool:
        """Return True if ``code`` is among KSeF's errors."""
        return any(problem.code == code for problem in self.problems)


class KsefUnauthorized(KsefRefused):
    """The bearer is wrong or outdated: HTTP 401, or 403 with an empty body (docs/ksef.md A2-15).

    An empty body says so only where a bearer was sent.
    """


@dataclass(eq=False, repr=False, kw_only=True)
class KsefForbidden(KsefRefused):
    """HTTP 403 with a ``reason`` (docs/ksef.md A1-http) and the members that explain it."""

    reason: str
    extensions: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.code = self.reason or "forbidden"

    @property
    def details(self) -> tuple[str, ...]:
        """Return KSeF's details of the reason, such as the number of an incident."""
        security = self.extensions.get("security")
        found = security.items() if isinstance(security, Mapping) else ()
        return tuple(for_people(f"{name}: {_listed(value)}") for name, value in found)[:MOST]


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class KsefGone(KsefRefused):
    """HTTP 410: the operation is too old to be asked about."""


@dataclass(eq=False, repr=False, kw_only=True)
class KsefRateLimited(KsefRefused):
    """HTTP 429; ``retry_after`` in seconds, None when KSeF did not say."""

    retryable = True

    code: str = "rate_limited"
    status: int = 429
    retry_after: float | None = None


def raise_for(
    call: str, status: int, headers: Mapping[str, str], content: bytes, *, bearer: bool = True
) -> None:
    """Raise the exception for this answer; return if it is a success.

    :param call: method and path, for the exception's text
    :param bearer: whether the request carried a token
    :raises KsefError: for any status but 2xx; docs/ksef.md A1-http
    """
    if 200 <= status < 300:
        return
    body = _object(content)
    text = f"{call}: HTTP {status}{_trace(body)}"
    wait = _retry_after(headers.get("Retry-After"))
    if status == 429:
        raise KsefRateLimited(text, retry_after=wait)
    code = _unavailable_code(status, content, body, bearer)
    if code in ("html", "blocked"):
        raise blocked(text, code, status, content, wait)
    if code:
        sent = status not in (407, 511)  # a proxy's or a hotspot's answer, not KSeF's
        raise KsefUnavailable(text, code=code, sent=sent, status=status, retry_after=wait)
    refusal = _refusal(text, status, body)
    refusal.call = call.removeprefix("KSeF ")
    raise refusal


def blocked(
    text: str, code: str, status: int, content: bytes, wait: float | None = None
) -> KsefBlocked:
    """Return the exception for a body that something before KSeF has sent.

    :param text: the call and its HTTP status
    :param code: html or blocked
    :param wait: seconds that the answer asks to wait
    """
    number = walls.incident(content, _object(content))
    text = f"{text}, incident {number}" if number else text
    return KsefBlocked(text, code=code, sent=True, status=status, retry_after=wait, incident=number)


def _trace(body: Mapping[str, Any]) -> str:
    """Return the number of this answer in the Ministry's log, for the exception's text."""
    old = body.get("exception")
    number = body.get("traceId") or (old.get("serviceCode") if isinstance(old, dict) else None)
    known = isinstance(number, str) and _TRACE.fullmatch(number)
    return f", trace {number}" if known else ""


def _unavailable_code(
    status: int, content: bytes, body: Mapping[str, Any], bearer: bool
) -> str | None:
    if 300 <= status < 400:
        return "redirect"
    if status in (407, 511):
        return "proxy"
    if status == 408 or not 400 <= status < 500:
        return "server"
    if walls.is_blank(content):
        return None if bearer and status in (401, 403) else "unreadable"
    if walls.is_page(content):
        return "html"
    return None if walls.is_verdict(status, body, bool(_problems(body))) else "blocked"


def _refusal(text: str, status: int, body: Mapping[str, Any]) -> KsefRefused:
    said = shown(body.get("detail")) or shown(body.get("title"))
    if status == 401 or (status == 403 and not body):
        return KsefUnauthorized(text, status=status, code="unauthorized", said=said)
    if status == 403:
        extensions = {key: value for key, value in body.items() if key not in _STANDARD_MEMBERS}
        reason = shown(body.get("reasonCode"))
        return KsefForbidden(
            f"{text} {reason[:60]}".rstrip(),
            status=status,
            reason=reason,
            extensions=extensions,
            said=said,
        )
    found = _problems(body)
    numbers = ", ".join(str(problem.code) for problem in found)
    kind = KsefGone if status == 410 else KsefRefused
    text = f"{text}, codes {numbers}" if numbers else text
    return kind(text, status=status, problems=found, said=said)


def _problems(body: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Read KSeF's errors in either of its two shapes (docs/ksef.md A1-http)."""
    exception = body.get("exception")
    old = exception.get("exceptionDetailList") if isinstance(exception, dict) else None
    new = body.get("errors")
    found = [_problem(item, "exceptionCode", "exceptionDescription") for item in _items(old)]
    found += [_problem(item, "code", "description") for item in _items(new)]
    return tuple(problem for problem in found if problem)


def _items(value: Any) -> list[dict[str, Any]]:
    items = value[:MOST] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _problem(item: dict[str, Any], code: str, description: str) -> Problem | None:
    number = item.get(code)
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number[:9])
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return Problem(number, shown(item.get(description)), texts(item.get("details")))


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as a number or as a date."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (TypeError, ValueError, OverflowError):
            return None
        when = when if when.tzinfo else when.replace(tzinfo=timezone.utc)
        seconds = (when - clock.now()).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if math.isfinite(seconds) else None
