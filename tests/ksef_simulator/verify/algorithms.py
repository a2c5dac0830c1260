"""The algorithms that KSeF takes (docs/ksef.md B-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .outcome import ALGORITHM, NEGATIVE, Refusal, Settings

DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_PSS = "http://www.w3.org/2007/05/xmldsig-more#"
_SHA3 = "http://www.w3.org/2021/04/xmldsig-more#"

DIGESTS: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": hashlib.sha256,
    _MORE + "sha384": hashlib.sha384,
    "http://www.w3.org/2001/04/xmlenc#sha512": hashlib.sha512,
    _PSS + "sha3-256": hashlib.sha3_256,
    _PSS + "sha3-384": hashlib.sha3_384,
    _PSS + "sha3-512": hashlib.sha3_512,
}
_SHA1 = DS + "sha1"
_RSA = {_MORE + f"rsa-sha{size}" for size in (256, 384, 512)}
_EC = {_MORE + f"ecdsa-sha{size}" for size in (256, 384, 512)} | {
    _SHA3 + f"ecdsa-sha3-{size}" for size in (256, 384, 512)
}
_RSA_PSS = {_PSS + f"sha{size}-rsa-MGF1" for size in (256, 384, 512)}
_SHA1_SIGNATURES = {
    DS + "rsa-sha1": rsa.RSAPublicKey,
    _MORE + "ecdsa-sha1": ec.EllipticCurvePublicKey,
}

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
CANONICALISATIONS = {
    _C14N,
    _C14N + "#WithComments",
    _C14N11,
    _C14N11 + "#WithComments",
    _EXC,
    _EXC + "WithComments",
}
ENVELOPED = DS + "enveloped-signature"
BASE64 = DS + "base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"


def hasher(algorithm: str | None, settings: Settings) -> Callable[[bytes], hashlib._Hash]:
    """Return the hash function of a DigestMethod.

    :raises Refusal: 9105 for an algorithm that KSeF does not take
    """
    if algorithm == _SHA1 and settings.sha1_accepted:
        return hashlib.sha1
    if algorithm not in DIGESTS:
        raise Refusal(9105, ALGORITHM)
    return DIGESTS[algorithm]


def check_method(
    method: str | None, key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, settings: Settings
) -> None:
    """Check that the signature's algorithm is taken, fits the key, and that the key is long enough.

    :raises Refusal: 9105
    """
    kind = _key_kind(method, settings)
    if kind is None:
        raise Refusal(9105, ALGORITHM)
    if method in _RSA_PSS and not settings.pss_accepted:
        raise Refusal(9105, NEGATIVE)
    if not isinstance(key, kind) or (_is_p521(key) and not settings.p521_accepted):
        raise Refusal(9105, NEGATIVE)
    if key.key_size < (2048 if kind is rsa.RSAPublicKey else 256):
        raise Refusal(9105, ALGORITHM)


def _is_p521(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp521r1"


def _key_kind(method: str | None, settings: Settings) -> type | None:
    if method in _RSA | _RSA_PSS:
        return rsa.RSAPublicKey
    if method in _EC:
        return ec.EllipticCurvePublicKey
    return _SHA1_SIGNATURES.get(method or "") if settings.sha1_accepted else None
