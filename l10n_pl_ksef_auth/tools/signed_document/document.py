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
from .report import finding

#: XPath's string value leaves out comments but, unlike itertext, not the text behind them.
_STRING = etree.XPath("string()")
_BLANK = re.compile(r"[ \t\r\n]+")
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
    """Return the parts of a parsed document."""
    # What stands in the UnsignedProperties of a signature only confirms that one.
    signatures = tuple(
        signature
        for signature in root.iter(const.SIGNATURE)
        if next(signature.iterancestors("{*}UnsignedProperties"), None) is None
    )
    plain = [Candidate(element, element) for element in root.iter(f"{{*}}{const.REQUEST}")]
    encoded = [c for holder in root.iter(const.OBJECT) if (c := _decoded(holder)) is not None]
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
        return finding("detached", f"root {root_name}")  # XAdESSignatures and the like
    return finding("other_document", f"root {document.root.tag}", found=root_name)


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


def _decoded(holder: Any) -> Candidate | None:
    """Return the request that a ds:Object holds as base64; None when it holds anything else."""
    payload = None if elements_of(holder) else decode(text_of(holder))
    # UTF-16 puts zeros between the letters.
    if not payload or const.REQUEST.encode() not in payload.replace(b"\x00", b""):
        return None
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
        names = [local_name(e) for e in elements_of(holder)[:1]]
        name = names[0] if names else "base64" if text_of(holder) else ""
        if name and name not in _OWN_CONTENTS:
            return finding("other_document", f"object with {name}", found=name)
    return finding("detached", "no object with a document")
