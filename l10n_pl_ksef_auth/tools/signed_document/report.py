"""Makes findings from the table and values of the document, and puts them in order."""

from __future__ import annotations

import re
from dataclasses import replace

from .const import MAX_VALUE
from .findings import SIGN_OTHERWISE, TABLE
from .model import Finding

#: A PESEL, or a longer run of digits that may hold one.
_PERSONAL_NUMBER = re.compile(r"[0-9]{9,}([0-9]{2})")
#: Characters that are read of a text: many more than are kept, so that no number is cut in two.
_LONGEST = 20 * MAX_VALUE
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]+"
)


def mask(text: str) -> str:
    """Return ``text`` as one short line, runs of eleven digits or more masked."""
    masked = _PERSONAL_NUMBER.sub(r"•••••••••\1", text[:_LONGEST])
    line = _CONTROL.sub(" ", masked).strip()
    return line if len(line) <= MAX_VALUE else line[: MAX_VALUE - 1] + "…"


def finding(code: str, evidence: str, **values: str) -> Finding:
    """Return the finding of ``code`` with values for its placeholders and evidence for support.

    :param evidence: what in the document shows it
    :raises KeyError: for a code that the table lacks
    """
    level, text, action = TABLE[code]
    clean = {name: mask(value) for name, value in values.items()}
    return Finding(code, level, text, action, clean, mask(evidence), action in SIGN_OTHERWISE)


#: Graver findings come first in the table.
_ORDER = {code: position for position, code in enumerate(TABLE)}


def ordered(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return each sentence once with the evidence of all, the gravest first."""
    same: dict[tuple[str, str], list[Finding]] = {}
    for item in findings:
        same.setdefault((item.code, item.sentence), []).append(item)
    merged = [
        replace(items[0], evidence=mask("; ".join(dict.fromkeys(f.evidence for f in items))))
        for items in same.values()
    ]
    return tuple(sorted(merged, key=lambda item: _ORDER[item.code]))
