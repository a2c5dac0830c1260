"""Faults on the way and limits of requests, over real sockets where these matter."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from kit import Caller, codes

from ksef_simulator import Control, Simulator


@pytest.fixture(scope="module")
def served():
    with Simulator() as running:
        yield running


@pytest.fixture
def remote(served):
    served.reset()
    served.faults.clear()
    served.settings.reset()
    served.requests.clear()
    return Caller(served, requests.Session())


def test_a_reset_cuts_the_connection_before_anything_is_done(remote, served):
    served.faults.add("challenge", "reset")
    with pytest.raises(requests.ConnectionError):
        remote.challenge()
    assert not served.state.challenges
    assert remote.challenge()


def test_a_lost_answer_cuts_the_connection_after_the_work(remote, served):
    served.faults.add("challenge", "lost")
    with pytest.raises(requests.ConnectionError):
        remote.challenge()
    assert len(served.state.challenges) == 1


def test_half_an_answer_breaks_off(remote, served):
    served.faults.add("challenge", "half")
    with pytest.raises((requests.RequestException, ValueError)):
        remote.challenge()


@pytest.mark.parametrize("kind", ["reset", "lost", "half"])
def test_cut_connections_are_the_same_without_a_socket(ksef, sim, kind):
    sim.faults.add("challenge", kind)
    with pytest.raises(requests.RequestException):
        ksef.challenge()
    assert ksef.challenge()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("500", 500),
        ("503", 503),
        ("429", 429),
        ("401", 401),
        ("403", 403),
        ("empty-403", 403),
        ("410", 410),
    ],
)
def test_error_answers_come_on_demand(ksef, sim, kind, status):
    sim.on_exchange = None
    sim.faults.add("challenge", kind, seconds=7)
    answer = ksef.call("POST", "/auth/challenge")
    assert answer.status_code == status
    assert bool(answer.content) == (kind != "empty-403")
    assert answer.headers.get("Retry-After") == ("7" if kind == "429" else None)


def test_html_comes_instead_of_json_on_demand(ksef, sim):
    sim.faults.add("challenge", "html")
    answer = ksef.call("POST", "/auth/challenge")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_any_refusal_comes_on_demand(ksef, sim):
    sim.faults.add("challenge", "refusal", code=21180, details=["Nieprawidłowe żądanie."])
    assert codes(ksef.call("POST", "/auth/challenge")) == [21180]


def test_a_delay_takes_real_time(ksef, sim):
    sim.faults.add("challenge", "delay", seconds=0.2)
    start = time.monotonic()
    assert ksef.challenge()
    assert time.monotonic() - start >= 0.2


def test_a_fault_meets_as_many_requests_as_told(ksef, sim):
    sim.faults.add("*", "503", times=2)
    seen = [ksef.call("POST", "/auth/challenge").status_code for _number in range(3)]
    assert seen == [503, 503, 200]


def test_a_fault_may_be_for_one_company_only(ksef, sim):
    tokens = ksef.login()
    sim.faults.add("sessions", "503", times=-1, context="1111111111")
    assert ksef.call("GET", "/auth/sessions", tokens.access).status_code == 200


def test_a_fault_for_an_operation_that_does_not_exist_is_a_mistake(sim):
    with pytest.raises(ValueError, match="no operation 'chalenge'"):
        sim.faults.add("chalenge", "500")


def test_an_unknown_fault_or_setting_is_a_mistake(sim):
    with pytest.raises(ValueError, match="unknown fault"):
        sim.faults.add("challenge", "surprise")
    with pytest.raises(KeyError):
        sim.settings.update({"auth_dealy": 3})
    with pytest.raises(ValueError, match="version is one of 2.9, 2.6"):
        sim.settings.version = "2.8"


def test_the_log_holds_counts_and_no_secrets(ksef, sim):
    tokens = ksef.login()
    ksef.call("GET", "/auth/sessions", tokens.access)
    assert sim.requests.count("redeem") == 1
    assert sim.requests.count("sessions", status=200) == 1
    item = sim.requests.of("sessions")[0]
    assert (item.bearer, item.context) == ("access", "5265877635")
    assert tokens.access not in repr(list(sim.requests))


def _statuses(ksef, bearer, path, count):
    return [ksef.call("GET", path, bearer).status_code for _number in range(count)]


def test_thirty_requests_a_minute_then_429_with_retry_after(ksef, sim):
    sim.settings.rate_limits = "per-endpoint"
    bearer = ksef.login().access
    for _second in range(3):
        assert _statuses(ksef, bearer, "/auth/sessions", 10) == [200] * 10
        sim.clock.advance(1)
    answer = ksef.call("GET", "/auth/sessions", bearer)
    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert 50 <= wait <= 60
    sim.clock.advance(wait)
    assert ksef.call("GET", "/auth/sessions", bearer).status_code == 200


def test_ten_requests_a_second_then_429(ksef, sim):
    sim.settings.rate_limits = "per-endpoint"
    bearer = ksef.login().access
    assert _statuses(ksef, bearer, "/auth/sessions", 11) == [200] * 10 + [429]


@pytest.mark.parametrize(("reading", "status"), [("per-endpoint", 200), ("group", 429)])
def test_endpoints_share_a_counter_or_not_by_the_switch(ksef, sim, reading, status):
    sim.settings.rate_limits = reading
    bearer = ksef.login().access
    _statuses(ksef, bearer, "/auth/sessions", 10)
    assert ksef.call("GET", "/certificates/limits", bearer).status_code == status


def test_a_hundred_and_twenty_requests_an_hour(ksef, sim):
    sim.settings.rate_limits = "per-endpoint"
    sim.settings.access_token_seconds = 7200
    bearer = ksef.login().access
    seen = []
    for _number in range(121):
        seen += _statuses(ksef, bearer, "/auth/sessions", 1)
        sim.clock.advance(20)
    assert seen == [200] * 120 + [429]


def test_sixty_challenges_a_second(ksef, sim):
    sim.settings.rate_limits = "per-endpoint"
    seen = [ksef.call("POST", "/auth/challenge").status_code for _number in range(90)]
    assert seen.count(200) >= 60
    sim.clock.advance(2)
    assert ksef.challenge()


def test_a_redeem_from_many_threads_succeeds_once(remote, served):
    served.settings.rate_limits = "off"
    tokens = remote.started()

    def redeem(_number):
        url = f"{served.base_url}/auth/token/redeem"
        headers = {"Authorization": f"Bearer {tokens.operation}"}
        return requests.post(url, headers=headers, timeout=20).status_code

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(redeem, range(16)))
    assert sorted(seen) == [200] + [400] * 15


def test_another_process_controls_it_with_the_same_names(remote, served):
    control = Control(served.base_url)
    before = control.clock.now()
    assert control.clock.advance(3600) >= before
    control.settings.auth_delay = 5
    assert served.settings.auth_delay == control.settings.auth_delay == 5
    control.faults.add("challenge", "503")
    assert remote.call("POST", "/auth/challenge").status_code == 503
    assert control.requests.count("challenge", status=503) == 1
    assert control.world.grant("12345678901", "1111111111", ["InvoiceRead"], can_delegate=True)
    assert {item["scope"] for item in control.state()["rights"]} >= {"InvoiceRead"}
    with pytest.raises(ValueError, match="no setting"):
        control.settings.nonsense = 1
