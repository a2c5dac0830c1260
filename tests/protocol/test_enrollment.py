"""Certificate requests, names and keys."""

import re

import pytest
from asn1crypto import core
from asn1crypto.csr import CertificationRequest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from protocol_builders import NIP, PESEL, certificate_for, enrollment_data

from tools import enrollment
from tools.credentials import matches

LONG_NAME = "Przedsiębiorstwo Wielobranżowe " + "Ż" * 69
PERSON = enrollment_data(
    "RÓŻA ŁĄŚ",
    givenName=["RÓŻA", "Maria"],
    surname="ŁĄŚ",
    serialNumber=f"TINPL-{NIP}",
    uniqueIdentifier="unique_1",
)
COMPANY = enrollment_data(
    LONG_NAME, organizationName=LONG_NAME, organizationIdentifier=f"VATPL-{NIP}"
)


KEYS = [enrollment.new_key(), rsa.generate_private_key(65537, 2048)]


@pytest.fixture(params=KEYS, ids=["ec", "rsa"])
def key(request):
    return request.param


def _values(csr: bytes, oid: x509.ObjectIdentifier) -> list:
    return [item.value for item in x509.load_der_x509_csr(csr).subject.get_attributes_for_oid(oid)]


def test_a_request_is_signed_with_its_own_key(key):
    request = x509.load_der_x509_csr(enrollment.build_csr(key, PERSON))
    assert request.is_signature_valid
    told, ours = (item.public_key().public_numbers() for item in (request, key))
    assert told == ours


def test_a_request_says_every_value_to_the_byte():
    csr = enrollment.build_csr(enrollment.new_key(), PERSON)
    assert _values(csr, NameOID.COMMON_NAME) == ["RÓŻA ŁĄŚ"]
    assert _values(csr, NameOID.GIVEN_NAME) == ["RÓŻA", "Maria"]
    assert _values(csr, NameOID.SERIAL_NUMBER) == [f"TINPL-{NIP}"]
    assert _values(csr, NameOID.X500_UNIQUE_IDENTIFIER) == ["unique_1"]


def test_two_given_names_in_one_text_stay_one_value():
    data = enrollment_data(
        "Jan Maria Ż", givenName="Jan Maria", surname="Ż", serialNumber=f"PNOPL-{PESEL}"
    )
    csr = enrollment.build_csr(enrollment.new_key(), data)
    assert _values(csr, NameOID.GIVEN_NAME) == ["Jan Maria"]


def test_names_longer_than_x520_allows_are_not_cut():
    csr = enrollment.build_csr(enrollment.new_key(), COMPANY)
    assert len(LONG_NAME) == 100
    assert LONG_NAME.encode() in csr
    assert f"VATPL-{NIP}".encode() in csr


@pytest.mark.parametrize("data", [PERSON, COMPANY])
def test_texts_are_utf8_strings(data):
    request = CertificationRequest.load(enrollment.build_csr(enrollment.new_key(), data))
    subject = request["certification_request_info"]["subject"].dump()
    types = dict(_types_of_values(subject))
    assert types.pop("2.5.4.6") == "PrintableString"
    assert set(types.values()) == {"UTF8String"}


def _types_of_values(name: bytes):
    """Yield the type of each value, without asn1crypto's own ideas of what it should be."""
    for relative in core.SequenceOf.load(name, spec=core.SetOf):
        for pair in core.SetOf.load(relative.dump(), spec=core.Sequence):
            yield pair[0].native, type(pair[1]).__name__


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Przykładowa Sp. z o.o.", "Przykładowa Sp z o o"),
        ('A/B (C) "D" & E', "A B C D E"),
        ("Café Müller", "Cafe Muller"),
        ("ŁĄŚ", "ŁĄŚ KSeF Odoo"),
        ("", "KSeF Odoo"),
        ("株式会社", "KSeF Odoo"),
    ],
)
def test_a_certificates_name_keeps_what_ksef_allows(text, name):
    assert enrollment.certificate_name(text) == name


@pytest.mark.parametrize("text", [LONG_NAME * 3, "a b " * 60, "\u0142", "\ud800x", "x\x00y\n"])
def test_a_certificates_name_always_has_ksefs_form(text):
    name = enrollment.certificate_name(text)
    assert re.fullmatch(r"[a-zA-Z0-9_\-\ ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]{5,100}", name)


def test_a_new_key_is_of_the_kind_that_ksef_recommends():
    assert isinstance(enrollment.new_key().curve, ec.SECP256R1)


def test_a_stored_key_comes_back(key):
    again = enrollment.load_private_key(enrollment.private_key_der(key))
    assert again.private_numbers() == key.private_numbers()
    assert isinstance(again, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey))


def test_a_certificate_matches_its_own_key_only(key):
    assert matches(key, certificate_for(key))
    assert not matches(enrollment.new_key(), certificate_for(key))
