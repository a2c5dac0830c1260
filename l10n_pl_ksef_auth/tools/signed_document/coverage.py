"""Says which parts of the document the signature vouches for.

Only what a reference covers is signed; a document may hold more that looks like it (facts D).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import const
from .certificates import signed_properties
from .document import Candidate, Document
from .model import Finding
from .references import Reference
from .report import finding


@dataclass(frozen=True)
class Coverage:
    """What is signed.

    ``request`` is the candidate to be read, covered or not; ``properties`` are the covered
    SignedProperties or None; ``certain`` is False when only an unknown transform covers them.
    """

    request: Candidate
    properties: Any
    certain: bool
    findings: tuple[Finding, ...]


def coverage_of(document: Document, references: tuple[Reference, ...]) -> Coverage:
    """Find the request and the properties that the signature covers."""
    request, found = _request(document, references)
    properties, certain = _properties(document.signature, references, found)
    others = [c for c in document.candidates if c is not request]
    if any(not _is_covered(c, document, references) for c in others):
        found.append(finding("stray_request", f"{len(document.candidates)} requests"))
    return Coverage(request, properties, certain, tuple(found))


def _request(
    document: Document, references: tuple[Reference, ...]
) -> tuple[Candidate, list[Finding]]:
    candidates = document.candidates
    if document.root.tag != const.SIGNATURE:
        candidates = tuple(c for c in candidates if c.request is document.root)
    covered = [c for c in candidates if _is_covered(c, document, references)]
    if len(covered) > 1:
        return covered[0], [finding("ambiguous_request", f"{len(covered)} signed requests")]
    if covered:
        return covered[0], []
    if any(r.element.get("Type", "").endswith("#Manifest") for r in references):
        return candidates[0], [finding("unchecked", "a manifest", found="Manifest")]
    uris = ", ".join(f"'{r.uri}'" for r in references)
    return candidates[0], [finding("not_covered", f"references {uris}")]


def _is_covered(
    candidate: Candidate, document: Document, references: tuple[Reference, ...]
) -> bool:
    """Return True if a reference covers a candidate, or may do so as far as its shape tells."""
    return any(
        r.covers(candidate.place, document.signature) and (candidate.encoded or not r.base64)
        for r in references
    )


def _properties(
    signature: Any, references: tuple[Reference, ...], found: list[Finding]
) -> tuple[Any, bool]:
    candidates = signed_properties(signature)
    for properties in candidates:
        covering = [r for r in references if r.covers(properties, signature)]
        if covering:
            found += _profile_findings(properties, signature, covering)
            return properties, any(r.finding is None for r in covering)
    code = "unsigned_properties" if candidates else "not_xades"
    found.append(finding(code, f"{len(candidates)} SignedProperties, none covered"))
    return None, False


def _profile_findings(properties: Any, signature: Any, covering: list[Reference]) -> list[Finding]:
    """Warn where the properties are signed, but not in the form that makes them XAdES."""
    typed = [r for r in covering if r.element.get("Type") == const.PROPERTIES_TYPE]
    target = properties.getparent().get("Target")
    if typed and target == f"#{signature.get('Id')}" and len(signed_properties(signature)) == 1:
        return []
    return [finding("not_xades", f"{len(typed)} typed references, Target '{target}'")]
