"""Judging a certificate application: every check of POST /certificates/enrollments."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.name import _ASN1Type

from .answers import Refused
from .subjects import pairs

PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
# RSA PKCS#1 v1.5 and ECDSA with SHA-1, 256, 384, 512, and RSA-PSS
# (KSeF's contract, POST /certificates/enrollments).
SIGNATURES = frozenset(
    {
        "1.2.840.113549.1.1.5",
        "1.2.840.113549.1.1.11",
        "1.2.840.113549.1.1.12",
        "1.2.840.113549.1.1.13",
        "1.2.840.113549.1.1.10",
        "1.2.840.10045.4.1",
        "1.2.840.10045.4.3.2",
        "1.2.840.10045.4.3.3",
        "1.2.840.10045.4.3.4",
    }
)


def read(text: str) -> x509.CertificateSigningRequest:
    """The request out of its Base64.

    :raises Refused: 21405 for bad Base64, 25004 for what is not a readable PKCS#10
    """
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError, AttributeError):
        raise Refused(21405, "Pole 'csr' nie jest poprawnym ciągiem Base64.") from None
    try:
        request = x509.load_der_x509_csr(der)
        list(request.subject)  # parsed only when it is read
    except ValueError:
        raise Refused(25004) from None
    return request


def check(request: x509.CertificateSigningRequest, data: dict[str, Any]) -> None:
    """All checks of the request, in KSeF's order: form, key, algorithm, subject.

    :param data: the enrollment data of the login
    :raises Refused: 25004, 25010, 25011 or 25003
    """
    _check_encoding(request.subject)
    _check_key(request)
    if request.signature_algorithm_oid.dotted_string not in SIGNATURES:
        raise Refused(25011)
    _check_signature(request)
    found = sorted((item.oid.dotted_string, str(item.value)) for item in request.subject)
    if found != pairs(data):
        raise Refused(25003)


def _check_encoding(name: x509.Name) -> None:
    """A PrintableString that holds other characters is broken DER (docs/ksef.md A2-20)."""
    for item in name:
        printable = item._type == _ASN1Type.PrintableString
        if printable and not PRINTABLE.fullmatch(str(item.value)):
            raise Refused(25004)


def _check_key(request: x509.CertificateSigningRequest) -> None:
    try:
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Refused(25010) from None
    good_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048
    good_ec = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    if not (good_rsa or good_ec):
        raise Refused(25010)


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    try:
        valid = request.is_signature_valid
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        valid = False
    if not valid:
        raise Refused(25004)
