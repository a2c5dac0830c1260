"""The simulator's availability service answers as the Ministry's does (docs/ksef.md F-8)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import requests

from ksef_simulator import Control, Simulator

NOON = datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
MEMBERS = {
    "id",
    "eventId",
    "category",
    "type",
    "title",
    "text",
    "start",
    "end",
    "version",
    "published",
}


def told(sim, page):
    """Return the service's answer."""
    session = requests.Session()
    session.mount(sim.url, sim.adapter())
    return session.get(f"{sim.availability_url}/{page}", timeout=20)


def test_while_all_is_well_there_is_one_word(sim):
    assert told(sim, "status").json() == {"status": "AVAILABLE"}
    assert told(sim, "messages").json() == []
    assert told(sim, "other").status_code == 404


def test_a_coming_break_is_among_the_messages_only(sim):
    now = sim.clock.now()
    sim.availability.announce_break(now + HOUR, now + 2 * HOUR)
    assert told(sim, "status").json() == {"status": "AVAILABLE"}
    (message,) = told(sim, "messages").json()
    assert set(message) == MEMBERS
    assert message["type"] == "MAINTENANCE_ANNOUNCEMENT"
    sim.clock.advance(HOUR)
    assert told(sim, "status").json() == {"status": "MAINTENANCE", "messages": [message]}


def test_the_graver_failure_is_the_status(sim):
    number = sim.availability.begin_failure()
    total = sim.availability.begin_failure(total=True)
    assert told(sim, "status").json()["status"] == "TOTAL_FAILURE"
    sim.availability.end_failure(total)
    assert told(sim, "status").json()["status"] == "FAILURE"
    sim.availability.end_failure(number)
    assert told(sim, "status").json() == {"status": "AVAILABLE"}
    kinds = [message["type"] for message in told(sim, "messages").json()]
    assert kinds == ["FAILURE_END", "FAILURE_START"] * 2


def test_an_event_is_told_for_thirty_days_after_its_end(sim):
    now = sim.clock.now()
    sim.availability.announce_break(now, now + HOUR)
    sim.clock.advance(timedelta(days=30))
    assert told(sim, "messages").json()
    sim.clock.advance(2 * HOUR)
    assert told(sim, "messages").json() == []


def test_each_question_is_counted(sim):
    told(sim, "status")
    assert sim.requests.count("availability-status") == 1


def test_it_is_controlled_and_reached_as_the_ministrys_own(tmp_path):
    with Simulator(start=NOON) as sim:
        control = Control(sim.base_url)
        number = control.availability.announce_break(NOON - HOUR, NOON + HOUR)
        control.availability.move_break(number, NOON - HOUR, NOON + 3 * HOUR)
        control.availability.end_failure(control.availability.begin_failure(total=True))
        with pytest.raises(ValueError, match="no method"):
            control.call("availability", method="reset", values={})
        proxy = sim.start_proxy()
        with requests.Session() as session:
            session.trust_env = False
            session.verify = str(proxy.write_authority(tmp_path / "ca.pem"))
            session.proxies = {"https": proxy.url}
            answer = session.get("https://api-latarnia.ksef.mf.gov.pl/status", timeout=20).json()
            code = session.get("https://qr-test.ksef.mf.gov.pl/nothing", timeout=20).json()
    assert answer["messages"][-1]["end"] == (NOON + 3 * HOUR).isoformat()
    assert code == {"valid": False, "problem": "neither code I nor code II"}
