"""The client that carries the bearer: one renewal, Retry-After, the caller's limit."""

import time

import pytest
from protocol_builders import http, raised, refused, wire

from tools.authorised_client import AuthorisedClient
from tools.errors import KsefRateLimited, KsefRefused, KsefUnauthorized, KsefUnavailable

FINE = http(200, {"items": []})


def _asked(*answers, method="GET", time_limit=5.0):
    """The answer to one request, the bearers it was sent with, and how the token was asked for."""
    asked_with = []

    def token(refused_bearer, _seconds):
        asked_with.append(refused_bearer)
        return f"bearer-{len(asked_with)}"

    with wire(*answers) as (client, server):
        call = AuthorisedClient(client, token, time_limit)
        try:
            outcome = call.request(method, "/auth/sessions")
        except Exception as error:
            outcome = error
        return outcome, server.requests, asked_with


def test_a_request_carries_the_bearer():
    answer, (request,), asked_with = _asked(FINE)
    assert answer.status_code == 200
    assert b"Authorization: Bearer bearer-1" in request
    assert asked_with == [None]


@pytest.mark.parametrize("refusal", [http(401, {"title": "Unauthorized"}), http(403)])
def test_a_refused_bearer_is_renewed_once(refusal):
    answer, requests, asked_with = _asked(refusal, FINE)
    assert answer.status_code == 200
    assert b"Bearer bearer-2" in requests[1]
    assert asked_with == [None, "bearer-1"]


def test_a_bearer_refused_twice_is_given_up():
    error, requests, _asked_with = _asked(http(401), http(401))
    assert isinstance(error, KsefUnauthorized) and len(requests) == 2


def test_a_request_is_repeated_after_the_time_that_ksef_asks_for():
    began = time.monotonic()
    answer, requests, _asked_with = _asked(http(429, Retry_After="1"), FINE)
    assert answer.status_code == 200 and len(requests) == 2
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("pause", ["0", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_ksef_is_not_hammered_whatever_time_it_asks_for(pause):
    refusals = [http(429, Retry_After=pause)] * 50
    error, requests, _asked_with = _asked(*refusals, time_limit=1.5)
    assert isinstance(error, KsefRateLimited)
    assert len(requests) <= 2


def test_nobody_waits_longer_than_the_caller_wants():
    began = time.monotonic()
    error, requests, _asked_with = _asked(http(429, Retry_After="60"), time_limit=2)
    assert isinstance(error, KsefRateLimited) and error.retry_after == 60
    assert len(requests) == 1 and time.monotonic() - began < 1


def test_a_silent_ksef_is_not_waited_for_longer_than_the_caller_wants():
    began = time.monotonic()
    error, requests, _asked_with = _asked([2.0], time_limit=0.3)
    assert isinstance(error, KsefUnavailable) and (error.code, error.sent) == ("timeout", True)
    assert len(requests) == 1 and time.monotonic() - began < 1


def test_what_may_have_been_served_is_not_sent_again():
    error, requests, _asked_with = _asked(http(503, Retry_After="0"), method="POST")
    assert isinstance(error, KsefUnavailable) and len(requests) == 1


def test_a_question_is_asked_again_when_ksef_says_when():
    answer, requests, _asked_with = _asked(http(503, Retry_After="0"), FINE)
    assert answer.status_code == 200 and len(requests) == 2


def test_other_refusals_reach_the_caller_as_they_are():
    error, _requests, _asked_with = _asked(refused((21405, "Błąd walidacji danych wejściowych.")))
    assert isinstance(error, KsefRefused) and error.has(21405)


def test_the_wait_for_a_bearer_is_part_of_the_time_that_a_request_may_take():
    left = []

    def token(_refused, seconds):
        left.append(seconds)
        time.sleep(0.2)
        return "bearer"

    with wire(http(401), http(401)) as (client, _server):
        raised(KsefUnauthorized, lambda: AuthorisedClient(client, token, 1).request("GET", "/x"))
    assert left[0] <= 1
    assert left[1] <= 0.8


def test_an_exception_of_the_token_reaches_the_caller():
    def token(_refused, _seconds):
        raise LookupError("no login")

    with wire(FINE) as (client, server):
        raised(LookupError, lambda: AuthorisedClient(client, token, 1).request("GET", "/x"))
        assert not server.requests
