"""Makes findings from the table and values of the document, and puts them in order."""

from __future__ import annotations

import re

from .findings import TABLE
from .limits import MAX_VALUE
from .model import Finding

#: A PESEL, or digits among which one may be.
_PERSONAL_NUMBER = re.compile(r"[0-9]{9,}([0-9]{2})")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+"
)


def mask(text: str) -> str:
    """Return ``text`` fit to be kept: short, one line, eleven digits or more in a row masked."""
    short = _CONTROL.sub(" ", text[: 2 * MAX_VALUE]).strip()
    if len(short) > MAX_VALUE:
        short = short[: MAX_VALUE - 1] + "…"
    return _PERSONAL_NUMBER.sub(r"•••••••••\1", short)


def finding(code: str, evidence: str = "", **values: str) -> Finding:
    """Return the finding of ``code`` with values for its placeholders and evidence for support.

    :raises KeyError: for a code that the table lacks
    """
    meaning = TABLE[code]
    clean = {name: mask(value) for name, value in values.items()}
    return Finding(code, meaning.level, meaning.text, meaning.action, clean, mask(evidence))


_LEVELS = ("stop", "warn", "info")
_ORDER = {code: position for position, code in enumerate(TABLE)}


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, the gravest first, then in the order of the table."""
    unique = dict.fromkeys((f.level, f.code, f.evidence) for f in findings)
    first = {(f.level, f.code, f.evidence): f for f in reversed(findings)}
    return tuple(
        first[key]
        for key in sorted(unique, key=lambda key: (_LEVELS.index(key[0]), _ORDER[key[1]]))
    )
