"""The controls of a simulator in another process, with the same names as the object's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

TIMEOUT = 20


class Control:
    """``Control(base_url).clock.advance(900)`` is what ``sim.clock.advance(900)`` is.

    :param base_url: the simulator's base URL, or any address on it
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.clock = RemoteClock(self)
        self.faults = RemoteFaults(self)
        self.requests = RemoteRequests(self)
        self.world = RemoteWorld(self)
        self.settings = RemoteSettings(self)
        self.availability = RemoteAvailability(self)

    @property
    def base_url(self) -> str:
        """Base URL of the API."""
        return f"{self.url}/v2"

    @property
    def signing_url(self) -> str:
        """The stand-in for the signing site."""
        return f"{self.url}/podpis"

    @property
    def availability_url(self) -> str:
        """Base URL of the availability service."""
        return f"{self.url}/latarnia"

    def reset(self) -> None:
        """An empty memory and the demo world."""
        self.call("reset")

    def state(self) -> dict[str, Any]:
        """What KSeF holds: certificates, sessions, rights, number of applications."""
        return self.call("state")

    def interrupt_sessions(self) -> list[str]:
        """Maintenance: see `Simulator.interrupt_sessions`."""
        return self.call("sessions/interrupt")

    def watch_contract(self) -> bool:
        """Compare every exchange with KSeF's contract from now on; whether that is at hand."""
        return self.call("contract/watch")

    def breaches(self) -> list[str]:
        """What differed from the contract since then."""
        return self.call("contract/breaches")

    def call(self, action: str, **body: Any) -> Any:
        """Run one control.

        :raises ValueError: with the simulator's text when it refuses
        """
        answer = requests.post(f"{self.url}/_control/{action}", json=body, timeout=TIMEOUT)
        content = answer.json()["result"]
        if answer.status_code != 200:
            raise ValueError(content["error"])
        return content


class RemoteClock:
    """The clock of a simulator in another process."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> datetime:
        """The current simulated time."""
        return datetime.fromisoformat(self._control.call("clock"))

    def advance(self, step: timedelta | float) -> datetime:
        """Move the clock."""
        seconds = step.total_seconds() if isinstance(step, timedelta) else step
        return datetime.fromisoformat(self._control.call("clock", advance=seconds))

    def set(self, moment: datetime) -> datetime:
        """Make the clock show ``moment``."""
        return datetime.fromisoformat(self._control.call("clock", set=moment.isoformat()))


class RemoteFaults:
    """The faults of a simulator in another process."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, endpoint: str, kind: str, times: int = 1, seconds: float = 0, **extra: Any):
        """Plan a fault."""
        plan = {"endpoint": endpoint, "kind": kind, "times": times, "seconds": seconds, **extra}
        self._control.call("faults/add", **plan)

    def clear(self) -> None:
        """Forget all planned faults."""
        self._control.call("faults/clear")

    def planned(self) -> list[dict[str, Any]]:
        """The faults still to come."""
        return self._control.call("faults")


class RemoteRequests:
    """The request log of a simulator in another process; items are dictionaries."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def count(self, operation: str | None = None, status: int | None = None) -> int:
        """How many requests came."""
        if status is not None:
            items = self._control.call("requests", operation=operation, last=10**9)
            return sum(item["status"] == status for item in items)
        counts = self.counts()
        return sum(counts.values()) if operation is None else counts.get(operation, 0)

    def counts(self) -> dict[str, int]:
        """Requests by operation."""
        return self._control.call("requests/counts")

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The recorded requests for one operation."""
        return self._control.call("requests", operation=operation, last=10**9)

    def clear(self) -> None:
        """Forget all."""
        self._control.call("requests/clear")


class RemoteWorld:
    """The world of a simulator in another process."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def _run(self, method: str, *args: Any, **kwargs: Any) -> Any:
        plain = [list(item) if isinstance(item, (set, tuple)) else item for item in args]
        return self._control.call("world", method=method, args=plain, kwargs=kwargs)

    def add_person(self, pesel: str, name: str = "", **more: Any) -> None:
        """A person; see `World.add_person`."""
        self._run("add_person", pesel, name, **more)

    def add_company(self, nip: str, name: str = "", **more: Any) -> None:
        """A company; see `World.add_company`."""
        self._run("add_company", nip, name, **more)

    def grant(self, who: Any, nip: str, *rights: Any, **more: Any) -> list[str]:
        """Give rights; see `World.grant`."""
        return self._run("grant", getattr(who, "value", who), nip, *rights, **more)

    def revoke(self, who: Any, nip: str, *rights: Any) -> int:
        """Take rights away; see `World.revoke`."""
        return self._run("revoke", getattr(who, "value", who), nip, *rights)

    def block(self, nip: str) -> None:
        """Logins to this context end with 480."""
        self._run("block", nip)

    def unblock(self, nip: str) -> None:
        """The incident is over."""
        self._run("unblock", nip)


class RemoteSettings:
    """The settings of a simulator in another process, as attributes."""

    _control: Control

    def __init__(self, control: Control) -> None:
        object.__setattr__(self, "_control", control)

    def __getattr__(self, name: str) -> Any:
        values = self._control.call("settings")
        if name not in values:
            raise AttributeError(name)
        return values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._control.call("settings", **{name: value})

    def update(self, values: dict[str, Any]) -> None:
        """Set several switches by name."""
        self._control.call("settings", **values)

    def reset(self) -> None:
        """Back to the documented behaviour."""
        self._control.call("settings/reset")


class RemoteAvailability:
    """The availability service of a simulator in another process."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def announce_break(self, start: datetime, end: datetime) -> int:
        """Announce a break; return the event's number."""
        return self._run("announce_break", start=start.isoformat(), end=end.isoformat())

    def move_break(self, number: int, start: datetime, end: datetime) -> None:
        """Announce other times of a break."""
        self._run("move_break", number=number, start=start.isoformat(), end=end.isoformat())

    def begin_failure(self, total: bool = False) -> int:
        """Declare a failure from now on; return the event's number."""
        return self._run("begin_failure", total=total)

    def end_failure(self, number: int) -> None:
        """Declare a failure over."""
        self._run("end_failure", number=number)

    def _run(self, method: str, **values: Any) -> Any:
        return self._control.call("availability", method=method, values=values)
