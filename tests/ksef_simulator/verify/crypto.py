"""The cryptographic judgement, by libxmlsec."""

from __future__ import annotations

import base64
import binascii

import xmlsec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from .algorithms import CANONICALISATIONS, DS, check_method
from .document import elements, text
from .outcome import ALGORITHM, NEGATIVE, Refusal, Settings, digest_mismatch

_HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


def check(
    root: etree._Element,
    signature: etree._Element,
    certificate: x509.Certificate,
    settings: Settings,
) -> None:
    """Verify digests and signature value with the certificate's key.

    :raises Refusal: 9105, saying which reference differs, or that the signature does
    """
    info = signature.find(f"{{{DS}}}SignedInfo")
    canonical = info.find(f"{{{DS}}}CanonicalizationMethod").get("Algorithm")
    if canonical not in CANONICALISATIONS:
        raise Refusal(9105, ALGORITHM)
    key = _public_key(certificate)
    check_method(info.find(f"{{{DS}}}SignatureMethod").get("Algorithm"), key, settings)
    _check_length(signature, key)
    context = xmlsec.SignatureContext()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.PEM)
    xmlsec.tree.add_ids(root, ["Id"])
    try:
        context.verify(signature)
    except xmlsec.Error:
        raise _reason(root, signature) from None


def _public_key(certificate: x509.Certificate) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Refusal(21115) from None
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise Refusal(9105, ALGORITHM)
    return key


def _check_length(
    signature: etree._Element, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
) -> None:
    """Refuse ECDSA values that are not R and S side by side, DER above all (docs/ksef.md A2-5)."""
    value = "".join(text(signature.find(f"{{{DS}}}SignatureValue")).split())
    try:
        length = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        raise Refusal(9105, NEGATIVE) from None
    if isinstance(key, ec.EllipticCurvePublicKey) and length != 2 * ((key.key_size + 7) // 8):
        raise Refusal(9105, NEGATIVE)


def _reason(root: etree._Element, signature: etree._Element) -> Refusal:
    """Find the reference whose digest differs.

    Signing a copy with a throw-away key lets libxmlsec compute all digests anew.
    """
    copy = etree.fromstring(etree.tostring(root))
    again = next(copy.iter(f"{{{DS}}}Signature"))
    again.find(f"{{{DS}}}SignedInfo/{{{DS}}}SignatureMethod").set("Algorithm", _HMAC)
    xmlsec.tree.add_ids(copy, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, b"throw-away" * 4)
    try:
        context.sign(again)
    except xmlsec.Error:
        return Refusal(9105, NEGATIVE)
    for before, after in zip(_references(signature), _references(again), strict=True):
        if _digest(before) != _digest(after):
            return digest_mismatch((before.get("URI") or "").lstrip("#"))
    return Refusal(9105, NEGATIVE)


def _references(signature: etree._Element) -> list[etree._Element]:
    return elements(signature.find(f"{{{DS}}}SignedInfo"), f"{{{DS}}}Reference")


def _digest(reference: etree._Element) -> str:
    return "".join(text(reference.find(f"{{{DS}}}DigestValue")).split())
