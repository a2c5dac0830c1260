"""Follows the references of a signature: what they cover, and whether it is still the same."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from . import names
from .canonical import Undecidable, octets
from .certificates import DIGESTS
from .document import decode, elements_of, text_of
from .limits import MAX_VALUE
from .recipes import Recipe, recipe_of

#: same, changed: the digest was compared; unknown: it cannot be; the rest: there is no target.
State = Literal["same", "changed", "unknown", "external", "missing", "ambiguous"]
_POINTER = re.compile(r"""xpointer\(id\((?P<quote>['"])([^'"]{1,200})(?P=quote)\)\)""")
_ID_NAMES = ("Id", "ID", "id", f"{{{names.XML}}}id")


@dataclass(frozen=True)
class Checked:
    """One reference: its target, how the digest is made, and how the comparison ended.

    ``target`` is an element, the whole tree, or None; ``note`` tells the details for support.
    """

    element: Any
    uri: str
    target: Any
    recipe: Recipe
    state: State
    note: str = ""

    def covers(self, element: Any, signature: Any) -> bool:
        """Whether ``element`` is part of what the reference signs, going by shape alone."""
        if self.target is None or self.recipe.base64:
            return self.recipe.base64 and element is self.target
        line = [element, *element.iterancestors()]
        if self.recipe.removal == "all" and any(e.tag == names.SIGNATURE for e in line):
            return False
        if self.recipe.removal == "own" and any(e is signature for e in line):
            return False
        root = self.target.getroot() if hasattr(self.target, "getroot") else self.target
        return any(e is root for e in line)


def references_of(signature: Any) -> list[Any]:
    """Return the references of a signature's SignedInfo."""
    info = signature.find(names.SIGNED_INFO)
    return [e for e in elements_of(info) if e.tag == names.REFERENCE]


def check_all(tree: Any, signature: Any) -> list[Checked]:
    """Follow and compare the references of a signature."""
    identifiers = Identifiers(tree)
    return [_check(r, tree, signature, identifiers) for r in references_of(signature)]


def digest_of(reference: Any) -> tuple[str, bytes] | None:
    """Return hashlib's name and the digest that a reference states; None when unknown."""
    method, value = (
        reference.find(names.ds("DigestMethod")),
        reference.find(names.ds("DigestValue")),
    )
    if method is None or value is None:
        return None
    name, raw = DIGESTS.get(method.get("Algorithm", "")), decode(text_of(value))
    return (name, raw) if name and raw is not None else None


class Identifiers:
    """The elements of a document by their identifiers."""

    def __init__(self, tree: Any) -> None:
        self._usual: dict[str, list[Any]] = {}
        self._unusual: dict[str, list[Any]] = {}
        for element in tree.iter("*"):
            for name, value in element.attrib.items():
                if name.rpartition("}")[2].lower() == "id":
                    known = self._usual if name in _ID_NAMES else self._unusual
                    _add(known.setdefault(value, []), element)

    def named(self, identifier: str) -> list[Any]:
        """Return the elements of that identifier; attributes of other namespaces count last."""
        return self._usual.get(identifier) or self._unusual.get(identifier, [])


def _add(elements: list[Any], element: Any) -> None:
    if not any(known is element for known in elements[-1:]):
        elements.append(element)


def _check(reference: Any, tree: Any, signature: Any, identifiers: Identifiers) -> Checked:
    recipe, uri = recipe_of(reference), reference.get("URI")
    shown = "none" if uri is None else uri[:MAX_VALUE]
    if uri is None or not (uri == "" or uri.startswith("#")):
        return Checked(reference, shown, None, recipe, "external")
    pointer = unquote(uri[1:])
    if pointer in ("", "xpointer(/)"):
        if uri == "#":
            return Checked(reference, shown, None, recipe, "missing")
        return _compared(reference, shown, tree, recipe, signature, comments=bool(uri))
    named = _POINTER.fullmatch(pointer)
    if named is None and "(" in pointer:
        unknown = Recipe(unknown=f"pointer {shown}")
        return Checked(reference, shown, tree, unknown, "unknown", unknown.unknown)
    targets = identifiers.named(named[2] if named else pointer)
    if len(targets) != 1:
        return Checked(reference, shown, None, recipe, "ambiguous" if targets else "missing")
    return _compared(reference, shown, targets[0], recipe, signature, comments=bool(named))


def _compared(
    reference: Any, uri: str, target: Any, recipe: Recipe, signature: Any, comments: bool
) -> Checked:
    stated = digest_of(reference)
    if stated is None:
        return Checked(reference, uri, target, recipe, "unknown", "digest method or value")
    try:
        content = octets(target, recipe, signature, comments)
    except Undecidable as error:
        return Checked(reference, uri, target, recipe, "unknown", str(error))
    actual = hashlib.new(stated[0], content).digest()
    if actual == stated[1]:
        return Checked(reference, uri, target, recipe, "same")
    return Checked(reference, uri, target, recipe, "changed", _difference(*stated, actual))


def _difference(name: str, stated: bytes, actual: bytes) -> str:
    signed, found = (base64.b64encode(value[:64]).decode() for value in (stated, actual))
    return f"{name} signed {signed} found {found}"
