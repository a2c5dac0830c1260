"""Says what a file is that is no XML, or no longer, by its bytes alone."""

from __future__ import annotations

import base64
import codecs
import re

from . import const
from .encodings import encoding, plain
from .model import Finding
from .report import finding

#: The bytes of byte order marks.
_MARK = b"\xef\xbb\xbf\xff\xfe"
_PEM_SIGNATURE = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS)")
#: A SEQUENCE that begins with an object identifier under 1.2.840.113549.1.7: PKCS#7 and CMS.
_CMS = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07",
    re.DOTALL,
)
_BASE64 = re.compile(rb"M[A-Za-z0-9+/\r\n]{39,}")
#: Archives of several kinds, and office documents in the format before 2007.
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x1f\x8b\x08",
    b"\xd0\xcf\x11\xe0",
)
#: The names of an ASiC's parts; a ZIP archive does not compress names.
_ASIC = re.compile(
    rb"application/vnd\.etsi\.asic|META-INF/[^\x00/]{0,40}(?:signature|\.p7s|timestamp|asicmanifest)",
    re.IGNORECASE,
)
#: A web page saved by a browser as a single file.
_ONE_FILE = re.compile(rb"(?:From: <Saved by|MIME-Version: ).*multipart/related", re.DOTALL)
#: A CMS signature as a mail program writes it (S/MIME).
_SMIME = re.compile(rb"application/(?:x-)?pkcs7-|multipart/signed", re.IGNORECASE)
_HEADER = re.compile(rb"[A-Za-z-]+: ")
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
    return by_magic(start, data)


def by_magic(start: bytes, data: bytes) -> Finding | None:
    """Return a finding if the first bytes are those of another kind of file.

    :param start: the first kilobyte, without byte order marks and white space
    """
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
    """Return True for a CMS signature: its bytes, the same in base64, PEM or S/MIME."""
    found = _BASE64.match(start)
    decoded = base64.b64decode(found[0].translate(None, b"\r\n")[:40]) if found else b""
    if _CMS.match(data) or _CMS.match(decoded) or _PEM_SIGNATURE.match(start):
        return True
    return bool(_HEADER.match(start) and _SMIME.search(start))


def _is_html(start: bytes) -> bool:
    """Return True if the first tag, after comments and an XML declaration, is HTML's."""
    text = plain(start)
    found, first = _HTML.search(text), _TAG.search(text)
    return found is not None and (first is None or found.start() <= first.start())


#: libxml2's codes for its own bounds: nesting, entities, lengths.
_BEYOND = {"ERR_RESOURCE_LIMIT", "ERR_ENTITY_LOOP", "ERR_INTERNAL_ERROR", "ERR_NAME_TOO_LONG"}
_LETTERS = {
    "ERR_INVALID_CHAR",
    "ERR_INVALID_ENCODING",
    "ERR_UNKNOWN_ENCODING",
    "ERR_UNSUPPORTED_ENCODING",
}
#: libxml2's codes for an end that is there: text behind it, or another tag than was opened.
_ENDED = {"ERR_DOCUMENT_END", "ERR_TAG_NAME_MISMATCH"}
#: A broken download leaves zeros in the place of the rest.
_GAP = b"\x00" * 16
_BEGUN_REFERENCE = re.compile(r"&#?\w*\Z")
_FIRST = re.compile(rb"<([A-Za-z_][^\s/<>]{0,100})")
_LAST = re.compile(rb"</([^\s/<>]{1,100})\s*>\s*\Z")
#: Names that only a request, signed or not, has.
_OURS = re.compile(rb"<(?:\w+:)?(?:AuthTokenRequest|SignatureValue)\b")
#: A byte order mark that was taken for letters and saved as such.
_TWICE = tuple("\ufeff".encode().decode(name).encode() for name in ("cp1250", "cp1252"))


def starts_with_markup(data: bytes) -> bool:
    """Return True if the first letter is ``<``, as in all XML of an encoding that is read here."""
    return data.lstrip(_MARK + b"\x00 \t\r\n").startswith(b"<")


def damage(data: bytes, kind: str, evidence: str) -> Finding:
    """Return what is wrong with a file that cannot be read as XML.

    :param kind: libxml2's name of the error, "" where it gave none
    """
    if kind in _BEYOND:
        return finding("too_complex", evidence)
    text = plain(data)
    if data.startswith(_TWICE):
        return finding("wrong_encoding", f"{evidence}, a byte order mark as letters")
    if starts_with_markup(data):
        cut = _lacks_its_end(text, kind)
        if cut and (data.endswith(_GAP) or _ends_within_a_letter(data)):
            return finding("cut", f"{evidence}, within a letter or in zeros")
        if kind in _LETTERS or not _decodes(data):
            return finding("wrong_encoding", f"{evidence}, declared {encoding(data)}")
        if cut:
            return finding("cut", evidence)
    return finding("damaged" if _OURS.search(text) else "not_xml", evidence)


def _lacks_its_end(text: bytes, kind: str) -> bool:
    """Return True if the end tag of the first element is missing.

    The name in one of its tags may be damaged.
    """
    first, last = _FIRST.search(text), _LAST.search(text[-500:])
    if first is not None and 0 < _count(rb"</%s\s*>", first, text) >= _opened(first, text):
        return False
    if last is not None and _count(rb"</%s\s*>", last, text) > _opened(last, text):
        return False
    return text.rfind(b"<") > text.rfind(b">") or kind not in _ENDED


def _opened(name: re.Match[bytes], text: bytes) -> int:
    return _count(rb"<%s(?=[\s/>])", name, text)


def _count(pattern: bytes, name: re.Match[bytes], text: bytes) -> int:
    return len(re.findall(pattern % re.escape(name[1]), text))


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
