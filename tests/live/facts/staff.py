"""The office's staff, and the end of it all: rights passed on, and taken back."""

from __future__ import annotations

import uuid
from typing import Any

from ..fact import fact
from ..life import MARK, Life
from ..people import NAMES
from .offices import give, given, take_back


def _to_employee(life: Life, right: str, whence: str) -> dict[str, Any]:
    """Return what gives B's employee a right.

    :param whence: who gives it, for the description
    """
    given_name, surname = NAMES
    return {
        "subjectIdentifier": {"type": "Pesel", "value": life["stranger"].value},
        "permissions": [right],
        "description": f"{MARK} {whence}",
        "subjectDetails": {
            "subjectDetailsType": "PersonByIdentifier",
            "personById": {"firstName": given_name, "lastName": surname},
        },
    }


def _pass_on(life: Life, target: dict[str, str]) -> str:
    body = {**_to_employee(life, "InvoiceRead", "B"), "targetIdentifier": target}
    return life.permission(life["login to B"], "POST", "indirect/grants", body)


def _to_client(life: Life) -> dict[str, str]:
    return {"type": "Nip", "value": life["A"]}


@fact("G2-16", "200, then 415")
def zaw_fa_is_taken_back(life: Life) -> str:
    """/testdata/permissions/revoke takes everything that somebody has in a context."""
    life.need("administrator")
    kind, value = life["stranger"].who
    body = {
        "contextIdentifier": {"type": "Nip", "value": life["company"]},
        "authorizedIdentifier": {"type": kind, "value": value},
    }
    said = life.door.call("POST", "/testdata/permissions/revoke", json=body).said
    return f"{said}, then {life.attempt(life['stranger'], life['company']).code}"


@fact("G2-4", "202 440", is_open=True)
def passing_on_without_leave(life: Life) -> str:
    """Which verdict there is on passing on what was not given to be passed on."""
    life.need("given rights")
    return _pass_on(life, _to_client(life))


@fact("G2-4", "202 200, Inactive")
def passing_on_to_nobody(life: Life) -> str:
    """A right for all clients can be given, and is Inactive while no client lets it be."""
    said = _pass_on(life, {"type": "AllPartners"})
    rows = life.rights(
        life["login to B"], "persons", queryType="PermissionsGrantedInCurrentContext"
    )
    found = [row for row in rows if row.get("targetIdentifier", {}).get("type") == "AllPartners"]
    for row in found:
        life.permission(life["login to B"], "DELETE", f"common/grants/{row['id']}")
    return f"{said}, {' '.join(row['permissionState'] for row in found) or 'no row'}"


@fact("G2-2", "415")
def employee_stays_outside(life: Life) -> str:
    """An employee of B gets into A by no right of B."""
    life.need("given rights")
    return str(life.attempt(life["stranger"], life["A"]).code)


@fact("G2-13", "202 200, 202 200")
def right_is_taken_back(life: Life) -> str:
    """A takes its rights back, one by one."""
    return ", ".join(take_back(life))


@fact("G2-13", "202 400", is_open=True)
def right_that_is_not_there_is_taken_back(life: Life) -> str:
    """How an order ends that takes back what is not there."""
    number = str(uuid.UUID(int=life.chance.getrandbits(128), version=4))
    return life.permission(life["login to A"], "DELETE", f"common/grants/{number}")


@fact("G2-13", "415", is_open=True)
def office_is_out(life: Life) -> str:
    """B's login to A ends in 415 at once."""
    return str(life.attempt(life["certificate of B"], life["A"]).code)


@fact("G2-13", "200, no rights", is_open=True)
def access_token_without_rights(life: Life) -> str:
    """An older access token of B answers on in A, with empty rights."""
    access = life["B in A"].access
    path = "/permissions/query/personal/grants"
    answer = life.door.call("POST", path, access, json={})
    rows = answer.body.get("permissions")
    return f"{answer.said}, {'no rights' if rows == [] else 'rights'}"


@fact("E1", "none", is_open=True)
def end_of_rights_is_read(life: Life) -> str:
    """The addon reads from B's older access token in A that the rights are gone."""
    life.need("given rights")
    return life.rights_as_read(life["B in A"], life["A"])


@fact("G2-13", "200", is_open=True)
def refresh_without_rights(life: Life) -> str:
    """Whether B's refresh token in A is refused, with 21301, or gives a token without rights."""
    return life.door.call("POST", "/auth/token/refresh", life["B in A"].refresh).said


@fact("G2-7", "202 200, to be passed on")
def right_is_given_anew(life: Life) -> str:
    """Given anew after it was taken back, a right can be passed on."""
    said = give(life, can_delegate=True)
    passed = any(row["canDelegate"] for row in given(life))
    if passed:
        life["rights to pass on"] = True
    return f"{said}, {'to be passed on' if passed else 'not to be passed on'}"


@fact("G2-3", "202 200, then 200")
def employee_enters(life: Life) -> str:
    """An employee gets into A by a right that B has passed on."""
    life.need("rights to pass on")
    said = _pass_on(life, _to_client(life))
    login = life.attempt_soon(life["stranger"], life["A"])
    if login.code == 200:
        life["employee in A"] = life.redeemed(login)
    return f"{said}, then {login.code}"


@fact("G2-11", "the client as target")
def employee_sees_the_target(life: Life) -> str:
    """In A the employee's row names A as its target."""
    rows = life.rights(life["employee in A"])
    targets = [row.get("targetIdentifier", {}).get("value") for row in rows]
    return "the client as target" if targets == [life["A"]] else f"{len(rows)} rows, others"


@fact("G2-13", "415")
def employee_is_out_with_the_office(life: Life) -> str:
    """When A takes its rights back, B's employee is out at once."""
    life.need("employee in A")
    take_back(life)
    return str(life.attempt(life["stranger"], life["A"]).code)


@fact("G2-10", "Inactive", is_open=True)
def row_of_the_employee(life: Life) -> str:
    """What the employee's row in B says after B has lost the right."""
    life.need("employee in A")
    rows = life.rights(
        life["login to B"], "persons", queryType="PermissionsGrantedInCurrentContext"
    )
    return ", ".join(sorted({row["permissionState"] for row in rows})) or "no row"


@fact("G-2", "202 200, then 200")
def right_of_a_person(life: Life) -> str:
    """A can give a right to the employee directly."""
    body = _to_employee(life, "InvoiceWrite", "A")
    said = life.permission(life["login to A"], "POST", "persons/grants", body)
    return f"{said}, then {life.attempt_soon(life['stranger'], life['A']).code}"
