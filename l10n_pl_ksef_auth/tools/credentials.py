"""Reads the key and certificate files that a person uploads: PKCS#12, PEM or DER."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from asn1crypto import pem
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
    keys: list[Any] = []
    certificates: list[Certificate] = []
    secret = _password_bytes(password)
    for data in files:
        _read(data, secret, keys, certificates)
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
    usable = [pair for pair in pairs if _is_for_authentication(pair[1])]
    if not usable:
        raise CredentialError("not_authentication")
    return usable[0]


def _is_for_authentication(certificate: Certificate) -> bool:
    """Return True unless the certificate is for offline invoices only (docs/ksef.md A0-7)."""
    usage = certificate.key_usage
    return usage is None or "digital_signature" in usage


def _check_key(key: Any) -> PrivateKey:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _RSA_MIN_BITS:
        return key
    raise CredentialError("key_type")


def _read(
    data: bytes, password: bytes | None, keys: list[Any], certificates: list[Certificate]
) -> None:
    """Add the keys and certificates of one file to the lists."""
    if not data or len(data) > _MAX_FILE_BYTES:
        raise CredentialError("format")
    if b"-----BEGIN " in data:
        for block in _PEM_BLOCK.finditer(data):
            _read_pem_block(block.group(1), block.group(0), password, keys, certificates)
        return
    try:
        certificates.append(read_certificate(data))
    except ValueError:
        _read_secret_der(data, password, keys, certificates)


def _read_pem_block(
    label: bytes,
    block: bytes,
    password: bytes | None,
    keys: list[Any],
    certificates: list[Certificate],
) -> None:
    if label in (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"):
        try:
            certificates.append(read_certificate(pem.unarmor(block)[2]))
        except ValueError:
            raise CredentialError("format") from None
    elif label.endswith(b"PRIVATE KEY"):
        encrypted = b"ENCRYPTED" in block
        keys.append(_load_key(serialization.load_pem_private_key, block, password, encrypted))


def _read_secret_der(
    data: bytes, password: bytes | None, keys: list[Any], certificates: list[Certificate]
) -> None:
    if _is_pkcs12(data):
        key, found = _load_pkcs12(data, password)
        keys.extend([key] if key else [])
        certificates.extend(found)
    else:
        encrypted = _is_encrypted_key(data)
        keys.append(_load_key(serialization.load_der_private_key, data, password, encrypted))


def _load_key(
    load: Callable[[bytes, bytes | None], Any],
    data: bytes,
    password: bytes | None,
    encrypted: bool,
) -> Any:
    try:
        return load(data, password if encrypted else None)
    except (ValueError, TypeError):
        raise CredentialError("password" if encrypted else "format") from None
    except UnsupportedAlgorithm:
        raise CredentialError("key_type") from None


def _load_pkcs12(data: bytes, password: bytes | None) -> tuple[Any, list[Certificate]]:
    # An export without a password may mean none or an empty one.
    for attempt in (password, None, b"") if password else (None, b""):
        try:
            key, first, others = pkcs12.load_key_and_certificates(data, attempt)
        except ValueError:
            continue
        except UnsupportedAlgorithm:
            raise CredentialError("key_type") from None
        found = (item.public_bytes(serialization.Encoding.DER) for item in (first, *others) if item)
        try:
            return key, [read_certificate(der) for der in found]
        except ValueError:
            raise CredentialError("format") from None
    raise CredentialError("password")


_SEQUENCE, _OBJECT_IDENTIFIER = 0x30, 0x06


def _is_pkcs12(data: bytes) -> bool:
    """Return True for a PFX: it begins as a sequence whose first member is the number 3."""
    start = _first_member_offset(data)
    return data[start : start + 3] == b"\x02\x01\x03"


def _is_encrypted_key(data: bytes) -> bool:
    """Return True for an encrypted PKCS#8: it begins with the name of an algorithm."""
    algorithm = data[_first_member_offset(data) :]
    start = _first_member_offset(algorithm)
    return algorithm[start : start + 1] == bytes([_OBJECT_IDENTIFIER])


def _first_member_offset(data: bytes) -> int:
    if len(data) < 2 or data[0] != _SEQUENCE:
        return len(data)
    length = data[1]
    return 2 + (length & 0x7F) if length & 0x80 else 2
