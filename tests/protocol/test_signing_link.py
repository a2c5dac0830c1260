"""The link for a signer without an account: its token, and the address that it begins with."""

from urllib.parse import urlsplit

import pytest

from tools import signing_link
from tools.signing_link import InvalidAddress, check_address, is_asked_at, known_address, warnings

ADDRESS = "https://odoo.firma.pl"


def test_a_token_has_256_random_bits():
    tokens = {signing_link.new_token() for _number in range(200)}
    assert len(tokens) == 200
    assert all(signing_link.is_token(token) for token in tokens)
    # 43 letters of 6 bits each; each of them differs between some two tokens.
    assert all(len({token[place] for token in tokens}) > 10 for place in range(42))


@pytest.mark.parametrize(
    "text", ["", "a" * 42, "a" * 44, "ż" * 43, "a" * 42 + "\n", "../" * 14 + "a"]
)
def test_what_is_not_written_like_a_token_is_none(text):
    assert not signing_link.is_token(text)


def test_what_is_stored_of_a_token_does_not_tell_it():
    token = signing_link.new_token()
    stored = signing_link.digest(token)
    assert (len(stored), token in stored) == (64, False)
    assert stored == signing_link.digest(token) != signing_link.digest(signing_link.new_token())


def test_no_browser_sends_the_token_with_its_request():
    token = signing_link.new_token()
    parts = urlsplit(signing_link.link(ADDRESS, token))
    assert (parts.path, parts.query, parts.fragment) == ("/ksef/podpis", "", token)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://odoo.firma.pl", ADDRESS),
        (" https://ODOO.Firma.pl:443/ ", ADDRESS),
        ("https://odoo.firma.pl.", ADDRESS),
        ("https://odoo.firma.pl:8443", "https://odoo.firma.pl:8443"),
        ("http://localhost:8069/", "http://localhost:8069"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:8069", "http://[::1]:8069"),
        ("https://xn--d-uga.pl", "https://xn--d-uga.pl"),
    ],
)
def test_an_address_is_taken_without_what_says_nothing(text, address):
    assert check_address(text) == address
    assert check_address(address) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "host"),
        ("odoo.firma.pl", "host"),
        ("https://", "host"),
        ("https://odoo..pl", "host"),
        ("https://odoo.firma.pl:0", "host"),
        ("https://odoo.firma.pl:99999", "host"),
        ("https://odoo.firma.pl:port", "host"),
        ("https://[::1", "host"),
        ("https://odoo firma.pl", "host"),
        ("https://odoo.firma.pl\\@other.pl", "host"),
        ("https://odoo.firma.pl\x00", "host"),
        ("https://оdoo.firma.pl", "host"),  # a Cyrillic letter
        ("http://odoo.firma.pl", "https"),
        ("http://localhost.firma.pl", "https"),
        ("ftp://odoo.firma.pl", "https"),
        ("javascript://odoo.firma.pl/%0aalert(1)", "https"),
        ("https://user@odoo.firma.pl", "extra"),
        ("https://user:word@odoo.firma.pl", "extra"),
        ("https://odoo.firma.pl/odoo", "extra"),
        ("https://odoo.firma.pl/?db=other", "extra"),
        ("https://odoo.firma.pl/#other", "extra"),
    ],
)
def test_what_would_send_signers_elsewhere_is_refused(text, reason):
    with pytest.raises(InvalidAddress) as raised:
        check_address(text)
    assert raised.value.reason == reason


def test_an_address_that_everybody_reaches_has_no_warning():
    assert warnings(ADDRESS, "https://odoo.firma.pl:443/", 1) == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"])
def test_a_signer_elsewhere_does_not_reach_this_machine_by_its_own_name(host):
    assert warnings(f"https://{host}", f"https://{host}", 1) == ["loopback"]


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "192.168.1.20", "172.16.0.1", "169.254.1.1", "100.64.0.1", "[fe80::1]"),
        *("[fd00::1]", "0.0.0.0", "odoo", "odoo.local", "odoo.firma.internal", "odoo.lan"),
    ],
)
def test_a_signer_elsewhere_does_not_reach_the_own_network(host):
    assert warnings(f"https://{host}", f"https://{host}", 1) == ["private"]


@pytest.mark.parametrize("host", ["8.8.8.8", "[2a00:1450::1]", "odoo.firma.pl", "local.pl"])
def test_a_public_address_is_no_private_one(host):
    assert warnings(f"https://{host}", f"https://{host}", 1) == []


@pytest.mark.parametrize(
    "other", ["https://odoo.other.pl", "http://odoo.firma.pl", "https://odoo.firma.pl:8443", ""]
)
def test_an_address_that_is_not_odoos_own_is_told(other):
    assert warnings(ADDRESS, other, 1) == ["differs"]


def test_an_address_of_several_databases_is_told():
    assert warnings(ADDRESS, ADDRESS, 2) == ["databases"]


@pytest.mark.parametrize("host", ["odoo.firma.pl", "ODOO.firma.pl", "odoo.firma.pl:443"])
def test_the_page_is_shown_at_the_address_of_the_links(host):
    assert is_asked_at(ADDRESS, host)


@pytest.mark.parametrize(
    "host",
    [
        *("", "firma.pl", "odoo.firma.pl:8443", "odoo.firma.pl.evil.pl", "evil.pl"),
        *("evil.pl@odoo.firma.pl", "odoo.firma.pl@evil.pl", "odoo.firma.pl/evil", "a" * 9000),
    ],
)
def test_the_page_is_shown_under_no_other_name(host):
    assert not is_asked_at(ADDRESS, host)


def test_the_page_is_shown_by_no_other_scheme_where_the_scheme_is_known():
    assert is_asked_at(ADDRESS, "odoo.firma.pl", "https")
    assert not is_asked_at(ADDRESS, "odoo.firma.pl", "http")
    assert not is_asked_at("http://localhost:8069", "localhost:8069", "https")


def test_a_port_of_its_own_belongs_to_the_address():
    assert is_asked_at("http://localhost:8069", "localhost:8069")
    assert not is_asked_at("http://localhost:8069", "localhost")


@pytest.mark.parametrize(
    ("address", "knows_proxy", "known"),
    [
        *(("8.8.8.8", False, True), ("2001:4860:4860::8888", False, True), ("8.8.8.8", True, True)),
        *(("10.0.0.7", False, False), ("127.0.0.1", False, False), ("::1", False, False)),
        *(("10.0.0.7", True, True), ("", True, False), ("unix:", False, False)),
    ],
)
def test_addresses_are_told_apart_where_they_are_the_browsers(
    address: str, knows_proxy: bool, known: bool
) -> None:
    assert known_address(address, knows_proxy) == (address if known else "")
