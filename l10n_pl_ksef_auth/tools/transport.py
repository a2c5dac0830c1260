"""One HTTP exchange with KSeF: bounded in time and size, never redirected."""

from __future__ import annotations

import json as jsonlib
import logging
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from . import walls
from .const import EXCHANGE_TIMEOUT, IDLE_LIMIT, MAX_ANSWER_BYTES, TIMEOUT, check_base_url
from .errors import KsefInvalidAnswer, KsefUnavailable, blocked, raise_for
from .members import for_people

_logger = logging.getLogger(__name__)
_Value = TypeVar("_Value")
_Self = TypeVar("_Self", bound="Transport")

_HEADERS = {
    "Accept": "application/json",
    # A packed answer could grow beyond its limit in one step.
    "Accept-Encoding": "identity",
    "User-Agent": "Odoo-l10n_pl_ksef_auth",
    "X-Error-Format": "problem-details",
}

WARNING = "X-System-Warning"

#: Bytes of an answer between two looks at the clock: all that has arrived, at most the first
#: number. Releases of urllib3 without read1, as Odoo's pin, wait for the second number.
_MOST_BYTES, _FULL_BYTES = 65536, 512
#: Seconds beyond its end that an exchange may still last: an answer on its way is worth them.
_GRACE = 1.0


@dataclass(frozen=True)
class Answer:
    """A complete 2xx answer."""

    status_code: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    call: str = ""

    def json(self) -> dict[str, Any]:
        """Return the JSON object of the body.

        :raises KsefUnavailable: when the body is no JSON (KSeF did receive the request)
        :raises KsefInvalidAnswer: when it is JSON but no object
        """
        data = self._parsed()
        if not isinstance(data, dict):
            raise self.invalid()
        return data

    def items(self) -> list[Any]:
        """Return the JSON list of the body.

        :raises KsefUnavailable: as `json`
        :raises KsefInvalidAnswer: when it is JSON but no list
        """
        data = self._parsed()
        if not isinstance(data, list):
            raise self.invalid()
        return data

    def _parsed(self) -> Any:
        try:
            return jsonlib.loads(self.content)
        except (ValueError, RecursionError):
            raise self._no_json() from None

    def _no_json(self) -> KsefUnavailable:
        text = f"{self.call}: the answer is not JSON ({len(self.content)} bytes)"
        if walls.is_page(self.content):
            return blocked(text, "html", self.status_code, self.content)
        return KsefUnavailable(text, code="unreadable", sent=True, status=self.status_code)

    def invalid(self) -> KsefInvalidAnswer:
        """Return the exception for an answer that lacks what the call needs."""
        return KsefInvalidAnswer(
            f"{self.call}: the answer lacks required members",
            code="unreadable",
            sent=True,
            status=self.status_code,
        )

    def read(self, read: Callable[[dict[str, Any]], _Value]) -> _Value:
        """Return the body as the value that ``read`` makes of its JSON.

        :raises KsefUnavailable: when it cannot be read
        """
        data = self.json()
        try:
            return read(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise self.invalid() from None

    def read_list(self, member: str, read: Callable[[dict[str, Any]], _Value]) -> list[_Value]:
        """Return the values that ``read`` makes of the items of one member."""
        return self.read(lambda data: [read(item) for item in data[member]])

    def header(self, name: str) -> str | None:
        """Return a header's text for people, which KSeF may send as UTF-8."""
        value = self.headers.get(name)
        if not value:
            return None
        return for_people(value.encode("latin-1", "replace").decode("utf-8", "replace"))


class Transport:
    """Sends requests to one base address over one requests session; a context manager.

    :param base_url: for instance ``ENVIRONMENTS["test"].base_url``; https, or http on this machine
    :param timeout: seconds that one silent wait may last, one number
    :param deadline: moment of time.monotonic() at which the caller stops waiting. Time-outs are cut
        to the time left; after it nothing is sent. It may be changed between two calls. With None
        each call has const.EXCHANGE_TIMEOUT (docs/design.md 23)
    """

    def __init__(
        self,
        base_url: str,
        *,
        session: requests.Session | None = None,
        timeout: float = TIMEOUT,
        deadline: float | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.deadline = deadline
        self._session = session or _session()
        self._timeout = timeout
        self._last_used = time.monotonic()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        whole: bool = False,
    ) -> Answer:
        """Make any call of KSeF's API and return its complete 2xx answer; for other addons too.

        :param path: from the base address on, with its leading slash
        :param data: a body that is sent to the byte, with a Content-Type among ``headers``
        :param whole: KSeF answers this call once: begun before the deadline, it has all its time
        :raises KsefError: for every other answer, and without any
        """
        if not path.startswith("/"):
            raise ValueError("A path begins with a slash.")
        call = f"KSeF {method} {path}"
        end = time.monotonic() + EXCHANGE_TIMEOUT
        if self.deadline is not None and not (whole and time.monotonic() < self.deadline):
            end = min(end, self.deadline)
        sent = {**_HEADERS, **(headers or {})}
        if bearer:
            sent["Authorization"] = f"Bearer {bearer}"
        options = {"json": json, "data": data, "headers": sent, "params": params}
        self._drop_idle_connections()
        try:
            status, answered, content = self._send(method, path, end, options)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # Without a cause: exceptions of requests carry the request and its bearer.
            raise _unavailable(call, error) from None
        raise_for(call, status, answered, content, bearer=bool(bearer))
        answer = Answer(status, answered, content, call)
        _log_warning(answer.header(WARNING))
        return answer

    def _send(
        self, method: str, path: str, end: float, options: dict[str, Any]
    ) -> tuple[int, Mapping[str, str], bytes]:
        left = end - time.monotonic()
        if left <= 0:
            raise requests.ConnectTimeout
        adapter = self._session.get_adapter(self.base_url)
        if isinstance(adapter, _EndingAdapter):
            adapter.end = end
        response = self._session.request(
            method,
            self.base_url + path,
            auth=lambda request: request,  # some auth: else requests would use a .netrc file
            timeout=min(self._timeout, left),
            allow_redirects=False,
            stream=True,
            hooks={"response": [_stay_here, *self._hooks_of_session()]},
            **options,
        )
        with response:
            content = b"".join(_bounded(response.raw, end))
        unpacked = _unpacked(content, response.headers.get("Content-Encoding"))
        if len(unpacked) > MAX_ANSWER_BYTES:
            raise _TooLong
        return response.status_code, response.headers, unpacked

    def _hooks_of_session(self) -> list[Callable[..., Any]]:
        """Return the session's own hooks: requests drops them when a request brings some."""
        hooks = self._session.hooks.get("response") or []
        return [hooks] if callable(hooks) else list(hooks)

    def _drop_idle_connections(self) -> None:
        """Close idle connections: the server may have, and not every request can be repeated."""
        moment = time.monotonic()
        if moment - self._last_used > IDLE_LIMIT:
            self._session.close()
        self._last_used = moment


class _EndingAdapter(HTTPAdapter):
    """Waits no longer in all than until ``end``, for the connection and the answer's beginning.

    The time-outs of requests hold for each of the two alone.
    """

    end = 0.0

    def send(  # type: ignore[override]  # requests names what **options takes
        self, request: requests.PreparedRequest, timeout: float = TIMEOUT, **options: Any
    ) -> requests.Response:
        left = max(self.end - time.monotonic(), 0.001)
        wait = min(timeout, left)
        # The addresses of a host are tried in turn, each for the whole time of the connection.
        connect = wait / _addresses(urlsplit(request.url or "").hostname or "")
        limits = urllib3.Timeout(total=left + _GRACE, connect=connect, read=wait)
        return super().send(request, timeout=limits, **options)  # type: ignore[arg-type]  # its time-outs


def _addresses(host: str) -> int:
    """Return how many addresses a name has, 1 if it is not known here: a proxy may know it."""
    try:
        return _known_addresses(host)
    except (OSError, UnicodeError):
        return 1


@lru_cache
def _known_addresses(host: str) -> int:
    return max(len(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)), 1)


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, _EndingAdapter())
    return session


@lru_cache(maxsize=64)
def _log_warning(text: str | None) -> None:
    """Log what KSeF announces beside its answers, each text once (docs/ksef.md E10)."""
    if text:
        _logger.warning("KSeF announces: %s", text)


class _TooLong(requests.RequestException):
    pass


def _bounded(raw: urllib3.response.BaseHTTPResponse, end: float) -> Iterator[bytes]:
    """Yield the parts of a body.

    The first part is accepted however late it is: a short answer is then complete.

    :raises _TooLong: for more than MAX_ANSWER_BYTES
    :raises requests.Timeout: when further parts come after ``end``
    """
    read, size = (raw.read1, _MOST_BYTES) if hasattr(raw, "read1") else (raw.read, _FULL_BYTES)
    length = 0
    # Of a connection that is kept; of another one, each wait has the request's whole time-out.
    connection = getattr(getattr(raw, "connection", None), "sock", None)
    while part := read(size, decode_content=False):
        if length and time.monotonic() > end:
            raise requests.ReadTimeout
        length += len(part)
        if length > MAX_ANSWER_BYTES:
            raise _TooLong
        yield part
        if connection:
            connection.settimeout(max(end - time.monotonic(), 0) + _GRACE)


def _stay_here(response: requests.Response, **_options: Any) -> None:
    """Remove a redirect's address before requests prepares to follow it.

    For that it would read the whole body, however long, and fail on an invalid address.
    """
    if response.is_redirect:
        del response.headers["Location"]


def _unpacked(content: bytes, encoding: str | None) -> bytes:
    """Unpack a body that a gateway packed unasked, up to one byte more than is allowed.

    Some releases of urllib3 would unpack gigabytes at once. A body that cannot be unpacked is
    returned as it is: it is no JSON.
    """
    if (encoding or "").strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content
    either = zlib.MAX_WBITS | 32  # the header tells gzip from zlib
    try:
        return zlib.decompressobj(either).decompress(content, MAX_ANSWER_BYTES + 1)
    except zlib.error:
        return content


#: The last three mean an invalid address. KSeF's own was checked, so it is the proxy's.
_PROXY_ERRORS = (
    requests.exceptions.ProxyError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.LocationValueError,
)


def _unavailable(call: str, error: Exception) -> KsefUnavailable:
    sent = not _is_unsent(error)
    code = _code_of(error, sent)
    asked = call.removeprefix("KSeF ")
    return KsefUnavailable(f"{call}: {code}", code=code, sent=sent, call=asked)


def _is_unsent(error: Exception) -> bool:
    """Return True if the exception proves that there was no connection.

    After any other, KSeF may have received the request.
    """
    reason = getattr(error.args[0], "reason", None) if error.args else None
    no_connection = (requests.ConnectTimeout, *_PROXY_ERRORS)
    return isinstance(error, no_connection) or isinstance(
        reason, urllib3.exceptions.NewConnectionError
    )


def _code_of(error: Exception, sent: bool) -> str:
    if isinstance(error, _TooLong):
        return "too_long"
    if isinstance(error, _PROXY_ERRORS):
        return "proxy"
    if isinstance(error, requests.exceptions.SSLError):
        return "tls"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "timeout"
    return "reset" if sent else "network"
