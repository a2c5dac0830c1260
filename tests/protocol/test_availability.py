"""What the Ministry's availability service says of KSeF, and what odd answers of its mean."""

import json
from datetime import datetime, timedelta, timezone

import pytest
import requests
from protocol_builders import http as answered
from protocol_builders import raised, wire

from tools.availability import ADDRESSES, Announcement, Availability, AvailabilityClient, judged
from tools.errors import KsefError, KsefUnavailable

NOW = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def told(kind, start, end=None, event=1001, version=1, category="MAINTENANCE"):
    """Return an announcement as the service writes it."""
    return {
        "id": f"K/2026/NIED/{event - 1000:02}",
        "eventId": event,
        "category": category,
        "type": kind,
        "title": "Planowana niedostępność",
        "text": "Prace serwisowe.",
        "start": start.isoformat(),
        "end": end.isoformat() if end else None,
        "version": version,
        "published": (NOW - 30 * HOUR).isoformat(),
    }


def a_break(start, end, **more):
    """Return the announcement of a break, in hours from now."""
    return told("MAINTENANCE_ANNOUNCEMENT", NOW + start * HOUR, NOW + end * HOUR, **more)


def a_failure(kind, start, event=1001, category="FAILURE"):
    """Return what is told of a failure, in hours from now."""
    return told(kind, NOW + start * HOUR, event=event, category=category)


def verdict(status, *items):
    """Return what these mean now."""
    return judged(status, [Announcement.from_json(item) for item in items], NOW)


@pytest.mark.parametrize(
    ("status", "items", "state", "start", "end"),
    [
        ("AVAILABLE", [], "available", None, None),
        ("AVAILABLE", [a_break(-5, -2)], "available", None, None),
        ("AVAILABLE", [a_break(5, 9)], "announced", 5, 9),
        ("AVAILABLE", [a_break(50, 54, event=1002), a_break(5, 9)], "announced", 5, 9),
        ("MAINTENANCE", [a_break(-1, 3)], "maintenance", -1, 3),
        ("AVAILABLE", [a_break(-1, 3)], "maintenance", -1, 3),
        ("AVAILABLE", [a_break(-1, 0)], "available", None, None),
        ("AVAILABLE", [a_break(0, 1)], "maintenance", 0, 1),
        ("MAINTENANCE", [a_break(-1, 3), a_break(-2, 6, event=1002)], "maintenance", -2, 6),
        ("MAINTENANCE", [], "maintenance", None, None),
        ("MAINTENANCE", [a_break(5, 9)], "maintenance", None, None),
        ("FAILURE", [a_failure("FAILURE_START", -2)], "failure", -2, None),
        ("FAILURE", [a_break(-1, 3)], "failure", None, None),
        ("FAILURE", [], "failure", None, None),
        ("SOMETHING_NEW", [a_break(-1, 3)], "unknown", None, None),
    ],
)
def test_status_and_announcements_make_one_verdict(status, items, state, start, end):
    found = verdict(status, *items)
    hours = [NOW + hour * HOUR if hour is not None else None for hour in (start, end)]
    assert [found.state, found.start, found.end] == [state, *hours]


@pytest.mark.parametrize("turned", [False, True])
def test_the_last_version_of_a_break_counts(turned):
    items = [a_break(1, 3), a_break(2, 6, version=2)]
    found = verdict("AVAILABLE", *(reversed(items) if turned else items))
    assert (found.start, found.end) == (NOW + 2 * HOUR, NOW + 6 * HOUR)


def test_a_failure_that_has_ended_is_not_the_one_that_lasts():
    items = [
        a_failure("FAILURE_START", -2),
        a_failure("FAILURE_END", -1.5),
        a_failure("FAILURE_START", -3, event=1002),
        a_failure("FAILURE_START", -1, event=1003, category="TOTAL_FAILURE"),
        a_failure("FAILURE_START", 4, event=1004),
    ]
    assert verdict("FAILURE", *items).start == NOW - 3 * HOUR
    assert verdict("TOTAL_FAILURE", *items).start == NOW - HOUR


def test_only_production_has_a_service_that_tells_the_truth():
    """TEST's tells of one failure since January 2026, DEMO has none (docs/ksef.md F-8)."""
    assert ADDRESSES == {"production": "https://api-latarnia.ksef.mf.gov.pl"}


def asked(messages, status, act=lambda client: client.ask(NOW)):
    """Have these two answers given, and return what the client makes of them."""
    with wire(messages, status) as (_client, server):
        with AvailabilityClient(server.url.removesuffix("/v2"), timeout=2) as client:
            result = act(client)
        return result, server.requests


def test_it_is_asked_without_a_login_and_told_nothing():
    found, requests_made = asked(
        answered(200, [a_break(5, 9)]), answered(200, {"status": "AVAILABLE"})
    )
    assert found.state == "announced"
    assert [request.split(b" HTTP")[0] for request in requests_made] == [
        b"GET /messages",
        b"GET /status",
    ]
    sent = b"".join(requests_made).lower()
    assert b"authorization" not in sent
    assert b"cookie" not in sent


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        "text",
        {},
        {**a_break(-1, 3), "eventId": "x"},
        {**a_break(-1, 3), "start": "soon"},
        {**a_break(-1, 3), "start": None},
        {**a_break(-1, 3), "end": "0001-01-01T00:00:00+14:00"},
        {**a_break(-1, 3), "version": 2**40},
        {**a_break(-1, 3), "type": 5},
    ],
)
def test_an_odd_announcement_takes_nothing_from_the_others(odd):
    found, _sent = asked(
        answered(200, [odd, a_break(5, 9, event=1002)]), answered(200, {"status": "AVAILABLE"})
    )
    assert (found.state, found.end) == ("announced", NOW + 9 * HOUR)


@pytest.mark.parametrize("never", ["9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59+00:00"])
def test_an_end_that_stands_for_never_has_days_after_it(never):
    found = verdict("MAINTENANCE", {**a_break(-1, 3), "end": never})
    assert found.end + 24 * HOUR > found.end > NOW + 1000 * 365 * 24 * HOUR


@pytest.mark.parametrize(
    "messages",
    [
        b"",
        answered(502, b"<html>502 Bad Gateway</html>"),
        answered(504, b""),
        answered(200, b"<html>maintenance</html>"),
        answered(200, {"messages": []}),
        answered(200, b"[" * 100_000),
        answered(200, b"[1, 2"),
        answered(404, b"not found"),
        answered(302, b"", Location="https://example.com/"),
    ],
)
def test_no_usable_answer_is_an_error_and_no_verdict(messages):
    """That it does not answer says nothing of KSeF (docs/ksef.md F-8)."""
    error, _sent = asked(
        messages, b"", lambda client: raised(KsefUnavailable, lambda: client.ask(NOW))
    )
    assert error.retryable


@pytest.mark.parametrize("status", [{}, {"status": None}, {"status": 5}, {"status": "A B"}, []])
def test_a_status_that_is_none_is_an_error(status):
    error, _sent = asked(
        answered(200, []),
        answered(200, status),
        lambda client: raised(KsefError, lambda: client.ask(NOW)),
    )
    assert error.code == "unreadable"


# With the simulator


@pytest.fixture
def latarnia(sim):
    """Ask the simulator's availability service, by its clock."""

    def ask():
        with AvailabilityClient(sim.availability_url) as client:
            return client.ask(sim.clock.now())

    return ask


def test_a_break_is_announced_lasts_and_ends(sim, latarnia):
    now = sim.clock.now()
    assert latarnia() == Availability("available")
    number = sim.availability.announce_break(now + HOUR, now + 2 * HOUR)
    assert latarnia().state == "announced"
    sim.availability.move_break(number, now + HOUR, now + 4 * HOUR)
    assert latarnia().end == now + 4 * HOUR
    sim.clock.advance(2 * HOUR)
    assert (latarnia().state, latarnia().end) == ("maintenance", now + 4 * HOUR)
    sim.clock.advance(2 * HOUR)
    assert latarnia().state == "available"


@pytest.mark.parametrize(("total", "state"), [(False, "failure"), (True, "total_failure")])
def test_a_failure_lasts_until_it_is_declared_over(sim, latarnia, total, state):
    number = sim.availability.begin_failure(total)
    began = sim.clock.now()
    sim.clock.advance(3 * HOUR)
    assert latarnia().state == state
    assert abs(latarnia().start - began) < HOUR / 60
    sim.availability.end_failure(number)
    assert latarnia().state == "available"


def test_the_services_own_failure_is_not_ksefs(sim, latarnia):
    for answer in ("502", "html"):
        sim.settings.availability_answer = answer
        assert raised(KsefUnavailable, latarnia).retryable


def test_what_it_tells_of_the_test_environment_is_a_dummy(sim):
    sim.settings.availability_answer = "dummy"
    body = requests.get(f"{sim.availability_url}/status", timeout=20).json()
    assert (body["status"], json.dumps(body).count("2026-01-31")) == ("TOTAL_FAILURE", 2)
