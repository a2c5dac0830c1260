"""Turns the bytes of strangers into a tree, within bounds and without opening anything else.

A file that is no XML at all is recognised by its first bytes.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections import Counter
from typing import Any

from lxml import etree

from . import const
from .model import Finding
from .report import finding

#: The bytes of byte order marks.
_MARK = b"\xef\xbb\xbf\xff\xfe"
_PEM_SIGNATURE = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS|PKCS7)")
#: A SEQUENCE that begins with an object identifier under 1.2.840.113549.1.7: PKCS#7 and CMS.
_CMS = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07",
    re.DOTALL,
)
_BASE64 = re.compile(rb"M[A-Za-z0-9+/\r\n]{39,}")
#: Archives of several kinds, and office documents in the format before 2007.
_ARCHIVES = (
    b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08",
    b"\xd0\xcf\x11\xe0",
)  # fmt: skip
#: The names of an ASiC's parts; a ZIP archive does not compress names.
_ASIC = re.compile(rb"application/vnd\.etsi\.asic|META-INF/[^\x00/]{0,40}signature", re.IGNORECASE)
#: A web page saved by a browser as a single file.
_ONE_FILE = re.compile(rb"(?:From: <Saved by|MIME-Version: ).*multipart/related", re.DOTALL)
_HTML = re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_TAG = re.compile(rb"<[A-Za-z]")
_START = 1024


def recognise(data: bytes) -> Finding | None:
    """Return a finding if ``data`` is recognisably no XML; None if it may be XML.

    Nothing is ever unpacked.

    :param data: the whole file; only its size and its first kilobyte are looked at, and of an
        archive the names in it
    """
    if len(data) > const.MAX_SIZE:
        size, limit = f"{len(data) / 1024**2:.1f} MB", f"{const.MAX_SIZE // 1024**2} MB"
        return finding("too_large", f"{len(data)} bytes", size=size, limit=limit)
    start = data[:_START].lstrip(_MARK).lstrip()
    if not start:
        return finding("empty", f"{len(data)} bytes")
    return _by_magic(start, data)


def _by_magic(start: bytes, data: bytes) -> Finding | None:
    evidence = f"first bytes {data[:16].hex(' ')}"
    if b"%PDF-" in start and not start.startswith(b"<"):
        return finding("pdf", evidence)
    if start.startswith(_ARCHIVES):
        return finding("asic" if _ASIC.search(data) else "zip", evidence)
    if _is_cms(start, data):
        return finding("p7s", evidence)
    if _ONE_FILE.match(start) or _is_html(start):
        return finding("html", evidence)
    return None


def _is_cms(start: bytes, data: bytes) -> bool:
    """Return True for a CMS signature: its bytes, the same in base64, or PEM."""
    found = _BASE64.match(start)
    decoded = base64.b64decode(found[0].translate(None, b"\r\n")[:40]) if found else b""
    return bool(_CMS.match(data) or _CMS.match(decoded) or _PEM_SIGNATURE.match(start))


def _is_html(start: bytes) -> bool:
    """Return True if the first tag, after comments and an XML declaration, is HTML's."""
    text = start.replace(b"\x00", b"")
    found, first = _HTML.search(text), _TAG.search(text)
    return found is not None and (first is None or found.start() <= first.start())


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
#: libxml2's error codes for a missing end, and below for text behind the end.
_CUT = {
    "ERR_TAG_NOT_FINISHED",
    "ERR_GT_REQUIRED",
    "ERR_LTSLASH_REQUIRED",
    "ERR_DOCUMENT_EMPTY",
}
#: A broken download leaves zeros in the place of the rest.
_GAP = b"\x00" * 16
_BEHIND = "ERR_DOCUMENT_END"
#: libxml2's codes for its own bounds: nesting, entities, lengths.
_BEYOND = {"ERR_RESOURCE_LIMIT", "ERR_ENTITY_LOOP", "ERR_INTERNAL_ERROR", "ERR_NAME_TOO_LONG"}
#: Encodings that write markup with the bytes of ASCII and zeros.  In others (UTF-7, EBCDIC) markup
#: would hide from the bounds; nobody signs in those.
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


_BEGUN_REFERENCE = re.compile(r"&#?\w*\Z")


class Unreadable(Exception):
    """The bytes give no tree; ``finding`` says why."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.code)
        self.finding = reason


def parse(data: bytes) -> Any:
    """Return the root element of ``data``.

    :raises Unreadable: when it is no XML, has a document type declaration or exceeds the bounds
    """
    _refuse_markup_beyond_bounds(data)
    _refuse_hidden_markup(encoding(data))
    if _has_doctype(data):
        raise Unreadable(finding("dtd", "before the first element"))
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(_syntax_finding(data, error)) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise Unreadable(finding("dtd", "found by the parser"))
    _refuse_hidden_markup(info.encoding or "utf-8")
    _refuse_tree_beyond_bounds(root)
    return root


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
    _refuse_beyond(data.count(b"<"), const.MAX_TAGS, "times <")
    _refuse_beyond(data.count(b"="), const.MAX_EQUALS, "times =")
    namespaces = data.replace(b"\x00", b"").count(b"xmlns")
    _refuse_beyond(namespaces, const.MAX_NAMESPACES, "times xmlns")


def _refuse_hidden_markup(name: str) -> None:
    if not _PLAIN.fullmatch(name):
        raise Unreadable(finding("too_complex", f"encoding {name}"))


def _has_doctype(data: bytes) -> bool:
    """Return True if a DOCTYPE stands before the first element.

    libxml2 tells only after it has read the entities of the declaration.
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
    if kind in _BEYOND:
        return finding("too_complex", evidence)
    if not data.lstrip(_MARK + b"\x00 \t\r\n").startswith(b"<"):
        return finding("not_xml", evidence)
    if data.endswith(_GAP):
        return finding("cut", f"{evidence}, zeros at the end")
    if _ends_within_a_letter(data):
        return finding("cut", f"{evidence}, within a letter")
    if kind in _LETTERS or not _decodes(data):
        return finding("wrong_encoding", f"{evidence}, declared {encoding(data)}")
    if kind != _BEHIND and (kind in _CUT or not data.rstrip().endswith(b">")):
        return finding("cut", evidence)
    return finding("not_xml", evidence)


def _ends_within_a_letter(data: bytes) -> bool:
    """Return True if the last bytes begin a letter, or a reference to one, and do not end it."""
    try:
        decoder = codecs.getincrementaldecoder(encoding(data))()
        text = decoder.decode(data)
    except (UnicodeDecodeError, LookupError):
        return False
    return bool(decoder.getstate()[0]) or _BEGUN_REFERENCE.search(text, len(text) - 8) is not None


def _decodes(data: bytes) -> bool:
    try:
        data.decode(encoding(data))
    except (UnicodeDecodeError, LookupError):
        return False
    return True
