"""Says which parts of the document the signature vouches for, and what is wrong with the rest.

Only what a reference covers is signed; a document may hold more that looks like it
(docs/ksef.md D-4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import names
from .document import Candidate, Document
from .edits import was_edited
from .model import Finding
from .properties import signed_properties
from .references import Checked
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


def coverage_of(document: Document, checked: list[Checked]) -> Coverage:
    """Find the request and the properties that the signature covers."""
    signature = document.signature
    request, found = _request(document, checked)
    properties, certain = _properties(signature, checked, found)
    others = [c for c in document.candidates if c is not request]
    if any(not _covering(c, signature, checked) for c in others):
        found.append(finding("stray_request", f"{len(document.candidates)} requests"))
    return Coverage(request, properties, certain, tuple(found))


def reference_findings(
    checked: list[Checked], request: Candidate, signature: Any, originals: list[bytes]
) -> list[Finding]:
    """Say what is wrong with the references, one by one."""
    found = [_reference_finding(c, request, signature, originals) for c in checked]
    kept = [f for f in found if f is not None]
    edited = any(f.code == "edited" for f in kept)
    # An editor that indents the request indents the signature, too: one sentence is enough.
    return [f for f in kept if not (edited and f.code in ("changed", "changed_properties"))]


def _request(document: Document, checked: list[Checked]) -> tuple[Candidate, list[Finding]]:
    signature = document.signature
    candidates = document.candidates
    if document.root.tag != names.SIGNATURE:
        candidates = tuple(c for c in candidates if c.request is document.root)
    covered = [c for c in candidates if _covering(c, signature, checked)]
    if len(covered) > 1:
        return covered[0], [finding("ambiguous_request", f"{len(covered)} signed requests")]
    if covered:
        return covered[0], []
    if any(c.element.get("Type", "").endswith("#Manifest") for c in checked):
        return candidates[0], [finding("unchecked", "a manifest", found="Manifest")]
    uris = ", ".join(f"'{c.uri}'" for c in checked)
    return candidates[0], [finding("not_covered", f"references {uris}")]


def _covering(candidate: Candidate, signature: Any, checked: list[Checked]) -> list[Checked]:
    """Return the references that cover a candidate, or may do so as far as this code can tell."""
    return [
        c
        for c in checked
        if c.covers(candidate.place, signature) and not (c.recipe.base64 and not candidate.encoded)
    ]


def _properties(signature: Any, checked: list[Checked], found: list[Finding]) -> tuple[Any, bool]:
    candidates = signed_properties(signature)
    for properties in candidates:
        covering = [c for c in checked if c.covers(properties, signature)]
        if covering:
            found += _form_findings(properties, signature, covering)
            return properties, any(not c.recipe.unknown for c in covering)
    code = "unsigned_properties" if candidates else "not_xades"
    found.append(finding(code, f"{len(candidates)} SignedProperties, none covered"))
    return None, False


def _form_findings(properties: Any, signature: Any, covering: list[Checked]) -> list[Finding]:
    """Warn where the properties are signed, but not in the form that makes them XAdES."""
    typed = [c for c in covering if c.element.get("Type") == names.PROPERTIES_TYPE]
    target = properties.getparent().get("Target")
    if typed and target == f"#{signature.get('Id')}" and len(signed_properties(signature)) == 1:
        return []
    return [finding("not_xades", f"{len(typed)} typed references, Target '{target}'")]


def _reference_finding(
    checked: Checked, request: Candidate, signature: Any, originals: list[bytes]
) -> Finding | None:
    evidence = f"reference '{checked.uri}' {checked.note}"
    if checked.state == "same":
        return None
    if checked.state != "changed":
        code = {
            "unknown": "unchecked",
            "external": "external_reference",
            "missing": "missing_target",
            "ambiguous": "duplicate_id",
        }[checked.state]
        return finding(code, evidence, found=checked.note)
    if was_edited(checked, request, signature, originals):
        return finding("edited", evidence)
    covers = checked.covers(request.place, signature)
    return finding("changed" if covers else "changed_properties", evidence)
