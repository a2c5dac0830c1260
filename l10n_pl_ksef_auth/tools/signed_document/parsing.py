"""Turns the bytes of strangers into a tree, within bounds and without opening anything else."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from lxml import etree

from . import const
from .encodings import hidden_markup, is_plain, plain
from .model import Finding
from .recognition import damage, starts_with_markup
from .report import finding

#: What a document type declaration holds.  A signed request has none, not even in a comment: where
#: a comment ends, libxml2 and a search in the bytes may not agree.
_DECLARATIONS = re.compile(rb"<!(?:DOCTYPE|ATTLIST|ELEMENT|ENTITY|NOTATION)")


class Unreadable(Exception):
    """The bytes give no tree; ``finding`` says why."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.code)
        self.finding = reason


def parse(data: bytes) -> Any:
    """Return the root element of ``data``.

    :raises Unreadable: when it is no XML, has a document type declaration or exceeds the bounds
    """
    if not starts_with_markup(data):
        raise Unreadable(damage(data, "", "no markup at the start"))
    _refuse_markup_beyond_bounds(data)
    if hidden := hidden_markup(data):
        raise _hidden(hidden)
    # libxml2 looks through what a declaration declares before it tells that there is one.
    if _DECLARATIONS.search(plain(data)):
        raise Unreadable(finding("dtd", "a declaration"))
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(_syntax_finding(data, error)) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise Unreadable(finding("dtd", "found by the parser"))
    if not is_plain(info.encoding or "utf-8"):
        raise _hidden(info.encoding)
    _refuse_tree_beyond_bounds(root)
    return root


def _refuse_markup_beyond_bounds(data: bytes) -> None:
    _refuse_beyond(data.count(b"<"), const.MAX_TAGS, "times <")
    _refuse_beyond(data.count(b"="), const.MAX_EQUALS, "times =")
    namespaces = data.replace(b"\x00", b"").count(b"xmlns")
    _refuse_beyond(namespaces, const.MAX_NAMESPACES, "times xmlns")


def _hidden(name: str) -> Unreadable:
    return Unreadable(finding("too_complex", f"encoding {name}"))


def _refuse_tree_beyond_bounds(root: Any) -> None:
    """Bound nodes, nesting, attributes and the namespaces that are in scope at once.

    Inclusive canonicalisation takes time with elements times the square of namespaces in scope.
    Nodes are counted once more, in case their markup was hidden from the count in the bytes.
    """
    events: Counter[str] = Counter()
    attributes = 0
    kinds = ("start", "end", "start-ns", "end-ns", "comment", "pi")
    for event, element in etree.iterwalk(root, events=kinds):
        events[event] += 1
        if event == "start":
            attributes += len(element.attrib)
            _refuse_beyond(len(element.attrib), const.MAX_ATTRIBUTES, "attributes of an element")
            _refuse_beyond(events["start"] - events["end"], const.MAX_DEPTH, "levels")
        elif event == "start-ns":
            in_scope = events["start-ns"] - events["end-ns"]
            _refuse_beyond(in_scope, const.MAX_IN_SCOPE, "namespaces in scope")
            _refuse_beyond(len(element[1]), const.MAX_VALUE, "letters of a namespace")
    nodes = events["start"] + events["comment"] + events["pi"]
    _refuse_beyond(nodes, const.MAX_TAGS, "nodes")
    _refuse_beyond(attributes, const.MAX_EQUALS, "attributes")
    _refuse_beyond(events["start-ns"], const.MAX_NAMESPACES, "namespaces")


def _refuse_beyond(count: int, bound: int, what: str) -> None:
    if count > bound:
        raise Unreadable(finding("too_complex", f"more than {bound} {what}"))


def _syntax_finding(data: bytes, error: Exception) -> Finding:
    entry = error.error_log.last_error if isinstance(error, etree.XMLSyntaxError) else None
    kind = entry.type_name if entry is not None else ""
    evidence = f"{kind} line {entry.line}" if entry is not None else type(error).__name__
    return damage(data, kind, evidence)
