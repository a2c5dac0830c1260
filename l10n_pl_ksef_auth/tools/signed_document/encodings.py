"""Finds the encoding of a file, and refuses those that would hide markup from the bounds."""

from __future__ import annotations

import re

from .model import Finding
from .report import finding

#: Byte order marks, and the first letter of a document in encodings of two and four bytes.
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
#: The bytes of byte order marks.
_MARK = b"\xef\xbb\xbf\xff\xfe"
_DECLARED = re.compile(rb"""\bencoding\s*=\s*["']([^"']*)["']""")
#: Encodings that write markup with the bytes of ASCII and zeros.  In others (UTF-7, EBCDIC) markup
#: would hide from the bounds; nobody signs in those.
_PLAIN = re.compile(
    r"utf-?8|utf-?(?:16|32)(?:-?[lb]e)?|ucs-?[24]|(?:us-)?ascii|iso[-_]?8859-[0-9]{1,2}|latin-?[1-9]"
    r"|(?:windows|cp)-?125[0-9]",
    re.IGNORECASE,
)


def plain(data: bytes) -> bytes:
    """Return a file as its markup is looked for: without byte order marks and zero bytes.

    So markup has the bytes of ASCII in all encodings that are read here.
    """
    return data.lstrip(_MARK).replace(b"\x00", b"")


def encoding(data: bytes) -> str:
    """Return the encoding that a mark or the XML declaration states, in lower case."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    return next(iter(_declared(data)), "utf-8")


def hidden_markup(data: bytes) -> str:
    """Return an encoding that the file declares and whose markup would not be seen, "" if none."""
    return next((name for name in _declared(data) if not is_plain(name)), "")


def is_plain(name: str) -> bool:
    """Return True for an encoding whose markup has the bytes of ASCII."""
    return _PLAIN.fullmatch(name) is not None


def encoding_findings(data: bytes) -> list[Finding]:
    """Warn of encodings that leave every digest intact and that KSeF refuses all the same.

    The source is docs/ksef.md D-3: canonical XML is UTF-8 whatever the file is written in.
    """
    name = encoding(data)
    if name not in ("utf-8", "utf8", "us-ascii", "ascii"):
        return [finding("not_utf8", f"encoding {name}", found=name)]
    marked = data.startswith(b"\xef\xbb\xbf")
    return [finding("byte_order_mark", "first bytes ef bb bf")] if marked else []


def _declared(data: bytes) -> list[str]:
    """Return the encodings in the XML declaration, which holds one at most if it is well-formed."""
    text = plain(data).lstrip()
    if not text.startswith(b"<?xml"):
        return []
    declaration = text.partition(b"?>")[0]
    return [name.decode("latin-1").lower() for name in _DECLARED.findall(declaration)]
