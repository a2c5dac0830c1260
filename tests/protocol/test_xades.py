"""Logins signed with a KSeF certificate, judged by verifiers that share no code with the signer."""

import hashlib
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree
from protocol_builders import CHALLENGE, DOCUMENT, NOON, certificate_for

from ksef_simulator.releases import HAS_UTC_TIMES
from tools import clock, enrollment, xades
from tools.auth_token_request import Context, build

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
ISSUERS = ["CCK KSeF", 'Łódź & <Synowie> "Ż"', "a\rb\nc\td", "x+y,z;=#\\ ", "'\u2028\U0001f600"]
KEYS = {
    "ec": enrollment.new_key(),
    "rsa": rsa.generate_private_key(65537, 2048),
    "p384": ec.generate_private_key(ec.SECP384R1()),
}
EC_DER = enrollment.private_key_der(KEYS["ec"])


@pytest.fixture(params=KEYS)
def key(request):
    return KEYS[request.param]


def _verify(signed: bytes, certificate) -> None:
    """Have libxmlsec judge the signature, the document and the signed properties."""
    root = etree.fromstring(signed)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        certificate.der, xmlsec.constants.KeyDataFormatCertDer, None
    )
    context.register_id(root.find(f".//{XADES}SignedProperties"), "Id")
    context.verify(root[-1])


@pytest.mark.parametrize("issuer", ISSUERS)
def test_libxmlsec_accepts_the_signature(key, issuer):
    certificate = certificate_for(key, issuer=issuer)
    _verify(xades.sign(DOCUMENT, enrollment.private_key_der(key), certificate.der), certificate)


@pytest.mark.skipif(not HAS_UTC_TIMES, reason="signxml needs cryptography 42")
@pytest.mark.parametrize("issuer", ISSUERS[:2])
def test_signxml_accepts_the_signature_as_xades(key, issuer):
    verifier = pytest.importorskip(
        "signxml.xades", reason="signxml is a second opinion", exc_type=ImportError
    )
    certificate = certificate_for(key, issuer=issuer)
    signed = xades.sign(DOCUMENT, enrollment.private_key_der(key), certificate.der)
    known = x509.load_der_x509_certificate(certificate.der)
    results = verifier.XAdESVerifier().verify(signed, x509_cert=known, expect_references=2)
    assert etree.QName(results[0].signed_xml).localname == "AuthTokenRequest"


@pytest.mark.parametrize(
    "document",
    [
        build(CHALLENGE, Context("InternalId", "5265877635-00001"), "certificateFingerprint"),
        DOCUMENT.replace(b"\n", b"\r\n"),
        DOCUMENT.replace(b"<Challenge>", b"<!-- Ro\xc5\xbca --><Challenge b='1' a=\"&lt;\">"),
        DOCUMENT.rstrip(b"\n"),
    ],
)
def test_every_shape_of_the_request_is_signed_validly(document):
    certificate = certificate_for(KEYS["ec"])
    _verify(xades.sign(document, EC_DER, certificate.der), certificate)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"CR-0123456789", b"CR-0123456780"),
        (b"5265877635", b"1111111111"),
        (b"CCK Test", b"CCK Else"),
        (b"T11:59:00Z", b"T11:59:01Z"),
    ],
)
def test_a_change_after_signing_is_noticed(before, after, monkeypatch):
    certificate = certificate_for(KEYS["ec"])
    monkeypatch.setattr(clock, "now", lambda: NOON)
    signed = xades.sign(DOCUMENT, EC_DER, certificate.der)
    assert before in signed
    with pytest.raises(xmlsec.Error):
        _verify(signed.replace(before, after), certificate)


def test_the_request_stays_as_it_was_and_the_signature_comes_last():
    root = etree.fromstring(xades.sign(DOCUMENT, EC_DER, certificate_for(KEYS["ec"]).der))
    assert root[-1].tag == f"{DS}Signature"
    root.remove(root[-1])
    unsigned = etree.fromstring(DOCUMENT)
    assert etree.tostring(root, method="c14n") == etree.tostring(unsigned, method="c14n")


def test_the_signature_names_its_certificate_and_carries_the_leaf_alone():
    certificate = certificate_for(KEYS["ec"])
    root = etree.fromstring(xades.sign(DOCUMENT, EC_DER, certificate.der))
    assert root.find(f".//{XADES}SigningCertificate") is not None
    assert root.findtext(f".//{DS}X509SerialNumber") == str(certificate.serial_number)
    assert len(root.findall(f".//{DS}X509Certificate")) == 1


def test_who_signed_is_told_by_the_one_certificate_in_the_document():
    certificate = certificate_for(KEYS["ec"])
    signed = xades.sign(DOCUMENT, EC_DER, certificate.der)
    assert xades.signer_digest(signed) == hashlib.sha256(certificate.der).hexdigest().encode()
    other = xades.sign(DOCUMENT, EC_DER, certificate_for(KEYS["p384"]).der)
    beside = re.search(rb"<ds:X509Certificate>.*?</ds:X509Certificate>", other).group()
    signed_twice = signed.replace(b"</ds:X509Data>", beside + b"</ds:X509Data>")
    assert xades.signer_digest(signed_twice) == b""


def test_the_signature_value_of_a_curve_is_two_numbers_of_fixed_length():
    root = etree.fromstring(xades.sign(DOCUMENT, EC_DER, certificate_for(KEYS["ec"]).der))
    assert len(root.findtext(f".//{DS}SignatureValue")) == 88  # 64 bytes in base64


def test_the_signing_time_is_a_minute_behind_the_addons_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(microseconds=7))
    signed = xades.sign(DOCUMENT, EC_DER, certificate_for(KEYS["ec"]).der)
    time = etree.fromstring(signed).findtext(f".//{XADES}SigningTime")
    assert time == "2026-04-29T11:59:00Z"


def test_the_document_names_no_host_and_no_program(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "name-of-this-host")
    signed = xades.sign(DOCUMENT, EC_DER, certificate_for(KEYS["ec"]).der)
    readable = re.sub(rb"[A-Za-z0-9+/=]{60,}", b"", signed)
    for name in (b"name-of-this-host", b"Odoo", b"python", os.uname().release.encode()):
        assert name not in readable


ABSENT = 'sys.modules["xmlsec"] = None'
WITHOUT_ITS_LIBRARY = """
class Broken:
    def find_spec(self, name, path, target=None):
        if name == "xmlsec":
            raise ImportError("libxmlsec1-openssl.so.1: cannot open shared object file")
sys.meta_path.insert(0, Broken())
"""
SAYS_WHY = """
import sys
{}
sys.path[:0] = sys.argv[1:]
from tools import xades
print(xades.available())
"""


@pytest.mark.parametrize(
    ("prepared", "told"), [(ABSENT, "missing"), (WITHOUT_ITS_LIBRARY, "broken")]
)
def test_a_machine_without_xmlsec_or_its_library_is_told_apart_and_nothing_breaks(prepared, told):
    folder = str(Path(__file__).resolve().parents[2] / "l10n_pl_ksef_auth")
    command = [sys.executable, "-c", SAYS_WHY.format(prepared), folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == told
