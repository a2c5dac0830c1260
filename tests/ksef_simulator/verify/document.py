"""From bytes to an XML tree, without trusting the bytes."""

from __future__ import annotations

import re

from lxml import etree

from .outcome import Refusal, Settings

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_BEFORE_ROOT = re.compile(rb"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


def parse(document: bytes, settings: Settings) -> etree._Element:
    """Parse a document strictly.

    :raises Refusal: 21217 for any encoding but plain UTF-8 (docs/ksef.md D-3: a check of its own,
        since no digest notices), 21001 for what is no XML, 9101 for a document type, too many
        bytes or nodes
    """
    if len(document) > settings.max_bytes:
        raise Refusal(9101)
    _check_encoding(document)
    before = _BEFORE_ROOT.match(document)
    if before and document[before.end() :].startswith(b"<!"):
        raise Refusal(9101)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError:
        raise Refusal(21001) from None
    if _has_more_nodes(root, settings.max_nodes):
        raise Refusal(9101)
    return root


def _has_more_nodes(root: etree._Element, most: int) -> bool:
    """Count nodes as XPath does: texts, attributes, and each namespace in scope of each element."""
    count = 0
    for element in root.iter():
        count += 1 + bool(element.text) + bool(element.tail)
        if isinstance(element.tag, str):
            count += len(element.attrib) + len(element.nsmap)
        if count > most:
            return True
    return False


def _check_encoding(document: bytes) -> None:
    if document.startswith(_BOMS) or b"\x00" in document[:4]:
        raise Refusal(21217)
    if not document.lstrip().startswith(b"<"):
        raise Refusal(21001)
    declared = _DECLARED.match(document)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        raise Refusal(21217)
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(21217) from None


def elements(root: etree._Element, *tags: str) -> list[etree._Element]:
    """List the elements below and including `root`; only those with one of the tags, if given."""
    return [item for item in root.iter(*(tags or (etree.Element,)))]


def children(element: etree._Element) -> list[etree._Element]:
    """List the child elements, without comments and processing instructions."""
    return list(element.iterchildren(etree.Element))


def text(element: etree._Element) -> str:
    """Return an element's whole text, comments and processing instructions left out."""
    return str(element.xpath("string()"))


def local(element: etree._Element) -> str:
    """Return the element's name without its namespace."""
    return etree.QName(element).localname
