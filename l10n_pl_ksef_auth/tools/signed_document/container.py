"""Recognises files that are no XML at all by their first bytes."""

from __future__ import annotations

import base64
import re

from .limits import MAX_SIZE
from .model import Finding
from .report import finding

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_PEM_SIGNATURE = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS|PKCS7)")
#: A SEQUENCE that begins with an object identifier under 1.2.840.113549.1.7: PKCS#7 and CMS.
_CMS = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07",
    re.DOTALL,
)
_BASE64 = re.compile(rb"M[A-Za-z0-9+/\r\n]{39,}")
#: Archives of several kinds, and office documents of the older one.
_ARCHIVES = (
    b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b\x08",
    b"\xd0\xcf\x11\xe0",
)  # fmt: skip
#: Names of an ASiC's parts stand in a ZIP archive as they are.
_ASIC = re.compile(rb"application/vnd\.etsi\.asic|META-INF/[^\x00/]{0,40}signature", re.IGNORECASE)
#: A web page saved by a browser as a single file.
_ONE_FILE = re.compile(rb"(?:From: <Saved by|MIME-Version: ).*multipart/related", re.DOTALL)
_HTML = re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_TAG = re.compile(rb"<[A-Za-z]")
_START = 1024


def recognise(data: bytes) -> Finding | None:
    """Say what kind of other file ``data`` is; None when it may be XML.

    Nothing is ever unpacked.

    :param data: the whole file; only its size and its first kilobyte are looked at, and of an
        archive the names in it
    """
    if len(data) > MAX_SIZE:
        limit = f"{MAX_SIZE // 1024 // 1024} MB"
        return finding("too_large", f"{len(data)} bytes", size=_megabytes(len(data)), limit=limit)
    start = _without_mark(data[:_START]).lstrip()
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
    """Whether this is a CMS signature: its bytes, the same in Base64, or PEM."""
    found = _BASE64.match(start)
    decoded = base64.b64decode(found[0].translate(None, b"\r\n")[:40]) if found else b""
    return bool(_CMS.match(data) or _CMS.match(decoded) or _PEM_SIGNATURE.match(start))


def _is_html(start: bytes) -> bool:
    """Whether the first tag is HTML's; comments and an XML declaration may come before it."""
    text = start.replace(b"\x00", b"")
    found, first = _HTML.search(text), _TAG.search(text)
    return found is not None and (first is None or found.start() <= first.start())


def _without_mark(data: bytes) -> bytes:
    for mark in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :]
    return data


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB"
