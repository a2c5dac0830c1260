"""Certificate files brought by hand."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from protocol_builders import certificate_for

from tools.credentials import CredentialError, load_credentials

KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = certificate_for(KEY, digital_signature=True)
WORD = "hasło"
LOCKED = serialization.BestAvailableEncryption(WORD.encode())
OPEN = serialization.NoEncryption()


def _key_file(encoding=Encoding.PEM, encryption=OPEN, key=KEY, form=PrivateFormat.PKCS8):
    return key.private_bytes(encoding, form, encryption)


def _certificate_file(encoding=Encoding.PEM, certificate=CERTIFICATE):
    return x509.load_der_x509_certificate(certificate.der).public_bytes(encoding)


def _pkcs12(encryption=LOCKED, key=KEY, certificate=CERTIFICATE):
    known = x509.load_der_x509_certificate(certificate.der)
    return pkcs12.serialize_key_and_certificates(b"ksef", key, known, None, encryption)


def _reason(*files, password=None):
    with pytest.raises(CredentialError) as caught:
        load_credentials(*files, password=password)
    return caught.value.reason


@pytest.mark.parametrize(
    "files",
    [
        [_pkcs12()],
        [_key_file(encryption=LOCKED), _certificate_file()],
        [_certificate_file(Encoding.DER), _key_file(Encoding.DER, LOCKED)],
        [_key_file(), _certificate_file()],
        [_key_file(Encoding.DER), _certificate_file(Encoding.DER)],
        [_key_file(form=PrivateFormat.TraditionalOpenSSL), _certificate_file()],
        [_key_file(form=PrivateFormat.TraditionalOpenSSL, encryption=LOCKED), _certificate_file()],
        [b"Bag Attributes\n" + _certificate_file() + _key_file()],
        [_pkcs12(OPEN)],
    ],
)
def test_key_and_certificate_are_found_in_every_usual_form(files):
    key, certificate = load_credentials(*files, password=WORD)
    assert key.private_numbers() == KEY.private_numbers()
    assert certificate == CERTIFICATE


def test_an_export_without_a_password_needs_none():
    assert load_credentials(_pkcs12(OPEN))[1] == CERTIFICATE


def test_the_certificate_of_the_key_is_taken_from_among_others():
    other = certificate_for(ec.generate_private_key(ec.SECP256R1()))
    files = [_key_file(), _certificate_file(certificate=other) + _certificate_file()]
    assert load_credentials(*files)[1] == CERTIFICATE


@pytest.mark.parametrize("password", [None, "wrong"])
@pytest.mark.parametrize(
    "locked", [_pkcs12(), _key_file(encryption=LOCKED), _key_file(Encoding.DER, LOCKED)]
)
def test_a_wrong_password_is_told_from_other_faults(locked, password):
    assert _reason(locked, _certificate_file(), password=password) == "password"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x30\x03\x02\x01\x03",
        b"\x30",
        bytes(2_000_000),
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_certificate_file_is_told(data):
    assert _reason(data) in ("format", "password")


def test_a_missing_half_is_told():
    assert _reason(_certificate_file()) == "no_key"
    assert _reason(_key_file()) == "no_certificate"


def test_a_pair_that_does_not_belong_together_is_told():
    other = certificate_for(ec.generate_private_key(ec.SECP256R1()))
    assert _reason(_key_file(), _certificate_file(certificate=other)) == "mismatch"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 1024),
    ],
)
def test_a_key_that_ksef_would_refuse_is_told(key):
    assert _reason(_key_file(key=key), _certificate_file()) == "key_type"


def test_a_certificate_for_offline_invoices_is_told():
    offline = certificate_for(KEY, digital_signature=False)
    assert _reason(_key_file(), _certificate_file(certificate=offline)) == "not_authentication"


def test_the_exception_shows_neither_password_nor_files():
    with pytest.raises(CredentialError) as caught:
        load_credentials(_pkcs12(), password="wrong-word")
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert "wrong-word" not in shown


@pytest.mark.parametrize("password", ["ha\x00sło", "\ud800"])
@pytest.mark.parametrize("file", [_pkcs12(), _key_file(encryption=LOCKED)])
def test_a_password_that_no_key_can_have_is_a_wrong_one(file, password):
    assert _reason(file, _certificate_file(), password=password) == "password"


@pytest.mark.parametrize(
    ("part", "odd"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08"),  # the version
        (b"\x55\x04\x03\x0c", b"\x55\x04\x03\x38"),  # the kind of text of a name
    ],
)
@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_certificate_too_odd_for_the_library_is_no_certificate(part, odd, encoding):
    der = _certificate_file(Encoding.DER)
    assert part in der
    broken = der.replace(part, odd)
    pem = b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n" % base64.encodebytes(broken)
    assert _reason(broken if encoding == Encoding.DER else pem, _key_file()) == "format"
