"""Measures the reading of an uploaded document, beside parsing it with lxml alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from lxml import etree
from reader.costliest import costliest, largest_accepted
from reader.shared import reading, signed

Row = dict[str, object]


def measure() -> list[Row]:
    """Return name, value, unit, target and whether the target is met, one row a measurement."""
    usual, largest = signed(layout="podpis-zaufany"), largest_accepted()
    return [
        *_rows("a usual document", usual, rounds=200, limit=5.0, times=150.0),
        *_rows("the largest accepted document", largest, rounds=5, limit=500.0, times=150.0),
        *_rows("the costliest document within the bounds", costliest(), rounds=1, limit=2000.0),
    ]


def _rows(
    name: str, data: bytes, rounds: int, limit: float, times: float | None = None
) -> list[Row]:
    """Measure one document.

    :param limit: milliseconds that reading may take
    :param times: how often it could be parsed in that time; None for no target
    """
    read = _milliseconds(lambda: reading(data), rounds)
    parsed = _milliseconds(lambda: etree.fromstring(data), rounds)
    size = f"{name} ({len(data) / 1024:.1f} KiB)"
    return [
        _row(f"reader: reading {size}", read, "ms", limit),
        _row(f"reader: parsing {size} alone", parsed, "ms", None),
        _row(f"reader: reading against parsing, {name}", read / parsed, "x", times),
    ]


def _milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of the process, so that other processes do not count."""
    times = []
    for _round in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1000


def _row(name: str, value: float, unit: str, target: float | None) -> Row:
    met = target is None or value <= target
    return {"name": name, "value": round(value, 3), "unit": unit, "target": target, "met": met}
