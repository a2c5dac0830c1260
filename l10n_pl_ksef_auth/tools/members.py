"""Typed reading of KSeF's JSON: a missing member raises KeyError, an odd one ValueError.

An odd member that is only shown to people spoils nothing: it is cleaned, or left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

Json = Mapping[str, Any]
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
#: What goes into a header or an address again: tokens, challenges, reference and serial numbers.
_WORD = re.compile("[!-~]+")
#: No database stores these: zero, and halves of letters.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: Characters of one text for people, and how many such texts a list may have.
LONGEST, MOST = 1000, 20
#: Numbers are int32 (KSeF's contract), as those of a database.
_BEYOND_NUMBERS = 2**31


def parse_moment(text: str) -> datetime:
    """Read KSeF's time (up to seven decimals, sometimes without a zone, then UTC) as aware UTC.

    :raises ValueError: when the text is not an ISO date and time
    """
    match = _TIME.fullmatch(text)
    if not match:
        raise ValueError("not a date and time")
    seconds, fraction, zone = match.groups()
    iso = f"{seconds}.{(fraction or '0').ljust(6, '0')}{'+00:00' if zone in (None, 'Z') else zone}"
    return datetime.fromisoformat(iso).astimezone(timezone.utc)


def for_people(text: str) -> str:
    """Return a text of KSeF's fit to be kept: not too long, without what nobody stores."""
    return _UNSTORABLE.sub("?", text[:LONGEST])


def _exact(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value or _UNSTORABLE.search(value):
        raise ValueError(f"{name} is not a text")
    return value


def text(data: Json, name: str) -> str:
    """Return a text that must be there, letter for letter."""
    return _exact(data[name], name)


def word(data: Json, name: str) -> str:
    """Return a text that must be there and can be sent back: visible ASCII, nothing else."""
    value = text(data, name)
    if not _WORD.fullmatch(value):
        raise ValueError(f"{name} is not a word")
    return value


def optional_word(data: Json, name: str) -> str | None:
    """Return a text that can be sent back, or None where there is none."""
    return word(data, name) if data.get(name) else None


def optional_text(data: Json, name: str) -> str | None:
    """Return a text letter for letter, or None where there is none."""
    return text(data, name) if data.get(name) else None


def optional(data: Json, name: str) -> str | None:
    """Return a text for people, or None."""
    value = data.get(name)
    return for_people(value) if isinstance(value, str) and value else None


def number(data: Json, name: str) -> int:
    """Return a whole number that must be there."""
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _BEYOND_NUMBERS:
        raise ValueError(f"{name} is not a number")
    return value


def moment(data: Json, name: str) -> datetime:
    """Return a time that must be there."""
    return parse_moment(text(data, name))


def optional_moment(data: Json, name: str) -> datetime | None:
    """Return a time, or None; what nobody needs must not spoil an answer."""
    value = optional(data, name)
    try:
        return parse_moment(value) if value else None
    except (ValueError, OverflowError):
        return None


def member(data: Json, name: str) -> Json:
    """Return an object that must be there."""
    value = data[name]
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is not an object")
    return value


def _listed(data: Json, name: str) -> list[Any]:
    value = data.get(name)
    return value if isinstance(value, list) else [value]


def texts(data: Json, name: str) -> tuple[str, ...]:
    """Read a list of texts for people, a single one, or nothing."""
    items = _listed(data, name)[:MOST]
    return tuple(for_people(item) for item in items if isinstance(item, str) and item)


def exact_texts(data: Json, name: str) -> tuple[str, ...]:
    """Read a list of texts, a single text, or nothing, letter for letter."""
    return tuple(_exact(item, name) for item in _listed(data, name) if item)
