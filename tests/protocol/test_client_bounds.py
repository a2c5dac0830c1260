"""However long, packed or slow an answer is, and wherever it points, the client has its bounds."""

import gzip
import json
import socket
import time
import tracemalloc
import zlib
from contextlib import contextmanager, nullcontext

import pytest
from protocol_builders import failure, http, raised, wire
from urllib3.util import connection
from windows import windows

from tools import const, transport
from tools.client import KsefClient
from tools.errors import KsefUnavailable

TOKEN = {"token": "t", "validUntil": "2026-04-29T12:00:00Z"}


@pytest.mark.parametrize("system", [nullcontext, windows])
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n{", http(200, b"{" * 999)[:60]])
def test_a_server_that_drips_its_answer_does_not_hold_the_worker(start, system, monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.3)
    drops = [part for number in range(40) for part in (b"X%d: 1\r\n" % number, 0.05)]
    began = time.monotonic()
    with system():
        error = failure(KsefUnavailable, [start, *drops])
    assert (error.code, error.sent) == ("timeout", True)
    assert time.monotonic() - began < 1.5


def test_a_server_that_drips_its_tls_does_not_hold_the_worker(monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.3)
    handshake = b"\x16\x03\x03\x40\x00" + bytes(40)
    with wire([part for number in handshake for part in (bytes([number]), 0.05)]) as (_, server):
        client = KsefClient(server.url.replace("http:", "https:"), timeout=2)
        began = time.monotonic()
        error = raised(KsefUnavailable, client.challenge)
    assert error.code == "timeout"
    assert time.monotonic() - began < 1.5


@contextmanager
def _tunnel(monkeypatch, *inside):
    """Give a client of an address behind a proxy that opens a tunnel and answers in it itself."""
    # What comes before the client has begun TLS would count as the proxy's answer.
    with wire([b"HTTP/1.1 200 Any\r\n\r\n", None, *inside]) as (_, server):
        monkeypatch.setenv("https_proxy", server.url.removesuffix("/v2"))
        monkeypatch.setenv("no_proxy", "")
        with KsefClient("https://ksef.invalid/v2", timeout=2) as client:
            yield client
    assert [request[:8] for request in server.requests] == [b"CONNECT "]


def test_tls_that_drips_inside_a_tunnel_does_not_hold_the_worker(monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.3)
    handshake = bytes.fromhex("16 03 03 04 00 02 00 03 fc 03 03") + bytes(40)
    drops = [part for number in handshake for part in (bytes([number]), 0.05)]
    with _tunnel(monkeypatch, *drops) as client:
        began = time.monotonic()
        error = raised(KsefUnavailable, client.challenge)
    assert error.code == "timeout"
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("inside", [[], [b"no TLS at all"]])
def test_a_tunnel_that_fails_may_have_let_the_request_through(inside, monkeypatch):
    with _tunnel(monkeypatch, *inside) as client:
        error = raised(KsefUnavailable, lambda: client.redeem("the-bearer"))
    assert (error.code, error.sent) == ("tls", True)


def test_nothing_is_sent_through_a_proxy_that_refuses(monkeypatch):
    with wire(http(403)) as (_, server):
        monkeypatch.setenv("https_proxy", server.url.removesuffix("/v2"))
        monkeypatch.setenv("no_proxy", "")
        error = raised(KsefUnavailable, KsefClient("https://ksef.invalid/v2").challenge)
    assert (error.code, error.sent) == ("proxy", False)


def test_nothing_is_sent_when_no_connection_comes_about_in_time():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        # Who is already waiting fills the queue, so that nobody else gets in.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}/v2"
        error = raised(KsefUnavailable, KsefClient(url, timeout=0.2).challenge)
        for one in waiting:
            one.close()
    assert (error.code, error.sent) == ("timeout", False)


def test_a_short_answer_is_taken_however_late_it_comes(monkeypatch):
    monkeypatch.setattr(transport, "EXCHANGE_TIMEOUT", 0.2)
    look_up = socket.getaddrinfo

    def slow(*arguments, **options):
        time.sleep(0.3)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with wire(http(200, {"accessToken": TOKEN})) as (client, _server):
        assert client.refresh("bearer").token == "t"


def test_nothing_is_sent_when_the_callers_time_is_over():
    with wire(http(200)) as (client, server):
        client.deadline = time.monotonic()
        error = raised(KsefUnavailable, client.challenge)
        assert (error.code, error.sent) == ("timeout", False)
        assert not server.requests


def test_no_exchange_lasts_longer_than_the_caller_waits():
    with wire([2.0]) as (_, server):
        began = time.monotonic()
        with KsefClient(server.url, timeout=2, deadline=began + 0.2) as client:
            error = raised(KsefUnavailable, client.challenge)
    assert (error.code, error.sent) == ("timeout", True)
    assert time.monotonic() - began < 1


def test_all_addresses_of_a_host_share_the_time_for_the_connection(monkeypatch):
    waits = []

    def dead(address, timeout, *_args, **_options):
        waits.append(timeout)
        raise TimeoutError

    three = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))] * 3
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: three)
    monkeypatch.setattr(connection, "create_connection", dead)
    monkeypatch.setenv("no_proxy", "*")
    raised(KsefUnavailable, KsefClient("https://three.invalid/v2", timeout=3).challenge)
    assert waits == [pytest.approx(1, abs=0.1)]


def test_a_connection_and_an_answer_that_are_both_slow_share_the_callers_time(monkeypatch):
    connect = connection.create_connection

    def slow(*arguments, **options):
        time.sleep(1.2)
        return connect(*arguments, **options)

    monkeypatch.setattr(connection, "create_connection", slow)
    with wire([4.0]) as (_, server):
        began = time.monotonic()
        with KsefClient(server.url, deadline=began + 1.5) as client:
            assert raised(KsefUnavailable, client.challenge).code == "timeout"
    assert time.monotonic() - began < 2.6


def test_an_answer_that_stalls_half_way_is_not_waited_for_longer_than_the_caller_has():
    half = http(200, b"{" * 999, Connection="keep-alive")[:600]
    with wire([1.8, half, 4.0]) as (_, server):
        began = time.monotonic()
        with KsefClient(server.url, deadline=began + 2) as client:
            assert raised(KsefUnavailable, client.challenge).code == "timeout"
    assert time.monotonic() - began < 3.3


def test_what_ksef_answers_once_is_waited_for_however_little_time_the_caller_has():
    tokens = {"accessToken": TOKEN, "refreshToken": TOKEN}
    with wire([0.4, http(200, tokens)]) as (client, _server):
        client.deadline = time.monotonic() + 0.1
        assert client.redeem("bearer").access.token == "t"


def test_what_ksef_answers_once_is_not_begun_after_the_callers_time():
    with wire(http(200)) as (client, server):
        client.deadline = time.monotonic()
        assert not raised(KsefUnavailable, lambda: client.redeem("bearer")).sent
        assert not server.requests


def _most_memory(answer):
    """Return the failure and the most bytes that were in use on the way to it."""
    tracemalloc.start()
    try:
        error = failure(KsefUnavailable, answer)
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
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding]
    body = json.dumps({"accessToken": TOKEN}).encode()
    packed = http(200, pack(body), Content_Encoding=encoding)
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
    assert failure(KsefUnavailable, packed).code == "unreadable"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.invalid/", "/v2/elsewhere", "http://[::1", "\xff\xfe", ""]
)
def test_a_redirect_is_never_followed(address):
    elsewhere = http(307, Location=address)
    with wire(elsewhere) as (client, server):
        error = raised(KsefUnavailable, lambda: client.redeem("the-bearer"))
    assert (error.code, error.status) == ("redirect", 307)
    assert len(server.requests) == 1
