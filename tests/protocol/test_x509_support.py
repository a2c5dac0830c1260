"""Certificates are read alike, whatever release of cryptography is here and whoever made them."""

import base64
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest
from asn1crypto import algos, core
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from protocol_builders import DOCUMENT, certificate_for

import tools
from tools import xades
from tools.answers import RetrievedCertificate
from tools.credentials import load_credentials, matches
from tools.enrollment import private_key_der
from tools.identity import identity_of_certificate
from tools.x509_support import ORGANIZATION_IDENTIFIER, read_certificate

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = [(NameOID.COMMON_NAME, "Jan Łąś"), (NameOID.SERIAL_NUMBER, "PNOPL-44051401359")]
PLAIN = certificate_for(KEY, SIGNER, digital_signature=True)


def _with_null_parameters(certificate):
    """As KSeF's certificates of autumn 2025 name their algorithm (docs/ksef.md E16)."""
    null = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa", "parameters": core.Null()})
    certificate["signature_algorithm"] = null
    certificate["tbs_certificate"]["signature"] = null


def _with_a_default_spelled_out(certificate):
    """An extension that says of itself that it is not critical, which DER leaves out."""
    (usage,) = certificate["tbs_certificate"]["extensions"]
    false = b"\x01\x01\x00"
    content = usage["extn_id"].dump() + false + usage["extn_value"].dump()
    extension = b"\x30" + bytes([len(content)]) + content
    der = b"\x30" + bytes([len(extension)]) + extension
    certificate["tbs_certificate"]["extensions"] = asn1.Extensions.load(der)


ODD = [_with_null_parameters, _with_a_default_spelled_out]


def _odd(change):
    certificate = asn1.Certificate.load(PLAIN.der)
    change(certificate)
    return certificate.dump()


@pytest.mark.parametrize("change", ODD)
def test_a_certificate_that_cryptography_may_refuse_is_read_like_any_other(change):
    odd = read_certificate(_odd(change))
    assert odd.der != PLAIN.der
    for name in ("serial_number", "subject", "issuer", "valid_from", "valid_to", "key_usage"):
        assert getattr(odd, name) == getattr(PLAIN, name)
    assert matches(KEY, odd)
    assert identity_of_certificate(odd).label == "PESEL •••••••••59"


@pytest.mark.parametrize("change", ODD)
def test_such_a_certificate_is_taken_from_a_file_and_from_ksef(change):
    der = _odd(change)
    assert load_credentials(der, private_key_der(KEY))[1].der == der
    item = {"certificate": base64.b64encode(der).decode(), "certificateSerialNumber": "01"}
    assert RetrievedCertificate.from_json(item).certificate.der == der


@pytest.mark.parametrize("change", ODD)
def test_such_a_certificate_logs_in(change):
    certificate = read_certificate(_odd(change))
    signed = xades.sign(DOCUMENT, private_key_der(KEY), certificate.der)
    assert base64.b64encode(certificate.der) in signed


def test_times_are_aware_in_utc():
    moment = datetime(2026, 4, 28, 12, tzinfo=timezone.utc)
    assert (PLAIN.valid_from, PLAIN.valid_from.tzinfo) == (moment, timezone.utc)


def test_the_key_usage_is_told_from_none():
    offline = certificate_for(KEY, digital_signature=False)
    assert PLAIN.key_usage == {"digital_signature"}
    assert offline.key_usage == {"non_repudiation"}
    assert certificate_for(KEY).key_usage is None


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30\x03\x02\x01\x03",
        PLAIN.der + b"\0",
        PLAIN.der[:-1],
        PLAIN.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08"),  # the version
        PLAIN.der.replace(b"\x55\x04\x03\x0c", b"\x55\x04\x03\x38"),  # the kind of text of a name
    ],
)
def test_what_is_no_certificate_is_refused_without_quoting_it(der):
    with pytest.raises(ValueError, match="^no readable certificate$"):
        read_certificate(der)


def test_the_number_of_an_organization_is_the_librarys():
    # Releases before 39 do not name it.
    known = getattr(NameOID, "ORGANIZATION_IDENTIFIER", ORGANIZATION_IDENTIFIER)
    assert known == ORGANIZATION_IDENTIFIER


def test_certificates_are_read_in_one_place():
    addon = Path(tools.__file__).parents[1]
    other = re.compile(r"NameOID\.ORGANIZATION_IDENTIFIER|load_(der|pem)_x509|unsafe_skip_rsa")
    found = [
        file.name
        for folder in ("tools", "models", "screens", "wizard")
        for file in (addon / folder).rglob("*.py")
        if other.search(file.read_text())
    ]
    assert found == ["x509_support.py"]


def _nested(depth):
    """Return an empty SEQUENCE in so many others, in DER."""
    der = b""
    for _level in range(depth):
        length = len(der)
        size = bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")
        der = b"\x30" + size + der
    return der


def test_a_name_that_is_nested_deeply_is_none():
    certificate = asn1.Certificate.load(PLAIN.der)
    kind = core.ObjectIdentifier("2.5.4.3").dump()
    pair = core.Sequence.load(_wrapped(b"\x30", kind + _nested(1500)))
    name = _wrapped(b"\x30", _wrapped(b"\x31", pair.dump()))
    certificate["tbs_certificate"]["subject"] = asn1.Name.load(name)
    with pytest.raises(ValueError, match="no readable certificate"):
        read_certificate(certificate.dump())


def _wrapped(tag, content):
    return tag + b"\x82" + len(content).to_bytes(2, "big") + content
