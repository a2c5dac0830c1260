"""Reads the key and certificate files that a person uploads: PKCS#12, PEM or DER."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

from asn1crypto import pem
from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from .x509_support import Certificate, read_certificate

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Reason = Literal[
    "password", "format", "no_key", "no_certificate", "mismatch", "key_type", "not_authentication"
]
_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
_MAX_FILE_BYTES = 1024 * 1024
_RSA_MIN_BITS = 2048
#: The library raises these for a public key of a kind that it does not know.
UNREADABLE = (ValueError, UnsupportedAlgorithm)
#: P-521 was refused by KSeF (docs/ksef.md A2-5).
_CURVES = ("secp256r1", "secp384r1")


class CredentialError(Exception):
    """``reason`` says why the files cannot be used; the text quotes nothing of them."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"Unusable certificate files: {reason}")
        self.reason = reason


def load_credentials(*files: bytes, password: str | None = None) -> tuple[PrivateKey, Certificate]:
    """Return the key in these files and the certificate that belongs to it.

    The key's numbers are checked here and nowhere else.

    :param files: one file with both, or two or more, in any order
    :param password: of the key; ignored where nothing is encrypted
    :raises CredentialError: with the reason
    """
    secret = _password_bytes(password)
    found = [item for data in files for item in _read(data, secret)]
    certificates = [item for item in found if isinstance(item, Certificate)]
    keys = [item for item in found if not isinstance(item, Certificate)]
    if not keys:
        raise CredentialError("no_key")
    if not certificates:
        raise CredentialError("no_certificate")
    return _pair([_check_key(key) for key in keys], certificates)


def _password_bytes(password: str | None) -> bytes | None:
    try:
        secret = password.encode() if password else None
    except UnicodeEncodeError:
        raise CredentialError("password") from None
    if secret and b"\0" in secret:  # OpenSSL refuses it, so no key has such a password
        raise CredentialError("password")
    return secret


def matches(key: PrivateKey, certificate: Certificate) -> bool:
    """Return True if the certificate is about this key."""
    try:
        return _public_bytes(certificate.public_key()) == _public_bytes(key.public_key())
    except UNREADABLE:
        return False


def _public_bytes(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _pair(
    keys: list[PrivateKey], certificates: list[Certificate]
) -> tuple[PrivateKey, Certificate]:
    pairs = [(key, item) for key in keys for item in certificates if matches(key, item)]
    if not pairs:
        raise CredentialError("mismatch")
    usable = [pair for pair in pairs if may_authenticate(pair[1])]
    if not usable:
        raise CredentialError("not_authentication")
    return usable[0]


def may_authenticate(certificate: Certificate) -> bool:
    """Return True unless the certificate is for offline invoices only (docs/ksef.md A0-7)."""
    usage = certificate.key_usage
    return usage is None or "digital_signature" in usage


def _check_key(key: Any) -> PrivateKey:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_MIN_BITS:
        return key
    raise CredentialError("key_type")


def _read(data: bytes, password: bytes | None) -> Iterator[Any]:
    """Yield the keys and certificates of one file."""
    if not data or len(data) > _MAX_FILE_BYTES:
        raise CredentialError("format")
    if b"-----BEGIN " in data:
        for block in _PEM_BLOCK.finditer(data):
            if block[1] in (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"):
                yield _certificate(pem.unarmor(block[0])[2])
            elif block[1].endswith(b"PRIVATE KEY"):
                yield _load_key(serialization.load_pem_private_key, block[0], password)
    elif _is_pkcs12(data):
        yield from _load_pkcs12(data, password)
    else:
        try:
            yield read_certificate(data)
        except ValueError:
            yield _load_key(serialization.load_der_private_key, data, password)


def _certificate(der: bytes) -> Certificate:
    try:
        return read_certificate(der)
    except ValueError:
        raise CredentialError("format") from None


def _load_key(
    load: Callable[[bytes, bytes | None], Any], data: bytes, password: bytes | None
) -> Any:
    reason: Reason = "format"
    try:
        try:
            return load(data, None)
        except TypeError:  # it is encrypted
            reason = "password"
            return load(data, password)
    except (ValueError, TypeError):
        raise CredentialError(reason) from None
    except UnsupportedAlgorithm:
        raise CredentialError("key_type") from None


def _is_pkcs12(data: bytes) -> bool:
    try:
        return bool(asn1_pkcs12.Pfx.load(data)["version"].native == "v3")
    except (ValueError, TypeError):
        return False


def _load_pkcs12(data: bytes, password: bytes | None) -> Iterator[Any]:
    # An export without a password may mean none or an empty one.
    for attempt in (password, None, b""):
        try:
            key, first, others = pkcs12.load_key_and_certificates(data, attempt)
        except ValueError:
            continue
        except UnsupportedAlgorithm:
            raise CredentialError("key_type") from None
        found = (item.public_bytes(serialization.Encoding.DER) for item in (first, *others) if item)
        yield from ([key] if key else [])
        yield from map(_certificate, found)
        return
    raise CredentialError("password")
