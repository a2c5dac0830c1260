"""Reads the certificates in KeyInfo and tells which of them signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from ..x509_support import Certificate, read_certificate
from . import limits, names
from .document import decode, elements_of, local_name, text_of
from .properties import child_named


@dataclass(frozen=True)
class KeyInfo:
    """The certificates of a signature.

    ``readable`` begins with those that SigningCertificate names; ``present`` counts the unreadable
    ones, too; ``named`` is False when it names only others, None when that cannot be told.
    """

    readable: tuple[Certificate, ...]
    present: int
    named: bool | None


def key_info(signature: Any, properties: Any) -> KeyInfo:
    """Return the certificates of a signature.

    :param properties: the covered SignedProperties, or None
    """
    found = signature.iterfind("/".join(map(names.ds, ("KeyInfo", "X509Data", "X509Certificate"))))
    texts = [text_of(element) for element in found][: limits.MAX_CERTIFICATES]
    readable = [c for text in texts if (c := _certificate(text)) is not None]
    digests = named_digests(properties)
    matching = [c for c in readable if any(_has_digest(c, digest) for digest in digests)]
    others = [c for c in readable if c not in matching]
    named = bool(matching) if digests and readable else None
    return KeyInfo((*matching, *others), len(texts), named)


def has_signing_certificate(properties: Any) -> bool:
    """Whether the signed properties name a certificate (SigningCertificate or its version 2)."""
    return _signing_certificate(properties) is not None


def named_digests(properties: Any) -> list[tuple[str, bytes]]:
    """Return hashlib's name and the digest of each certificate named, where both are known.

    Some programs name the whole chain, and not always the signer first.
    """
    found = []
    for entry in elements_of(_signing_certificate(properties))[: limits.MAX_CERTIFICATES]:
        digest = child_named(entry, "CertDigest")
        method, value = child_named(digest, "DigestMethod"), child_named(digest, "DigestValue")
        name = DIGESTS.get(method.get("Algorithm", "")) if method is not None else None
        raw = decode(text_of(value)) if value is not None else None
        if name and raw:
            found.append((name, raw))
    return found


def is_self_signed(certificate: Certificate) -> bool:
    """Whether the certificate names itself as its issuer."""
    return bool(certificate.issuer == certificate.subject)


def is_for_offline_invoices(certificate: Certificate) -> bool:
    """Whether the key usage is that of KSeF's type Offline: nonRepudiation only."""
    usage = certificate.key_usage or ()
    return "non_repudiation" in usage and "digital_signature" not in usage


def value_of(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """Return all values of one attribute, joined by spaces, within bounds."""
    found = name.get_attributes_for_oid(oid)
    return " ".join(str(attribute.value) for attribute in found)[: limits.MAX_NAME]


def issuer_text(certificate: Certificate) -> str:
    """Return the whole name of the issuer, within bounds."""
    return certificate.issuer.rfc4514_string()[: limits.MAX_NAME]


def name_text(name: x509.Name) -> str:
    """Return a name for people: the common name, else the organisation, else all of it."""
    common = value_of(name, NameOID.COMMON_NAME) or value_of(name, NameOID.ORGANIZATION_NAME)
    return (common or name.rfc4514_string())[: limits.MAX_VALUE]


def _signing_certificate(properties: Any) -> Any:
    inner = child_named(properties, "SignedSignatureProperties")
    for child in inner if inner is not None else ():
        if local_name(child) in ("SigningCertificate", "SigningCertificateV2"):
            return child
    return None


def _certificate(text: str) -> Certificate | None:
    raw = decode(text) if len(text) <= limits.MAX_CERTIFICATE else None
    if not raw:
        return None
    try:
        return read_certificate(raw)
    except ValueError:
        return None


def _has_digest(certificate: Certificate, digest: tuple[str, bytes]) -> bool:
    name, value = digest
    return hashlib.new(name, certificate.der).digest() == value


#: DigestMethod -> hashlib's name, as far as KSeF's documentation lists them (docs/ksef.md B-3).
DIGESTS = {
    names.DSIG + "sha1": "sha1",
    names.MORE + "sha224": "sha224",
    names.XMLENC + "sha256": "sha256",
    names.MORE + "sha384": "sha384",
    names.XMLENC + "sha512": "sha512",
    names.MORE_2007 + "sha3-224": "sha3_224",
    names.MORE_2007 + "sha3-256": "sha3_256",
    names.MORE_2007 + "sha3-384": "sha3_384",
    names.MORE_2007 + "sha3-512": "sha3_512",
}
