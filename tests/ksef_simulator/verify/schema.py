"""The rules of KSeF's schema for AuthTokenRequest, versions 2.0 and 2.1, written anew."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from .. import addresses
from ..identities import is_nip
from .document import children, local, text
from .outcome import Refusal

NAMESPACES = ("http://ksef.mf.gov.pl/auth/token/2.0", "http://ksef.mf.gov.pl/auth/token/2.1")
ROOT = "AuthTokenRequest"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

_NIP = r"[1-9](?:\d[1-9]|[1-9]\d)\d{7}"
# What follows the country code of an EU VAT number.
_VAT_UE = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{8}|\d{8}[A-Z]|[A-Z]\d{7}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[A-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d{7}[A-Z]{2}|\d[A-Z0-9+*]\d{5}[A-Z]",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z0-9+*]{12}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}|(?:GD|HA)\d{3}",
}
VAT_UE = "|".join(f"{country}(?:{number})" for country, number in _VAT_UE.items())
_CONTEXTS = {
    "Nip": _NIP,
    "InternalId": _NIP + r"-\d{5}",
    "NipVatUe": f"{_NIP}-(?:{VAT_UE})",
    "PeppolId": r"P[A-Z]{2}[0-9]{6}",
}
_CHALLENGE = r"\d{8}-CR-[A-F0-9]{10}-[A-F0-9]{10}-[A-F0-9]{2}"
_SUBJECT_TYPE = "certificateSubject|certificateFingerprint"
_ADDRESSES = {
    "Ip4Address": addresses.SINGLE,
    "Ip4Range": addresses.RANGE,
    "Ip4Mask": addresses.MASK,
}


@dataclass(frozen=True)
class Request:
    """The content of an AuthTokenRequest."""

    challenge: str
    context_type: str
    context_value: str
    subject_type: str
    allowed_ips: tuple[str, ...]


def read(root: etree._Element) -> Request:
    """Read a request, which has to follow the schema to the letter.

    :param root: the element as the signature covers it, without the signature
    :raises Refusal: 21401 with what is wrong; 21405 for a range that ends before it begins; 21117
        for a NIP whose check digit is wrong
    """
    namespace = etree.QName(root).namespace
    if namespace not in NAMESPACES or local(root) != ROOT:
        raise _wrong(root, "nieznany element główny")
    names = [ROOT, "Challenge", "ContextIdentifier", "SubjectIdentifierType", "AuthorizationPolicy"]
    parts = _parts(root, names[1:], optional=1)
    context = _only_child(parts[1], _CONTEXTS)
    value = _value(context, _CONTEXTS[local(context)], collapse=False)
    request = Request(
        _value(parts[0], _CHALLENGE),
        local(context),
        value,
        _value(parts[2], _SUBJECT_TYPE),
        _addresses(parts[3]) if len(parts) > 3 else (),
    )
    if request.context_type != "PeppolId" and not is_nip(value[:10]):
        raise Refusal(21117)
    return request


def _wrong(element: etree._Element, what: str) -> Refusal:
    return Refusal(21401, f"Element '{etree.QName(element).text}': {what}.")


def _check_attributes(element: etree._Element) -> None:
    for name in element.attrib:
        if name not in (_XSI + "schemaLocation", _XSI + "noNamespaceSchemaLocation"):
            raise _wrong(element, f"niedozwolony atrybut '{name}'")


def _inner(element: etree._Element) -> list[etree._Element]:
    """Return the children of an element that may hold nothing but elements."""
    _check_attributes(element)
    inner = children(element)
    pieces = [element.text, *(item.tail for item in element)]
    if any(piece and piece.strip(" \t\r\n") for piece in pieces):
        raise _wrong(element, "niedozwolony tekst")
    namespace = etree.QName(element).namespace
    for item in inner:
        if etree.QName(item).namespace != namespace:
            raise _wrong(item, "element z innej przestrzeni nazw")
    return inner


def _parts(element: etree._Element, names: list[str], optional: int = 0) -> list[etree._Element]:
    inner = _inner(element)
    found = [local(item) for item in inner]
    if found != names and (not optional or found != names[:-optional]):
        raise _wrong(element, f"niewłaściwa zawartość: {', '.join(found) or 'brak'}")
    return inner


def _only_child(element: etree._Element, allowed: dict[str, str]) -> etree._Element:
    inner = _inner(element)
    if len(inner) != 1 or local(inner[0]) not in allowed:
        raise _wrong(element, "niewłaściwa zawartość")
    return inner[0]


def _value(element: etree._Element, pattern: str, *, collapse: bool = True) -> str:
    """Return the text of a simple element.

    :param collapse: whether the schema's type ignores surrounding white space (xsd:token)
    """
    _check_attributes(element)
    if children(element):
        raise _wrong(element, "niedozwolony element wewnątrz")
    value = text(element)
    if collapse:
        value = " ".join(re.split("[ \t\r\n]+", value)).strip(" ")
    if not re.fullmatch(pattern, value, re.ASCII):
        raise _wrong(element, "The Pattern constraint failed")
    return value


def _addresses(policy: etree._Element) -> tuple[str, ...]:
    (allowed,) = _parts(policy, ["AllowedIps"])
    inner = _inner(allowed)
    names = [local(item) for item in inner]
    known = list(_ADDRESSES)
    if any(name not in known for name in names) or names != sorted(names, key=known.index):
        raise _wrong(allowed, "niewłaściwa zawartość")
    if any(names.count(name) > addresses.MOST for name in known):
        raise _wrong(allowed, "za dużo adresów")
    values = tuple(_value(item, _ADDRESSES[local(item)]) for item in inner)
    if fault := addresses.backwards(values):
        raise Refusal(21405, fault)
    return values
