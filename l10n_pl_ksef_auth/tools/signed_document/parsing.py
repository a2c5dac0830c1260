"""Turns bytes of strangers into a tree, within bounds and without opening anything else."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from . import limits
from .model import Finding
from .report import finding

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
#: libxml2's error codes for what a missing end leaves open, and for text behind the end.
_CUT = {"ERR_TAG_NOT_FINISHED", "ERR_GT_REQUIRED", "ERR_LTSLASH_REQUIRED"}
_BEHIND = "ERR_DOCUMENT_END"
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
    if _has_doctype(data):
        raise Unreadable(finding("dtd"))
    try:
        root = etree.fromstring(data, parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(_syntax_finding(data, error)) from None
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.externalDTD is not None:
        raise Unreadable(finding("dtd"))
    _refuse_depth(root)
    return tree


def encoding(data: bytes) -> str:
    """Return the encoding that a mark or the XML declaration states, in lower case."""
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return name
    if data[:4] in (b"<\x00?\x00", b"\x00<\x00?"):
        return "utf-16"
    found = _DECLARED.match(data[:400])
    return found[1].decode("ascii").lower() if found else "utf-8"


def encoding_findings(data: bytes) -> list[Finding]:
    """Warn of encodings that leave every digest intact and that KSeF refuses all the same.

    The source is facts.md D: canonical XML is UTF-8 whatever the file is written in.
    """
    name = encoding(data)
    if name not in ("utf-8", "utf8", "us-ascii", "ascii"):
        return [finding("not_utf8", f"encoding {name}", found=name)]
    return [finding("byte_order_mark")] if data.startswith(b"\xef\xbb\xbf") else []


def _refuse_markup_beyond_bounds(data: bytes) -> None:
    counts = {
        "<": (data.count(b"<"), limits.MAX_TAGS),
        "=": (data.count(b"="), limits.MAX_EQUALS),
        "xmlns": (data.replace(b"\x00", b"").count(b"xmlns"), limits.MAX_NAMESPACES),
    }
    for name, (count, bound) in counts.items():
        if count > bound:
            raise Unreadable(finding("too_complex", f"{count} times {name}, bound {bound}"))


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


def _refuse_depth(root: Any) -> None:
    """Bound nesting, attributes and the namespaces that are in scope at once.

    Inclusive canonicalisation takes time with elements times the square of namespaces in scope.
    """
    levels = {"": 0, "-ns": 0}
    for event, element in etree.iterwalk(root, events=("start", "end", "start-ns", "end-ns")):
        kind = "-ns" if event.endswith("-ns") else ""
        levels[kind] += 1 if event.startswith("start") else -1
        if levels[""] > limits.MAX_DEPTH:
            raise Unreadable(finding("too_complex", f"more than {limits.MAX_DEPTH} levels"))
        if levels["-ns"] > limits.MAX_IN_SCOPE:
            raise Unreadable(finding("too_complex", f"more than {limits.MAX_IN_SCOPE} namespaces"))
        if event == "start" and len(element.attrib) > limits.MAX_ATTRIBUTES:
            raise Unreadable(
                finding("too_complex", f"more than {limits.MAX_ATTRIBUTES} attributes")
            )


def _syntax_finding(data: bytes, error: Exception) -> Finding:
    entry = error.error_log.last_error if isinstance(error, etree.XMLSyntaxError) else None
    kind = entry.type_name if entry is not None else ""
    evidence = f"{kind} line {entry.line}" if entry is not None else type(error).__name__
    if kind in _LETTERS or not _decodes(data):
        return finding("wrong_encoding", f"{evidence}, declared {encoding(data)}")
    if kind != _BEHIND and b"<" in data and (kind in _CUT or not data.rstrip().endswith(b">")):
        return finding("cut", evidence)
    return finding("not_xml", evidence)


def _decodes(data: bytes) -> bool:
    if not data.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        return True
    try:
        data.decode(encoding(data))
    except (UnicodeDecodeError, LookupError):
        return False
    return True
