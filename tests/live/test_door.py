"""The rules of a guest: one address, one pace, and an end for good."""

from __future__ import annotations

import io

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from live.door import TEST, Door, Pace, Stopped, checked_address
from tools.client import KsefClient


@pytest.fixture
def door(sim, moved):
    """Give a door to the simulator."""
    return Door(sim.base_url, Pace(moved), moved, sim.adapter())


@pytest.mark.parametrize(
    "url", [TEST, f"{TEST}/", "http://127.0.0.1:8070/v2", "http://localhost/v2"]
)
def test_the_test_environment_and_this_machine_may_be_called(url):
    assert checked_address(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.ksef.mf.gov.pl/v2",
        "https://api-demo.ksef.mf.gov.pl/v2",
        "https://api-test.ksef.mf.gov.pl/v3",
        "https://api-test.ksef.mf.gov.pl.example.com/v2",
        "http://api-test.ksef.mf.gov.pl/v2",
        "http://192.0.2.1/v2",
        "",
    ],
)
def test_any_other_address_is_refused(url):
    with pytest.raises(ValueError):
        checked_address(url)


def test_the_session_reaches_no_other_address(door, sim):
    with pytest.raises(Stopped, match="another address"):
        door.session.get("http://127.0.0.1:1/v2/elsewhere")
    with pytest.raises(Stopped, match="another address"):
        door.session.get(f"{sim.base_url}evil/elsewhere")


class Redirecting(BaseAdapter):
    """Answers every request with a redirect."""

    def send(self, request, **options):
        response = requests.Response()
        response.status_code = 307
        response.headers["Location"] = "https://api.ksef.mf.gov.pl/v2"
        response.raw = HTTPResponse(io.BytesIO(b""), preload_content=False)
        return response

    def close(self):
        """Nothing is open."""


def test_a_redirect_ends_it(sim, moved):
    door = Door(sim.base_url, Pace(moved), moved, Redirecting())
    with pytest.raises(Stopped, match="redirect"):
        door.call("POST", "/auth/challenge")
    assert len(door.exchanges) == 1


@pytest.mark.parametrize(
    "kind, more",
    [
        ("wall", {}),
        ("wall-text", {}),
        ("wall-html", {}),
        ("429", {"seconds": 60}),
        ("403", {"reason": "security-service-blocked"}),
    ],
)
def test_at_a_wall_or_a_limit_it_ends_for_good(door, sim, kind, more):
    sim.faults.add("challenge", kind, **more)
    with pytest.raises(Stopped):
        door.call("POST", "/auth/challenge")
    with pytest.raises(Stopped), KsefClient(sim.base_url, session=door.session) as client:
        client.challenge()
    assert sim.requests.count() == 1


def test_the_walls_number_is_told(door, sim):
    sim.faults.add("challenge", "wall", details=["786-1234"])
    with pytest.raises(Stopped, match="incident 786-1234"):
        door.call("POST", "/auth/challenge")


def test_an_answer_of_ksefs_does_not_end_it(door, sim):
    for kind in ("403", "empty-403", "401", "500", "html", "refusal"):
        sim.faults.add("challenge", kind, **({"code": 21405} if kind == "refusal" else {}))
        door.call("POST", "/auth/challenge")
    assert not door.stopped


def test_the_suspicion_of_an_incident_ends_the_run_and_leaves_the_journal(live, sim, capsys):
    run = live()
    sim.settings.force_status = {"code": 480}
    assert run.run() == 1
    assert len(run.rows) == 1
    sent = sim.requests.count()
    assert run.clean() == 1
    assert sim.requests.count() == sent
    assert "Try again on another day: ./run live clean" in capsys.readouterr().out


def test_calls_that_share_a_counter_are_further_apart(door, moved):
    moments = []
    for path in ("/auth/challenge", "/auth/challenge", "/auth/sessions", "/certificates/limits"):
        door.call("GET", path)
        moments.append(moved.now())
    pauses = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
    assert pauses == pytest.approx([1, 1, 2.1])
