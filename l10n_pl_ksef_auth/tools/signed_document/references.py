"""Follows the references of a signature to what they cover.

Transforms are small programs of the document.  Only those that KSeF accepts are known here
(docs/ksef.md B-3): leaving out the signature, canonicalisation, base64.  A reference with any other
transform, or without a target in the document, carries a finding and is never followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from . import const
from .document import Document, elements_of, text_of
from .model import Finding
from .report import finding

#: Which signatures are left out: none, the one that is being read, or all.
Removal = Literal["none", "own", "all"]
_POINTER = re.compile(r"""#(?:xpointer\(id\((['"])([^'"()%\s]+)\1\)\)|([^'"()%\s]+))""")
_WHOLE = ("", "#xpointer(/)")


@dataclass(frozen=True)
class Reference:
    """One reference: its target, and what of that the signature covers.

    ``target`` is an element, the whole tree, or None.  ``filters`` counts the XPath expressions.
    ``finding`` tells why the reference cannot be followed, None where it can.
    """

    element: Any
    uri: str
    target: Any
    removal: Removal = "none"
    base64: bool = False
    filters: int = 0
    finding: Finding | None = None

    def covers(self, element: Any, signature: Any) -> bool:
        """Return True if ``element`` is part of what the reference signs, going by shape alone."""
        if self.target is None or self.base64:
            return self.base64 and element is self.target
        line = [element, *element.iterancestors()]
        if self.removal == "all" and any(e.tag == const.SIGNATURE for e in line):
            return False
        if self.removal == "own" and any(e is signature for e in line):
            return False
        root = self.target.getroot() if hasattr(self.target, "getroot") else self.target
        return any(e is root for e in line)


def references_of(document: Document) -> tuple[Reference, ...]:
    """Return the references of the document's signature."""
    identified = _identified(document.tree)
    elements = reference_elements(document.signature)
    return tuple(_read(element, document.tree, identified) for element in elements)


def reference_elements(signature: Any) -> list[Any]:
    """Return the elements of a signature's references."""
    info = signature.find(const.SIGNED_INFO)
    return [e for e in elements_of(info) if e.tag == const.REFERENCE]


def is_canonicalisation(method: Any) -> bool:
    """Return True if an element's Algorithm names one of the known canonicalisations."""
    if method is None or method.get("Algorithm") not in _CANONICALISATIONS:
        return False
    prefixes = " ".join(e.get("PrefixList", "") for e in elements_of(method)).split()
    return len(prefixes) <= const.MAX_PREFIXES


def _identified(tree: Any) -> dict[str, list[Any]]:
    """Return the elements of a document by their identifiers."""
    found: dict[str, list[Any]] = {}
    for element in tree.iter("*"):
        for value in {element.get(name) for name in const.ID_NAMES} - {None}:
            found.setdefault(value, []).append(element)
    return found


def _read(element: Any, tree: Any, identified: dict[str, list[Any]]) -> Reference:
    uri = element.get("URI")
    shown = "none" if uri is None else uri[: const.MAX_VALUE]
    target, problem = _target(uri, tree, identified)
    steps = _steps(element)
    if not problem and steps.unknown:
        problem = ("unchecked", steps.unknown)
    code, why = problem or ("", "")
    said = finding(code, f"reference '{shown}' {why}", found=why) if problem else None
    return Reference(element, shown, target, steps.removal, steps.base64, steps.filters, said)


def _target(
    uri: str | None, tree: Any, identified: dict[str, list[Any]]
) -> tuple[Any, tuple[str, str] | None]:
    """Return what a URI points to, and else the code of a finding with the reason."""
    if uri in _WHOLE:
        return tree, None
    if uri is None or not uri.startswith("#"):
        return None, ("external_reference", "another file")
    pointer = _POINTER.fullmatch(uri)
    if pointer is None:
        return tree, ("unchecked", f"pointer {uri[: const.MAX_VALUE]}")
    targets = identified.get(pointer[2] or pointer[3], [])
    if len(targets) != 1:
        code = "duplicate_id" if targets else "missing_target"
        return None, (code, f"{len(targets)} targets")
    return targets[0], None


@dataclass(frozen=True)
class _Steps:
    """What the transforms of a reference do; ``unknown`` names the first that is not known."""

    removal: Removal = "none"
    base64: bool = False
    filters: int = 0
    unknown: str = ""


def _steps(reference: Any) -> _Steps:
    transforms = elements_of(reference.find(const.ds("Transforms")))
    if len(transforms) > const.MAX_TRANSFORMS:
        return _Steps(unknown=f"{len(transforms)} transforms")
    removal: Removal = "none"
    filters = 0
    for number, transform in enumerate(transforms, 1):
        name = transform.get("Algorithm", "")
        if name == _BASE64 or is_canonicalisation(transform):
            # These give bytes: libxmlsec would parse them again for a transform that follows.
            unknown = "" if number == len(transforms) else f"transform after {name}"
            return _Steps(removal, name == _BASE64, filters, unknown)
        left_out = _left_out(transform)
        if left_out is None:
            return _Steps(removal, False, filters, f"transform {name}")
        removal = "all" if "all" in (removal, left_out) else left_out
        filters += name != _ENVELOPED
    return _Steps(removal, False, filters)


def _left_out(transform: Any) -> Removal | None:
    """Return which signatures a selecting transform leaves out; None when it is not known."""
    algorithm, inner = transform.get("Algorithm"), elements_of(transform)
    if algorithm == _ENVELOPED:
        return None if inner else "own"
    if len(inner) != 1:
        return None
    if algorithm == _XPATH and inner[0].tag == const.ds("XPath"):
        return _EXPRESSIONS.get(_expression(inner[0]))
    if algorithm == _FILTER2 and inner[0].tag == f"{{{_FILTER2}}}XPath":
        subtracts = inner[0].get("Filter") == "subtract"
        return _SUBTRACTED.get(_expression(inner[0])) if subtracts else None
    return None


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


_ENVELOPED = const.DSIG + "enveloped-signature"
_BASE64 = const.DSIG + "base64"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_CANONICALISATIONS = {
    *(_C14N, _C14N + "#WithComments", _C14N11, _C14N11 + "#WithComments"),
    *(_EXCLUSIVE, _EXCLUSIVE + "WithComments"),
}
#: Expressions that keep a node, and which signatures they leave out.  The second one defines the
#: enveloped-signature transform in the XML Signature standard.
_EXPRESSIONS: dict[str, Removal] = {
    "not(ancestor-or-self::ds:Signature)": "all",
    "count(ancestor-or-self::ds:Signature|here()/ancestor::ds:Signature[1])"
    ">count(ancestor-or-self::ds:Signature)": "own",
}
#: Expressions whose nodes are subtracted.
_SUBTRACTED: dict[str, Removal] = {
    "/descendant::ds:Signature": "all",
    "//ds:Signature": "all",
    "here()/ancestor::ds:Signature[1]": "own",
}
