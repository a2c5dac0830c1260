"""Who takes part: numbers drawn anew, and people of /testdata whom nobody else uses."""

from __future__ import annotations

import random
from collections.abc import Callable

from . import people
from .door import Answer
from .fact import NotSeen, Refused
from .life import MARK, Life

#: How often numbers are drawn anew that KSeF knows already.
_DRAWS = 5
KNOWN = 30001


def number(life: Life, label: str, draw: Callable[[random.Random], str]) -> str:
    """Draw a number, which no report will tell."""
    found = draw(life.chance)
    life.redactor.learn(found, label)
    return found


def owner_of_a_nip(life: Life, label: str, **more: bool) -> tuple[str, str]:
    """Make a person of /testdata who owns a NIP; return NIP and PESEL.

    Numbers that KSeF knows are dropped, and others drawn.

    :param more: further members of KSeF's request, such as isDeceased
    """
    for _draw in range(_DRAWS):
        nip = number(life, f"NIP of {label}", people.draw_nip)
        pesel = number(life, f"PESEL of {label}", people.draw_pesel)
        # Written down although it may be another guest's: KSeF's refusal takes it back.
        life.journal.will_make("person", nip, ("Pesel", pesel))
        answer = _make_person(life, nip, pesel, **more)
        if answer.status != 200:
            life.journal.forget("person", nip, ("Pesel", pesel))
            if KNOWN not in [code for code, _details in answer.errors()]:
                raise Refused(f"/testdata/person: {answer.said} {answer.details}".strip())
        elif more or not _is_in_use(life, nip, pesel):
            return nip, pesel
    raise NotSeen("each number that was drawn is known at KSeF")


def dies(life: Life, nip: str, pesel: str) -> None:
    """Have a person of /testdata be dead from now on."""
    life.accepted(life.door.call("POST", "/testdata/person/remove", json={"nip": nip}))
    life.accepted(_make_person(life, nip, pesel, isDeceased=True))


def _is_in_use(life: Life, nip: str, pesel: str) -> bool:
    """Return True if somebody has rights in this context already: another guest's company."""
    life.owns(nip, ("Pesel", pesel), ("Nip", nip))
    login = life.attempt(people.human("a newcomer", pesel), nip)
    if login.code != 200:
        return False
    life.redeemed(login)
    rows = life.rights(login, "persons", queryType="PermissionsInCurrentContext")
    life.leave(login)
    return bool(rows)


def _make_person(life: Life, nip: str, pesel: str, **more: bool) -> Answer:
    body = {"nip": nip, "pesel": pesel, "isBailiff": False, "description": MARK, **more}
    return life.door.call("POST", "/testdata/person", json=body)
