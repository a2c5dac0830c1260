"""The only way to KSeF: one address, one pace, an end at the first wall. Keeps all answers."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.response import HTTPResponse

from tools.const import ENVIRONMENTS, MAX_ANSWER_BYTES, TIMEOUT, check_base_url

TEST = ENVIRONMENTS["test"].base_url
#: Seconds between two requests, and between two of those that KSeF counts 30 a minute. Its
#: documents differ on whether these share one counter (docs/ksef.md A2-30), so here they do.
PACE, COUNTED_PACE = 1.0, 2.1
#: Calls of which KSeF takes 60 a second (docs/ksef.md A1-http).
_QUICK = ("/auth/", "/testdata/")
_SLOW = ("/auth/sessions", "/testdata/context", "/testdata/certificates", "/testdata/limits")
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "Odoo-l10n_pl_ksef_auth-live",
    "X-Error-Format": "problem-details",
}
BLOCKED = 480


class Stopped(Exception):
    """Nothing more is sent: KSeF, or what stands before it, has said so."""


class Clock:
    """Time as the runner sees it; a test moves another one."""

    def now(self) -> float:
        """Return a moment in seconds, for differences."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def checked_address(url: str) -> str:
    """Return the base address without a trailing slash.

    :raises ValueError: unless it is the one of TEST, or http on this machine
    """
    base = check_base_url(url)
    if base != TEST and urlsplit(base).scheme != "http":  # http elsewhere is refused already
        raise ValueError(f"Only {TEST}, or a simulator on this machine, may be called.")
    return base


class Pace:
    """Keeps two requests apart, and those that KSeF counts together still more.

    :param every: seconds between any two
    :param counted: seconds between two of those that KSeF takes 30 of in a minute
    """

    def __init__(self, clock: Clock, every: float = PACE, counted: float = COUNTED_PACE) -> None:
        self._clock = clock
        self._every, self._counted = every, counted
        self._last = self._last_counted = float("-inf")

    def wait(self, path: str) -> None:
        """Wait until a request may be sent.

        :param path: from the base address on
        """
        slow = not path.startswith(_QUICK) or path.startswith(_SLOW)
        until = self._last + self._every
        if slow:
            until = max(until, self._last_counted + self._counted)
        if (pause := until - self._clock.now()) > 0:
            self._clock.sleep(pause)
        self._last = self._clock.now()
        if slow:
            self._last_counted = self._last


@dataclass(frozen=True)
class Answer:
    """One complete answer of KSeF's, whatever its status."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON object of the body, empty when it is none."""
        try:
            found = json.loads(self.content)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def errors(self) -> list[tuple[int, tuple[str, ...]]]:
        """Return KSeF's codes with their details, from either shape (docs/ksef.md A1-http)."""
        old = self.body.get("exception", {}).get("exceptionDetailList", [])
        found = [(item["exceptionCode"], tuple(item.get("details") or ())) for item in old]
        new = self.body.get("errors") or []
        return found + [(item["code"], tuple(item.get("details") or ())) for item in new]

    @property
    def said(self) -> str:
        """Return the answer in short: "202", "400 21111", "403 missing-permissions"."""
        codes = [str(code) for code, _details in self.errors()]
        reason = str(self.body.get("reasonCode") or "")
        empty = "empty" if self.status == 403 and not self.content.strip() else ""
        return " ".join(filter(None, [str(self.status), *codes, reason, empty]))

    @property
    def details(self) -> str:
        """Return what KSeF says beside its codes."""
        return "; ".join(text for _code, texts in self.errors() for text in texts)


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, for the report: no bearer and no body of the request."""

    method: str
    path: str
    answer: Answer
    seconds: float
    fact: str = ""


class Door:
    """Calls KSeF by the rules of a guest; `session` is for the addon's own client.

    :param base_url: see :func:`checked_address`
    :param adapter: sends the requests; a test's own calls a simulator without a socket
    """

    def __init__(
        self, base_url: str, pace: Pace, clock: Clock, adapter: BaseAdapter | None = None
    ) -> None:
        self.base_url = checked_address(base_url)
        self.exchanges: list[Exchange] = []
        self.fact = ""
        self.may_be_blocked = False
        self._guard = _Guard(self, adapter or HTTPAdapter(), pace, clock)
        self.session = requests.Session()
        # A proxy of the environment is for the internet, not for this machine.
        self.session.trust_env = self.base_url == TEST
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, self._guard)

    @property
    def stopped(self) -> str:
        """Return why nothing more is sent, empty while the door is open."""
        return self._guard.stopped

    def call(
        self,
        method: str,
        path: str,
        bearer: str | None = None,
        *,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make any call; every answer is returned, refusals too.

        :param path: from the base address on
        :param headers: beside the usual ones; None leaves a usual one out
        :raises Stopped: when nothing may be sent any more
        """
        sent: dict[str, str | None] = {**_HEADERS, **(headers or {})}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        response = self.session.request(
            method,
            self.base_url + path,
            auth=lambda request: request,  # some auth: else requests would use a .netrc file
            headers=sent,
            json=json,
            data=data,
            params=params,
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        return Answer(response.status_code, response.headers, response.content)


class _Guard(BaseAdapter):
    """Stands in the way of every request of the door's session."""

    def __init__(self, door: Door, inner: BaseAdapter, pace: Pace, clock: Clock) -> None:
        super().__init__()
        self.stopped = ""
        self._door, self._inner, self._pace, self._clock = door, inner, pace, clock

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Send one request, unless the door is closed, and look at its answer."""
        path = self._path(request.url or "")
        if self.stopped:
            raise Stopped(self.stopped)
        self._pace.wait(path)
        began = self._clock.now()
        more["stream"] = True
        response = self._inner.send(request, *args, **more)
        content = _content(response)
        answer = Answer(response.status_code, response.headers, content)
        seconds = self._clock.now() - began
        method = request.method or "GET"
        self._door.exchanges.append(Exchange(method, path, answer, seconds, self._door.fact))
        self.stopped = _reason_to_stop(answer, path, self._door.may_be_blocked)
        if self.stopped:
            raise Stopped(self.stopped)
        response.raw = _kept(response, content)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _path(self, url: str) -> str:
        if not url.startswith(f"{self._door.base_url}/"):
            raise Stopped(f"another address than {self._door.base_url}")
        return urlsplit(url[len(self._door.base_url) :]).path


def _content(response: requests.Response) -> bytes:
    content: bytes = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=False)
    if len(content) > MAX_ANSWER_BYTES:
        raise requests.ConnectionError("too long an answer")
    return content


def _kept(response: requests.Response, content: bytes) -> HTTPResponse:
    """Return the answer's body once more, for whoever asked."""
    return HTTPResponse(
        body=io.BytesIO(content),
        status=response.status_code,
        headers=response.raw.headers,
        preload_content=False,
    )


def _reason_to_stop(answer: Answer, path: str, may_be_blocked: bool) -> str:
    """Return why a guest leaves after this answer, empty when it stays (docs/ksef.md E17)."""
    if 300 <= answer.status < 400:
        return f"KSeF sent a redirect ({answer.status}) for {path}"
    if answer.status == 429:
        wait = answer.headers.get("Retry-After", "?")
        return f"KSeF asks to wait {wait} s (429) at {path}"
    reason = answer.body.get("reasonCode")
    walled = answer.content.strip() and reason in (None, "security-service-blocked")
    if answer.status == 403 and walled:
        return f"a wall before KSeF answered 403 at {path}: {incident(answer)}"
    status = answer.body.get("status")
    if isinstance(status, dict) and status.get("code") == BLOCKED and not may_be_blocked:
        return f"KSeF says {BLOCKED} at {path}: a suspected incident"
    return ""


def incident(answer: Answer) -> str:
    """Return the number that KSeF's support asks for, or the beginning of the page."""
    security = answer.body.get("security")
    if isinstance(security, dict) and security.get("incidentId"):
        return f"incident {security['incidentId']}"
    return " ".join(answer.content.decode("utf-8", "replace").split())[:300]
