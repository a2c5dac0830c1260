"""Reads what a signature tells of its signer: certificates, time, the role of Profil Zaufany."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from ..x509_support import Certificate, read_certificate
from . import const
from .document import decode, elements_of, local_name, namespace, text_of

TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
#: docs/ksef.md B-2: the two forms of the role that Profil Zaufany writes, by local name.
_ROLES = {
    "PodpisZP": ("Imie", "Nazwisko", "PESEL"),
    "EPSignature": ("FirstName", "CurrentFamilyName", "PersonalIdentifier"),
}


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
    found = signature.iterfind("/".join(map(const.ds, ("KeyInfo", "X509Data", "X509Certificate"))))
    texts = [text_of(element) for element in found][: const.MAX_CERTIFICATES]
    readable = [c for text in texts if (c := _certificate(text)) is not None]
    digests = named_digests(properties)
    matching = [c for c in readable if any(_has_digest(c, digest) for digest in digests)]
    others = [c for c in readable if c not in matching]
    named = bool(matching) if digests and readable else None
    return KeyInfo((*matching, *others), len(texts), named)


def has_signing_certificate(properties: Any) -> bool:
    """Return True if the properties name a certificate (SigningCertificate or its version 2)."""
    return _signing_certificate(properties) is not None


def named_digests(properties: Any) -> list[tuple[str, bytes]]:
    """Return hashlib's name of the method and the digest of each named certificate.

    Some programs name the whole chain, and not always the signer first.
    """
    found = []
    for entry in elements_of(_signing_certificate(properties))[: const.MAX_CERTIFICATES]:
        digest = child_named(entry, "CertDigest")
        method, value = child_named(digest, "DigestMethod"), child_named(digest, "DigestValue")
        name = const.DIGESTS.get(method.get("Algorithm", "")) if method is not None else None
        raw = decode(text_of(value)) if value is not None else None
        if name and raw:
            found.append((name, raw))
    return found


def is_for_offline_invoices(certificate: Certificate) -> bool:
    """Return True if the key usage is that of KSeF's type Offline: nonRepudiation only."""
    usage = certificate.key_usage or ()
    return "non_repudiation" in usage and "digital_signature" not in usage


def value_of(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """Return all values of one attribute, joined by spaces, within bounds."""
    found = name.get_attributes_for_oid(oid)
    return " ".join(str(attribute.value) for attribute in found)[: const.MAX_NAME]


def issuer_text(certificate: Certificate) -> str:
    """Return the whole name of the issuer, within bounds."""
    return certificate.issuer.rfc4514_string()[: const.MAX_NAME]


def name_text(name: x509.Name) -> str:
    """Return a name for people: the common name, else the organisation, else all of it."""
    common = value_of(name, NameOID.COMMON_NAME) or value_of(name, NameOID.ORGANIZATION_NAME)
    return (common or name.rfc4514_string())[: const.MAX_VALUE]


def _signing_certificate(properties: Any) -> Any:
    inner = child_named(properties, "SignedSignatureProperties")
    for child in inner if inner is not None else ():
        if local_name(child) in ("SigningCertificate", "SigningCertificateV2"):
            return child
    return None


def _certificate(text: str) -> Certificate | None:
    raw = decode(text) if len(text) <= const.MAX_CERTIFICATE else None
    if not raw:
        return None
    try:
        return read_certificate(raw)
    except ValueError:
        return None


def _has_digest(certificate: Certificate, digest: tuple[str, bytes]) -> bool:
    name, value = digest
    return hashlib.new(name, certificate.der).digest() == value


@dataclass(frozen=True)
class Person:
    """The signer whom Profil Zaufany names in the signed role."""

    name: str
    personal_number: str = field(repr=False)


def qualifying_properties(signature: Any) -> list[Any]:
    """Return the QualifyingProperties of a signature; there should be one."""
    return [
        child
        for holder in signature.findall(const.OBJECT)
        for child in elements_of(holder)
        if local_name(child) == "QualifyingProperties" and namespace(child) in const.XADES
    ]


def signed_properties(signature: Any) -> list[Any]:
    """Return all SignedProperties of a signature, covered by a reference or not."""
    found = (child_named(e, "SignedProperties") for e in qualifying_properties(signature))
    return [element for element in found if element is not None]


def child_named(element: Any, name: str) -> Any:
    """Return the first child of that local name; None also where ``element`` is None."""
    for child in element if element is not None else ():
        if local_name(child) == name:
            return child
    return None


def signing_time(properties: Any) -> datetime | None:
    """Return the time that the signer claims, aware; a time without a zone is taken as UTC."""
    element = child_named(child_named(properties, "SignedSignatureProperties"), "SigningTime")
    found = TIME.fullmatch(text_of(element)[: const.MAX_VALUE])
    if not found:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7]))
    except (ValueError, OverflowError):
        return None


def person(properties: Any) -> Person | None:
    """Return the person that a role of Profil Zaufany names; None without such a role."""
    for role in properties.iter() if properties is not None else ():
        if local_name(role) in _ROLES and _claimed(role):
            given, family, number = _ROLES[local_name(role)]
            names = [*_texts(role, given), *_texts(role, family)]
            return Person(" ".join(names)[: const.MAX_VALUE], next(iter(_texts(role, number)), ""))
    return None


def _claimed(role: Any) -> bool:
    parent = role.getparent()
    return parent is not None and local_name(parent) == "ClaimedRole"


def _texts(role: Any, name: str) -> list[str]:
    found = (text_of(e)[: const.MAX_VALUE] for e in role.iter() if local_name(e) == name)
    return [text for text in found if text]


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return timezone.utc
    assert text is not None
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))
