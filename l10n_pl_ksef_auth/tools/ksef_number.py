"""KSeF's number of an invoice, as people copy it from another program (docs/ksef.md E18)."""

from __future__ import annotations

import re

from . import nip

#: Seller's NIP, day of arrival, twelve characters of KSeF's own, checksum.
_PATTERN = re.compile(
    r"[1-9][0-9]{9}-20[2-9][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
    "-[0-9A-F]{12}-[0-9A-F]{2}"
)
_SPACES = re.compile(r"[\s\u00ad\u200b\u2060\ufeff]+")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
#: What the checksum is of: all before the last dash.
_SUMMED = 32


class InvalidKsefNumber(ValueError):
    """``reason``: format, checksum, seller."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Not a KSeF number: {reason}")
        self.reason = reason


def normalise(text: str | None, seller: str | None) -> str:
    """Return a KSeF number as KSeF writes it: 35 characters, capital letters.

    :param text: as a person typed or pasted it
    :param seller: the NIP of the company whose invoice it is, as people write it
    :raises InvalidKsefNumber: when the text is no such number, or another company's
    """
    number = _DASHES.sub("-", _SPACES.sub("", text or "")).upper()
    if not _PATTERN.fullmatch(number):
        raise InvalidKsefNumber("format")
    if int(number[-2:], 16) != _checksum(number[:_SUMMED]):
        raise InvalidKsefNumber("checksum")
    if number[:10] != nip.digits(seller):
        raise InvalidKsefNumber("seller")
    return number


def _checksum(text: str) -> int:
    """Return the CRC-8 of a text: polynomial 0x07, first value 0."""
    value = 0
    for byte in text.encode("ascii"):
        value ^= byte
        for _bit in range(8):
            value = (value << 1) ^ (0x107 if value & 0x80 else 0)
    return value
