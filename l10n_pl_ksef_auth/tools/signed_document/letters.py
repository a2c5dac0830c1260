"""Tells letters that a program damaged from a change that somebody made.

Programs read a file in one encoding and save it in another; what was signed is XML in UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .document import elements_of

#: Encodings in which programs for Polish read a file: Windows, ISO, Western European, DOS.
_READ_AS = ("cp1250", "iso-8859-2", "cp1252", "iso-8859-1", "cp852")
#: Pairs of one letter a byte that are taken for each other.
_MIXED_UP = (("cp1250", "iso-8859-2"), ("iso-8859-2", "cp1250"))
#: Repairs that are tried on one document: each costs libxmlsec a walk through it.
_MOST = 3
#: What stands where a letter was that an encoding lacks.
_LOST = re.compile(r"\ufffd|[^\W0-9_]\?|\?[^\W0-9_]")

#: What XML cannot hold.
_NO_LETTER = re.compile(r"[\ufffe\uffff\ud800-\udfff]")

_Texts = tuple[str, str, dict[str, str]]


def repairs(tree: Any) -> Iterator[tuple[str, dict[Any, _Texts]]]:
    """Yield ways to undo what a program may have done to all letters beyond ASCII.

    :return: name of the encoding, and text, tail and attributes of each changed element
    """
    done: list[dict[Any, _Texts]] = []
    for name, repair in _REPAIRS:
        repaired = _repaired(tree, repair)
        if repaired and repaired not in done and len(done) < _MOST:
            done.append(repaired)
            yield name, repaired


def letters_are_lost(properties: Any) -> bool:
    """Return True if signs stand in the signed properties in the place of letters."""
    for element in properties.iter("*") if properties is not None else ():
        text = "" if elements_of(element) else element.text or ""
        if _LOST.search(text) and "://" not in text:
            return True
    return False


def _repaired(tree: Any, repair: Callable[[str], str]) -> dict[Any, _Texts]:
    """Return the repaired texts of all elements that change; nothing where a text does not fit."""
    changed = {}
    try:
        for element in tree.iter("*"):
            texts = (element.text or "", element.tail or "")
            text, tail = (t if t.isascii() else repair(t) for t in texts)
            attributes = {
                name: repair(value) for name, value in element.items() if not value.isascii()
            }
            if _NO_LETTER.search("".join((text, tail, *attributes.values()))):
                return {}
            if attributes or (text, tail) != texts:
                changed[element] = (text, tail, attributes)
    except UnicodeError:
        return {}
    return changed


def _bytes_of(text: str, name: str) -> bytes:
    """Return the bytes that a program read as this text; bytes without a letter stayed as such."""
    return text.translate(_WITHOUT_A_LETTER).encode(name, "surrogateescape")


def _reread(text: str, name: str) -> str:
    """Return the text in UTF-8 that was read in another encoding, and saved so, once or more."""
    again = _bytes_of(text, name).decode()
    try:
        return again if again.isascii() else _reread(again, name)
    except ValueError:
        return again


def _other(text: str, read: str, real: str) -> str:
    """Return the text that was read in one encoding of one byte a letter and written in another."""
    return _bytes_of(text, read).decode(real)


_WITHOUT_A_LETTER = {code: 0xDC00 + code for code in range(0x80, 0xA0)}
_REPAIRS: tuple[tuple[str, Callable[[str], str]], ...] = (
    *((name, partial(_reread, name=name)) for name in _READ_AS),
    *((real, partial(_other, read=read, real=real)) for read, real in _MIXED_UP),
)
