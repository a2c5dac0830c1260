"""The Ministry's availability service ("Latarnia"), at /latarnia (docs/ksef.md F-8)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from .recorder import Recorded

if TYPE_CHECKING:
    from .simulator import Simulator

HOST = "api-latarnia.ksef.mf.gov.pl"
#: How long an event is told after its end.
TOLD = timedelta(days=30)
TITLES = {
    "MAINTENANCE": "Planowana niedostępność KSeF",
    "FAILURE": "Awaria KSeF",
    "TOTAL_FAILURE": "Awaria całkowita KSeF",
}
LETTERS = {"MAINTENANCE": "NIED", "FAILURE": "AWR", "TOTAL_FAILURE": "AWR"}
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head></html>"
#: What the service for TEST has told since January 2026, whatever happens.
DUMMY = {
    "id": "K/2026/AWR/02",
    "eventId": 1003,
    "category": "TOTAL_FAILURE",
    "type": "FAILURE_START",
    "title": "Wystąpiła całkowita awaria",
    "text": "Od godziny 13:27 31 stycznia trwa całkowita awaria...",
    "start": "2026-01-31T11:27:00+00:00",
    "end": None,
    "version": 1,
    "published": "2026-01-31T11:35:00+00:00",
}


@dataclass
class Event:
    """A break or a failure, and what was published of it."""

    number: int
    category: str
    start: datetime
    end: datetime | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)

    def lasts(self, now: datetime) -> bool:
        """Return True while it is going on."""
        return self.start <= now and (self.end is None or now < self.end)


class Availability:
    """What the service tells, by its switches; a WSGI application too."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.events: list[Event] = []

    def announce_break(self, start: datetime, end: datetime) -> int:
        """Announce a break; return the event's number."""
        event = self._event("MAINTENANCE", start)
        self._plan(event, start, end)
        return event.number

    def move_break(self, number: int, start: datetime, end: datetime) -> None:
        """Announce other times of a break: one more version of its announcement."""
        self._plan(self._found(number), start, end)

    def begin_failure(self, total: bool = False) -> int:
        """Declare a failure from now on, or the total one; return the event's number."""
        event = self._event("TOTAL_FAILURE" if total else "FAILURE", self.sim.clock.now())
        self._publish(event, "FAILURE_START", None)
        return event.number

    def end_failure(self, number: int) -> None:
        """Declare a failure over."""
        event = self._found(number)
        event.end = self.sim.clock.now()
        self._publish(event, "FAILURE_END", event.end)

    def status(self) -> dict[str, Any]:
        """The answer of GET /status: one word, with what is published of it unless all is well."""
        now = self.sim.clock.now()
        lasting = [event for event in self.events if event.lasts(now)]
        for word in ("TOTAL_FAILURE", "FAILURE", "MAINTENANCE"):
            found = [item for event in lasting if event.category == word for item in event.messages]
            if found:
                return {"status": word, "messages": found}
        return {"status": "AVAILABLE"}

    def messages(self) -> list[dict[str, Any]]:
        """The answer of GET /messages: all that is published, the newest first."""
        now = self.sim.clock.now()
        told = [event for event in self.events if event.end is None or now - TOLD < event.end]
        return [item for event in reversed(told) for item in reversed(event.messages)]

    def _event(self, category: str, start: datetime) -> Event:
        self.events.append(Event(1001 + len(self.events), category, start))
        return self.events[-1]

    def _found(self, number: int) -> Event:
        return next(event for event in self.events if event.number == number)

    def _plan(self, event: Event, start: datetime, end: datetime) -> None:
        event.start, event.end = start, end
        self._publish(event, "MAINTENANCE_ANNOUNCEMENT", end)

    def _publish(self, event: Event, kind: str, end: datetime | None) -> None:
        version = 1 + sum(item["type"] == kind for item in event.messages)
        title = TITLES[event.category]
        event.messages.append(
            {
                "id": f"K/{event.start:%Y}/{LETTERS[event.category]}/{event.number - 1000:02}",
                "eventId": event.number,
                "category": event.category,
                "type": kind,
                "title": title,
                "text": f"{title}: {kind}, {event.start:%d.%m.%Y %H:%M} UTC.",
                "start": event.start.isoformat(),
                "end": end.isoformat() if end else None,
                "version": version,
                "published": self.sim.clock.now().isoformat(),
            }
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        request = Request(environ)
        response = self._answer(request)
        self.sim.requests.add(
            Recorded(
                operation=f"availability-{_page(request)}",
                method=request.method,
                path=request.path,
                status=response.status_code,
                bearer=None,
                context=None,
                at=self.sim.clock.now(),
                headers={},
                body_digest="",
                body_size=0,
                fault=None,
            )
        )
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        how = self.sim.settings.availability_answer
        if how == "502":
            return Response(BAD_GATEWAY, 502, content_type="text/html")
        if how == "html":
            return Response("<html>Latarnia</html>", content_type="text/html")
        page = _page(request)
        answers = {"status": self.status(), "messages": self.messages()}
        if how == "dummy":
            answers = {
                "status": {"status": DUMMY["category"], "messages": [DUMMY]},
                "messages": [DUMMY],
            }
        if page not in answers or request.method != "GET":
            return Response("Not found", 404, content_type="text/plain")
        return Response(json.dumps(answers[page]), content_type="application/json")


def _page(request: Request) -> str:
    return request.path.strip("/")
