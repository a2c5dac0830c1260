"""What the simulator answers: bodies and errors in KSeF's shapes (KSeF's contract)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import texts

PROBLEM = "application/problem+json"
JSON = "application/json"


def stamp(moment: datetime) -> str:
    """A date as KSeF writes it: seven digits after the second, offset +00:00."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"


def stamp_seconds(moment: datetime) -> str:
    """A date without fractions, as KSeF writes the dates of certificates and permissions."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def status(code: int, description: str, details: Iterable[str] = ()) -> dict[str, Any]:
    """KSeF's StatusInfo; ``details`` is left out where there are none."""
    info: dict[str, Any] = {"code": code, "description": description}
    if details:
        info["details"] = list(details)
    return info


@dataclass
class Answer:
    """One HTTP answer before it is written out."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    outside: bool = False  # given by what stands before KSeF: no contract describes it

    def data(self) -> bytes:
        """The body as bytes: JSON in UTF-8, or the bytes given."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass
class Context:
    """What an error needs to know about the request it answers."""

    instance: str
    now: datetime
    problem_details: bool
    new: bool = True


class ErrorAnswer(Exception):
    """An answer that ends the handling of a request."""

    def answer(self, context: Context) -> Answer:
        """The HTTP answer in the format that the client asked for."""
        raise NotImplementedError


def problem(code: int, title: str, detail: str, context: Context, **extra: Any) -> Answer:
    """An application/problem+json answer with the members that KSeF always sends."""
    body = {
        "title": title,
        "status": code,
        "instance": context.instance,
        "detail": detail,
        "timestamp": stamp(context.now),
        "traceId": uuid.uuid4().hex,
        **extra,
    }
    return Answer(code, body, content_type=PROBLEM)


class Refused(ErrorAnswer):
    """HTTP 400 with one of KSeF's codes."""

    def __init__(self, code: int, *details: str, text: str | None = None) -> None:
        self.code = code
        self.details = list(details)
        self.text = text or texts.REFUSALS[code]
        super().__init__(f"{code} {self.text}")

    def answer(self, context: Context) -> Answer:
        """Either of the two formats, by the header X-Error-Format."""
        if context.problem_details:
            error = {"code": self.code, "description": self.text, "details": self.details}
            return problem(
                400, "Bad Request", "Żądanie jest nieprawidłowe.", context, errors=[error]
            )
        detail = {
            "exceptionCode": self.code,
            "exceptionDescription": self.text,
            "details": self.details,
        }
        info = {
            "exceptionDetailList": [detail],
            "referenceNumber": str(uuid.uuid4()),
            "serviceCode": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-00",
            "serviceCtx": "srvSIMUL",
            "serviceName": "Undefined",
            "timestamp": context.now.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0",
        }
        return Answer(400, {"exception": info})


class Unauthorized(ErrorAnswer):
    """HTTP 401."""

    def answer(self, context: Context) -> Answer:
        """KSeF's 401 is problem+json whatever the header says."""
        return problem(401, "Unauthorized", "Wymagane jest uwierzytelnienie.", context)


class Forbidden(ErrorAnswer):
    """HTTP 403 with a reason code, or with an empty body (reason None; docs/ksef.md A2-15)."""

    def __init__(self, reason: str | None = None, security: Mapping[str, Any] | None = None):
        self.reason = reason
        self.security = dict(security or {})
        super().__init__(f"403 {reason or '(empty)'}")

    def answer(self, context: Context) -> Answer:
        """problem+json with reasonCode and its security members."""
        if self.reason is None:
            return Answer(403, None)
        extra: dict[str, Any] = {"reasonCode": self.reason}
        if self.security:
            extra["security"] = self.security
        answer = problem(403, "Forbidden", texts.FORBIDDEN[self.reason], context, **extra)
        if context.new and self.reason == "security-service-blocked":
            del answer.body["timestamp"]  # docs/ksef.md E5
        return answer


class Blocked(ErrorAnswer):
    """HTTP 403 of the wall before KSeF (docs/ksef.md E17): no verdict of KSeF's, whatever its form.

    :param form: "json" (without a reasonCode), "text" or "html" (behind a byte order mark)
    :param incident: the number that support asks for
    """

    def __init__(self, form: str, incident: str, address: str) -> None:
        self.form = form
        self.incident = incident
        self.address = address
        super().__init__(f"403 of the wall ({form})")

    def answer(self, context: Context) -> Answer:
        """The same sentence in each of the forms."""
        text = f"Request blocked. Incident ID: {self.incident} (simulated)"
        if self.form == "text":
            return Answer(403, text.encode(), content_type="text/plain", outside=True)
        if self.form == "html":
            page = f"\ufeff<!DOCTYPE html><html><body><p>{text}</p></body></html>".encode()
            return Answer(403, page, content_type="text/html", outside=True)
        body = {
            "title": "Request blocked",
            "status": 403,
            "detail": text,
            "security": {"incidentId": self.incident, "clientIp": self.address},
        }
        return Answer(403, body, outside=True)


class Gone(ErrorAnswer):
    """HTTP 410: kept no longer."""

    def answer(self, context: Context) -> Answer:
        """problem+json."""
        return problem(410, "Gone", "Operacja wygasła i nie jest już dostępna.", context)


class TooMany(ErrorAnswer):
    """HTTP 429 with Retry-After."""

    def __init__(self, limit: int, window: str, retry_after: int) -> None:
        self.limit = limit
        self.window = window
        self.retry_after = retry_after
        super().__init__(f"429, retry after {retry_after} s")

    def answer(self, context: Context) -> Answer:
        """Either of the two formats, by the header X-Error-Format."""
        detail = (
            f"Przekroczono limit {self.limit} żądań na {self.window}. "
            f"Spróbuj ponownie po {self.retry_after} sekundach."
        )
        if context.problem_details:
            answer = problem(429, "Too Many Requests", detail, context)
        else:
            answer = Answer(429, {"status": status(429, "Too Many Requests", [detail])})
        answer.headers["Retry-After"] = str(self.retry_after)
        return answer


class Plain(ErrorAnswer):
    """An HTTP error outside KSeF's contract (404, 405, 415, 5xx): problem+json."""

    def __init__(self, code: int, title: str, detail: str) -> None:
        self.code = code
        self.title = title
        self.detail = detail
        super().__init__(f"{code} {title}")

    def answer(self, context: Context) -> Answer:
        """problem+json."""
        return problem(self.code, self.title, self.detail, context)
