"""Private keys of the simulated authorities and signers, the same in every process.

They are derived from their names, so nothing has to be saved, shared or generated: a document
signed in one process verifies in another. They protect nothing but the simulator.
"""

from __future__ import annotations

import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import releases

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_EXPONENT = 65537

# How far above the number that its name hashes to each prime of an RSA key lies.
_PRIMES = {
    "ca/qualified": (670, 1596),
    "minister": (3410, 324),
    "qualified": (0, 936),
    "seal": (746, 230),
    "foreign": (422, 984),
    "personal-id": (440, 1496),
    "other": (264, 1048),
}


def _prime(name: str, letter: str, offset: int) -> int:
    parts = (hashlib.sha256(f"{name}/{letter}:{part}".encode()).digest() for part in range(4))
    return (int.from_bytes(b"".join(parts), "big") | (3 << 1022) | 1) + offset


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """Return the RSA-2048 key of one of the names in the table above."""
    p, q = (_prime(name, *item) for item in zip("pq", _PRIMES[name], strict=True))
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return releases.unchecked(numbers)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of any name."""
    secret = int.from_bytes(hashlib.sha256(f"ksef-simulator/{name}".encode()).digest(), "big")
    return ec.derive_private_key(secret % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def key(name: str, algorithm: str) -> PrivateKey:
    """Return the key of a name.

    :param algorithm: "rsa" (only for the names in the table) or "ec"
    """
    return rsa_key(name) if algorithm == "rsa" else ec_key(name)
