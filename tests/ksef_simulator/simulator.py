"""The simulated KSeF as one object: start it, move its clock, break it, look at what happened."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from . import demo
from .availability import Availability
from .clock import Clock
from .faults import Faults
from .limits import Limit, RateLimiter
from .permission_operations import settle
from .recorder import Requests
from .settings import Settings
from .state import LoginContext, Operation, State
from .versions import OLD
from .world import World

if TYPE_CHECKING:
    from .proxy import Proxy

UNSERVED = 9
#: Who exists, and the rights that nobody gave through KSeF's API: attributes of the world.
PEOPLE_AND_RIGHTS = ("people", "companies", "grants", "blocked")
#: Closing a session had no limit of its own (docs/ksef.md E11).
OLDER_LIMITS = {"onlineSessionClose": Limit(10, 30, 120, "onlineSession")}


@dataclass(frozen=True)
class Kept:
    """What `Simulator.keep` has copied, for `Simulator.go_back_to`."""

    state: State
    parts: tuple[RateLimiter, dict[str, Any], list[Any]]
    offset: timedelta


class QuietHandler(WSGIRequestHandler):
    """No line per request on the terminal, and none for a connection that a fault cut."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Read no further request from it."""
        self.close_connection = True


class Simulator:
    """A KSeF 2.0 on loopback.

    ``with Simulator() as sim:`` serves in a thread until the block ends; ``sim.adapter()`` serves
    a requests session of the same process without a socket.

    :param port: TCP port, 0 for any free one
    :param environment: "test" accepts self-signed certificates, "demo" and "production" do not
    :param start: what the clock shows at first (aware); real time unless told
    """

    def __init__(
        self, port: int = 0, environment: str = "test", start: datetime | None = None
    ) -> None:
        from .app import ENDPOINTS

        self.clock = Clock()
        if start is not None:
            self.clock.set(start)
        self.environment = environment
        self.faults = Faults(endpoint.operation for endpoint in ENDPOINTS)
        self.requests = Requests()
        self.settings = Settings(self_signed_allowed=environment == "test")
        self.on_exchange: Callable[..., None] | None = None
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self.proxy: Proxy | None = None
        self.availability = Availability(self)
        self.reset()

    def reset(self) -> None:
        """An empty memory and the demo world; clock, settings and faults stay as they are."""
        from .pki import Authority

        self.state = State()
        self.limiter = RateLimiter()
        self.world = World(self.clock, self.settings, lambda: self.state)
        self.authority = Authority(self.clock.now(), self.environment)
        self.trust = self.authority.trust
        demo.populate(self.world, self.clock.now())
        self.availability.events.clear()

    def keep(self) -> Kept:
        """A copy of what this KSeF remembers, of people and rights, and its time."""
        world = {name: vars(self.world)[name] for name in PEOPLE_AND_RIGHTS}
        parts = self.limiter, world, self.availability.events
        return Kept(self.state.copy(), copy.deepcopy(parts), self.clock.offset())

    def go_back_to(self, kept: Kept) -> None:
        """Remember and show what was kept; settings and authorities stay, faults are off."""
        self.state = kept.state.copy()
        parts = copy.deepcopy(kept.parts)
        self.limiter, world, self.availability.events = parts
        vars(self.world).update(world)
        self.clock.advance(kept.offset - self.clock.offset())
        self.faults.clear()

    @property
    def app(self) -> Any:
        """The whole site as one WSGI application: API, the Ministry's other pages, control."""
        from .app import Api
        from .control_api import ControlApi
        from .invoice_codes import Codes
        from .signing_site import SigningSite
        from .upo import Storage

        mounts = {
            "/podpis": SigningSite(self),
            "/_control": ControlApi(self),
            "/_codes": Codes(self),
            "/latarnia": self.availability,
            "/storage": Storage(self),
        }
        return DispatcherMiddleware(Api(self), mounts)

    def start(self) -> Simulator:
        """Listen on 127.0.0.1 and serve in the background."""
        self._server = make_server(
            "127.0.0.1", self._port, self.app, threaded=True, request_handler=QuietHandler
        )
        self._server.daemon_threads = True
        self._port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    @property
    def server(self) -> BaseWSGIServer:
        """The running HTTP server.

        :raises RuntimeError: while the simulator does not serve
        """
        if self._server is None:
            raise RuntimeError("the simulator is not serving; use it as a context manager")
        return self._server

    def start_proxy(self, port: int = 0) -> Proxy:
        """Serve HTTPS under KSeF's host names too, through a proxy; see proxy.py."""
        from .proxy import Proxy

        self.proxy = Proxy(self, port)
        return self.proxy

    def stop(self) -> None:
        """Stop listening."""
        if self.proxy is not None:
            self.proxy.stop()
            self.proxy = None
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Root of the whole site; an address that nobody serves while only the adapter is used."""
        return f"http://127.0.0.1:{self._port or UNSERVED}"

    @property
    def base_url(self) -> str:
        """Base URL of the API, as KSeF's own ends with /v2."""
        return f"{self.url}/v2"

    @property
    def signing_url(self) -> str:
        """The stand-in for the signing site."""
        return f"{self.url}/podpis"

    @property
    def availability_url(self) -> str:
        """Base URL of the availability service."""
        return f"{self.url}/latarnia"

    def adapter(self, address: str = "127.0.0.1") -> Any:
        """A requests transport adapter that calls this simulator without a socket.

        :param address: where its requests come from, as KSeF sees it
        """
        from .in_process import InProcessAdapter

        return InProcessAdapter(self.app, address)

    def take_forced(self, setting: str) -> tuple[int, tuple[str, ...] | None] | None:
        """The forced outcome of one decision; a forced outcome with "times" runs out."""
        forced = getattr(self.settings, setting)
        if not forced:
            return None
        if "times" in forced:
            left = forced["times"] - 1
            setattr(self.settings, setting, {**forced, "times": left} if left > 0 else None)
        details = forced.get("details")
        return int(forced["code"]), None if details is None else tuple(details)

    def rights_of(self, operation: Operation, until: datetime | None = None) -> frozenset[str]:
        """What a login may do: the identity's rights, or those of its KSeF token.

        :param until: what was given later does not count
        """
        token = self.state.ksef_tokens.get(operation.token_reference or "")
        if token is not None:
            return frozenset(token.permissions)
        settle(self)
        return self.world.rights(operation.who, operation.context, until)

    def interrupt_sessions(self) -> list[str]:
        """Maintenance: online sessions that are open now take no invoice (21184, docs/ksef.md E7).

        :return: their reference numbers; a session that is opened later is not among them
        """
        now, delay = self.clock.now(), self.settings.session_close_delay
        found = [item for item in self.state.online.values() if item.code(now, delay) == 100]
        for item in found:
            item.unavailable = True
        return [item.reference for item in found]

    def effective_limit(self, limit: Limit, context: LoginContext | None) -> Limit:
        """The request limit for a context, after /testdata/rate-limits."""
        if self.settings.version == OLD:
            limit = OLDER_LIMITS.get(limit.group, limit)
        own = self.state.rate_limits.get(context) if context else None
        values = (own or {}).get(limit.group)
        if values is None:
            return limit
        return Limit(values["perSecond"], values["perMinute"], values["perHour"], limit.group)

    def verifier_settings(self, verify_chain: bool, enforced: bool) -> Any:
        """The switches that the signature verifier takes.

        :param verify_chain: the client asked for it (verifyCertificateChain)
        :param enforced: the client asked for the strict XAdES profile (X-KSeF-Feature)
        """
        from .verify import Settings as VerifierSettings

        self.trust.self_signed_allowed = self.settings.self_signed_allowed
        switches = dict(self.settings.verifier)
        if enforced:
            switches["profile_enforced"] = True
        chain = verify_chain or self.settings.chain_always_verified
        return VerifierSettings(verify_chain=chain, **switches)
