"""What is done last, and only on demand: it blocks a context."""

from __future__ import annotations

from ..fact import fact
from ..life import Life


def _context(life: Life) -> dict[str, object]:
    return {"contextIdentifier": {"type": "Nip", "value": life["company"]}}


@fact("A1-480", "480 Podejrzenie incydentu bezpieczeństwa", blocks=True)
def blocked_context(life: Life) -> str:
    """A login to a context that KSeF has blocked ends in 480."""
    life.journal.will_make("block", life["company"])
    life.door.call("POST", "/testdata/context/block", json=_context(life))
    life.door.may_be_blocked = True
    try:
        return life.attempt(life["owner"], life["company"]).said.partition(".")[0]
    finally:
        life.door.may_be_blocked = False
        life.door.call("POST", "/testdata/context/unblock", json=_context(life))


@fact("A1-480", "200", blocks=True)
def unblocked_context(life: Life) -> str:
    """After POST /testdata/context/unblock a login to it succeeds again."""
    return life.attempt(life["owner"], life["company"]).said
