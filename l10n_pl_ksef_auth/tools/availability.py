"""Is KSeF down, or are we? The Ministry's public availability service, "Latarnia", knows.

It is asked without a login and is told nothing. That it does not answer means nothing: it fails
while KSeF works (docs/ksef.md F-8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from .members import FromJson, member, moment, number, optional_moment, shown, word
from .transport import Transport

#: Where it can be asked. The one for KSeF's TEST is a dummy, DEMO has none (docs/ksef.md F-8).
ADDRESSES = {"production": "https://api-latarnia.ksef.mf.gov.pl"}
#: Seconds that one silent wait for it may last: it is asked beside other work.
PATIENCE = 5

State = Literal["available", "announced", "maintenance", "failure", "total_failure", "unknown"]
_STATES: dict[str, State] = {
    "AVAILABLE": "available",
    "MAINTENANCE": "maintenance",
    "FAILURE": "failure",
    "TOTAL_FAILURE": "total_failure",
}
_BREAK, _FAILURE_BEGINS, _FAILURE_ENDS = "MAINTENANCE_ANNOUNCEMENT", "FAILURE_START", "FAILURE_END"


@dataclass(frozen=True)
class Announcement(FromJson):
    """One announcement of the Ministry's; times are aware, in UTC.

    Those of one event have one ``event``; a corrected one has a higher ``version``.
    """

    event: int = member("eventId", number)
    kind: str = member("type", word)
    start: datetime = member("start", moment)
    end: datetime | None = member("end", optional_moment)
    version: int = member("version", number)
    category: str = member("category", shown)


@dataclass(frozen=True)
class Availability:
    """What the service says of KSeF now; times are aware, in UTC.

    :param state: ``announced`` is a break to come; ``maintenance`` one that lasts, ``failure`` and
        ``total_failure`` what the Ministry has declared as such; ``unknown`` a word of its own
        that we do not know
    :param start: of the break or the failure, None where it is not told
    :param end: of the break, None where it is not told; a failure's is never known before
    """

    state: State
    start: datetime | None = None
    end: datetime | None = None


class AvailabilityClient:
    """Asks the availability service; a context manager.

    :param base_url: for instance ``ADDRESSES["production"]``
    :param options: of the Transport
    """

    def __init__(self, base_url: str, **options: Any) -> None:
        self._transport = Transport(base_url, **{"timeout": PATIENCE, **options})

    def __enter__(self) -> AvailabilityClient:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._transport.close()

    def ask(self, now: datetime) -> Availability:
        """Return what the service says of KSeF at this moment, by two calls.

        :raises KsefError: when it does not answer, or not as it should
        """
        # The status decides, so it is the later of the two.
        announcements = self.announcements()
        return judged(self.status(), announcements, now)

    def status(self) -> str:
        """Return the service's one word for KSeF's state.

        :raises KsefError: as `ask`
        """
        return self._transport.request("GET", "/status").read(lambda data: word(data["status"]))

    def announcements(self) -> list[Announcement]:
        """Return the announcements of the last weeks; what is none is left out.

        :raises KsefError: as `ask`
        """
        items = self._transport.request("GET", "/messages").items()
        return [found for item in items if (found := _announcement(item))]


def _announcement(item: Any) -> Announcement | None:
    try:
        return Announcement.from_json(item)
    except (ValueError, OverflowError):
        return None


def judged(status: str, announcements: Sequence[Announcement], now: datetime) -> Availability:
    """Return what a status and the announcements mean at a moment.

    The status decides whether there is a failure: an announcement of one may lack its end.
    A break is one, too, while the status has not followed yet.

    :param status: the service's word, such as AVAILABLE
    :param announcements: in any order, with versions that others have replaced
    :param now: aware
    """
    state = _STATES.get(status, "unknown")
    known = _newest(announcements)
    breaks = sorted(
        (item for item in known if item.kind == _BREAK and item.end and item.end > now),
        key=lambda item: item.start,
    )
    if state in ("failure", "total_failure"):
        return _of_failure(state, known, now)
    if state == "unknown":
        return Availability(state)
    lasting = [item for item in breaks if item.start <= now]
    if lasting:
        longest = max(lasting, key=_end)
        return Availability("maintenance", longest.start, longest.end)
    if state == "available" and breaks:
        return Availability("announced", breaks[0].start, breaks[0].end)
    return Availability(state)


def _newest(announcements: Sequence[Announcement]) -> list[Announcement]:
    """Return the last version of what each event's announcements of one type say."""
    newest: dict[tuple[int, str], Announcement] = {}
    for item in sorted(announcements, key=lambda item: item.version):
        newest[item.event, item.kind] = item
    return list(newest.values())


def _of_failure(state: State, known: list[Announcement], now: datetime) -> Availability:
    over = {item.event for item in known if item.kind == _FAILURE_ENDS}
    lasting = [
        item
        for item in known
        if item.kind == _FAILURE_BEGINS and item.event not in over and item.start <= now
    ]
    begun = (item.start for item in lasting if _STATES.get(item.category) == state)
    return Availability(state, max(begun, default=None))


def _end(item: Announcement) -> datetime:
    return item.end or item.start
