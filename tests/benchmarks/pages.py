"""Queries of opening the web client, the settings and an invoice, with our addons and without."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from e2e.odoo_user import OdooUser
from lxml import etree

from .rows import Row, row
from .workbench import Workbench

# Odoo's log: "GET /odoo HTTP/1.1" 200 - queries seconds-in-queries seconds-elsewhere
REQUEST = re.compile(r'"(?:GET|POST) (\S+) HTTP/1\.[01]" 200 - (\d+) ')
OPENED = 4


def measure(bench: Workbench) -> list[Row]:
    """Yield one row for each page."""
    ours = _pages(bench.demo.odoo_url, bench.demo.database, bench.demo.odoo.log)
    server = bench.alone_server()
    alone = _pages(server.address.removesuffix("/web/login"), bench.alone, server.log)
    return [
        row(
            f"pages: queries added to {page}",
            ours[page] - alone[page],
            "queries",
            1,
            note=f"{ours[page]} against {alone[page]}",
        )
        for page in ours
    ]


def _pages(url: str, database: str, log: Path) -> dict[str, int]:
    """Return the queries of each page, after a first visit to all."""
    user = OdooUser(url, database, "admin")
    invoice = _invoice(user)
    pages = {
        "the web client": lambda: user.get("/odoo"),
        "the settings": _opening(user, "res.config.settings", None),
        "an invoice": _opening(user, "account.move", invoice),
    }
    return {name: _queries(log, opening) for name, opening in pages.items()}


def _queries(log: Path, opening: Any) -> int:
    """Return the fewest queries that opening a page took."""
    counts = []
    for _time in range(OPENED):
        before = log.stat().st_size
        opening()
        counts.append(_logged(log, before))
    return min(counts)


def _logged(log: Path, start: int) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with open(log, "rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
        found = [int(queries) for path, queries in REQUEST.findall(text) if _is_page(path)]
        if found:
            return sum(found)
        time.sleep(0.05)
    raise RuntimeError(f"no request in {log}")


def _is_page(path: str) -> bool:
    return path.partition("#")[0].endswith(("/odoo", "/onchange", "/web_read"))


def _invoice(user: OdooUser) -> int:
    (partner,) = user.call("res.partner", "search", [], limit=1)
    line = (0, 0, {"name": "Usługa", "quantity": 1, "price_unit": 100})
    values = {"move_type": "out_invoice", "partner_id": partner, "invoice_line_ids": [line]}
    (invoice,) = user.call("account.move", "create", [values])
    return int(invoice)


def _opening(user: OdooUser, model: str, record: int | None) -> Any:
    """Return what the web client asks for when it opens a form: all fields of its view."""
    views = user.call(model, "get_views", [[False, "form"]])
    arch = etree.fromstring(views["views"]["form"]["arch"])
    known = views["models"][model]["fields"]
    names = {node.get("name") for node in arch.iter("field")} & set(known)
    wanted = {name: {} for name in sorted(names)}
    if record is None:
        return lambda: user.call(model, "onchange", [], {}, [], wanted)
    return lambda: user.call(model, "web_read", [record], wanted)
