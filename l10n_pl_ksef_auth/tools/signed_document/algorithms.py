"""The algorithms of signatures and what KSeF is known to do with them.

Source: docs/ksef.md A2-5, A2-7 and B-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import names
from .certificates import DIGESTS
from .limits import MAX_VALUE
from .model import Finding
from .references import references_of
from .report import finding

PublicKey = Any


@dataclass(frozen=True)
class Method:
    """A SignatureMethod: kind of key, hash, and whether RSA pads by PSS."""

    key: Literal["rsa", "ec"]
    hash: hashes.HashAlgorithm
    pss: bool = False


_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_SHA3: dict[str, hashes.HashAlgorithm] = {
    "sha3-224": hashes.SHA3_224(),
    "sha3-256": hashes.SHA3_256(),
    "sha3-384": hashes.SHA3_384(),
    "sha3-512": hashes.SHA3_512(),
}
_SHA3_ECDSA = "http://www.w3.org/2021/04/xmldsig-more#ecdsa-"
METHODS: dict[str, Method] = {
    names.DSIG + "rsa-sha1": Method("rsa", hashes.SHA1()),
    **{f"{names.MORE}rsa-{name}": Method("rsa", value) for name, value in _HASHES.items()},
    **{f"{names.MORE}ecdsa-{name}": Method("ec", value) for name, value in _HASHES.items()},
    **{f"{_SHA3_ECDSA}{name}": Method("ec", value) for name, value in _SHA3.items()},
    **{
        f"{names.MORE_2007}{name}-rsa-MGF1": Method("rsa", value, pss=True)
        for name, value in {**_HASHES, **_SHA3}.items()
    },
}
_SHORTEST = {"rsa": 2048, "ec": 256}


def method_of(signature: Any) -> tuple[str, Method | None]:
    """Return the SignatureMethod's name and what it means, None for an unknown one."""
    info = signature.find(names.SIGNED_INFO)
    element = info.find(names.ds("SignatureMethod")) if info is not None else None
    name = (element.get("Algorithm", "") if element is not None else "")[:MAX_VALUE]
    return name, METHODS.get(name)


def algorithm_findings(signature: Any, key: PublicKey) -> list[Finding]:
    """Warn of algorithms and keys that KSeF refuses, or may refuse.

    :param key: the signer's public key, or None
    """
    return [*_method_findings(signature), *_digest_findings(signature), *_key_findings(key)]


def _method_findings(signature: Any) -> list[Finding]:
    name, method = method_of(signature)
    evidence = f"SignatureMethod '{name}'"
    if method is None:
        return [finding("unknown_algorithm", evidence, found=_short(name))]
    if method.pss or method.hash.name == "sha1":
        return [finding("weak_algorithm", evidence, found=_short(name))]
    return []


def _digest_findings(signature: Any) -> list[Finding]:
    found = {}
    for reference in references_of(signature):
        method = reference.find(names.ds("DigestMethod"))
        name = (method.get("Algorithm", "") if method is not None else "")[:MAX_VALUE]
        evidence = f"DigestMethod '{name}'"
        if DIGESTS.get(name) == "sha1":
            found[name] = finding("weak_algorithm", evidence, found=_short(name))
        elif name not in DIGESTS:
            found[name] = finding("unknown_algorithm", evidence, found=_short(name))
    return list(found.values())


def _key_findings(key: PublicKey) -> list[Finding]:
    kind = key_kind(key)
    if kind is None:
        return []
    label = f"{kind.upper()} {key.key_size}"
    if key.key_size < _SHORTEST[kind]:
        return [finding("short_key", label, found=label)]
    if kind == "ec" and key.curve.name == "secp521r1":
        return [finding("weak_algorithm", "curve secp521r1", found="P-521")]
    return []


def key_kind(key: PublicKey) -> Literal["rsa", "ec"] | None:
    """Return which kind a public key is of, None for others and for no key."""
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(key, ec.EllipticCurvePublicKey) else None


def _short(name: str) -> str:
    return name.rpartition("#")[2] or name or "none"
