"""Whatever a server sends, the client answers with a value or one of its own exceptions."""

import json

import pytest

pytest.importorskip("hypothesis", reason="hypothesis thinks the answers up")

from hypothesis import given, settings
from hypothesis import strategies as some
from protocol_builders import DOCUMENT, wire

from stack.sizes import wide
from tools import answers, meanings
from tools.errors import KsefError, raise_for
from tools.transport import Answer

# How many times as many answers ./run test all thinks up.
WIDTH = 20 if wide() else 1
NAMES = some.sampled_from(
    "status code description details token validUntil accessToken refreshToken challenge timestamp"
    " referenceNumber authenticationToken items errors exception exceptionDetailList exceptionCode"
    " reasonCode certificateSerialNumber canRequest enrollment certificate limit remaining"
    " commonName countryName givenName id permissionScope contextIdentifier type value".split()
)
LEAVES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=5)
    | some.sampled_from(["2026-04-29T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-99-99T"])
)
JSON = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
READERS = [
    answers.Challenge,
    answers.Token,
    answers.Tokens,
    answers.Operation,
    answers.AuthStatus,
    answers.SessionItem,
    answers.CertificateLimits,
    answers.EnrollmentData,
    answers.Enrollment,
    answers.EnrollmentStatus,
    answers.CertificateItem,
    answers.RetrievedCertificate,
    answers.Order,
    answers.OrderStatus,
    answers.GivenRight,
    answers.ReceivedRight,
]


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60 * WIDTH, deadline=None)
@given(data=JSON)
def test_any_json_is_read_or_called_invalid(kind, data):
    answer = Answer(200, {}, json.dumps(data).encode(), "KSeF GET /any")
    try:
        assert isinstance(answer.read(kind.from_json), kind)
    except KsefError as error:
        assert error.sent


@settings(max_examples=300 * WIDTH, deadline=None)
@given(
    status=some.integers(100, 599),
    body=JSON.map(lambda data: json.dumps(data).encode()) | some.binary(max_size=40),
    pause=some.none() | some.text(max_size=8) | some.floats().map(str),
)
def test_any_refusal_is_an_exception_with_a_meaning(status, body, pause):
    headers = {"Retry-After": pause} if pause is not None else {}
    try:
        raise_for("KSeF GET /any", status, headers, body)
        assert 200 <= status < 300
    except KsefError as error:
        assert meanings.of_error(error).text
        assert str(error).startswith(f"KSeF GET /any: HTTP {status}")


#: Header lines as no server of good will sends them.
ODD_LINES = some.sampled_from(
    [
        b"Location: http://[::1",
        b"Location: \xff",
        b"Retry-After: Thu, 01 Jan 99999999999 00:00:00 GMT",
        b"Retry-After: \xff, 7",
        b"Content-Encoding: gzip",
        b"Transfer-Encoding: chunked",
        b"Content-Length: -1",
        b"Content-Length: 5, 7",
        b"Set-Cookie: a=b; max-age=z; domain=.invalid; path=\xff",
        b"X-System-Warning: \x00\xff",
        b": no name",
        b"no colon",
        b" folded",
        b"Connection: upgrade",
    ]
)
STARTS = some.sampled_from(
    [
        b"HTTP/1.1 %d Any",
        b"HTTP/1.1 %d",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 %d",
        b"%d",
        b"\xff%d",
    ]
)


@settings(max_examples=200 * WIDTH, deadline=None)
@given(
    start=STARTS,
    status=some.integers(100, 599),
    lines=some.lists(ODD_LINES, max_size=3),
    body=JSON.map(lambda data: json.dumps(data).encode()) | some.binary(max_size=40),
)
def test_any_bytes_are_a_value_or_an_exception_of_ours(start, status, lines, body):
    head = b"\r\n".join([start % status, b"Connection: close", *lines])
    with wire(head + b"\r\n\r\n" + body) as (client, _server):
        try:
            client.submit_signed_request(DOCUMENT)
        except KsefError as error:
            assert meanings.of_error(error).text
