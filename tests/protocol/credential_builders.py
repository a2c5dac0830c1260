"""Certificate and key files as programs write them, with what only some of them do."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from asn1crypto import algos, cms, core, keys, pkcs12
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SALT, VECTOR = b"salt-of-16-bytes", b"start-of-16-byte"
# Nearly as large as what is read at all, in bytes.
LARGE = 256 * 1024 - 2000
# Files that were made to take long; none has a password.
ENDLESS = {
    "labels without an end": b"-----BEGIN A-----" * (LARGE // 17),
    "dashes": b"-" * LARGE,
    "empty lines": b"-----BEGIN A-----:" + b"\n" * (LARGE - 20),
    "one long tag": b"\x30\x83\x03\xf0\x00" + b"\x1f" + b"\xff" * (LARGE - 6),
    "nested marks": b"\x30\x80" * (LARGE // 2),
    "many small elements": b"\x30\x83\x03\xf0\x00" + b"\x05\0" * (0x3F000 // 2),
    "one long name of an algorithm": b"\x30\x83\x03\xf0\x00\x06\x83\x03\xef\xf0"
    + b"\xff" * 258_000,
}
SCRYPT = "1.3.6.1.4.1.11591.4.11"


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    """Return bytes in PEM, under any label."""
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


def plain(key: Any) -> bytes:
    """Return a key in PKCS#8 DER."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def locked(key: Any, password: bytes, **how: Any) -> bytes:
    """Return a key in encrypted PKCS#8 DER; see `sealed`."""
    algorithm, data = sealed(plain(key), password, **how)
    parts = {"encryption_algorithm": algorithm, "encrypted_data": data}
    return keys.EncryptedPrivateKeyInfo(parts).dump()


def sealed(
    data: bytes,
    password: bytes,
    rounds: int = 10,
    prf: str = "sha256",
    said: int = 0,
    cipher: str = "aes256_cbc",
) -> tuple[Any, bytes]:
    """Encrypt as PBES2 does (RFC 8018, 6.2); return the algorithm and the encrypted bytes.

    :param prf: the digest of PBKDF2, named in the file even where it is the default
    :param said: the rounds that the file tells of, if other than the real ones
    :param cipher: the name that the file tells
    """
    secret = hashlib.pbkdf2_hmac(prf, password, SALT, rounds, 32)
    parameters = {
        "salt": algos.Pbkdf2Salt("specified", core.OctetString(SALT)),
        "iteration_count": said or rounds,
        "prf": {"algorithm": prf, "parameters": core.Null()},
    }
    return _pbes2("pbkdf2", parameters, cipher), _encrypted(data, secret)


def locked_by_scrypt(key: Any, password: bytes, n: int, r: int, p: int, said: Any = None) -> bytes:
    """Return a key in PKCS#8 DER that scrypt locks.

    :param said: N, r and p that the file tells of, if other than the real ones
    """
    secret = hashlib.scrypt(password, salt=SALT, n=n, r=r, p=p, dklen=32)
    numbers = [core.Integer(number) for number in said or (n, r, p)]
    parameters = core.Any(_sequence(core.OctetString(SALT), *numbers))
    parts = {
        "encryption_algorithm": _pbes2(SCRYPT, parameters),
        "encrypted_data": _encrypted(plain(key), secret),
    }
    return keys.EncryptedPrivateKeyInfo(parts).dump()


def _sequence(*parts: Any) -> Any:
    return core.Sequence.load(core.SequenceOf(list(parts), spec=core.Any).dump())


def _pbes2(derivation: str, parameters: Any, cipher: str = "aes256_cbc") -> Any:
    return algos.EncryptionAlgorithm(
        {
            "algorithm": "pbes2",
            "parameters": {
                "key_derivation_func": {"algorithm": derivation, "parameters": parameters},
                "encryption_scheme": {"algorithm": cipher, "parameters": core.OctetString(VECTOR)},
            },
        }
    )


def _encrypted(data: bytes, secret: bytes) -> bytes:
    missing = 16 - len(data) % 16
    cipher = Cipher(algorithms.AES(secret), modes.CBC(VECTOR)).encryptor()
    return cipher.update(data + bytes([missing]) * missing) + cipher.finalize()


def key_bag(der: bytes) -> Any:
    """Return an encrypted key as a part of a PKCS#12."""
    value = keys.EncryptedPrivateKeyInfo.load(der)
    return pkcs12.SafeBag({"bag_id": "pkcs8_shrouded_key_bag", "bag_value": value})


def certificate_bag(der: bytes) -> Any:
    """Return a certificate as a part of a PKCS#12."""
    value = {"cert_id": "x509", "cert_value": core.ParsableOctetString(der)}
    return pkcs12.SafeBag({"bag_id": "cert_bag", "bag_value": pkcs12.CertBag(value)})


def package(open_bags: list[Any], locked_bags: list[Any], password: bytes, **how: Any) -> bytes:
    """Return a PKCS#12: keys lie in its open part, certificates in the encrypted one.

    :param how: as of `sealed`
    """
    algorithm, data = sealed(pkcs12.SafeContents(locked_bags).dump(), password, **how)
    content = {
        "content_type": "data",
        "content_encryption_algorithm": algorithm,
        "encrypted_content": data,
    }
    safes = [
        {
            "content_type": "encrypted_data",
            "content": cms.EncryptedData({"version": "v0", "encrypted_content_info": content}),
        },
        {"content_type": "data", "content": pkcs12.SafeContents(open_bags).dump()},
    ]
    inside = pkcs12.AuthenticatedSafe(safes).dump()
    auth_safe = {"content_type": "data", "content": inside}
    return pkcs12.Pfx({"version": "v3", "auth_safe": auth_safe}).dump()


def with_null_parameters(der: bytes) -> bytes:
    """Return a certificate as KSeF issued them in autumn 2025 (docs/ksef.md E16)."""
    certificate = asn1.Certificate.load(der)
    null = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa", "parameters": core.Null()})
    certificate["signature_algorithm"] = null
    certificate["tbs_certificate"]["signature"] = null
    return certificate.dump()
