"""Finds what a signed document holds and what its signature vouches for, before it is verified.

Only what a reference covers is signed; a document may hold more that looks like it
(docs/ksef.md D-4).  Transforms are small programs of the document.  Only those that KSeF accepts
are known here (docs/ksef.md B-3): leaving out the signature, canonicalisation, base64.  A reference
with any other transform, or without a target in the document, carries a finding and is never
followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import const
from .certificates import KeyInfo, key_info, signed_properties
from .document import Candidate, Document, elements_of, text_of
from .model import Finding
from .report import finding
from .request import Request, read_request

_POINTER = re.compile(r"""#(?:xpointer\(id\((['"])([^'"()%\s]+)\1\)\)|([^'"()%\s]+))""")
_WHOLE = ("", "#xpointer(/)")


@dataclass(frozen=True)
class Reference:
    """One reference: its target, and what of that the signature covers.

    ``target`` is an element, the whole tree, or None.  ``enveloped`` is True if the signature
    itself is left out.  ``finding`` tells why the reference cannot be followed, None where it can.
    """

    element: Any
    uri: str
    target: Any
    enveloped: bool
    base64: bool
    finding: Finding | None

    def covers(self, element: Any, signature: Any) -> bool:
        """Return True if ``element`` is part of what the reference signs, going by shape alone."""
        if self.target is None or self.base64:
            return self.base64 and element is self.target
        line = [element, *element.iterancestors()]
        if self.enveloped and signature in line:
            return False
        return (self.target.getroot() if hasattr(self.target, "getroot") else self.target) in line


@dataclass(frozen=True)
class Located:
    """The parts of a signed document.

    ``candidate`` is the element that is read as the request, covered or not; ``properties`` are the
    covered SignedProperties or None; ``certain`` is False if only an unknown transform covers them.
    """

    signature: Any
    references: tuple[Reference, ...]
    candidate: Candidate
    request: Request
    properties: Any
    certain: bool
    keys: KeyInfo
    findings: tuple[Finding, ...]


def locate(document: Document) -> Located:
    """Find the request, the properties and the certificates of a signed document."""
    signature, references = document.signature, references_of(document)
    # Of an enveloped document, its root alone may be read.
    readable = [c for c in document.candidates if document.root in (signature, c.request)]
    covered = [c for c in readable if _is_covered(c, signature, references)]
    candidate = (covered or readable)[0]
    properties, covering = _properties(signature, references)
    others = [c for c in document.candidates if c is not candidate]
    stray = any(not _is_covered(c, signature, references) for c in others)
    return Located(
        signature=signature,
        references=references,
        candidate=candidate,
        request=read_request(candidate.request),
        properties=properties,
        certain=any(r.finding is None for r in covering),
        keys=key_info(signature, properties),
        findings=(
            *_request_findings(covered, references),
            *_properties_findings(signature, properties, covering),
            *([finding("stray_request", f"{len(document.candidates)} requests")] if stray else []),
        ),
    )


def _is_covered(candidate: Candidate, signature: Any, references: tuple[Reference, ...]) -> bool:
    """Return True if a reference covers a candidate, or may do so as far as its shape tells."""
    return any(
        r.covers(candidate.place, signature) and (candidate.encoded or not r.base64)
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
        return [finding("not_xades", f"{count} SignedProperties, none covered")]
    typed = [r for r in covering if r.element.get("Type") == const.PROPERTIES_TYPE]
    target = properties.getparent().get("Target")
    if typed and target == f"#{signature.get('Id')}" and count == 1:
        return []
    evidence = f"{len(typed)} typed references, Target '{target}', {count} SignedProperties"
    return [finding("irregular_xades", evidence)]


def references_of(document: Document) -> tuple[Reference, ...]:
    """Return the references of the document's signature."""
    tree = document.root.getroottree()
    identified: dict[str, list[Any]] = {}
    for element in tree.iter("*"):
        for value in {element.get(name) for name in const.ID_NAMES} - {None}:
            identified.setdefault(value, []).append(element)
    elements = reference_elements(document.signature)
    return tuple(_read(element, tree, identified) for element in elements)


def reference_elements(signature: Any) -> list[Any]:
    """Return the elements of a signature's references."""
    info = signature.find(const.SIGNED_INFO)
    return [] if info is None else info.findall(const.REFERENCE)


def is_canonicalisation(method: Any) -> bool:
    """Return True if an element's Algorithm names one of the known canonicalisations."""
    if method is None or method.get("Algorithm") not in _CANONICALISATIONS:
        return False
    prefixes = " ".join(e.get("PrefixList", "") for e in elements_of(method)).split()
    return len(prefixes) <= const.MAX_PREFIXES


def _read(element: Any, tree: Any, identified: dict[str, list[Any]]) -> Reference:
    uri = element.get("URI")
    shown = "none" if uri is None else uri[: const.MAX_VALUE]
    target, code, why = _target(uri, tree, identified)
    transforms = elements_of(element.find(const.ds("Transforms")))
    effects = [_effect(transform) for transform in transforms]
    unknown = _unknown(effects)
    if not code and unknown is not None:
        code, why = "unchecked", f"transform {transforms[unknown].get('Algorithm', '')}"
    said = finding(code, f"reference '{shown}' {why}", found=why) if code else None
    return Reference(element, shown, target, _SELECTION in effects, _BASE64 in effects, said)


def _target(uri: str | None, tree: Any, identified: dict[str, list[Any]]) -> tuple[Any, str, str]:
    """Return what a URI points to, and where that is unclear the code of a finding and why."""
    if uri in _WHOLE:
        return tree, "", ""
    if uri is None or not uri.startswith("#"):
        return None, "external_reference", "another file"
    pointer = _POINTER.fullmatch(uri)
    if pointer is None:
        return tree, "unchecked", f"pointer {uri[: const.MAX_VALUE]}"
    targets = identified.get(pointer[2] or pointer[3], [])
    if len(targets) != 1:
        return None, "duplicate_id" if targets else "missing_target", f"{len(targets)} targets"
    return targets[0], "", ""


def _unknown(effects: list[str]) -> int | None:
    """Return the position of the first transform that is not known here, or is one too many.

    Only the last one may give bytes: libxmlsec would parse them again for the next one.
    """
    for number, effect in enumerate(effects):
        gives_bytes = effect != _SELECTION and number + 1 < len(effects)
        if not effect or gives_bytes or number >= const.MAX_TRANSFORMS:
            return number
    return None


def _effect(transform: Any) -> str:
    """Return what a transform does; "" for an unknown one."""
    if is_canonicalisation(transform):
        return _CANONICAL
    inner = elements_of(transform)
    tags = " ".join(e.tag for e in inner)
    expression = "".join(map(_expression, inner[:1]))
    filters = "".join(e.get("Filter", "") for e in inner[:1])
    return _EFFECTS.get((transform.get("Algorithm"), tags, filters, expression), "")


def _expression(xpath: Any) -> str:
    """Return an XPath's text without white space, its prefix of XML Signature spelled ``ds``."""
    text = text_of(xpath)
    if len(text) > const.MAX_VALUE:
        return ""
    text = re.sub(r"\s", "", text)
    own = {prefix for prefix, uri in xpath.nsmap.items() if prefix and uri == const.DSIG}
    used = set(re.findall(r"([\w.-]+):(?!:)", text.replace("::", "::\0")))
    if len(used) != 1 or not used <= own:
        return ""
    return text.replace(f"{used.pop()}:Signature", "ds:Signature")


_SELECTION, _CANONICAL, _BASE64 = "without the signature", "canonical bytes", "base64"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_CANONICALISATIONS = {
    *(_C14N, _C14N + "#WithComments", _C14N11, _C14N11 + "#WithComments"),
    *(_EXCLUSIVE, _EXCLUSIVE + "WithComments"),
}
#: Expressions that keep a node.  The second one defines the enveloped-signature transform in the
#: XML Signature standard.
_KEPT = (
    "not(ancestor-or-self::ds:Signature)",
    "count(ancestor-or-self::ds:Signature|here()/ancestor::ds:Signature[1])"
    ">count(ancestor-or-self::ds:Signature)",
)
#: Expressions whose nodes are subtracted.
_SUBTRACTED = ("/descendant::ds:Signature", "//ds:Signature", "here()/ancestor::ds:Signature[1]")
#: Algorithm, parameter, filter, expression -> what the transform does.
_EFFECTS: dict[tuple[str, str, str, str], str] = {
    (const.DSIG + "base64", "", "", ""): _BASE64,
    (const.DSIG + "enveloped-signature", "", "", ""): _SELECTION,
    **{(_XPATH, const.ds("XPath"), "", text): _SELECTION for text in _KEPT},
    **{(_FILTER2, f"{{{_FILTER2}}}XPath", "subtract", t): _SELECTION for t in _SUBTRACTED},
}
