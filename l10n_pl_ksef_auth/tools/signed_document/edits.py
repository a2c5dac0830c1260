"""Tells a document that an editor saved again from one that was changed otherwise.

Editors and browsers indent XML.  Canonical bytes keep white space, so this breaks the digest; but
without that white space, or with the bytes of the download, the digest fits again and proves it.
"""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from .canonical import Undecidable, octets
from .document import Candidate, elements_of, local_name, text_of
from .parsing import Unreadable, parse
from .references import Checked, digest_of

#: Elements of a request: five, with addresses of an AuthorizationPolicy up to forty.
_MOST_ELEMENTS = 50


def was_edited(
    checked: Checked, request: Candidate, signature: Any, originals: list[bytes]
) -> bool:
    """Whether a reference's digest fits the target as it was before an editor indented it.

    :param checked: a reference whose digest differs
    :param originals: the requests as they may have been downloaded
    """
    covers = checked.covers(request.place, signature)
    if covers and request.encoded:
        return False
    if _fits_without_blanks(checked, signature):
        return True
    return covers and any(_fits_original(o, checked, request, signature) for o in originals)


def _fits_without_blanks(checked: Checked, signature: Any) -> bool:
    """Whether the digest fits once all text is gone that is only white space."""
    partner = _copied(signature)
    target = partner[_element(checked.target)]
    for element in target.iter():
        if len(element) and not (element.text or "").strip():
            element.text = None
        if not (element.tail or "").strip():
            element.tail = None
    return _fits(checked, _like(checked.target, target), partner[signature])


def _fits_original(original: bytes, checked: Checked, request: Candidate, signature: Any) -> bool:
    """Whether the download was signed, and what is there now says the same in other white space."""
    try:
        tree = parse(bytes(original))
    except Unreadable:
        return False
    if _content(tree.getroot()) != _content(request.request):
        return False
    if request.request.getparent() is None:
        return _fits(checked, tree, None)
    partner = _copied(signature)
    place = partner[request.request]
    root = tree.getroot()
    root.tail = place.tail
    place.getparent().replace(place, root)
    target = partner[_element(checked.target)]
    return _fits(checked, _like(checked.target, target), partner[signature])


def _copied(signature: Any) -> dict[Any, Any]:
    """Return a copy of the whole document, as a map from each of its nodes to the copy's."""
    tree = signature.getroottree()
    # Not by writing it out and parsing it again: libxml2 reads names that it then cannot write.
    return dict(zip(tree.getroot().iter(), copy.deepcopy(tree).getroot().iter(), strict=True))


def _element(target: Any) -> Any:
    return target.getroot() if hasattr(target, "getroot") else target


def _like(target: Any, copied: Any) -> Any:
    """Return the copy as an element or as a whole tree, whichever ``target`` is."""
    return copied.getroottree() if hasattr(target, "getroot") else copied


def _fits(checked: Checked, target: Any, signature: Any) -> bool:
    stated = digest_of(checked.element)
    try:
        content = octets(target, checked.recipe, signature)
    except Undecidable:
        return False
    return stated is not None and hashlib.new(stated[0], content).digest() == stated[1]


def _content(request: Any) -> list[tuple[str, str, dict[str, str]]]:
    """Return a request's elements without its signature, white space between them aside.

    No more than a request of ours can have: what is longer is none.
    """
    found: list[tuple[str, str, dict[str, str]]] = []
    waiting = [request]
    while waiting and len(found) < _MOST_ELEMENTS:
        element = waiting.pop()
        inner = [child for child in elements_of(element) if local_name(child) != "Signature"]
        found.append((element.tag, "" if inner else text_of(element), dict(element.attrib)))
        waiting += reversed(inner)
    return found
