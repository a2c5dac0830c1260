"""Opens the committed corpus."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stack.sizes import wide

_DOCUMENTS = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Valid:
    """A document that KSeF would accept, and who signed it; see `generate.people.Identity`."""

    file: str
    tool: str
    layout: str
    identity: str
    algorithm: str
    kind: str
    name: str
    masked: str

    @property
    def data(self) -> bytes:
        """The document's bytes."""
        return (_DOCUMENTS / "valid" / self.file).read_bytes()


@dataclass(frozen=True)
class Faulty:
    """A document with something wrong, and exactly the codes to be found."""

    file: str
    codes: tuple[str, ...]

    @property
    def data(self) -> bytes:
        """The document's bytes."""
        return (_DOCUMENTS / "faulty" / self.file).read_bytes()


@cache
def _index() -> dict[str, list[dict]]:
    return json.loads((_DOCUMENTS / "index.json").read_text())


@cache
def valid() -> tuple[Valid, ...]:
    """Return all valid documents."""
    return tuple(Valid(**row) for row in _index()["valid"])


@cache
def faulty() -> tuple[Faulty, ...]:
    """Return all faulty documents."""
    return tuple(Faulty(row["file"], tuple(row["codes"])) for row in _index()["faulty"])


@cache
def representatives() -> tuple[Valid, ...]:
    """Return one document of each tool and layout; identities and algorithms take turns.

    In `./run test all` return every valid document.
    """
    if wide():
        return valid()
    groups: dict[tuple[str, str], list[Valid]] = {}
    for item in valid():
        groups.setdefault((item.tool, item.layout), []).append(item)
    return tuple(items[number % len(items)] for number, items in enumerate(groups.values()))
