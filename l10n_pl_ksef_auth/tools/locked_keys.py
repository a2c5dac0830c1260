"""Opens keys and certificates that a password locks, after counting the work that they ask for.

A few bytes can ask for hours, and OpenSSL cannot be interrupted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from asn1crypto import core, keys, pkcs12
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

#: All rounds of PBKDF2 that one loading may cost: half a second for the slowest digest.
MOST_ROUNDS = 1_000_000
#: Of scrypt: 128·N·r in bytes (RFC 7914, 2) and p; the hardest takes as long as MOST_ROUNDS.
_MOST_MEMORY, _MOST_LANES = 64 * 1024 * 1024, 4
#: OpenSSL's own limit of that memory; newer releases of cryptography go beyond it.
_OPENSSL_MEMORY = 32 * 1024 * 1024
#: Ciphers that every release knows, and the bytes of their blocks.
_CIPHERS = {
    "aes128_cbc": 16,
    "aes192_cbc": 16,
    "aes256_cbc": 16,
    "tripledes_3key": 8,
    "pkcs12_sha1_tripledes_3key": 8,
    "pkcs12_sha1_tripledes_2key": 8,
}
_DIGESTS = {"sha1", "sha224", "sha256", "sha384", "sha512"}
_PEM_CIPHERS = re.compile(rb"DEK-Info: ?(AES-[0-9]{3}|DES-EDE3)-CBC,")
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_SCRYPT_DER = core.ObjectIdentifier(_SCRYPT).dump()
_SALT = bytes(64)


class UselessError(Exception):
    """A part of the files is of no use; ``reason`` is one of CredentialError's."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Locked:
    """A key, or the certificates of a PKCS#12, that a password opens.

    ``open`` gives keys, or certificates in DER, or raises ValueError, TypeError or
    UnsupportedAlgorithm.  ``rounds`` is what one try costs, in rounds of PBKDF2; ``understood``
    tells that only a wrong password keeps it shut; ``wide`` that a letter of the password has two
    bytes (RFC 7292, B.1).  ``package`` numbers the PKCS#12 that it is a part of.
    """

    open: Callable[[bytes | None], list[Any]] = field(repr=False)
    rounds: int = 1
    understood: bool = True
    wide: bool = False
    is_key: bool = True
    package: int | None = None


class _ScryptParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [
        ("salt", core.OctetString),
        ("n", core.Integer),
        ("r", core.Integer),
        ("p", core.Integer),
        ("key_length", core.Integer, {"optional": True}),
    ]


def of_pem(text: bytes) -> Locked:
    """Return a key that PEM itself encrypts (RFC 1421), whatever its label says."""
    return Locked(partial(_open_pem, text), understood=bool(_PEM_CIPHERS.search(text)))


def of_key(info: Any, package: int | None = None) -> Locked:
    """Return an encrypted PKCS#8.

    :param info: asn1crypto's EncryptedPrivateKeyInfo
    :param package: the number of the PKCS#12 that it is in
    """
    info = info.untag()
    algorithm = info["encryption_algorithm"]
    work = _work(algorithm, info["encrypted_data"].native)
    opener = _open_pkcs8 if _SCRYPT_DER in algorithm.dump() else _open_key
    return Locked(partial(opener, info), package=package, **work)


def of_certificates(safe: Any, package: int) -> Locked:
    """Return the encrypted certificates of a PKCS#12.

    :param safe: asn1crypto's ContentInfo with EncryptedData
    """
    content = safe["content"]["encrypted_content_info"]
    work = _work(content["content_encryption_algorithm"], content["encrypted_content"].native)
    opener = partial(_open_certificates, safe)
    return Locked(opener, is_key=False, package=package, **work)


# ----------------------------------------------------------------------
# Counting
# ----------------------------------------------------------------------
def _work(algorithm: Any, data: bytes) -> dict[str, Any]:
    """Return what Locked tells of an encryption."""
    kind, parameters = algorithm["algorithm"].native, algorithm["parameters"]
    if kind == "pbes2":
        cipher = parameters["encryption_scheme"]["algorithm"].native
        rounds, known = _rounds(parameters["key_derivation_func"])
    elif kind.startswith(("pbes1_", "pkcs12_")):
        cipher, rounds, known = kind, parameters["iterations"].native, True
    else:
        raise UselessError("encryption")
    if rounds < 1 or not data or len(data) % _CIPHERS.get(cipher, 1):
        raise UselessError("damaged")
    if rounds > MOST_ROUNDS:
        raise UselessError("strong")
    understood = known and cipher in _CIPHERS
    return {"rounds": rounds, "understood": understood, "wide": kind.startswith("pkcs12_")}


def _rounds(derivation: Any) -> tuple[int, bool]:
    """Return the rounds of PBKDF2, or as many as take the time of scrypt, and if all know it."""
    kind, parameters = derivation["algorithm"].native, derivation["parameters"]
    if kind == "pbkdf2":
        known = parameters["prf"]["algorithm"].native in _DIGESTS
        return parameters["iteration_count"].native, known
    if kind != _SCRYPT:
        raise UselessError("encryption")
    told = _ScryptParameters.load(parameters.dump()).native
    n, r, p = told["n"], told["r"], told["p"]
    if min(n, r, p) < 1:
        raise UselessError("damaged")
    memory = 128 * n * r
    if memory > _MOST_MEMORY or p > _MOST_LANES:
        raise UselessError("strong")
    # It begins and ends with PBKDF2, of 128·r·p bytes.
    rounds = max(8 * r * p, memory * p * MOST_ROUNDS // (_MOST_MEMORY * _MOST_LANES))
    return rounds, memory < _OPENSSL_MEMORY


# ----------------------------------------------------------------------
# Opening
# ----------------------------------------------------------------------
def _open_pem(text: bytes, password: bytes | None) -> list[Any]:
    for kind in (b"EC", b"RSA"):
        label = kind + b" PRIVATE KEY-----"
        block = b"-----BEGIN " + label + text + b"-----END " + label
        try:
            return [serialization.load_pem_private_key(block, password)]
        except ValueError:
            continue
    raise ValueError("wrong password")


def _open_pkcs8(info: Any, password: bytes | None) -> list[Any]:
    return [serialization.load_der_private_key(info.dump(), password)]


def _open_key(info: Any, password: bytes | None) -> list[Any]:
    try:
        (password or b"").decode()
    except UnicodeDecodeError:  # newer releases take no such password for a PKCS#12
        return _open_pkcs8(info, password)
    bag = pkcs12.SafeBag({"bag_id": "pkcs8_shrouded_key_bag", "bag_value": info})
    return [_open_pkcs12([_safe_of(bag)], password)[0]]


def _open_certificates(safe: Any, password: bytes | None) -> list[Any]:
    _key, first, others = _open_pkcs12([_key_of_nobody(), safe], password)
    der = serialization.Encoding.DER
    return [item.public_bytes(der) for item in (first, *others) if item]


def _open_pkcs12(safes: list[Any], password: bytes | None) -> Any:
    """Have OpenSSL open parts of a PKCS#12, in one of our own that holds nothing else.

    It opens only the first key that it meets, so that it never begins with an uncounted one.
    """
    content = pkcs12.AuthenticatedSafe(safes).dump()
    digest = hmac.digest(_sealing_key(password), content, "sha256")
    mac = {"digest_algorithm": {"algorithm": "sha256"}, "digest": digest}
    package = {
        "version": "v3",
        "auth_safe": {"content_type": "data", "content": content},
        "mac_data": {"mac": mac, "mac_salt": _SALT, "iterations": 1},
    }
    return load_key_and_certificates(pkcs12.Pfx(package).dump(), password)


def _sealing_key(password: bytes | None) -> bytes:
    """Derive the key of a MAC in one round, as OpenSSL does (RFC 7292, B.2)."""
    try:
        letters = (password or b"").decode()
    except UnicodeDecodeError:
        letters = (password or b"").decode("latin-1")
    wide = b"" if password is None else letters.encode("utf-16-be") + b"\0\0"
    filled = (wide * 64)[: -len(wide) // 64 * -64]
    return hashlib.sha256(b"\3" * 64 + _SALT + filled).digest()


def _safe_of(bag: Any) -> dict[str, Any]:
    return {"content_type": "data", "content": pkcs12.SafeContents([bag]).dump()}


@cache
def _key_of_nobody() -> dict[str, Any]:
    der = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    value = keys.PrivateKeyInfo.load(der)
    return _safe_of(pkcs12.SafeBag({"bag_id": "key_bag", "bag_value": value}))
