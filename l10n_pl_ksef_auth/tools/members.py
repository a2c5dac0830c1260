"""Readers of the members of KSeF's JSON; a value that does not fit raises ValueError.

A value that is only shown to people never makes an answer invalid: it is cleaned, or left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import datetime, timezone
from typing import Any, TypeVar

_Read = TypeVar("_Read", bound="FromJson")
_Value = TypeVar("_Value")

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
#: Tokens, challenges, reference and serial numbers: texts that go into a header or an address.
_WORD = re.compile("[!-~]+")
#: No database stores these: zero, and halves of letters.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: Characters of one text for people, and how many such texts a list may have.
LONGEST, MOST = 1000, 20
#: What stands for always and for never: other days come before and after, whatever the zone.
_FIRST, _LAST = (datetime(year, 2, 1, tzinfo=timezone.utc) for year in (1, 9999))
#: Numbers are int32 (KSeF's contract), as those of a database.
_BEYOND_NUMBERS = 2**31


def member(
    name: str, read: Callable[[Any], Any], *, otherwise: str = "", secret: bool = False
) -> Any:
    """Declare a member of one of KSeF's answers as the field of a dataclass.

    :param name: of the JSON member; with dots for a member of a member
    :param read: makes the field's value of the member's, which is None where there is none
    :param otherwise: the member to be read where the first one is missing
    :param secret: keep the value out of the dataclass's repr
    """
    return field(repr=not secret, metadata={"names": (name, otherwise), "read": read})


class FromJson:
    """Base of the dataclasses that hold one of KSeF's JSON objects."""

    @classmethod
    def from_json(cls: type[_Read], data: Any) -> _Read:
        """Return the value of a JSON object.

        :raises ValueError: when a member that must be there is missing or odd
        """
        values = {
            item.name: item.metadata["read"](_first(data, *item.metadata["names"]))
            for item in fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass
            if item.metadata
        }
        return cls(**values)


def _first(data: Any, name: str, otherwise: str) -> Any:
    found = _at(data, name)
    return _at(data, otherwise) if found is None and otherwise else found


def _at(data: Any, path: str) -> Any:
    for name in path.split("."):
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


# What must be there


def text(value: Any) -> str:
    """Return a text that must be there, letter for letter."""
    if not isinstance(value, str) or not value or _UNSTORABLE.search(value):
        raise ValueError("not a text")
    return value


def word(value: Any) -> str:
    """Return a text that must be there and can be sent back: visible ASCII, nothing else."""
    if not _WORD.fullmatch(text(value)):
        raise ValueError("not a word")
    return str(value)


def number(value: Any) -> int:
    """Return a whole number that must be there."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _BEYOND_NUMBERS:
        raise ValueError("not a number")
    return value


def moment(value: Any) -> datetime:
    """Return a time that must be there: ISO, up to seven decimals; without a zone it is UTC."""
    match = _TIME.fullmatch(text(value))
    if not match:
        raise ValueError("not a date and time")
    seconds, fraction, zone = match.groups()
    iso = f"{seconds}.{(fraction or '0').ljust(6, '0')}{'+00:00' if zone in (None, 'Z') else zone}"
    return max(_FIRST, min(_LAST, datetime.fromisoformat(iso).astimezone(timezone.utc)))


def yes_or_no(value: Any) -> bool:
    """Return a truth value that must be there."""
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


# What may be missing


def is_true(value: Any) -> bool:
    """Return True if the member is there and true."""
    return value is True


def maybe(read: Callable[[Any], _Value]) -> Callable[[Any], _Value | None]:
    """Return a reader that gives None where there is nothing, and else what ``read`` gives."""
    return lambda value: read(value) if value else None


def exact_texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts, a single text, or nothing, letter for letter."""
    return tuple(text(item) for item in _listed(value) if item)


# What is only shown to people


def for_people(text: str) -> str:
    """Return a text that can be stored: cut to LONGEST, without unstorable characters."""
    return _UNSTORABLE.sub("?", text[:LONGEST])


def shown(value: Any) -> str:
    """Return a text for people, empty where there is none."""
    return for_people(value) if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts for people, a single one, or nothing."""
    items = _listed(value)[:MOST]
    return tuple(for_people(item) for item in items if isinstance(item, str) and item)


def optional_moment(value: Any) -> datetime | None:
    """Return a time, or None where it is missing or odd."""
    try:
        return moment(value) if value else None
    except (ValueError, OverflowError):
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
