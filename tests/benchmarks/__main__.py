"""`./run bench [--json FILE] [--companies N] [PART …]`: a table of what things cost."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from stack.say import announce, say

from . import loading, pages, reader, renewals
from .rows import Row, row, table
from .workbench import Workbench, workbench

# challenge, xades-signature, status, redeem
FEWEST = 4
LOGIN = ("challenge", "xades-signature", "auth-status", "redeem", "permissions")
HOURS = 6
# So many companies the list is promised to be quick for.
MANY = 1000


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--companies", type=int, default=1000, help="renewals to measure")
    parser.add_argument("parts", nargs="*", metavar="PART", help="all unless told")
    options = parser.parse_args()
    parts = options.parts or list(PARTS)
    rows = reader.measure() if "reader" in parts else []
    rows += loading.measure() if "loading" in parts else []
    if set(parts) - {"reader", "loading"}:
        rows += _in_odoo([part for part in PARTS if part in parts], options.companies)
    say(table(rows))
    missed = [item["name"] for item in rows if not item["met"]]
    say(f"bench: {len(rows)} rows, missed: {'; '.join(missed) or 'none'}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False))


def _in_odoo(parts: list[str], companies: int) -> list[Row]:
    rows: list[Row] = []
    with workbench() as bench:
        counts = bench.connect()
        for part in parts:
            measure = PARTS[part]
            if measure:
                announce(f"measuring: {part}")
                rows += measure(bench, counts, companies)
    return rows


def _login(_bench: Workbench, counts: dict[str, int], _companies: int) -> list[Row]:
    calls = sum(counts.get(name, 0) for name in LOGIN)
    note = ", ".join(f"{name} {counts.get(name, 0)}" for name in LOGIN)
    return [row("first login: requests against the fewest", calls / FEWEST, "x", note=note)]


def _token(bench: Workbench, _counts: dict[str, int], _companies: int) -> list[Row]:
    ours = bench.inside("token", simulator=bench.simulator.url)
    alone = bench.inside("token", database=bench.alone)
    against = ours["milliseconds"] / alone["milliseconds"]
    note = f"{ours['milliseconds']:.2f} ms against {alone['milliseconds']:.2f} ms"
    return [
        row("warm token: queries", ours["queries"], "queries", 1),
        row("warm token: HTTP requests", ours["requests"], "requests", 0),
        row("warm token: time against the sender's field", against, "x", note=note),
    ]


def _signing(bench: Workbench, _counts: dict[str, int], _companies: int) -> list[Row]:
    times = bench.inside("signing")
    bare, stored = times["bare"], times["stored"] / times["bare"]
    fastest = min(times["sender"], times["sender_loading"])
    opening = (times["stored"] - times["signing"]) / bare
    note = (
        f"{times['stored']:.3f} ms, bare {bare:.3f} ms: {opening:.1f} x to check whose database"
        " this is, read the vault's key and decrypt, the rest is libxmlsec loading and signing"
    )
    kept = f"it keeps its key loaded, in clear: {times['sender']:.3f} ms"
    return [
        row("signing with the stored key against a bare sign()", stored, "x", note=note),
        row("signing alone, of that", times["signing"] / bare, "x", 8),
        row("the sender's fastest against a bare sign()", fastest / bare, "x", note=kept),
        row("the sender's as it is used, loading its key", times["sender_loading"] / bare, "x"),
    ]


def _codes(bench: Workbench, _counts: dict[str, int], _companies: int) -> list[Row]:
    costs = bench.inside("codes", simulator=bench.simulator.url)
    rows: list[Row] = []
    for name, kind, queries in (("I", "invoice", 0), ("II", "certificate", 2)):
        cost = costs[kind]
        rows += [
            row(f"link of code {name}: queries", cost["queries"], "queries", queries),
            row(f"link of code {name}: HTTP requests", cost["requests"], "requests", 0),
            row(f"link of code {name}: time", cost["milliseconds"], "ms"),
        ]
    return rows


def _day(bench: Workbench, _counts: dict[str, int], _companies: int) -> list[Row]:
    options = {"simulator": bench.simulator.url, "hours": HOURS}
    ours = bench.inside("day", **options)
    alone = bench.inside("day", database=bench.alone, **options)
    scale = 24 / HOURS
    note = f"{HOURS} hours measured; failed: ours {{}}, alone {{}}"
    note = note.format(ours["failures"], alone["failures"])
    name = "a day of sending every minute, 4 workers: requests besides the sending"
    return [
        row(name, ours["others"] * scale, "requests", note=note),
        row(f"{name}, Odoo's sender alone", alone["others"] * scale, "requests"),
        row("the same, ours against alone", ours["others"] / alone["others"], "x", 1),
    ]


def _pages(bench: Workbench, _counts: dict[str, int], _companies: int) -> list[Row]:
    return pages.measure(bench)


def _overview(bench: Workbench, _counts: dict[str, int], companies: int) -> list[Row]:
    """The list of companies: the first page under a second, and no query more than for few."""
    rows: list[Row] = []
    companies = max(companies, MANY)
    for name, cost in bench.inside("overview", count=companies).items():
        *_less_than_a_page, some, many = cost["queries"]
        name = f"list of {companies} companies, {name}: first page"
        note = "for 5, 40, 600 and all: " + ", ".join(f"{one:.0f}" for one in cost["queries"])
        rows += [
            row(name, cost["milliseconds"][-1], "ms", 1000),
            row(f"{name}, queries more than for 600", many - some, "queries", 0, note=note),
        ]
    return rows


def _renewals(bench: Workbench, _counts: dict[str, int], companies: int) -> list[Row]:
    return renewals.measure(bench, companies)


PARTS: dict[str, Callable[[Workbench, dict[str, int], int], list[Row]] | None] = {
    "reader": None,
    "loading": None,
    "login": _login,
    "token": _token,
    "signing": _signing,
    "codes": _codes,
    "pages": _pages,
    "overview": _overview,
    "day": _day,
    "renewals": _renewals,
}

if __name__ == "__main__":
    main()
