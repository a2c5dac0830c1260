"""KSeF's certificates of autumn 2025, and what else may meet a login (docs/ksef.md E9, E13)."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from kit import Tokens, codes, ec_key, rsa_key

from ksef_simulator import odd_certificates, pki
from ksef_simulator.releases import check_issuer

NULL = bytes.fromhex("300c06082a8648ce3d0403020500")


@pytest.fixture
def odd(sim):
    """The switch."""
    sim.settings.certificate_encoding = "null-parameters"


def _login(ksef, key, certificate):
    answer = ksef.submit(ksef.signed_with(key, certificate))
    assert answer.status_code == 202, answer.text
    body = answer.json()
    return Tokens(body["referenceNumber"], body["authenticationToken"]["token"])


def test_the_algorithm_of_an_odd_certificate_has_null_parameters_in_both_places(ksef, odd):
    der = ksef.certificate(ksef.login(), ec_key()).public_bytes(odd_certificates.Encoding.DER)
    assert der.count(NULL) == 2


@pytest.mark.parametrize("make_key", [ec_key, rsa_key])
def test_an_odd_certificate_logs_in_like_any_other(ksef, odd, make_key):
    key = make_key()
    certificate = ksef.certificate(ksef.login(), key)
    assert ksef.status(_login(ksef, key, certificate))["code"] == 200


def test_certificates_are_plain_unless_told(ksef):
    certificate = ksef.certificate(ksef.login(), ec_key())
    assert isinstance(certificate, x509.Certificate)


def test_an_odd_certificate_is_not_read_by_every_release(ksef, sim, odd):
    tokens = ksef.login()
    certificate = ksef.certificate(tokens, ec_key())
    serials = {"certificateSerialNumbers": [f"{certificate.serial_number:016X}"]}
    found = ksef.call("POST", "/certificates/retrieve", tokens.access, json=serials).json()
    told = base64.b64decode(found["certificates"][0]["certificate"])
    assert told == certificate.public_bytes(odd_certificates.Encoding.DER)
    try:
        assert x509.load_der_x509_certificate(told).serial_number == certificate.serial_number
    except ValueError as refused:
        assert "NULL" in str(refused).upper() or "parse" in str(refused).lower()


def test_an_odd_certificate_of_another_authority_is_not_believed(sim, ksef, odd):
    certificate = ksef.certificate(ksef.login(), ec_key())
    with pytest.raises(InvalidSignature):
        check_issuer(certificate, pki.Authority(sim.clock.now(), "production").ksef.certificate)
    with pytest.raises(ValueError, match="another authority"):
        check_issuer(certificate, sim.authority.qualified.certificate)


@pytest.mark.parametrize("end", ["21115", "9105"])
def test_podpis_zaufany_may_have_come_to_its_end(ksef, sim, end):
    sim.settings.trusted_profile = end
    assert codes(ksef.submit(ksef.signed("owner"))) == [int(end)]
    assert ksef.status(ksef.started("qualified"))["code"] == 200


def test_the_end_of_podpis_zaufany_may_be_told_by_the_status(ksef, sim):
    sim.settings.trusted_profile = "460"
    assert ksef.status(ksef.started("owner"))["code"] == 460
    assert ksef.status(ksef.started("edowod"))["code"] == 200


def test_a_refused_signature_may_come_with_technical_details(ksef, sim):
    sim.settings.signature_details = ["Reference r-0: TRY_LATER"]
    changed = ksef.signed().replace(b"</Challenge>", b" </Challenge>")
    answer = ksef.submit(changed)
    assert codes(answer) == [9105]
    told = answer.json()["exception"]["exceptionDetailList"][0]["details"]
    assert len(told) == 2 and told[1] == "Reference r-0: TRY_LATER"


def test_a_pdf_is_unreadable_as_a_login(ksef):
    assert codes(ksef.submit(b"%PDF-1.7\n%...")) == [21001]
