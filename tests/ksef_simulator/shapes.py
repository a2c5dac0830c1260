"""The JSON that requests carry, checked as KSeF's contract describes it.

A shape is a function that takes a value and its path in the body; it raises KSeF's 21405.  Members
that no shape names are let through, as KSeF does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .answers import Refused
from .identities import is_nip, is_pesel

Shape = Callable[[Any, str], None]
VALIDATION = 21405
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_NIP = re.compile(r"[1-9]([0-9][1-9]|[1-9][0-9])[0-9]{7}")


def wrong(path: str, what: str = "ma nieprawidłową wartość") -> Refused:
    """Return the refusal of one member."""
    return Refused(VALIDATION, f"Pole '{path}' {what}.")


def record(
    required: Mapping[str, Shape] | None = None, optional: Mapping[str, Shape] | None = None
) -> Shape:
    """Return the shape of an object with these members."""
    needed, others = required or {}, optional or {}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong(path)
        missing = [name for name in needed if value.get(name) is None]
        if missing:
            raise Refused(VALIDATION, *(f"Pole '{name}' jest wymagane." for name in missing))
        for name, shape in {**needed, **others}.items():
            if name in value:
                shape(value[name], f"{path}.{name}".lstrip("."))

    return check


def nullable(shape: Shape) -> Shape:
    """Return a shape that null has as well."""
    return lambda value, path: None if value is None else shape(value, path)


def different(shape: Shape, named: Callable[[Any], Any]) -> Shape:
    """Return the shape of a list in which no value is there twice.

    :param shape: of the whole list
    :param named: what two values must not have in common
    """

    def check(value: Any, path: str) -> None:
        shape(value, path)
        if len({named(item) for item in value}) < len(value):
            raise wrong(path, "zawiera powtórzone wartości")

    return check


def array(shape: Shape, least: int = 0, most: int | None = None) -> Shape:
    """Return the shape of a list of so many values of one shape."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            raise wrong(path)
        if most is not None and len(value) > most:
            raise wrong(path, f"może mieć najwyżej {most} elementów")
        for position, item in enumerate(value):
            shape(item, f"{path}[{position}]")

    return check


def text(least: int = 0, most: int | None = None, pattern: str = ".*") -> Shape:
    """Return the shape of a text of so many characters that follows a pattern as a whole."""
    known = re.compile(pattern, re.DOTALL)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not known.fullmatch(value):
            raise wrong(path)
        if len(value) < least or (most is not None and len(value) > most):
            raise wrong(path, f"musi mieć od {least} do {most} znaków")

    return check


def choice(*values: str) -> Shape:
    """Return the shape of one of these texts."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in values:
            raise wrong(path)

    return check


def whole(least: int = -(2**31), most: int = 2**31 - 1) -> Shape:
    """Return the shape of a whole number within these bounds."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise wrong(path)

    return check


def flag(value: Any, path: str) -> None:
    """Check a boolean."""
    if not isinstance(value, bool):
        raise wrong(path)


def data(value: Any, path: str) -> None:
    """Check bytes in Base64 (format "byte")."""
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise wrong(path, "nie jest poprawnym ciągiem Base64") from None
    if not isinstance(value, str):
        raise wrong(path)


def digest(value: Any, path: str) -> None:
    """Check a SHA-256 in Base64."""
    text(44, 44)(value, path)
    data(value, path)


def moment(value: Any, path: str) -> None:
    """Check a date with a time (format "date-time")."""
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise wrong(path, "nie jest poprawną datą")


def day(value: Any, path: str) -> None:
    """Check a date (format "date")."""
    try:
        datetime.strptime(value, "%Y-%m-%d")
    except (TypeError, ValueError):
        raise wrong(path, "nie jest poprawną datą") from None


def nip(value: Any, path: str) -> None:
    """Check a NIP: the contract's pattern, and its check digit."""
    if not isinstance(value, str) or not _NIP.fullmatch(value) or not is_nip(value):
        raise wrong(path, "nie jest numerem NIP")


def pesel(value: Any, path: str) -> None:
    """Check a PESEL with its check digit."""
    if not isinstance(value, str) or not is_pesel(value):
        raise wrong(path, "nie jest numerem PESEL")


def identifier(**kinds: Shape) -> Shape:
    """Return the shape of an object with a type, and a value of the shape that the type has."""
    pair = record({"type": choice(*kinds), "value": text()})

    def check(value: Any, path: str) -> None:
        pair(value, path)
        kinds[value["type"]](value["value"], f"{path}.value")

    return check
