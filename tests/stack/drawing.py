"""`./run draw`: draws the tables of states into the documentation."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from .places import ROOT
from .say import say

PAGE = ROOT / "docs/design.md"
END = "<!-- end -->"
ADDON = ROOT / "l10n_pl_ksef_auth"
# Where each table stands, and its name there.
TABLES = {"session": "SESSION", "certificate": "CERTIFICATE", "request": "REQUEST"}


def main() -> int:
    """Write the tables into the page; the exit code."""
    PAGE.write_text(drawn(PAGE.read_text()))
    say(f"{PAGE.relative_to(ROOT)} shows the tables of {' and '.join(TABLES)}")
    return 0


def drawn(page: str) -> str:
    """Return a page with the present tables in their places."""
    for name in TABLES:
        begin = f"<!-- states: {name} -->"
        before, _mark, rest = page.partition(begin)
        _old, _mark, after = rest.partition(END)
        page = f"{before}{begin}\n{_table(load(name))}\n{END}{after}"
    return page


def load(name: str) -> Any:
    """Return a table without Odoo: its module and the parts it is made of are plain Python."""
    for package, folder in (
        ("drawn_addon", ADDON),
        ("drawn_addon.models", ADDON / "models"),
        ("drawn_addon.models.base", ADDON / "models/base"),
        (f"drawn_addon.models.{name}", ADDON / "models" / name),
    ):
        stand_in = sys.modules.setdefault(package, ModuleType(package))
        stand_in.__path__ = [str(folder)]
    module = importlib.import_module(f"drawn_addon.models.{name}.states")
    return getattr(module, TABLES[name])


def _table(table: Any) -> str:
    """Return one table as two lists and a picture, in Markdown."""
    states = [f"| {state.name} | {state.label} | {state.groups} |" for state in table.states]
    rows = [_row(row) for row in table.rows]
    return "\n".join(
        [
            *("", "```mermaid", "stateDiagram-v2", *_arrows(table), "```", ""),
            *("| state | what people read | groups |", "|---|---|---|", *states, ""),
            *("| in | what | if | leads to |", "|---|---|---|---|", *rows, ""),
        ]
    )


def _arrows(table: Any) -> list[str]:
    """Return the picture's arrows: one for each way between two states, with all that go it."""
    ways: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        # What may happen in any state would hide all else.
        for old in row.states.replace("*", "").split():
            for new in row.leads_to.split():
                names = ways.setdefault((old, new), [])
                if new != old and _words(row.method) not in names:
                    names.append(_words(row.method))
    arrows = [
        f"    {old} --> {new}: {', '.join(names)}" for (old, new), names in ways.items() if names
    ]
    return [f"    [*] --> {table.states[0].name}", *arrows]


def _row(row: Any) -> str:
    """Return one line of the list of ways."""
    kind = type(row).__name__.lower()
    states = "any" if row.states == "*" else row.states
    when = f"`{row.when}`" if getattr(row, "when", "") else ""
    return f"| {states} | {kind} `{row.method}` | {when} | {row.leads_to or '–'} |"


def _words(method: str) -> str:
    """Return a method's name as words."""
    return method.removeprefix("_step_").strip("_").replace("_", " ")
