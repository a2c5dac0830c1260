"""Verifies the signature value over SignedInfo with the certificate's key."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ..credentials import UNREADABLE
from ..x509_support import Certificate
from . import names
from .algorithms import Method, key_kind, method_of
from .canonical import Undecidable, canonical_element
from .document import decode, text_of
from .model import Finding
from .recipes import canonical_of
from .references import references_of
from .report import finding

_METHODS = ("CanonicalizationMethod", "SignatureMethod")
_DIGEST = ("DigestMethod", "DigestValue")


def structure_finding(signature: Any) -> Finding | None:
    """Say which part without which no signature can be verified is missing, or there twice."""
    infos = signature.findall(names.SIGNED_INFO)
    values = signature.findall(names.ds("SignatureValue"))
    if len(infos) != 1 or len(values) != 1 or not decode(text_of(values[0])):
        evidence = f"{len(infos)} SignedInfo, {len(values)} SignatureValue"
        return finding("incomplete_signature", evidence)
    missing = [name for name in _METHODS if infos[0].find(names.ds(name)) is None]
    for reference in references_of(signature):
        missing += [name for name in _DIGEST if reference.find(names.ds(name)) is None]
    if missing or not references_of(signature):
        evidence = f"no {', '.join(dict.fromkeys(missing)) or 'Reference'}"
        return finding("incomplete_signature", evidence)
    return None


def public_key(certificate: Certificate | None) -> Any:
    """Return a certificate's key; None where there is none that the library knows."""
    try:
        return certificate.public_key() if certificate is not None else None
    except UNREADABLE:
        return None


def verifies(signature: Any, certificates: list[Certificate]) -> Certificate | None:
    """Return the certificate whose key made the signature; None also where nobody can tell."""
    for certificate in certificates:
        if value_finding(signature, certificate) is None:
            return certificate
    return None


def value_finding(signature: Any, certificate: Certificate) -> Finding | None:
    """Verify with one certificate; None when the signature is valid.

    The finding is ``unchecked`` where this code cannot decide, and KSeF will.
    """
    name, method = method_of(signature)
    key = public_key(certificate)
    if method is None or key_kind(key) is None:
        return finding("unchecked", f"signature method {name}", found=name.rpartition("#")[2])
    info = signature.find(names.SIGNED_INFO)
    canonical = canonical_of(info.find(names.ds("CanonicalizationMethod")))
    value = decode(text_of(signature.find(names.ds("SignatureValue")))) or b""
    if canonical is None:
        return finding(
            "unchecked", "canonicalisation of SignedInfo", found="CanonicalizationMethod"
        )
    if key_kind(key) != method.key:
        return finding("bad_signature", f"{name} with a key of the kind {key_kind(key)}")
    try:
        return _verified(key, method, value, canonical_element(info, canonical))
    except (Undecidable, UnsupportedAlgorithm) as error:
        return finding("unchecked", type(error).__name__, found=name.rpartition("#")[2])


def _verified(key: Any, method: Method, value: bytes, content: bytes) -> Finding | None:
    if method.key == "rsa":
        valid = _rsa(key, method, value, content)
        return None if valid else finding("bad_signature", f"RSA {key.key_size}")
    size = (key.key_size + 7) // 8
    if len(value) == 2 * size:
        r, s = int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
        if _ecdsa(key, method, encode_dss_signature(r, s), content):
            return None
    elif _ecdsa(key, method, value, content):
        return finding("signature_der", f"{len(value)} bytes of DER instead of {2 * size}")
    return finding("bad_signature", f"EC {key.key_size}, {len(value)} bytes")


def _rsa(key: Any, method: Method, value: bytes, content: bytes) -> bool:
    scheme = (
        padding.PSS(padding.MGF1(method.hash), padding.PSS.AUTO)
        if method.pss
        else padding.PKCS1v15()
    )
    try:
        key.verify(value, content, scheme, method.hash)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ecdsa(key: Any, method: Method, value: bytes, content: bytes) -> bool:
    try:
        key.verify(value, content, ec.ECDSA(method.hash))
    except (InvalidSignature, ValueError):
        return False
    return True
