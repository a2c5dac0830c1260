"""The simulator's controls over HTTP, for other processes: POST /_control/... with JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from .simulator import Simulator

AVAILABILITY = ("announce_break", "move_break", "begin_failure", "end_failure")
WORLD = ("add_person", "add_company", "grant", "revoke", "block", "unblock")


class ControlApi:
    """What `control.Control` talks to."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self._breaches: list[str] = []
        self._actions: dict[str, Callable[[dict[str, Any]], Any]] = {
            "clock": self._clock,
            "faults/add": self._add_fault,
            "faults/clear": lambda _body: sim.faults.clear(),
            "faults": lambda _body: sim.faults.planned(),
            "settings": self._settings,
            "settings/reset": lambda _body: sim.settings.reset(),
            "requests": self._requests,
            "requests/counts": lambda _body: sim.requests.counts(),
            "contract/watch": self._watch,
            "contract/breaches": lambda _body: self._breaches,
            "requests/clear": lambda _body: sim.requests.clear(),
            "limits/clear": lambda _body: sim.limiter.clear(),
            "world": self._world,
            "availability": self._availability,
            "state": self._state,
            "sessions/interrupt": lambda _body: sim.interrupt_sessions(),
            "reset": lambda _body: sim.reset(),
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Run one action; a mistake in it is HTTP 400 with its text."""
        request = Request(environ)
        action = self._actions.get(request.path.strip("/"))
        if action is None:
            return Response("no such control", 404)(environ, start_response)
        try:
            body = json.loads(request.get_data() or b"{}")
            result, status = action(body), 200
        except (KeyError, TypeError, ValueError) as error:
            result, status = {"error": str(error)}, 400
        text = json.dumps({"result": result}, default=str)
        return Response(text, status, content_type="application/json")(environ, start_response)

    def _clock(self, body: dict[str, Any]) -> str:
        if "advance" in body:
            self.sim.clock.advance(float(body["advance"]))
        if "set" in body:
            self.sim.clock.set(datetime.fromisoformat(body["set"]))
        return self.sim.clock.now().isoformat()

    def _add_fault(self, body: dict[str, Any]) -> None:
        self.sim.faults.add(**body)

    def _settings(self, body: dict[str, Any]) -> dict[str, Any]:
        self.sim.settings.update(body)
        return self.sim.settings.as_dict()

    def _watch(self, _body: dict[str, Any]) -> bool:
        from .contract import Contract, watch

        at_hand = Contract.at_hand(self.sim.settings.version)
        if at_hand:
            watch(self.sim, broken=self._breaches)
        return at_hand

    def _requests(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        found = list(self.sim.requests)[-int(body.get("last", 1000)) :]
        operation = body.get("operation")
        return [item.as_dict() for item in found if operation in (None, item.operation)]

    def _world(self, body: dict[str, Any]) -> Any:
        name = body["method"]
        if name not in WORLD:
            raise ValueError(f"the world has no method {name!r}")
        result = getattr(self.sim.world, name)(*body.get("args", ()), **body.get("kwargs", {}))
        return result if isinstance(result, (int, list)) else None

    def _availability(self, body: dict[str, Any]) -> Any:
        name, values = body["method"], body["values"]
        if name not in AVAILABILITY:
            raise ValueError(f"the availability service has no method {name!r}")
        times = {
            item: datetime.fromisoformat(values[item])
            for item in ("start", "end")
            if item in values
        }
        return getattr(self.sim.availability, name)(**{**values, **times})

    def _state(self, _body: dict[str, Any]) -> dict[str, Any]:
        """What KSeF holds, by numbers and public names: enough for a test to look at."""
        now = self.sim.clock.now()
        state = self.sim.state
        with state.lock:
            certificates = [
                {
                    "serial": item.serial,
                    "name": item.name,
                    "type": item.type,
                    "status": item.status(now),
                    "valid_to": item.valid_to.isoformat(),
                }
                for item in state.certificates.values()
            ]
            sessions = [
                {
                    "reference": item.reference,
                    "context": item.context.value,
                    "method": item.method,
                    "redeemed": item.redeemed,
                    "revoked": item.revoked,
                }
                for item in state.operations.values()
            ]
            rights = self._rights()
        return {
            "certificates": certificates,
            "sessions": sessions,
            "rights": rights,
            "enrollments": len(state.enrollments),
        }

    def _rights(self) -> list[dict[str, Any]]:
        world = self.sim.world
        return [
            {
                "id": item.id,
                "kind": item.kind,
                "context": item.context.value,
                "scope": item.scope,
                "state": world.state_of(item),
                "description": item.description,
            }
            for item in world.all_grants()
        ]
