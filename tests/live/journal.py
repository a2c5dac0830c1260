"""What was made at KSeF, written down before it is made, until it is cleaned up."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: What there is to clean up, in this order: a blocked context; what a guest, then an owner, has
#: made after logging in to a context; a right and a person of /testdata.
LOGINS = ("guest", "owner")
KINDS = ("block", *LOGINS, "permission", "person")


@dataclass(frozen=True)
class Entry:
    """One thing that was made at KSeF: its kind and what it takes to undo it.

    :param nip: the context
    :param who: type and value of an identity, as KSeF names them; may be a PESEL
    """

    kind: str
    nip: str
    who: tuple[str, str] = field(default=("", ""), repr=False)


class Journal:
    """A file that survives the process: one JSON object a line, readable for its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open = self._read()

    def _read(self) -> list[Entry]:
        found: list[Entry] = []
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        for line in lines:
            try:
                entry, done = _parsed(json.loads(line))
            except (ValueError, TypeError, KeyError):
                continue  # the process was killed while it wrote, so nothing was made
            if done and entry in found:
                found.remove(entry)
            elif not done and entry not in found:
                found.append(entry)
        return found

    def will_make(self, kind: str, nip: str, who: tuple[str, str] = ("", "")) -> None:
        """Write down what is about to be made; what stands there already is not repeated.

        :param kind: one of KINDS
        """
        entry = Entry(kind, nip, who)
        if entry not in self._open:
            self._write(entry, False)
            self._open.append(entry)

    def forget(self, kind: str, nip: str, who: tuple[str, str] = ("", "")) -> None:
        """Write down that something was not made after all."""
        self.is_gone(Entry(kind, nip, who))

    def is_gone(self, entry: Entry) -> None:
        """Write down that something was cleaned up; without anything left the file goes."""
        self._open.remove(entry)
        if self._open:
            self._write(entry, True)
        else:
            self.path.unlink(missing_ok=True)

    def left(self) -> list[Entry]:
        """Return what is to be cleaned up, in the right order."""
        return sorted(self._open, key=lambda entry: KINDS.index(entry.kind))

    def _write(self, entry: Entry, done: bool) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line: dict[str, Any] = {"kind": entry.kind, "nip": entry.nip, "who": list(entry.who)}
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.path, flags, 0o600), "a") as file:
            file.write(json.dumps({**line, "done": done}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _parsed(line: dict[str, Any]) -> tuple[Entry, bool]:
    kind, value = line["who"]
    return Entry(line["kind"], line["nip"], (kind, value)), bool(line["done"])
