"""Reads what a signature tells of its signer: certificates, time, the role of Profil Zaufany."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..members import optional_moment
from ..x509_support import Certificate, read_certificate
from . import const
from .document import decode, elements_of, local_name, text_of

_CERTIFICATES = "/".join(map(const.ds, ("KeyInfo", "X509Data", "X509Certificate")))
#: docs/ksef.md B-2: the two forms of the role that Profil Zaufany writes, by local name.
_ROLES = {
    "PodpisZP": ("Imie", "Nazwisko", "PESEL"),
    "EPSignature": ("FirstName", "CurrentFamilyName", "PersonalIdentifier"),
}
_WITH_ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})\Z")


@dataclass(frozen=True)
class KeyInfo:
    """The certificates of a signature.

    ``readable`` begins with those that SigningCertificate names; ``present`` counts the unreadable
    ones, too; ``named`` is False when it names only others, None when that cannot be told.
    """

    readable: tuple[Certificate, ...]
    present: int
    named: bool | None


@dataclass(frozen=True)
class Person:
    """The signer whom Profil Zaufany names in the signed role."""

    name: str
    personal_number: str = field(repr=False)


def key_info(signature: Any, properties: Any) -> KeyInfo:
    """Return the certificates of a signature.

    :param properties: the covered SignedProperties, or None
    """
    texts = [text_of(e) for e in signature.iterfind(_CERTIFICATES)][: const.MAX_CERTIFICATES]
    readable = [c for text in texts if (c := _certificate(text)) is not None]
    digests = _named_digests(properties)
    matching = [c for c in readable if any(_has_digest(c, digest) for digest in digests)]
    others = [c for c in readable if c not in matching]
    named = bool(matching) if digests and readable else None
    return KeyInfo((*matching, *others), len(texts), named)


def signing_certificate(properties: Any) -> Any:
    """Return the element that names the signer's certificate, in either version; None if absent."""
    for child in elements_of(_part(properties, "SignedSignatureProperties")):
        if local_name(child) in ("SigningCertificate", "SigningCertificateV2"):
            return child
    return None


def signed_properties(signature: Any) -> list[Any]:
    """Return all SignedProperties of a signature, covered by a reference or not."""
    return [
        properties
        for schema in const.XADES
        for holder in signature.iterfind(f"{const.OBJECT}/{{{schema}}}QualifyingProperties")
        if (properties := _part(holder, "SignedProperties")) is not None
    ]


def signing_time(properties: Any) -> datetime | None:
    """Return the time that the signer claims, aware.

    None also for a time without a zone, which may be the signer's local time.
    """
    element = _part(properties, "SignedSignatureProperties/{*}SigningTime")
    text = text_of(element)[: const.MAX_VALUE]
    return optional_moment(text) if _WITH_ZONE.search(text) else None


def people(element: Any) -> list[Person]:
    """Return the people that roles of Profil Zaufany name below an element, one for each number."""
    found = element.iterfind(".//{*}ClaimedRole/*") if element is not None else ()
    roles = [role for role in found if local_name(role) in _ROLES][: const.MAX_ROLES]
    return [person for role in roles for person in _named(role)]


def _named(role: Any) -> list[Person]:
    given, family, numbers = (_texts(role, name) for name in _ROLES[local_name(role)])
    name = " ".join(given + family)[: const.MAX_VALUE]
    return [Person(name, number) for number in dict.fromkeys(numbers or [""])]


def _part(element: Any, path: str) -> Any:
    """Return the first descendant at a path of local names; None also where there is no element."""
    return element.find(f"{{*}}{path}") if element is not None else None


def _texts(role: Any, name: str) -> list[str]:
    found = (text_of(element)[: const.MAX_VALUE] for element in role.iter(f"{{*}}{name}"))
    return [text for text in found if text]


def _named_digests(properties: Any) -> list[tuple[str, bytes]]:
    """Return hashlib's name of the method and the digest of each named certificate.

    Some programs name the whole chain, and not always the signer first.
    """
    found = []
    for entry in elements_of(signing_certificate(properties))[: const.MAX_CERTIFICATES]:
        method = _part(entry, "CertDigest/{*}DigestMethod")
        name = const.DIGESTS.get(method.get("Algorithm", "")) if method is not None else None
        raw = decode(text_of(_part(entry, "CertDigest/{*}DigestValue")))
        if name and raw:
            found.append((name, raw))
    return found


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
