"""Turns bytes of strangers into a tree, within bounds and without opening anything else."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from lxml import etree

from . import limits
from .model import Finding
from .report import finding

#: Byte order marks, and the first letter of a document in encodings of two and four bytes.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\x00\x00\x00", "utf-32"),
    (b"\x00\x00\x00<", "utf-32"),
    (b"<\x00", "utf-16"),
    (b"\x00<", "utf-16"),
)
#: Bytes in which an XML declaration is looked for.
_DECLARATION = 4096
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
#: libxml2's error codes for what a missing end leaves open, and for text behind the end.
_CUT = {
    "ERR_TAG_NOT_FINISHED",
    "ERR_GT_REQUIRED",
    "ERR_LTSLASH_REQUIRED",
    "ERR_DOCUMENT_EMPTY",
}
#: What a broken download leaves where the rest should have been.
_GAP = b"\x00" * 16
_BEHIND = "ERR_DOCUMENT_END"
#: libxml2's codes for its own bounds: nesting, entities, lengths.
_BEYOND = {"ERR_RESOURCE_LIMIT", "ERR_ENTITY_LOOP", "ERR_INTERNAL_ERROR", "ERR_NAME_TOO_LONG"}
#: Encodings in which markup is written with the bytes of ASCII, zeros left out: in others (UTF-7,
#: EBCDIC) it would hide from the bounds.  Nobody signs in those.
_PLAIN = re.compile(
    r"utf-?8|utf-?(?:16|32)(?:-?[lb]e)?|ucs-?[24]|(?:us-)?ascii|iso[-_]?8859-[0-9]{1,2}|latin-?[1-9]"
    r"|(?:windows|cp)-?125[0-9]",
    re.IGNORECASE,
)
_LETTERS = {
    "ERR_INVALID_CHAR",
    "ERR_INVALID_ENCODING",
    "ERR_UNKNOWN_ENCODING",
    "ERR_UNSUPPORTED_ENCODING",
}


class Unreadable(Exception):
    """The bytes give no tree; ``finding`` says why."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.code)
        self.finding = reason


def parser() -> Any:
    """Return an XML parser that expands no entity, loads no DTD and opens no address."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )


def parse(data: bytes) -> Any:
    """Return the tree of ``data``.

    :raises Unreadable: when it is no XML, has a document type declaration or exceeds the bounds
    """
    _refuse_markup_beyond_bounds(data)
    _refuse_hidden_markup(encoding(data))
    if _has_doctype(data):
        raise Unreadable(finding("dtd", "before the first element"))
    try:
        root = etree.fromstring(data, parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(_syntax_finding(data, error)) from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.externalDTD is not None:
        raise Unreadable(finding("dtd", "found by the parser"))
    _refuse_hidden_markup(tree.docinfo.encoding or "utf-8")
    _refuse_tree_beyond_bounds(root)
    return tree


def encoding(data: bytes) -> str:
    """Return the encoding that a mark or the XML declaration states, in lower case."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    found = _DECLARED.match(data[:_DECLARATION])
    return found[1].decode("ascii").lower() if found else "utf-8"


def encoding_findings(data: bytes) -> list[Finding]:
    """Warn of encodings that leave every digest intact and that KSeF refuses all the same.

    The source is docs/ksef.md D-3: canonical XML is UTF-8 whatever the file is written in.
    """
    name = encoding(data)
    if name not in ("utf-8", "utf8", "us-ascii", "ascii"):
        return [finding("not_utf8", f"encoding {name}", found=name)]
    marked = data.startswith(b"\xef\xbb\xbf")
    return [finding("byte_order_mark", "first bytes ef bb bf")] if marked else []


def _refuse_markup_beyond_bounds(data: bytes) -> None:
    counts = {
        "<": (data.count(b"<"), limits.MAX_TAGS),
        "=": (data.count(b"="), limits.MAX_EQUALS),
        "xmlns": (data.replace(b"\x00", b"").count(b"xmlns"), limits.MAX_NAMESPACES),
    }
    for name, (count, bound) in counts.items():
        if count > bound:
            raise Unreadable(finding("too_complex", f"{count} times {name}, bound {bound}"))


def _refuse_hidden_markup(name: str) -> None:
    if not _PLAIN.fullmatch(name):
        raise Unreadable(finding("too_complex", f"encoding {name}"))


def _has_doctype(data: bytes) -> bool:
    """Whether a DOCTYPE stands before the first element.

    libxml2 would only be asked afterwards, when it has read the declaration's entities.
    """
    text = data.replace(b"\x00", b"")
    position = text.find(b"<")
    while position >= 0:
        if text.startswith(b"<!--", position):
            position = text.find(b"-->", position + 4)
        elif text.startswith(b"<?", position):
            position = text.find(b"?>", position + 2)
        else:
            return text.startswith(b"<!DOCTYPE", position)
        position = text.find(b"<", position) if position >= 0 else -1
    return False


_EVENTS = ("start", "end", "start-ns", "end-ns", "comment", "pi")


def _refuse_tree_beyond_bounds(root: Any) -> None:
    """Bound nodes, nesting, attributes and the namespaces that are in scope at once.

    Inclusive canonicalisation takes time with elements times the square of namespaces in scope.
    Nodes are counted once more, in case their markup was hidden from the count in the bytes.
    """
    events: Counter[str] = Counter()
    attributes = 0
    for event, element in etree.iterwalk(root, events=_EVENTS):
        events[event] += 1
        if event == "start":
            attributes += len(element.attrib)
            _refuse_beyond(len(element.attrib), limits.MAX_ATTRIBUTES, "attributes of an element")
            _refuse_beyond(events["start"] - events["end"], limits.MAX_DEPTH, "levels")
        elif event == "start-ns":
            in_scope = events["start-ns"] - events["end-ns"]
            _refuse_beyond(in_scope, limits.MAX_IN_SCOPE, "namespaces in scope")
    nodes = events["start"] + events["comment"] + events["pi"]
    _refuse_beyond(nodes, limits.MAX_TAGS, "nodes")
    _refuse_beyond(attributes, limits.MAX_EQUALS, "attributes")
    _refuse_beyond(events["start-ns"], limits.MAX_NAMESPACES, "namespaces")


def _refuse_beyond(count: int, bound: int, what: str) -> None:
    if count > bound:
        raise Unreadable(finding("too_complex", f"more than {bound} {what}"))


def _syntax_finding(data: bytes, error: Exception) -> Finding:
    entry = error.error_log.last_error if isinstance(error, etree.XMLSyntaxError) else None
    kind = entry.type_name if entry is not None else ""
    evidence = f"{kind} line {entry.line}" if entry is not None else type(error).__name__
    if kind in _BEYOND:
        return finding("too_complex", evidence)
    if not data.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        return finding("not_xml", evidence)
    if data.endswith(_GAP):
        return finding("cut", f"{evidence}, zeros at the end")
    if kind in _LETTERS or not _decodes(data):
        return finding("wrong_encoding", f"{evidence}, declared {encoding(data)}")
    if kind != _BEHIND and (kind in _CUT or not data.rstrip().endswith(b">")):
        return finding("cut", evidence)
    return finding("not_xml", evidence)


def _decodes(data: bytes) -> bool:
    try:
        data.decode(encoding(data))
    except (UnicodeDecodeError, LookupError):
        return False
    return True
