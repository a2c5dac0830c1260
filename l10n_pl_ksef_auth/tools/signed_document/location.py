"""Finds what a signed document holds and what its signature vouches for, before it is verified.

Only what a reference covers is signed; a document may hold more that looks like it
(docs/ksef.md D-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import const
from .certificates import KeyInfo, key_info, signed_properties
from .document import Candidate, Document
from .model import Finding
from .references import Reference, references_of
from .report import finding
from .request import Request, read_request


@dataclass(frozen=True)
class Located:
    """The parts of a signed document.

    ``candidate`` is the element that is read as the request, covered or not; ``properties`` are the
    covered SignedProperties or None; ``certain`` is False if only an unknown transform covers them.
    """

    document: Document
    references: tuple[Reference, ...]
    candidate: Candidate
    request: Request
    properties: Any
    certain: bool
    keys: KeyInfo
    findings: tuple[Finding, ...]


def locate(document: Document) -> Located:
    """Find the request, the properties and the certificates of a signed document."""
    references = references_of(document)
    covered = [c for c in _candidates(document) if _is_covered(c, document, references)]
    candidate = (covered or _candidates(document))[0]
    properties, covering = _properties(document.signature, references)
    others = [c for c in document.candidates if c is not candidate]
    stray = any(not _is_covered(c, document, references) for c in others)
    return Located(
        document=document,
        references=references,
        candidate=candidate,
        request=read_request(candidate.request),
        properties=properties,
        certain=any(r.finding is None for r in covering),
        keys=key_info(document.signature, properties),
        findings=(
            *_request_findings(covered, references),
            *_properties_findings(document.signature, properties, covering),
            *([finding("stray_request", f"{len(document.candidates)} requests")] if stray else []),
        ),
    )


def _candidates(document: Document) -> list[Candidate]:
    """Return the candidates that may be read: of an enveloped document, its root alone."""
    if document.root.tag == const.SIGNATURE:
        return list(document.candidates)
    return [c for c in document.candidates if c.request is document.root]


def _is_covered(
    candidate: Candidate, document: Document, references: tuple[Reference, ...]
) -> bool:
    """Return True if a reference covers a candidate, or may do so as far as its shape tells."""
    return any(
        r.covers(candidate.place, document.signature) and (candidate.encoded or not r.base64)
        for r in references
    )


def _request_findings(covered: list[Candidate], references: tuple[Reference, ...]) -> list[Finding]:
    if len(covered) > 1:
        return [finding("ambiguous_request", f"{len(covered)} signed requests")]
    if covered:
        return []
    if any(r.element.get("Type", "").endswith("#Manifest") for r in references):
        return [finding("unchecked", "a manifest", found="Manifest")]
    uris = ", ".join(f"'{r.uri}'" for r in references)
    return [finding("not_covered", f"references {uris}")]


def _properties(signature: Any, references: tuple[Reference, ...]) -> tuple[Any, list[Reference]]:
    """Return the first covered SignedProperties with the references that cover them."""
    for properties in signed_properties(signature):
        covering = [r for r in references if r.covers(properties, signature)]
        if covering:
            return properties, covering
    return None, []


def _properties_findings(
    signature: Any, properties: Any, covering: list[Reference]
) -> list[Finding]:
    """Warn where properties are not signed, or not in the form that makes them XAdES."""
    count = len(signed_properties(signature))
    if properties is None:
        code = "unsigned_properties" if count else "not_xades"
        return [finding(code, f"{count} SignedProperties, none covered")]
    typed = [r for r in covering if r.element.get("Type") == const.PROPERTIES_TYPE]
    target = properties.getparent().get("Target")
    if typed and target == f"#{signature.get('Id')}" and count == 1:
        return []
    return [finding("not_xades", f"{len(typed)} typed references, Target '{target}'")]
