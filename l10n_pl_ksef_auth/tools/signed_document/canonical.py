"""Computes the canonical bytes of a part of the document with lxml alone.

lxml canonicalises whole documents reliably, but gets default namespaces of a subtree wrong
(docs/ksef.md D-1); so a subtree is first written out with the namespaces in scope and parsed again.
"""

from __future__ import annotations

import copy
from typing import Any

from lxml import etree

from . import names
from .document import decode, text_of
from .parsing import parser
from .recipes import Canonical, Recipe


class Undecidable(Exception):
    """The bytes cannot be computed for certain; the argument says why."""


def octets(target: Any, recipe: Recipe, signature: Any, comments: bool = False) -> bytes:
    """Return the bytes that a reference's digest is taken of.

    :param target: the element that is referred to, or the tree of the whole document
    :param signature: the signature that holds the reference
    :param comments: whether the reference keeps comments (only its xpointer forms do)
    :raises Undecidable: for what this code does not know for certain
    """
    if recipe.unknown:
        raise Undecidable(recipe.unknown)
    if recipe.base64:
        return _decoded(target, recipe)
    canonical = recipe.canonical or Canonical()
    part = _isolated(target, canonical)
    if recipe.removal != "none":
        _leave_out(part, _positions(target, recipe, signature))
    return write(part, canonical, comments and canonical.comments)


def canonical_element(element: Any, canonical: Canonical) -> bytes:
    """Return the canonical bytes of one element, SignedInfo for instance."""
    return write(_isolated(element, canonical), canonical, canonical.comments)


def write(tree: Any, canonical: Canonical, comments: bool) -> bytes:
    """Return the canonical bytes of a whole tree."""
    prefixes = list(canonical.prefixes) or None
    try:
        written = etree.tostring(
            tree,
            method="c14n",
            exclusive=canonical.exclusive,
            with_comments=comments,
            inclusive_ns_prefixes=prefixes if canonical.exclusive else None,
        )
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise Undecidable(f"canonicalisation failed: {type(error).__name__}") from None
    return bytes(written)


def _decoded(target: Any, recipe: Recipe) -> bytes:
    element = target.getroot() if _is_tree(target) else target
    if recipe.removal != "none" or _is_tree(target):
        raise Undecidable("base64 of a whole document")
    raw = decode(text_of(element))
    if raw is None:
        raise Undecidable("no base64 where the reference expects it")
    return raw


def _isolated(target: Any, canonical: Canonical) -> Any:
    """Return a tree of its own that holds ``target`` as it stands in the document."""
    if _is_tree(target):
        return copy.deepcopy(target)
    written = etree.tostring(target, encoding="UTF-8", with_tail=False)
    try:
        root = etree.fromstring(written, parser())
    except etree.XMLSyntaxError:
        raise Undecidable("a part that cannot be parsed on its own") from None
    if not canonical.exclusive:
        _inherit(root, target, canonical)
    return root.getroottree()


def _inherit(root: Any, target: Any, canonical: Canonical) -> None:
    """Copy xml:lang, xml:space and the like from ancestors, as inclusive canonicalisation does."""
    prefix = f"{{{names.XML}}}"
    for ancestor in target.iterancestors():
        for name, value in ancestor.attrib.items():
            if not name.startswith(prefix) or name in root.attrib:
                continue
            if canonical.version_1_1 and name not in (prefix + "lang", prefix + "space"):
                raise Undecidable(f"{name} above the signed part")
            root.set(name, value)


def _positions(target: Any, recipe: Recipe, signature: Any) -> list[int]:
    """Return which of the target's signatures are left out, counted in document order."""
    root = target.getroot() if _is_tree(target) else target
    signatures = list(root.iter(names.SIGNATURE))
    if recipe.removal == "all":
        return list(range(len(signatures)))
    return [number for number, element in enumerate(signatures) if element is signature]


def _leave_out(tree: Any, positions: list[int]) -> None:
    signatures = list(tree.getroot().iter(names.SIGNATURE))
    for number in positions:
        element = signatures[number]
        if element is tree.getroot():
            raise Undecidable("nothing is left without the signature")
        _remove(element)


def _remove(element: Any) -> None:
    """Remove an element but not the text behind it."""
    parent, previous = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail and previous is not None:
        previous.tail = (previous.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _is_tree(target: Any) -> bool:
    return isinstance(target, etree._ElementTree)
