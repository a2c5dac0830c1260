"""What can go wrong in a talk with KSeF, as exceptions that are safe to log.

The text of each exception names the call, the HTTP status and KSeF's codes; never a token, a
header or a body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .members import MOST, for_people


@dataclass(frozen=True)
class Problem:
    """One of KSeF's errors; ``details`` may quote the document, so it is not logged."""

    code: int
    text: str
    details: tuple[str, ...] = field(default=(), repr=False)


class KsefError(Exception):
    """Base of all. ``code`` is for machines; ``retryable``: the same call may work later."""

    retryable = False

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class KsefUnavailable(KsefError):
    """No usable answer: network, time-out, 5xx, HTML, half an answer, too long an answer.

    ``sent`` is False only when the request surely never reached KSeF. ``code`` is one of
    network, timeout, tls, proxy, redirect, server, html, unreadable, too_long, reset, address.
    """

    retryable = True

    def __init__(
        self,
        message: str,
        *,
        code: str,
        sent: bool,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.sent = sent
        self.status = status
        self.retry_after = retry_after


class KsefInvalidAnswer(KsefUnavailable):
    """A 2xx answer in JSON that lacks what the call needs."""


class KsefRefused(KsefError):
    """KSeF understood the call and said no (4xx); ``said`` is its own text beside the codes."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        problems: tuple[Problem, ...] = (),
        code: str | None = None,
        said: str = "",
    ) -> None:
        number = problems[0].code if problems else None
        super().__init__(message, code=code or str(number or f"http_{status}"))
        self.status = status
        self.problems = problems
        self.said = said

    @property
    def number(self) -> int | None:
        """Return KSeF's first error code, or None when it gave none."""
        return self.problems[0].code if self.problems else None

    def has(self, code: int) -> bool:
        """Tell whether KSeF gave ``code`` among its errors."""
        return any(problem.code == code for problem in self.problems)


class KsefUnauthorized(KsefRefused):
    """The bearer is wrong or outdated: HTTP 401, or 403 with an empty body (docs/ksef.md A2-15)."""


class KsefForbidden(KsefRefused):
    """HTTP 403 with a ``reason`` (docs/ksef.md A1-http) and the members that explain it."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        reason: str,
        extensions: Mapping[str, Any],
        said: str = "",
    ) -> None:
        super().__init__(message, status=status, code=reason or "forbidden", said=said)
        self.reason = reason
        self.extensions = dict(extensions)

    @property
    def details(self) -> tuple[str, ...]:
        """Return what KSeF tells about the reason, such as the number of an incident."""
        security = self.extensions.get("security")
        found = security.items() if isinstance(security, Mapping) else ()
        return tuple(for_people(f"{name}: {_listed(value)}") for name, value in found)[:MOST]


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class KsefGone(KsefRefused):
    """HTTP 410: the operation is too old to be asked about."""


class KsefRateLimited(KsefRefused):
    """HTTP 429; ``retry_after`` in seconds, None when KSeF did not say."""

    retryable = True

    def __init__(
        self, message: str, *, status: int = 429, retry_after: float | None = None
    ) -> None:
        super().__init__(message, status=status, code="rate_limited")
        self.retry_after = retry_after
