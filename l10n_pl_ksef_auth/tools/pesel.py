"""The number that Poland gives each person."""

from __future__ import annotations

import re

_PATTERN = re.compile("[0-9]{11}")
_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)


def is_valid(number: str) -> bool:
    """Return True if a text is eleven digits of which the last is the right check digit."""
    if not _PATTERN.fullmatch(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=True))
    return total % 10 == 0
