"""Answers that are none, and refusals in all their forms."""

import json
import socket

import pytest
from protocol_builders import failure, http, raised, refused, wire

from tools import members, transport
from tools.client import KsefClient
from tools.errors import (
    KsefBlocked,
    KsefError,
    KsefForbidden,
    KsefGone,
    KsefRateLimited,
    KsefRefused,
    KsefUnauthorized,
    KsefUnavailable,
)

HTML = b"<!DOCTYPE html><title>Request unsuccessful</title>"
MARK = b"\xef\xbb\xbf"


def test_a_refused_connection_says_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = raised(KsefUnavailable, KsefClient(f"http://127.0.0.1:{port}/v2").challenge)
    assert (error.code, error.sent) == ("network", False)


def test_an_unknown_host_says_that_nothing_was_sent():
    error = raised(KsefUnavailable, KsefClient("https://ksef.invalid/v2").challenge)
    assert not error.sent


def test_tls_that_fails_is_told_from_a_broken_connection():
    with wire(http(200)) as (_client, server):
        address = server.url.replace("http:", "https:")
        error = raised(KsefUnavailable, KsefClient(address, timeout=2).challenge)
    assert (error.code, error.sent) == ("tls", True)


def test_silence_may_mean_that_ksef_has_the_request(monkeypatch):
    with wire([1.0]) as (_client, server):
        client = KsefClient(server.url, timeout=0.1)
        error = raised(KsefUnavailable, client.challenge)
    assert (error.code, error.sent) == ("timeout", True)


def test_a_connection_closed_without_answer_may_mean_that_ksef_has_the_request():
    error = failure(KsefUnavailable, [])
    assert (error.code, error.sent) == ("reset", True)


def test_only_a_call_that_changes_something_may_have_done_so_without_an_answer():
    calls = {
        "challenge": lambda client: client.challenge(),
        "status": lambda client: client.auth_status("20261122-AU-1", "bearer"),
        "document": lambda client: client.submit_signed_request(b"<x/>"),
    }
    done = {}
    for name, call in calls.items():
        with wire([]) as (client, _server):
            done[name] = raised(KsefUnavailable, lambda call=call: call(client)).may_have_done
    assert done == {"challenge": False, "status": False, "document": True}


def test_half_an_answer_may_mean_that_ksef_has_the_request():
    error = failure(KsefUnavailable, http(200, {"accessToken": {}})[:-3])
    assert (error.code, error.sent) == ("reset", True)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(200, HTML), "html"),
        (http(403, HTML), "html"),
        (http(400, HTML), "html"),
        (http(403, MARK + HTML), "html"),
        (http(403, b"Request blocked."), "blocked"),
        (http(502, HTML), "server"),
        (http(503), "server"),
        (http(500, {"a": 1}), "server"),
        (http(200, b"{no"), "unreadable"),
        (http(200, b"\xff\xfe"), "unreadable"),
        (http(200, b"[" * 100_000), "unreadable"),
        (http(408), "server"),
        (http(407), "proxy"),
    ],
)
def test_what_is_no_answer_of_ksef_is_an_outage(answer, code):
    assert failure(KsefUnavailable, answer).code == code


def test_an_outage_keeps_the_time_that_ksef_asks_to_wait():
    assert failure(KsefUnavailable, http(503, Retry_After="30")).retry_after == 30


def test_the_new_form_of_errors_is_read():
    error = failure(KsefRefused, refused((21301, "Brak autoryzacji."), (21405, "Błąd.")))
    assert (error.status, error.number, error.code) == (400, 21301, "21301")
    assert error.has(21405)
    assert not error.has(21304)


def test_the_old_form_of_errors_is_read():
    item = {"exceptionCode": 9105, "exceptionDescription": "Zły.", "details": ["Skrót"]}
    error = failure(KsefRefused, http(400, {"exception": {"exceptionDetailList": [item]}}))
    assert [(p.code, p.text, p.details) for p in error.problems] == [(9105, "Zły.", ("Skrót",))]


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors": 1}',
        b'{"errors": [1, {}]}',
        b'{"exception": []}',
        b'{"errors": [{"code": true}]}',
    ],
)
def test_a_refusal_without_readable_codes_is_still_a_refusal(body):
    error = failure(KsefRefused, http(400, body))
    assert (error.status, error.number, error.code) == (400, None, "http_400")


BLOCKED = {
    "title": "Request blocked",
    "status": 403,
    "detail": "This request was blocked by our security service",
    "security": {"incidentId": "7860-1655", "clientIp": "192.0.2.7"},
}


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(BLOCKED).encode(),
        MARK + json.dumps(BLOCKED).encode(),
        b'{"incidentId": 7860, "title": "Request blocked"}',
        b'{"title": "Forbidden", "status": 403, "reasonCode": null}',
        b"Request blocked.",
        HTML,
        MARK + b"\r\n" + HTML,
        HTML.decode().encode("utf-16"),
        b"null",
        b"[]",
        b"{}",
        b'{"reference',
    ],
)
def test_a_403_without_a_reason_is_a_wall_and_no_verdict(body):
    error = failure(KsefBlocked, http(403, body))
    assert error.retryable
    assert (error.sent, error.status) == (True, 403)


@pytest.mark.parametrize("status", [400, 401, 404, 405, 409, 410, 413, 415, 422, 451])
@pytest.mark.parametrize(
    "body",
    [
        b"404 page not found",
        b"null",
        b"[]",
        b"{}",
        b'{"message": "no Route matched with those values"}',
        json.dumps(BLOCKED).encode(),
        HTML,
        MARK + HTML,
    ],
)
def test_a_4xx_that_is_no_answer_of_ksef_is_no_verdict_either(status, body):
    assert failure(KsefUnavailable, http(status, body)).status == status


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 413, 415, 422, 451])
@pytest.mark.parametrize("body", [b"", b" \r\n", MARK])
def test_a_4xx_that_says_nothing_is_no_verdict(status, body):
    assert failure(KsefUnavailable, http(status, body)).code == "unreadable"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(BLOCKED).encode(),
        b'{"incidentId": "7860-1655"}',
        b"Request blocked. Incident ID: 7860-1655 (simulated)",
        b"<p>Incapsula incident ID: <b>7860-1655</b></p>",
        MARK + b"<iframe src='/x?incident_id=7860-1655&amp;edet=12'></iframe>",
        "<p>Your support ID is: 7860-1655.</p>".encode("utf-16"),
    ],
)
def test_a_wall_tells_the_number_of_the_incident(body):
    error = failure(KsefBlocked, http(403, body))
    assert (error.incident, error.details) == ("7860-1655", ("7860-1655",))
    assert "incident 7860-1655" in str(error)
    assert failure(KsefBlocked, http(404, body)).incident == "7860-1655"


def test_a_page_in_place_of_an_answer_tells_the_number_of_the_incident():
    assert failure(KsefBlocked, http(200, b"<p>Incident ID: 7860-1655")).incident == "7860-1655"


@pytest.mark.parametrize("number", ["the\nbearer", "x" * 81, "\x00", "ż", [], {"a": "7860"}, None])
def test_what_is_no_number_of_an_incident_is_not_told(number):
    body = {"title": "Request blocked", "security": {"incidentId": number}}
    assert failure(KsefBlocked, http(403, body)).incident == ""


def test_a_403_with_codes_is_ksefs_although_it_names_no_reason():
    body = {"title": "Forbidden", "status": 403, "errors": [{"code": 21301, "description": "…"}]}
    assert failure(KsefForbidden, http(403, body)).reason == ""


@pytest.mark.parametrize("status", [401, 403])
def test_an_empty_answer_speaks_of_no_bearer_where_none_was_sent(status):
    with wire(http(status)) as (client, _server):
        assert raised(KsefUnavailable, client.challenge).code == "unreadable"


def test_a_flood_of_errors_is_cut():
    error = failure(KsefRefused, refused(*[(21405, "x" * 5000)] * 500))
    assert len(error.problems) == members.MOST
    assert len(error.problems[0].text) == members.LONGEST


@pytest.mark.parametrize("answer", [http(401, {"status": 401}), http(401), http(403)])
def test_an_empty_403_means_what_401_means(answer):
    assert isinstance(failure(KsefRefused, answer), KsefUnauthorized)


def test_a_reason_makes_403_a_matter_of_rights():
    body = {
        "title": "Forbidden",
        "status": 403,
        "reasonCode": "missing-permissions",
        "security": {"requiredAnyOfPermissions": ["InvoiceWrite"]},
    }
    error = failure(KsefForbidden, http(403, body))
    assert error.reason == "missing-permissions"
    assert error.details == ("requiredAnyOfPermissions: InvoiceWrite",)


def test_a_blocked_connection_tells_the_number_of_the_incident():
    body = {
        "detail": "Żądanie zostało zablokowane.",
        "reasonCode": "security-service-blocked",
        "security": {"incidentId": "INC-7", "clientIp": "192.0.2.1"},
    }
    error = failure(KsefForbidden, http(403, body))
    assert error.said == "Żądanie zostało zablokowane."
    assert error.details == ("incidentId: INC-7", "clientIp: 192.0.2.1")


@pytest.mark.parametrize("security", [None, [], "x", {"a": {"b": 1}}, {"\x00": "\ud800"}])
def test_odd_members_of_a_reason_are_still_a_refusal(security):
    error = failure(KsefForbidden, http(403, {"reasonCode": 7, "security": security}))
    assert error.reason == ""
    assert "\x00" not in "".join(error.details)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 415])
def test_a_refusal_without_codes_keeps_what_ksef_says(status):
    body = {"title": "Any", "detail": "Wymagane jest uwierzytelnienie."}
    assert failure(KsefRefused, http(status, body)).said == "Wymagane jest uwierzytelnienie."


@pytest.mark.parametrize(
    "body",
    [
        {"traceId": "673843e023c432286660bc0501a3af44"},
        {"exception": {"serviceCode": "00-c02cc3747020c605be02159bf3324f0e-eee7647dc67aa74a-00"}},
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 410, 429, 500])
def test_the_log_names_the_number_by_which_the_ministry_finds_an_answer(status, body):
    number = body.get("traceId") or body["exception"]["serviceCode"]
    assert f"trace {number}" in str(failure(KsefError, http(status, body)))


@pytest.mark.parametrize("number", ["the-bearer\n", 7, "x" * 999, "ż" * 9])
def test_what_is_no_such_number_is_not_logged(number):
    assert "trace" not in str(failure(KsefError, http(500, {"traceId": number})))


def test_an_old_operation_is_gone():
    assert failure(KsefGone, http(410, {"status": 410})).status == 410


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        ("-3", 0),
        ("1e99", 86400),
        ("nan", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400),
        ("Thu, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_a_pause_is_read_in_seconds_and_as_a_date(header, seconds):
    assert failure(KsefRateLimited, http(429, Retry_After=header)).retry_after == seconds


def test_a_firewall_that_slows_down_is_a_rate_limit_too():
    error = failure(KsefRateLimited, http(429, HTML))
    assert error.retryable
    assert error.retry_after is None


@pytest.mark.parametrize(
    "answer",
    [
        refused((21301, "the-secret-detail")),
        http(500, b"the-secret"),
        http(200, b"the-secret"),
        http(401),
        [],
        http(302),
    ],
)
def test_no_exception_shows_the_bearer_or_the_body(answer):
    with wire(answer) as (client, _server):
        try:
            client.redeem("the-bearer")
        except Exception as error:
            shown = f"{error} {error!r} {error.__dict__} {error.__cause__}"
    assert "the-bearer" not in shown
    assert "the-secret" not in shown.replace("the-secret-detail", "")
    assert "/auth/token/redeem" in shown


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch):
    monkeypatch.setattr(transport, "IDLE_LIMIT", -1)
    token = {"accessToken": {"token": "t", "validUntil": "2026-04-29T12:00:00Z"}}
    kept = http(200, token, Connection="keep-alive")
    with wire(kept, kept) as (client, server):
        client.refresh("bearer")
        client.refresh("bearer")
    assert len(server.requests) == 2
