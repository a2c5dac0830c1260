"""Recognises files that are no XML at all by their first bytes."""

from __future__ import annotations

import re

from .limits import MAX_SIZE
from .model import Finding
from .report import finding

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_PEM_SIGNATURE = re.compile(rb"-----BEGIN (?:PKCS ?#?7|CMS|PKCS7)")
#: DER of the object identifiers under 1.2.840.113549.1.7, the contents of PKCS#7 and CMS.
_CMS = bytes.fromhex("2a864886f70d0107")
_HTML = re.compile(rb"<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_TAG = re.compile(rb"<[A-Za-z]")
_START = 1024


def recognise(data: bytes) -> Finding | None:
    """Say what kind of other file ``data`` is; None when it may be XML.

    :param data: the whole file; only its size and its first kilobyte are looked at
    """
    if len(data) > MAX_SIZE:
        limit = f"{MAX_SIZE // 1024 // 1024} MB"
        return finding("too_large", f"{len(data)} bytes", size=_megabytes(len(data)), limit=limit)
    start = _without_mark(data[:_START]).lstrip()
    if not start:
        return finding("empty", f"{len(data)} bytes")
    return _by_magic(start, data[:_START])


def _by_magic(start: bytes, raw: bytes) -> Finding | None:
    evidence = f"first bytes {raw[:16].hex()}"
    if b"%PDF-" in start and not start.startswith(b"<"):
        return finding("pdf", evidence)
    if start.startswith(b"PK\x03\x04"):
        return finding("asic" if b"application/vnd.etsi.asic" in raw else "zip", evidence)
    if (raw[:1] == b"\x30" and _CMS in raw) or _PEM_SIGNATURE.match(start):
        return finding("p7s", evidence)
    if _is_html(start):
        return finding("html", evidence)
    return None


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
