"""Polish tax numbers (NIP) and KSeF's internal identifiers of units, as people write them."""

from __future__ import annotations

import re

#: People write this into Odoo's Tax ID of a partner without a number.
NOT_APPLICABLE = "/"
_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_PREFIX = re.compile(r"^\s*(?:NIP)?[\s:.]*(?:PL)?[\s:]*", re.IGNORECASE)
#: Separators that people type or paste: spaces of all kinds, dashes of all kinds, dots.
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015\u2212\u00ad\u200b\u2060\ufeff]+")
#: Schema 2.1, TNIP.
_PATTERN = re.compile(r"[1-9](?:[0-9][1-9]|[1-9][0-9])[0-9]{7}")


class InvalidNip(ValueError):
    """``reason``: missing, length, characters, checksum, pattern; for units internal_id,
    unit_missing, unit_of_another.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"Not a NIP: {reason}")
        self.reason = reason


def normalise(text: str | None) -> str:
    """Return the ten digits of a NIP written with a prefix, spaces or dashes.

    :raises InvalidNip: when the text is no NIP
    """
    digits = _digits(text)
    if len(digits) != 10:
        raise InvalidNip("length")
    _check(digits)
    return digits


def normalise_internal_id(text: str | None) -> str:
    """Return an internal identifier as ``NIP-12345`` (schema 2.1, TIID).

    :raises InvalidNip: when the text is no NIP
    """
    try:
        digits = _digits(text)
        if len(digits) != 15:
            raise InvalidNip("length")
        _check(digits[:10])
    except InvalidNip as error:
        missing = error.reason == "missing"
        raise InvalidNip("unit_missing" if missing else "internal_id") from error
    return f"{digits[:10]}-{digits[10:]}"


def formatted(nip: str) -> str:
    """Return ten digits as Poles write them: 526-587-76-35."""
    return f"{nip[:3]}-{nip[3:6]}-{nip[6:8]}-{nip[8:]}" if len(nip) == 10 else nip


def digits(text: str | None) -> str:
    """Return nothing but the digits of a text, for comparing."""
    return re.sub("[^0-9]", "", text or "")


def is_unit_of(unit: str | None, nip: str | None) -> bool:
    """Return True if an internal identifier begins with a company's own NIP.

    :param unit: the internal identifier, as people write it
    :param nip: the company's NIP, as people write it
    """
    return digits(unit)[:10] == digits(nip)


def check_unit_of(unit: str, nip: str) -> None:
    """Refuse another company's internal identifier: it would log in to that company.

    :raises InvalidNip: it does not begin with the company's own NIP
    """
    if not is_unit_of(unit, nip):
        raise InvalidNip("unit_of_another")


def _digits(text: str | None) -> str:
    digits = _SEPARATORS.sub("", _PREFIX.sub("", text or ""))
    if digits in ("", NOT_APPLICABLE):
        raise InvalidNip("missing")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidNip("characters")
    return digits


def _check(digits: str) -> None:
    control = (
        sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits[:9], strict=True)) % 11
    )
    if control != int(digits[9]):
        raise InvalidNip("checksum")
    if not _PATTERN.fullmatch(digits):
        raise InvalidNip("pattern")
