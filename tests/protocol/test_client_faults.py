"""Answers that are none, and refusals in all their forms."""

import gzip
import json
import socket
import time
import tracemalloc
import zlib

import pytest
from protocol_builders import http, raised, refused, wire

from tools import const, refusals, transport
from tools.client import KsefClient
from tools.errors import (
    KsefForbidden,
    KsefGone,
    KsefRateLimited,
    KsefRefused,
    KsefUnauthorized,
    KsefUnavailable,
)

HTML = b"<!DOCTYPE html><title>Request unsuccessful</title>"


def _failure(kind, *answers):
    with wire(*answers) as (client, _server):
        return raised(kind, lambda: client.redeem("the-bearer"))


def test_a_refused_connection_says_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = raised(KsefUnavailable, KsefClient(f"http://127.0.0.1:{port}/v2").challenge)
    assert (error.code, error.sent) == ("network", False)


def test_an_unknown_host_says_that_nothing_was_sent():
    error = raised(KsefUnavailable, KsefClient("https://ksef.invalid/v2").challenge)
    assert not error.sent


def test_a_plain_server_behind_https_says_that_nothing_was_sent():
    with wire(http(200)) as (_client, server):
        address = server.url.replace("http:", "https:")
        error = raised(KsefUnavailable, KsefClient(address, timeout=2).challenge)
    assert (error.code, error.sent) == ("tls", False)


def test_silence_may_mean_that_ksef_has_the_request(monkeypatch):
    with wire([1.0]) as (_client, server):
        client = KsefClient(server.url, timeout=0.1)
        error = raised(KsefUnavailable, client.challenge)
    assert (error.code, error.sent) == ("timeout", True)


def test_a_connection_closed_without_answer_may_mean_that_ksef_has_the_request():
    error = _failure(KsefUnavailable, [])
    assert (error.code, error.sent) == ("reset", True)


def test_half_an_answer_may_mean_that_ksef_has_the_request():
    error = _failure(KsefUnavailable, http(200, {"accessToken": {}})[:-3])
    assert (error.code, error.sent) == ("reset", True)


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n{", http(200, b"{" * 999)[:60]]
)
def test_a_server_that_drips_its_answer_does_not_hold_the_worker(start, monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.3)
    drops = [part for number in range(40) for part in (b"X%d: 1\r\n" % number, 0.05)]
    began = time.monotonic()
    error = _failure(KsefUnavailable, [start, *drops])
    assert (error.code, error.sent) == ("timeout", True)
    assert time.monotonic() - began < 1.5


def test_a_server_that_drips_its_tls_does_not_hold_the_worker(monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.3)
    handshake = b"\x16\x03\x03\x40\x00" + bytes(40)
    with wire([part for number in handshake for part in (bytes([number]), 0.05)]) as (_, server):
        client = KsefClient(server.url.replace("http:", "https:"), timeout=2)
        began = time.monotonic()
        error = raised(KsefUnavailable, client.challenge)
    assert (error.code, error.sent) == ("timeout", False)
    assert time.monotonic() - began < 1.5


def test_nothing_is_sent_when_finding_the_server_took_all_the_time(monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.1)
    look_up = socket.getaddrinfo

    def slow(*arguments, **options):
        time.sleep(0.3)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with wire(http(200)) as (client, server):
        error = raised(KsefUnavailable, client.challenge)
        time.sleep(0.1)
    assert (error.code, error.sent) == ("timeout", False)
    assert server.requests in ([], [b"\r\n\r\n"])


def _most_memory(answer):
    """Return the failure and the most bytes that were in use on the way to it."""
    tracemalloc.start()
    try:
        error = _failure(KsefUnavailable, answer)
        return error, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("status", [200, 302])
def test_an_endless_answer_is_cut_off(status):
    endless = http(status, bytes(const.MAX_ANSWER_BYTES * 8), Location="https://a.invalid")
    error, most = _most_memory(endless)
    assert (error.code, error.sent) == ("too_long", True)
    assert most < const.MAX_ANSWER_BYTES * 3


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_a_gateway_packed_unasked_is_unpacked(encoding):
    token = {"accessToken": {"token": "t", "validUntil": "2026-04-29T12:00:00Z"}}
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    packed = http(200, pack(json.dumps(token).encode()), Content_Encoding=encoding)
    with wire(packed) as (client, _server):
        assert client.refresh("bearer").token == "t"


def test_a_packed_answer_does_not_grow_beyond_the_limit():
    packed = gzip.compress(bytes(const.MAX_ANSWER_BYTES * 8))
    error, most = _most_memory(http(200, packed, Content_Encoding="gzip"))
    assert (error.code, error.sent) == ("too_long", True)
    assert most < const.MAX_ANSWER_BYTES * 3


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip"])
def test_what_cannot_be_unpacked_is_unreadable(encoding):
    packed = http(200, gzip.compress(gzip.compress(b"{}")), Content_Encoding=encoding)
    assert _failure(KsefUnavailable, packed).code == "unreadable"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.invalid/", "/v2/elsewhere", "http://[::1", "\xff\xfe", ""]
)
def test_a_redirect_is_never_followed(address):
    elsewhere = http(307, Location=address)
    with wire(elsewhere) as (client, server):
        error = raised(KsefUnavailable, lambda: client.redeem("the-bearer"))
    assert (error.code, error.status) == ("redirect", 307)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (http(200, HTML), "html"),
        (http(403, HTML), "html"),
        (http(400, HTML), "html"),
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
    assert _failure(KsefUnavailable, answer).code == code


def test_an_outage_keeps_the_time_that_ksef_asks_to_wait():
    assert _failure(KsefUnavailable, http(503, Retry_After="30")).retry_after == 30


def test_the_new_form_of_errors_is_read():
    error = _failure(KsefRefused, refused((21301, "Brak autoryzacji."), (21405, "Błąd.")))
    assert (error.status, error.number, error.code) == (400, 21301, "21301")
    assert error.has(21405)
    assert not error.has(21304)


def test_the_old_form_of_errors_is_read():
    item = {"exceptionCode": 9105, "exceptionDescription": "Zły.", "details": ["Skrót"]}
    error = _failure(KsefRefused, http(400, {"exception": {"exceptionDetailList": [item]}}))
    assert [(p.code, p.text, p.details) for p in error.problems] == [(9105, "Zły.", ("Skrót",))]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"errors": 1}',
        b'{"errors": [1, {}]}',
        b'{"exception": []}',
        b'{"errors": [{"code": true}]}',
    ],
)
def test_a_refusal_without_readable_codes_is_still_a_refusal(body):
    error = _failure(KsefRefused, http(400, body))
    assert (error.status, error.number, error.code) == (400, None, "http_400")


def test_a_flood_of_errors_is_cut():
    error = _failure(KsefRefused, refused(*[(21405, "x" * 5000)] * 500))
    assert len(error.problems) == refusals.MAX_PROBLEMS
    assert len(error.problems[0].text) == refusals.MAX_DETAIL


@pytest.mark.parametrize("answer", [http(401, {"status": 401}), http(401), http(403)])
def test_an_empty_403_means_what_401_means(answer):
    assert isinstance(_failure(KsefRefused, answer), KsefUnauthorized)


def test_a_reason_makes_403_a_matter_of_rights():
    body = {
        "title": "Forbidden",
        "status": 403,
        "reasonCode": "missing-permissions",
        "security": {"requiredAnyOfPermissions": ["InvoiceWrite"]},
    }
    error = _failure(KsefForbidden, http(403, body))
    assert error.reason == "missing-permissions"
    assert error.extensions == {"security": {"requiredAnyOfPermissions": ["InvoiceWrite"]}}


def test_an_old_operation_is_gone():
    assert _failure(KsefGone, http(410, {"status": 410})).status == 410


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
    assert _failure(KsefRateLimited, http(429, Retry_After=header)).retry_after == seconds


def test_a_firewall_that_slows_down_is_a_rate_limit_too():
    error = _failure(KsefRateLimited, http(429, HTML))
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
