"""Tells a document that an editor saved again from one that was changed otherwise.

Editors and browsers indent XML.  Canonical bytes keep white space, so this breaks the digest; but
without that white space, or with the bytes of the download, the digest fits again and proves it.
"""

from __future__ import annotations

import hashlib
from typing import Any

from lxml import etree

from .canonical import Undecidable, octets
from .document import Candidate, local_name, text_of
from .parsing import Unreadable, parse, parser
from .references import Checked, digest_of


def was_edited(checked: Checked, request: Candidate, signature: Any, unsigned: list[bytes]) -> bool:
    """Whether a reference's digest fits the target as it was before an editor indented it.

    :param checked: a reference whose digest differs
    :param unsigned: the requests as they were downloaded
    """
    if request.encoded:
        return False
    if _fits_without_blanks(checked, signature):
        return True
    if not checked.covers(request.place, signature):
        return False
    return any(_is_indented(original, checked, request) for original in unsigned)


def _fits_without_blanks(checked: Checked, signature: Any) -> bool:
    """Whether the digest fits once all text is gone that is only white space."""
    root = signature.getroottree().getroot()
    target = checked.target.getroot() if hasattr(checked.target, "getroot") else checked.target
    copy = etree.fromstring(etree.tostring(root), parser())
    partner = dict(zip(root.iter(), copy.iter(), strict=True))
    for element in partner[target].iter():
        if len(element) and not (element.text or "").strip():
            element.text = None
        if not (element.tail or "").strip():
            element.tail = None
    again = copy.getroottree() if target is not checked.target else partner[target]
    return _fits(checked, again, partner[signature])


def _is_indented(original: bytes, checked: Checked, request: Candidate) -> bool:
    """Whether the download was signed, and what is there now says the same in other white space."""
    try:
        tree = parse(bytes(original))
    except Unreadable:
        return False
    return _content(tree.getroot()) == _content(request.request) and _fits(checked, tree, None)


def _fits(checked: Checked, target: Any, signature: Any) -> bool:
    stated = digest_of(checked.element)
    try:
        content = octets(target, checked.recipe, signature)
    except Undecidable:
        return False
    return stated is not None and hashlib.new(stated[0], content).digest() == stated[1]


def _content(request: Any) -> list[tuple[str, str]]:
    """Return names and texts of a request's elements without a signature, white space aside."""
    found = []
    for element in request.iterchildren(etree.Element):
        if local_name(element) != "Signature":
            found.append((element.tag, "" if len(element) else text_of(element)))
            found += [(child.tag, text_of(child)) for child in element.iterchildren(etree.Element)]
    return found
