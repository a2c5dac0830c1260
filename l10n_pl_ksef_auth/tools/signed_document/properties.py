"""Reads the signed properties of XAdES: the time, and the role that Profil Zaufany writes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from .document import elements_of, local_name, namespace, text_of
from .limits import MAX_VALUE
from .names import OBJECT, XADES

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
class Person:
    """The signer whom Profil Zaufany names in the signed role."""

    name: str
    personal_number: str = field(repr=False)


def qualifying_properties(signature: Any) -> list[Any]:
    """Return the QualifyingProperties of a signature; there should be one."""
    return [
        child
        for holder in signature.findall(OBJECT)
        for child in elements_of(holder)
        if local_name(child) == "QualifyingProperties" and namespace(child) in XADES
    ]


def signed_properties(signature: Any) -> list[Any]:
    """Return all SignedProperties of a signature; whether they are covered is not asked here."""
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
    found = TIME.fullmatch(text_of(element)[:MAX_VALUE])
    if not found:
        return None
    try:
        year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
        return datetime(year, month, day, hour, minute, second, tzinfo=_zone(found[7]))
    except (ValueError, OverflowError):
        return None


def person(properties: Any) -> Person | None:
    """Return whom a role of Profil Zaufany names; None without such a role."""
    for role in properties.iter() if properties is not None else ():
        if local_name(role) in _ROLES and _claimed(role):
            given, family, number = _ROLES[local_name(role)]
            names = [*_texts(role, given), *_texts(role, family)]
            return Person(" ".join(names)[:MAX_VALUE], next(iter(_texts(role, number)), ""))
    return None


def _claimed(role: Any) -> bool:
    parent = role.getparent()
    return parent is not None and local_name(parent) == "ClaimedRole"


def _texts(role: Any, name: str) -> list[str]:
    found = (text_of(e)[:MAX_VALUE] for e in role.iter() if local_name(e) == name)
    return [text for text in found if text]


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return timezone.utc
    assert text is not None
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[4:6])))
