"""Turns an HTTP answer that is no success into the exception it means."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any

from . import clock, members
from .errors import (
    KsefForbidden,
    KsefGone,
    KsefRateLimited,
    KsefRefused,
    KsefUnauthorized,
    KsefUnavailable,
    Problem,
)

#: Seconds; a longer wait is asked for by mistake or by an attacker.
MAX_RETRY_AFTER = 24 * 3600.0


def raise_for(call: str, status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Raise what this answer means, or return when it is a success.

    :param call: method and path, for the exception's text
    :raises KsefError: for any status but 2xx; docs/ksef.md A1-http
    """
    if 200 <= status < 300:
        return
    body = _object(content)
    text = f"{call}: HTTP {status}{_trace(body)}"
    wait = retry_after(headers.get("Retry-After"))
    if status == 429:
        raise KsefRateLimited(text, retry_after=wait)
    code = _unavailable_code(status, content)
    if code:
        sent = status not in (407, 511)  # a proxy's or a hotspot's answer, not KSeF's
        raise KsefUnavailable(text, code=code, sent=sent, status=status, retry_after=wait)
    raise _refusal(text, status, body, not content.strip())


def _trace(body: Mapping[str, Any]) -> str:
    """Return the number by which the Ministry finds this answer in its own log."""
    old = body.get("exception")
    number = body.get("traceId") or (old.get("serviceCode") if isinstance(old, dict) else None)
    known = isinstance(number, str) and _TRACE.fullmatch(number)
    return f", trace {number}" if known else ""


def _unavailable_code(status: int, content: bytes) -> str | None:
    if 300 <= status < 400:
        return "redirect"
    if status in (407, 511):
        return "proxy"
    if status == 408 or not 400 <= status < 500:
        return "server"
    return "html" if is_html(content) else None


def _refusal(text: str, status: int, body: Mapping[str, Any], empty: bool) -> KsefRefused:
    said = members.optional(body, "detail") or members.optional(body, "title") or ""
    if status == 401 or (status == 403 and empty):
        return KsefUnauthorized(text, status=status, code="unauthorized", said=said)
    if status == 403:
        extensions = {key: value for key, value in body.items() if key not in _STANDARD_MEMBERS}
        reason = members.optional(body, "reasonCode") or ""
        return KsefForbidden(
            f"{text} {reason[:60]}".rstrip(),
            status=status,
            reason=reason,
            extensions=extensions,
            said=said,
        )
    found = problems(body)
    numbers = ", ".join(str(problem.code) for problem in found)
    kind = KsefGone if status == 410 else KsefRefused
    text = f"{text}, codes {numbers}" if numbers else text
    return kind(text, status=status, problems=found, said=said)


_STANDARD_MEMBERS = {
    "title", "status", "detail", "instance", "timestamp", "traceId", "type", "reasonCode"
}  # fmt: skip
_TRACE = re.compile("[0-9A-Za-z-]{8,80}")


def problems(body: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Read KSeF's errors in either of its two shapes (docs/ksef.md A1-http)."""
    exception = body.get("exception")
    old = exception.get("exceptionDetailList") if isinstance(exception, dict) else None
    new = body.get("errors")
    found = [_problem(item, "exceptionCode", "exceptionDescription") for item in _items(old)]
    found += [_problem(item, "code", "description") for item in _items(new)]
    return tuple(problem for problem in found if problem)


def _items(value: Any) -> list[dict[str, Any]]:
    items = value[: members.MOST] if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def _problem(item: dict[str, Any], code: str, description: str) -> Problem | None:
    number = item.get(code)
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number[:9])
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    return Problem(
        number, members.optional(item, description) or "", members.texts(item, "details")
    )


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def is_html(content: bytes) -> bool:
    """Tell whether a firewall's or a proxy's page came instead of KSeF's answer."""
    return content.lstrip()[:1] == b"<"


def retry_after(value: str | None) -> float | None:
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
