"""The HTTP side of the simulator: routing, tokens, limits, faults, the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from . import (
    attachments,
    auth,
    auth_tokens,
    authorizations,
    certificate_list,
    certificates,
    ksef_tokens,
    limits_api,
    online,
    online_status,
    permission_grants,
    permission_lists,
    permission_operations,
    public_keys,
    roles,
    sessions,
    testdata,
    texts,
)
from .answers import (
    Answer,
    Blocked,
    Context,
    ErrorAnswer,
    Forbidden,
    Gone,
    Plain,
    Refused,
    TooMany,
    Unauthorized,
)
from .call import Call, Endpoint
from .faults import HTML, Fault, Reset, reset_connection
from .limits import GLOBAL, OTHER
from .recorder import SECRET_HEADERS, Recorded
from .state import AUTHENTICATION, Token
from .versions import NEW

if TYPE_CHECKING:
    from .simulator import Simulator

MODULES: tuple[Any, ...] = (
    auth,
    auth_tokens,
    sessions,
    permission_lists,
    permission_grants,
    permission_operations,
    authorizations,
    roles,
    certificates,
    certificate_list,
    testdata,
    public_keys,
    online,
    online_status,
    ksef_tokens,
    limits_api,
    attachments,
)
ENDPOINTS: tuple[Endpoint, ...] = tuple(item for module in MODULES for item in module.ENDPOINTS)
PREFIX = "/v2"
WALLS = {"wall": "json", "wall-text": "text", "wall-html": "html"}
MAX_BODY = 10 * 1024 * 1024  # above it KSeF refuses
MAX_READ = 64 * 1024 * 1024  # above it nothing is read
WARNING = "X-System-Warning"


def _route(index: int, endpoint: Endpoint) -> Rule:
    return Rule(PREFIX + endpoint.path, methods=[endpoint.method], endpoint=index)


ROUTES = Map([_route(index, item) for index, item in enumerate(ENDPOINTS)], strict_slashes=False)


class Api:
    """KSeF's API as a WSGI application."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request, or cut the connection where a fault says so."""
        request = Request(environ)
        request.max_content_length = MAX_READ
        try:
            response = self._exchange(request)
        except Reset:
            reset_connection(environ.get("werkzeug.socket"))
            raise
        return response(environ, start_response)

    def _exchange(self, request: Request) -> Response:
        try:
            index, params = ROUTES.bind_to_environ(request.environ).match()
        except HTTPException as error:
            return self._unknown(request, error)
        endpoint = ENDPOINTS[index]
        body = _body(request)
        token = self._bearer(request)
        context = token.operation.context.value if token else None
        if self.sim.settings.latency:
            time.sleep(self.sim.settings.latency)
        fault = self.sim.faults.take(endpoint.operation, context, request.remote_addr)
        status, answer = 0, None
        try:
            answer = self._answer(endpoint, request, params, token, fault, body)
            status = answer.status
        finally:
            self._record(endpoint, request, token, fault, status, answer, body)
        if self.sim.on_exchange:
            self.sim.on_exchange(endpoint, request, answer)
        return _response(answer, fault)

    def _answer(
        self,
        endpoint: Endpoint,
        request: Request,
        params: dict[str, str],
        token: Token | None,
        fault: Fault | None,
        body: bytes | None,
    ) -> Answer:
        """What KSeF would answer, bent by the fault."""
        if fault and fault.kind == "delay":
            time.sleep(fault.seconds)
        if fault and fault.kind == "reset":
            raise Reset
        with self.sim.state.lock:
            call = Call(self.sim, request, self.sim.clock.now(), params, token)
            try:
                if fault:
                    _raise_fault(fault, request.remote_addr or "")
                if body is None:
                    raise _too_large(endpoint)
                self._admit(endpoint, call)
                answer = endpoint.handler(call)
            except ErrorAnswer as error:
                answer = error.answer(self._context(request))
        self._warn(request, answer)
        if fault and fault.kind == "lost":
            raise Reset
        return answer

    def _warn(self, request: Request, answer: Answer) -> None:
        """Put warnings on an answer that is no error, and the one that the client wished to see."""
        settings = self.sim.settings
        wished = request.headers.get("X-Test-System-Warning")
        told = [answer.headers.get(WARNING), settings.warning_everywhere, wished]
        if answer.status < 400 and any(told):
            answer.headers[WARNING] = auth.folded(" | ".join(text for text in told if text))

    def _context(self, request: Request) -> Context:
        details = request.headers.get("X-Error-Format", "").lower() == "problem-details"
        new = self.sim.settings.version == NEW
        return Context(request.path, self.sim.clock.now(), details, new)

    def _bearer(self, request: Request) -> Token | None:
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        return self.sim.state.tokens.get(text) if scheme.lower() == "bearer" else None

    def _admit(self, endpoint: Endpoint, call: Call) -> None:
        """Token, limits and permissions, before the handler sees the request."""
        token = call.token
        if endpoint.bearer:
            if token is None:
                raise Unauthorized
            if token.kind not in endpoint.bearer:
                raise Forbidden  # docs/ksef.md A2-15: empty
            self._check_age(endpoint, call, token)
            _check_address(call, token)
        self._check_limits(endpoint, call)
        if token and endpoint.scopes and not token.permissions.intersection(endpoint.scopes):
            present = {"requiredAnyOfPermissions": list(endpoint.scopes)}
            present["presentPermissions"] = sorted(token.permissions)
            raise Forbidden("missing-permissions", present)

    def _check_age(self, endpoint: Endpoint, call: Call, token: Token) -> None:
        """An access token past its life. The handlers judge the two other kinds themselves."""
        judged_there = token.kind == AUTHENTICATION or endpoint.operation == "refresh"
        if not judged_there and call.now >= token.valid_until:
            raise auth.outdated(call)

    def _check_limits(self, endpoint: Endpoint, call: Call) -> None:
        mode = self.sim.settings.rate_limits
        if mode == "off":
            return
        context = call.token.operation.context if call.token else None
        address = call.request.remote_addr
        if self.sim.settings.global_limit:
            self.sim.limiter.check((GLOBAL.group, address), GLOBAL, call.now)
        limit = self.sim.effective_limit(endpoint.limit, context)
        grouped = mode == "group" and limit.group
        counter = limit.group if grouped else f"{endpoint.method} {endpoint.path}"
        self.sim.limiter.check((context, address, counter), limit, call.now)

    def _unknown(self, request: Request, error: HTTPException) -> Response:
        plain = Plain(error.code or 404, error.name, "Nie znaleziono zasobu.")
        return _response(plain.answer(self._context(request)), None)

    def _record(
        self,
        endpoint: Endpoint,
        request: Request,
        token: Token | None,
        fault: Fault | None,
        status: int,
        answer: Answer | None,
        body: bytes | None,
    ) -> None:
        headers = {
            name: value for name, value in request.headers if name.lower() not in SECRET_HEADERS
        }
        self.sim.requests.add(
            Recorded(
                operation=endpoint.operation,
                method=request.method,
                path=request.path,
                status=status,
                bearer=token.kind if token else None,
                context=token.operation.context.value if token else None,
                at=self.sim.clock.now(),
                headers=headers,
                body_digest=auth.digest(body or b""),
                body_size=request.content_length or 0 if body is None else len(body),
                fault=fault.kind if fault else None,
                codes=_codes(answer),
            )
        )


def _body(request: Request) -> bytes | None:
    """Read the body, None where it is over the limit."""
    try:
        data = request.get_data()
    except RequestEntityTooLarge:
        return None
    return data if len(data) <= MAX_BODY else None


def _too_large(endpoint: Endpoint) -> Refused:
    """Refuse as KSeF does, in its own shape: a document by 9101, JSON by 21405."""
    if endpoint.operation == "xades-signature":
        return Refused(9101)
    return Refused(21405, "Rozmiar treści żądania przekracza dozwolony limit.")


def _check_address(call: Call, token: Token) -> None:
    """The AuthorizationPolicy of the login: single addresses, ranges and masks."""
    allowed, address = token.operation.allowed_ips, call.request.remote_addr or ""
    if allowed and not any(_covers(item, address) for item in allowed):
        raise Forbidden("ip-not-allowed", {"clientIp": address})


def _covers(allowed: str, address: str) -> bool:
    first, _dash, last = allowed.partition("-")
    if last:
        return ip_address(first) <= ip_address(address) <= ip_address(last)
    return ip_address(address) in ip_network(allowed, strict=False)


def _codes(answer: Answer | None) -> tuple[int, ...]:
    body = answer.body if answer and answer.status == 400 else None
    if not isinstance(body, dict):
        return ()
    if "errors" in body:
        return tuple(item["code"] for item in body["errors"])
    details = body["exception"]["exceptionDetailList"]
    return tuple(item["exceptionCode"] for item in details)


def _raise_fault(fault: Fault, address: str) -> None:
    """The faults that are error answers."""
    if fault.kind in WALLS:
        incident = fault.details[0] if fault.details else texts.INCIDENT_NUMBER
        raise Blocked(WALLS[fault.kind], incident, address)
    if fault.kind in ("500", "503"):
        names = {"500": "Internal Server Error", "503": "Service Unavailable"}
        raise Plain(int(fault.kind), names[fault.kind], "Wystąpił błąd systemu.")
    if fault.kind == "429":
        raise TooMany(OTHER.per_minute, "minutę", int(fault.seconds) or 1)
    if fault.kind == "refusal":
        raise Refused(fault.code, *fault.details, text=_text(fault.code))
    reason = fault.reason or "missing-permissions"
    errors = {
        "401": Unauthorized(),
        "empty-403": Forbidden(),
        "403": Forbidden(reason, texts.SECURITY.get(reason)),
        "410": Gone(),
    }
    if fault.kind in errors:
        raise errors[fault.kind]


def _text(code: int) -> str:
    return texts.REFUSALS.get(code, "Błąd nieopisany w dokumentacji.")


def _response(answer: Answer, fault: Fault | None) -> Response:
    """The answer as werkzeug writes it, spoilt on the way where the fault says so."""
    kind = fault.kind if fault else None
    if fault and kind == "html":
        return Response(HTML, fault.code or 200, content_type="text/html; charset=utf-8")
    data = answer.data()
    if kind == "not-json":
        data = b'{"reference'
    if kind == "oversized":
        data = b" " * (64 * 1024 * 1024)
    response = Response(data, answer.status, headers=answer.headers)
    if data:
        response.content_type = answer.content_type
    else:
        del response.headers["Content-Type"]
    if kind == "half":
        response.set_data(data[: len(data) // 2])
        response.automatically_set_content_length = False
        response.headers["Content-Length"] = str(len(data))
    return response
