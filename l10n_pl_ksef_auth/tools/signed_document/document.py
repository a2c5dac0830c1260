"""Finds the signature and the request in a parsed document."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from . import const
from .model import Finding
from .parsing import Unreadable, parse
from .recognition import recognise
from .report import finding

#: XPath's string value leaves out comments but, unlike itertext, not the text behind them.
_STRING = etree.XPath("string()")
_BLANK = re.compile(r"[ \t\r\n]+")
#: How the namespaces of letters begin that ePUAP and gov.pl write.
_LETTERS = ("http://epuap.gov.pl/", "http://crd.gov.pl/")
#: Contents of a ds:Object that are the signature's own.
_OWN_CONTENTS = ("QualifyingProperties", "SignatureProperties", "Manifest")


@dataclass(frozen=True)
class Candidate:
    """An element that may be the request.

    ``place`` is the element of the uploaded tree that holds it: itself, or the ds:Object whose
    base64 text it was decoded from.
    """

    request: Any
    place: Any
    encoded: bool = False


@dataclass(frozen=True)
class Document:
    """The parts of an uploaded document; ``signature`` is the only one that counts, or None."""

    root: Any
    signatures: tuple[Any, ...]
    candidates: tuple[Candidate, ...]

    @property
    def signature(self) -> Any:
        """The first signature, in document order; None in an unsigned document."""
        return self.signatures[0] if self.signatures else None


def examine(root: Any) -> Document:
    """Return the parts of a parsed document.

    :raises Unreadable: when there are too many of them
    """
    # What stands in the UnsignedProperties of a signature only confirms that one.
    signatures = tuple(
        signature
        for signature in root.iter(const.SIGNATURE)
        if next(signature.iterancestors("{*}UnsignedProperties"), None) is None
    )
    plain = [Candidate(element, element) for element in root.iter(f"{{*}}{const.REQUEST}")]
    payloads = [
        (holder, payload)
        for holder in root.iter(const.OBJECT)
        if not elements_of(holder) and (payload := _encoded_request(text_of(holder)))
    ]
    if len(payloads) > const.MAX_CANDIDATES:
        raise Unreadable(finding("too_complex", f"{len(payloads)} requests as base64"))
    encoded = [c for holder, payload in payloads if (c := _decoded(holder, payload)) is not None]
    return Document(root, signatures, tuple(plain + encoded))


def shape_finding(document: Document) -> Finding | None:
    """Return a finding if the document does not have the shape of a signed request."""
    root_name = local_name(document.root)
    if len(document.candidates) > const.MAX_CANDIDATES:
        return finding("too_complex", f"{len(document.candidates)} requests")
    if document.signature is not None:
        references = document.signature.findall(f"{const.SIGNED_INFO}/{const.REFERENCE}")
        if len(references) > const.MAX_REFERENCES:
            return finding("too_complex", f"{len(references)} references")
    if root_name == const.REQUEST:
        unsigned = document.signature is None
        return finding("unsigned", "no signature") if unsigned else _count_finding(document)
    if document.root.tag == const.SIGNATURE:
        return _enveloping_finding(document)
    if root_name.lower() == "html":
        return finding("html", f"root {root_name}")
    if not document.candidates and {e.tag for e in elements_of(document.root)} == {const.SIGNATURE}:
        return _lonely_finding(document)  # XAdESSignatures and the like
    beside = any(_stands_beside(c, document.signatures) for c in document.candidates)
    if beside and not _is_letter(document.root):
        return finding("internally_detached", f"root {document.root.tag}")
    return _foreign_finding(document.root)


def _is_letter(element: Any) -> bool:
    return local_name(element) == "Dokument" and namespace(element).startswith(_LETTERS)


def _foreign_finding(element: Any) -> Finding:
    """Return what a signed element is that is no request: perhaps one around our request."""
    name, evidence = local_name(element), f"element {element.tag}"
    if _is_letter(element):
        return finding("letter", evidence)
    holders = (e for e in element.iter(etree.Element) if not elements_of(e))
    if next(element.iter(f"{{*}}{const.REQUEST}"), None) is not None or any(
        const.REQUEST in text or _encoded_request(text) for text in map(text_of, holders)
    ):
        return finding("container", evidence, found=name)
    return finding("other_document", evidence, found=name)


def _stands_beside(candidate: Candidate, signatures: tuple[Any, ...]) -> bool:
    """Return True if a request is neither inside nor around any of the signatures."""
    inside = [*candidate.place.iterancestors()]
    around = [*candidate.place.iter(const.SIGNATURE)]
    return bool(signatures) and not any(s in inside or s in around for s in signatures)


def local_name(element: Any) -> str:
    """Return an element's name without its namespace."""
    # QName refuses some names that libxml2 reads.
    return str(element.tag).rpartition("}")[2]


def namespace(element: Any) -> str:
    """Return an element's namespace, or ""."""
    return etree.QName(element).namespace or ""


def text_of(element: Any) -> str:
    """Return an element's text without the whitespace around it."""
    return str(_STRING(element)).strip() if element is not None else ""


def elements_of(element: Any) -> list[Any]:
    """Return the child elements, without comments and instructions; an empty list for None."""
    return [] if element is None else list(element.iterchildren(etree.Element))


def decode(text: str) -> bytes | None:
    """Return the bytes of base64 text, white space ignored; None if it is not base64."""
    try:
        return base64.b64decode(_BLANK.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return None


def _encoded_request(text: str) -> bytes:
    """Return the bytes of base64 text if a request's name is in them, else nothing."""
    payload = decode(text) or b""
    # UTF-16 puts zeros between the letters.
    return payload if const.REQUEST.encode() in payload.replace(b"\x00", b"") else b""


def _decoded(holder: Any, payload: bytes) -> Candidate | None:
    """Return the request that a ds:Object holds as base64; None when it holds anything else."""
    try:
        request = parse(payload)
    except Unreadable:
        return None
    return Candidate(request, holder, True) if local_name(request) == const.REQUEST else None


def _count_finding(document: Document) -> Finding | None:
    count = len(document.signatures)
    nested = [s for c in document.candidates if c.encoded for s in c.request.iter(const.SIGNATURE)]
    if count + len(nested) < 2:
        return None
    return finding(
        "two_signatures", f"{count} and {len(nested)} nested", count=str(count + len(nested))
    )


def _enveloping_finding(document: Document) -> Finding | None:
    if document.candidates:
        return _count_finding(document)
    for holder in document.root.iterchildren(const.OBJECT):
        inner = elements_of(holder)[:1]
        if inner and local_name(inner[0]) not in _OWN_CONTENTS:
            return _foreign_finding(inner[0])
        payload = None if inner else text_of(holder)
        if payload:
            kind = recognise(decode(payload) or b"")
            name = kind.code.upper() if kind is not None else "base64"
            return finding("other_document", f"object with {name}", found=name)
    return _lonely_finding(document)


def _lonely_finding(document: Document) -> Finding:
    """Return what is wrong with signatures that have no document beside them."""
    uris = [
        reference.get("URI")
        for signature in document.signatures
        for reference in signature.iterfind(f"{const.SIGNED_INFO}/{const.REFERENCE}")
    ]
    if any(uri is None or (uri and not uri.startswith("#")) for uri in uris):
        return finding("detached", "a reference to something outside")
    return finding("missing_target", f"{len(uris)} references, none to something outside")
