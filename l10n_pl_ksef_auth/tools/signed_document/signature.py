"""Judges whether a signature is complete, and its algorithms.

KSeF checks more: it validates the signature by its schemas and names what it dislikes
("9105 Błąd walidacji XSD: cvc-…", docs/ksef.md A1-9105).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ..x509_support import UNREADABLE, Certificate
from . import const
from .document import decode, text_of
from .model import Finding
from .references import reference_elements
from .report import finding

PublicKey = Any
KeyKind = Literal["rsa", "ec"]
_METHODS = ("CanonicalizationMethod", "SignatureMethod")
_DIGEST = ("DigestMethod", "DigestValue")
_SHORTEST = {"rsa": 2048, "ec": 256}


@dataclass(frozen=True)
class Method:
    """A SignatureMethod: the kind of key, and whether KSeF has refused it in practice."""

    key: KeyKind
    weak: bool = False


_HASHES = ("sha1", "sha224", "sha256", "sha384", "sha512")
_SHA3 = ("sha3-224", "sha3-256", "sha3-384", "sha3-512")
#: What KSeF's documentation lists, and what it refuses all the same (docs/ksef.md A2-5, A2-7, B-3).
METHODS: dict[str, Method] = {
    const.DSIG + "rsa-sha1": Method("rsa", weak=True),
    **{f"{const.MORE}rsa-{name}": Method("rsa", name == "sha1") for name in _HASHES},
    **{f"{const.MORE}ecdsa-{name}": Method("ec", name == "sha1") for name in _HASHES},
    **{f"http://www.w3.org/2021/04/xmldsig-more#ecdsa-{name}": Method("ec") for name in _SHA3},
    **{f"{const.MORE_2007}{name}-rsa-MGF1": Method("rsa", True) for name in (*_HASHES, *_SHA3)},
}


def structure_finding(signature: Any) -> Finding | None:
    """Return a finding if a mandatory part of the signature is missing or duplicated."""
    infos = signature.findall(const.SIGNED_INFO)
    values = signature.findall(const.ds("SignatureValue"))
    if len(infos) != 1 or len(values) != 1 or not decode(text_of(values[0])):
        evidence = f"{len(infos)} SignedInfo, {len(values)} SignatureValue"
        return finding("incomplete_signature", evidence)
    missing = [name for name in _METHODS if infos[0].find(const.ds(name)) is None]
    for reference in reference_elements(signature):
        missing += [name for name in _DIGEST if reference.find(const.ds(name)) is None]
    if missing or not reference_elements(signature):
        evidence = f"no {', '.join(dict.fromkeys(missing)) or 'Reference'}"
        return finding("incomplete_signature", evidence)
    return None


def method_of(signature: Any) -> tuple[str, Method | None]:
    """Return the SignatureMethod's name and what it means, None for an unknown one."""
    element = signature.find(f"{const.SIGNED_INFO}/{const.ds('SignatureMethod')}")
    name = _algorithm(element)
    return name, METHODS.get(name)


def digest_method(reference: Any) -> str:
    """Return the name of a reference's DigestMethod, "" without one."""
    return _algorithm(reference.find(const.ds("DigestMethod")))


def short(name: str) -> str:
    """Return an algorithm's name for people, without its namespace."""
    return name.rpartition("#")[2] or name or "none"


def public_key(certificate: Certificate | None) -> PublicKey:
    """Return a certificate's key; None where there is none that the library knows."""
    try:
        return certificate.public_key() if certificate is not None else None
    except UNREADABLE:
        return None


def key_kind(key: PublicKey) -> KeyKind | None:
    """Return which kind a public key is of, None for others and for no key."""
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa"
    return "ec" if isinstance(key, ec.EllipticCurvePublicKey) else None


def algorithm_findings(signature: Any, key: PublicKey) -> list[Finding]:
    """Warn of algorithms and keys that KSeF refuses, or may refuse.

    :param key: the signer's public key, or None
    """
    name, method = method_of(signature)
    weak = method is not None and method.weak
    found = _named_finding("SignatureMethod", name, method is not None, weak)
    for used in dict.fromkeys(map(digest_method, reference_elements(signature))):
        known = const.DIGESTS.get(used)
        found += _named_finding("DigestMethod", used, known is not None, known == "sha1")
    return found + _key_findings(key)


def _algorithm(element: Any) -> str:
    name: str = element.get("Algorithm", "") if element is not None else ""
    return name[: const.MAX_VALUE]


def _named_finding(kind: str, name: str, known: bool, weak: bool) -> list[Finding]:
    if known and not weak:
        return []
    code = "weak_algorithm" if known else "unknown_algorithm"
    return [finding(code, f"{kind} '{name}'", found=short(name))]


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
