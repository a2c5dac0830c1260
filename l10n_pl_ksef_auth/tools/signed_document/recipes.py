"""Understands the transforms of a reference, without ever evaluating an expression of the document.

Only the shapes that KSeF's documentation accepts are understood (docs/ksef.md B-3): leaving out the
signature, canonicalisation, base64.  Anything else makes the reference one that cannot be decided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from . import names
from .document import elements_of, text_of
from .limits import MAX_PREFIXES, MAX_TRANSFORMS, MAX_VALUE

#: Which signatures are left out: none, the one that is being read, or all.
Removal = Literal["none", "own", "all"]


@dataclass(frozen=True)
class Canonical:
    """A canonicalisation: which one, with comments or without, and exclusive's extra prefixes."""

    exclusive: bool = False
    comments: bool = False
    version_1_1: bool = False
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How a reference turns its target into the bytes that are hashed.

    ``unknown`` names what is not understood; "" when the bytes can be computed.
    """

    removal: Removal = "none"
    base64: bool = False
    canonical: Canonical | None = None
    unknown: str = ""


_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_CANONICAL = {
    _C14N: Canonical(),
    _C14N + "#WithComments": Canonical(comments=True),
    _C14N11: Canonical(version_1_1=True),
    _C14N11 + "#WithComments": Canonical(version_1_1=True, comments=True),
    _EXCLUSIVE: Canonical(exclusive=True),
    _EXCLUSIVE + "WithComments": Canonical(exclusive=True, comments=True),
}
_ENVELOPED = names.DSIG + "enveloped-signature"
_BASE64 = names.DSIG + "base64"
_XPATH_ALL = {"not(ancestor-or-self::ds:Signature)"}
#: The definition of the enveloped-signature transform in the XML Signature standard.
_XPATH_OWN = {
    "count(ancestor-or-self::ds:Signature|here()/ancestor::ds:Signature[1])"
    ">count(ancestor-or-self::ds:Signature)"
}
_SUBTRACT_ALL = {"/descendant::ds:Signature", "//ds:Signature"}
_SUBTRACT_OWN = {"here()/ancestor::ds:Signature[1]"}


def recipe_of(reference: Any) -> Recipe:
    """Return how the digest of a reference is made."""
    holder = reference.find(names.ds("Transforms"))
    transforms = elements_of(holder)
    if len(transforms) > MAX_TRANSFORMS:
        return Recipe(unknown=f"{len(transforms)} transforms")
    recipe = Recipe()
    for transform in transforms:
        recipe = _extended(recipe, transform)
        if recipe.unknown:
            return recipe
    return recipe


def canonical_of(method: Any) -> Canonical | None:
    """Return the canonicalisation that an element's Algorithm names, None for an unknown one."""
    known = _CANONICAL.get(method.get("Algorithm", "")) if method is not None else None
    if known is None or not known.exclusive:
        return known
    inclusive = method.find(f"{{{_EXCLUSIVE}}}InclusiveNamespaces")
    prefixes = inclusive.get("PrefixList", "").split() if inclusive is not None else []
    return replace(known, prefixes=tuple(prefixes)) if len(prefixes) <= MAX_PREFIXES else None


def _extended(recipe: Recipe, transform: Any) -> Recipe:
    """Add one transform to a recipe; nothing may follow octets."""
    algorithm = transform.get("Algorithm", "")
    canonical = canonical_of(transform)
    if recipe.base64 or recipe.canonical is not None:
        repeated = canonical is not None and canonical == recipe.canonical
        return recipe if repeated else replace(recipe, unknown=f"{algorithm} after octets")
    if canonical is not None:
        return replace(recipe, canonical=canonical)
    if algorithm == _BASE64:
        return replace(recipe, base64=True)
    removal = _removal(transform, algorithm)
    if removal is None:
        return replace(recipe, unknown=f"transform {algorithm}")
    return replace(recipe, removal="all" if "all" in (removal, recipe.removal) else removal)


def _removal(transform: Any, algorithm: str) -> Removal | None:
    """Return which signatures a selecting transform leaves out; None when it is not understood."""
    inner = elements_of(transform)
    if algorithm == _ENVELOPED:
        return None if inner else "own"
    if len(inner) != 1:
        return None
    if algorithm == names.XPATH and inner[0].tag == names.ds("XPath"):
        return _listed(_expression(inner[0]), _XPATH_ALL, _XPATH_OWN)
    if algorithm == names.FILTER2 and inner[0].tag == f"{{{names.FILTER2}}}XPath":
        expression = _expression(inner[0]) if inner[0].get("Filter") == "subtract" else ""
        return _listed(expression, _SUBTRACT_ALL, _SUBTRACT_OWN)
    return None


def _listed(expression: str, every: set[str], own: set[str]) -> Removal | None:
    if expression in every:
        return "all"
    return "own" if expression in own else None


def _expression(xpath: Any) -> str:
    """Return an XPath's text without white space, its prefix of XML Signature spelled ``ds``."""
    text = text_of(xpath)
    if len(text) > MAX_VALUE:
        return ""
    text = re.sub(r"\s", "", text)
    own = {prefix for prefix, uri in xpath.nsmap.items() if prefix and uri == names.DSIG}
    used = set(re.findall(r"([\w.-]+):(?!:)", text.replace("::", "::\0")))
    if len(used) != 1 or not used <= own:
        return ""
    return text.replace(f"{used.pop()}:Signature", "ds:Signature")
