"""The diagnosis of the way to KSeF says what is wrong, whatever the environment names."""

import pytest
from protocol_builders import raised

from tools import probe
from tools.client import KsefClient
from tools.errors import KsefUnavailable

KSEF = "https://api-test.ksef.mf.gov.pl/v2"
#: The second where the system asks a resolver in the network, and none is there.
UNKNOWN_NAME = (
    "%(host)s: this server does not know the name (%(detail)s)",
    "%(host)s: no answer within %(seconds)s s",
)
NO_ADDRESSES = ["http://[::1", "http://user:pass#word@proxy:3128", "proxy:abc", "http://p:99999"]


@pytest.fixture(autouse=True)
def no_proxy_but_the_tests(monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def said(probed):
    return probed.text % probed.values


def test_without_a_proxy_there_is_nothing_to_judge():
    assert probe.proxy(KSEF) == probe.Probed(None, "none")


@pytest.mark.parametrize("address", ["http://user:password@proxy:3128", "proxy:3128"])
def test_a_proxy_is_shown_without_its_password(address, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    probed = probe.proxy(KSEF)
    assert (probed.ok, said(probed)) == (True, "http://proxy:3128")
    assert probe.tls(KSEF).ok is None


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_a_proxy_whose_address_cannot_be_read_is_the_fault(address, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    probed = probe.proxy(KSEF)
    assert probed.ok is False
    assert "pass" not in said(probed)
    assert probe.tls(KSEF).ok is None


def test_a_way_that_fails_is_told_in_words_that_are_translated():
    unknown, closed = "https://nowhere.invalid/v2", "https://127.0.0.1:1/v2"
    assert probe.resolve(unknown).text in UNKNOWN_NAME
    assert probe.tls(closed).text == "no secure connection (%(detail)s)"
    assert "ConnectionRefusedError" in said(probe.tls(closed))


@pytest.mark.parametrize("address", [*NO_ADDRESSES, "gopher://proxy:70", "socks9://proxy"])
def test_a_proxy_that_cannot_be_used_is_told_from_a_dead_network(address, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = raised(KsefUnavailable, KsefClient(KSEF, timeout=1).challenge)
    assert (error.code, error.sent) == ("proxy", False)
