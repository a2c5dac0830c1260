"""What a run has seen: a table for the person at the terminal, a JSON for an issue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .door import Exchange
from .redactor import Redactor
from .runner import AS_EXPECTED, Row


def line(row: Row) -> str:
    """Return a row for the terminal: the fact, what was expected, what was seen."""
    mark = "?" if row.fact.is_open else " "
    if row.verdict == AS_EXPECTED:
        verdict, told = "ok", [f"expected and seen: {row.seen}"]
    else:
        verdict, told = row.verdict, [f"expected: {row.fact.expected}", f"seen: {row.seen}"]
    return f"\n{'':24}".join([f"{verdict:10}{row.fact.cite:12}{mark:2}{row.fact.text}", *told])


def summary(rows: Sequence[Row]) -> str:
    """Return how many rows there are, by verdict."""
    counts = Counter(row.verdict for row in rows)
    found = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    return (
        f"{len(rows)} facts: {found or 'none seen'} (? marks what the page on KSeF does not know)"
    )


def for_an_issue(
    base_url: str,
    began: datetime,
    rows: Sequence[Row],
    exchanges: Sequence[Exchange],
    redactor: Redactor,
    times: dict[str, float],
    ended: str,
) -> dict[str, Any]:
    """Return what may be attached to an issue: codes, shapes, names of headers, times.

    :param times: seconds that KSeF took to give a right or take it back
    :param ended: why it ended early, empty if it did not
    """
    return {
        "address": base_url,
        "began": began.isoformat(timespec="seconds"),
        "ended early": redactor.text(ended),
        "facts": [_row(row) for row in rows],
        "seconds": {name: round(seconds, 1) for name, seconds in times.items()},
        "exchanges": [_exchange(item, redactor) for item in exchanges],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.fact.name,
        "cite": row.fact.cite,
        "fact": row.fact.text,
        "open": row.fact.is_open,
        "expected": row.fact.expected,
        "seen": row.seen,
        "verdict": row.verdict,
    }


def _exchange(item: Exchange, redactor: Redactor) -> dict[str, Any]:
    answer = item.answer
    warning = answer.headers.get("X-System-Warning")
    told: dict[str, Any] = {
        "fact": item.fact,
        "call": f"{item.method} {redactor.text(item.path)}",
        "status": answer.status,
        "said": answer.said,
        "headers": sorted(name.lower() for name in answer.headers),
        "seconds": round(item.seconds, 2),
    }
    if warning:
        told["warning"] = redactor.text(warning)
    if answer.content:
        told["body"] = redactor.shape(answer.body) or redactor.text(
            answer.content.decode("utf-8", "replace")[:300]
        )
    return told
