"""Typed reading of KSeF's JSON: a missing member raises KeyError, an odd one ValueError."""

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


def text(data: Json, name: str) -> str:
    """Return a text that must be there."""
    value = data[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is not a text")
    return value


def optional(data: Json, name: str) -> str | None:
    """Return a text, or None."""
    value = data.get(name)
    return value if isinstance(value, str) and value else None


def number(data: Json, name: str) -> int:
    """Return a whole number that must be there."""
    value = data[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} is not a number")
    return value


def moment(data: Json, name: str) -> datetime:
    """Return a time that must be there."""
    return parse_moment(text(data, name))


def optional_moment(data: Json, name: str) -> datetime | None:
    """Return a time, or None."""
    value = optional(data, name)
    return parse_moment(value) if value else None


def member(data: Json, name: str) -> Json:
    """Return an object that must be there."""
    value = data[name]
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is not an object")
    return value


def texts(data: Json, name: str) -> tuple[str, ...]:
    """Read a list of texts, a single text, or nothing."""
    value = data.get(name)
    items = value if isinstance(value, list) else [value]
    return tuple(item for item in items if isinstance(item, str) and item)
