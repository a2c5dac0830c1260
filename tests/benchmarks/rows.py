"""One measured figure a row, and the table of them."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def row(
    name: str,
    value: float,
    unit: str,
    target: float | None = None,
    at_least: bool = False,
    note: str = "",
) -> Row:
    """One figure.

    :param target: what the value must not exceed (or, with ``at_least``, reach); None for none
    :param note: why a target is missed, or what the figure was measured on
    """
    good = target is None or (value >= target if at_least else value <= target)
    found = {"name": name, "value": round(value, 3), "unit": unit, "target": target, "met": good}
    return found | ({"note": note} if note else {})


def table(rows: list[Row]) -> str:
    """Return the rows as lines of text."""
    width = max(len(item["name"]) for item in rows)
    return "\n".join(_line(item, width) for item in rows)


def _line(item: Row, width: int) -> str:
    target = "" if item["target"] is None else f"target {item['target']:g}"
    verdict = "" if item["target"] is None else ("met" if item["met"] else "MISSED")
    value = f"{item['value']:>12g} {item['unit']:<10}"
    note = f"  {item['note']}" if item.get("note") else ""
    return f"{item['name']:<{width}} {value} {target:<12} {verdict:<7}{note}".rstrip()
