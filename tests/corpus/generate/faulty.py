"""Documents that are wrong in a way that only a signer can make, and their codes."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import XMLSigner

from ksef_simulator import keys, layouts, signers
from tools.auth_token_request import Context, build

from . import unfit, wrapped  # noqa: F401 - they register their documents
from .making import (
    MAKERS,
    OTHER_NIP,
    PERSON,
    REQUEST,
    ZP,
    Faulty,
    Made,
    authority,
    faulty,
    qualified,
    replacing,
    signed,
)
from .people import AT, CHALLENGE, CONTEXT

_OTHER_CHALLENGE = "20261122-CR-0000000000-0000000000-00"
_SHA1 = layouts.DS + "sha1"


def documents() -> list[Faulty]:
    """Make all faulty documents, each by the function that has its name."""
    return [Faulty(f"{make.__name__}.xml", *make()) for make in MAKERS]


@faulty
def sha1_digests() -> Made:
    return signed(layout=replace(ZP, digest=_SHA1)), ("weak_algorithm",)


@faulty
def sha1_signature() -> Made:
    return signed(key=keys.rsa_key("other"), method=layouts.DS + "rsa-sha1"), ("weak_algorithm",)


@faulty
def rsa_pss() -> Made:
    method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    return signed(key=keys.rsa_key("other"), method=method), ("weak_algorithm",)


@faulty
def curve_p521() -> Made:
    return signed(key=ec.derive_private_key(12345, ec.SECP521R1())), ("weak_algorithm",)


@faulty
def rsa_with_1024_bits() -> Made:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return signed(key=key), ("short_key",)


@faulty
def sha384_and_p384_are_fine() -> Made:
    layout = replace(ZP, digest="http://www.w3.org/2001/04/xmldsig-more#sha384")
    return signed(layout=layout, key=ec.derive_private_key(12345, ec.SECP384R1())), ()


@faulty
def without_signing_certificate() -> Made:
    return signed(signing_certificate=None), ("no_signing_certificate",)


@faulty
def signed_key_info_replaces_signing_certificate() -> Made:
    return signed(layout="three-references", signing_certificate=None), ()


@faulty
def properties_by_a_reference_without_a_type() -> Made:
    kind = b' Type="http://uri.etsi.org/01903#SignedProperties"'
    return signed(change=replacing(kind, b"")), ("irregular_xades",)


@faulty
def properties_of_another_signature() -> Made:
    change = replacing(b'Target="#', b'Target="#other-')
    return signed(change=change), ("irregular_xades",)


@faulty
def signing_time_without_a_zone() -> Made:
    """In Poland, the clock on the wall is one or two hours ahead of UTC."""
    change = replacing(b"14:03:00Z</xades:SigningTime>", b"16:03:00</xades:SigningTime>")
    return signed(change=change), ()


@faulty
def plain_xml_signature() -> Made:
    key = keys.ec_key("other")
    signer = XMLSigner(signature_algorithm="ecdsa-sha256", digest_algorithm="sha256")
    pem = qualified(key).public_bytes(Encoding.PEM).decode()
    document = signer.sign(etree.fromstring(REQUEST), key=key, cert=pem)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8"), ("not_xades",)


@faulty
def signed_twice() -> Made:
    return signed(signed()), ("two_signatures",)


@faulty
def signed_document_signed_again_around_it() -> Made:
    return signed(signed(), layout="enveloping"), ("two_signatures",)


@faulty
def signed_document_signed_again_as_base64() -> Made:
    return signed(signed(), layout="enveloping-base64"), ("two_signatures",)


@faulty
def expired_certificate() -> Made:
    return signers.sign(REQUEST, "expired", at=AT), ("certificate_expired",)


@faulty
def certificate_from_the_future() -> Made:
    return signers.sign(REQUEST, "future", at=AT), ("certificate_not_yet_valid",)


@faulty
def signing_time_in_the_future() -> Made:
    return signed(at=AT + timedelta(hours=1)), ("future_signature",)


@faulty
def earlier_download() -> Made:
    return signed(build(_OTHER_CHALLENGE, CONTEXT)), ("other_challenge",)


@faulty
def other_company() -> Made:
    return signed(build(CHALLENGE, Context("Nip", OTHER_NIP))), ("other_company",)


@faulty
def earlier_download_of_another_company() -> Made:
    request = build(_OTHER_CHALLENGE, Context("Nip", OTHER_NIP))
    return signed(request), ("other_company", "other_challenge")


@faulty
def offline_certificate() -> Made:
    key = keys.ec_key("other")
    start, end = datetime(2025, 12, 1), datetime(2027, 12, 1)
    certificate = authority().issue_ksef_certificate(
        key.public_key(), PERSON, "Offline", start, end, 9
    )
    return signed(key=key, certificate=certificate), ("offline_certificate",)


@faulty
def another_certificate_of_the_same_key() -> Made:
    key = keys.ec_key("other")
    old, new = (qualified(key, number=number) for number in (7, 8))
    document = signed(key=key, certificate=old)
    return document.replace(_text(old), _text(new)), ("other_signing_certificate",)


@faulty
def issuer_before_the_signer_in_key_info() -> Made:
    key = keys.ec_key("other")
    own, issuer = qualified(key), authority().qualified.certificate
    document = signed(key=key, certificate=own, chain=(issuer,))
    first, second = _text(own), _text(issuer)
    turned = document.replace(first, b"@").replace(second, first).replace(b"@", second)
    return turned, ()


@faulty
def two_challenges() -> Made:
    twice = re.sub(rb"(<Challenge>.*?</Challenge>)", rb"\1\1", REQUEST)
    return signed(twice), ("invalid_request",)


@faulty
def no_challenge() -> Made:
    return signed(re.sub(rb"<Challenge>.*?</Challenge>", b"", REQUEST)), ("incomplete_request",)


@faulty
def unknown_schema() -> Made:
    return signed(REQUEST.replace(b"token/2.1", b"token/9.9")), ("unknown_schema",)


@faulty
def signed_invoice() -> Made:
    invoice = b'<Faktura xmlns="http://crd.gov.pl/wzor/2023/06/29/12648/"><Podmiot1/></Faktura>'
    return signed(invoice), ("other_document",)


@faulty
def signed_pdf() -> Made:
    return signed(b"%PDF-1.7\n%%EOF\n", layout="enveloping-base64"), ("other_document",)


def _text(certificate: x509.Certificate) -> bytes:
    return base64.b64encode(certificate.public_bytes(Encoding.DER))
