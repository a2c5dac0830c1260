"""An office acts for a client: rights given, seen and taken back. Open points come first."""

from __future__ import annotations

from typing import Any

from tools import grants
from tools.grantee import Number

from .. import cast, people
from ..fact import fact
from ..life import MARK, Life
from ..login import Login

BOTH = ("InvoiceRead", "InvoiceWrite")
#: What the addon finds a grant of its own by.
MARKER = "to-the-office"


def to_office(life: Life, can_delegate: bool, **more: Any) -> dict[str, Any]:
    """Return what gives B the rights to A's invoices."""
    return {
        "subjectIdentifier": {"type": "Nip", "value": life["B"]},
        "permissions": [{"type": right, "canDelegate": can_delegate} for right in BOTH],
        "description": grants.description(MARKER, f"{MARK} A"),
        "subjectDetails": {"fullName": "Próbne Biuro Żółw Sp. z o.o."},
        **more,
    }


def give(life: Life, can_delegate: bool = False, **more: Any) -> str:
    """Have A give B its rights, and return how that ended."""
    body = to_office(life, can_delegate, **more)
    return life.permission(life["login to A"], "POST", "entities/grants", body)


def given(life: Life) -> list[dict[str, Any]]:
    """Return the rights that B has in A, as A sees them."""
    return life.rights(
        life["login to A"],
        "persons",
        queryType="PermissionsInCurrentContext",
        authorizedIdentifier={"type": "Nip", "value": life["B"]},
    )


def take_back(life: Life) -> list[str]:
    """Have A take back all that B has, and return how each of it ended."""
    login = life["login to A"]
    return [life.permission(login, "DELETE", f"common/grants/{row['id']}") for row in given(life)]


@fact("G-4", "200, all rights")
def client_is_owner(life: Life) -> str:
    """A, a client of the office B, is its own owner: it has all rights without any grant."""
    nip, pesel = cast.owner_of_a_nip(life, "A")
    owner = people.human("the owner of A", pesel)
    login = life.attempt_soon(owner, nip)
    if login.code != 200:
        return login.said
    life["A"], life["owner of A"] = nip, owner
    life["login to A"] = life.redeemed(login)
    path = "/permissions/query/personal/grants"
    body = life.accepted(life.door.call("POST", path, login.access, json={})).body
    rights = set(body.get("ownerPermissions") or ())
    rights |= {row["permissionScope"] for row in body["permissions"]}
    return "200, all rights" if {*BOTH, "CredentialsManage"} <= rights else "200, some rights"


@fact("G2-15", "400 21405")
def short_name(life: Life) -> str:
    """A name of fewer than five letters is refused."""
    return give(life, subjectDetails={"fullName": "ABC"})


@fact("G2-15", "400 21405", is_open=True)
def right_named_twice(life: Life) -> str:
    """A right that stands in the list of a grant twice is refused."""
    twice = [{"type": "InvoiceRead", "canDelegate": False}] * 2
    return give(life, permissions=twice)


@fact("G2-6", "202 410", is_open=True)
def right_to_oneself(life: Life) -> str:
    """Which verdict there is on a right that a company gives to itself."""
    return give(life, subjectIdentifier={"type": "Nip", "value": life["A"]})


@fact("G-1", "202 200")
def right_is_given(life: Life) -> str:
    """A gives B the rights to its invoices, not to be passed on."""
    said = give(life)
    if said == "202 200":
        life["given rights"] = True
    return said


@fact("G2-2", "200", is_open=True)
def sole_trader_enters(life: Life) -> str:
    """Whether the person who owns B's NIP gets into A by the right of B."""
    life.need("given rights")
    login = life.attempt_soon(life["owner of B"], life["A"])
    if login.code == 200:
        life.leave(life.redeemed(login))
    return login.said


@fact("G2-7", "202 200, not to be passed on", is_open=True)
def right_is_given_again(life: Life) -> str:
    """What the verdict is on a right that is there, and whether it may be passed on then."""
    life.need("given rights")
    said = give(life, can_delegate=True)
    passed = any(row["canDelegate"] for row in given(life))
    return f"{said}, {'to be passed on' if passed else 'not to be passed on'}"


@fact("G2-13", "202 420", is_open=True)
def office_resigns(life: Life) -> str:
    """Whether B can give a right back by itself."""
    rows = life.rights(life["login to B"], "entities")
    if not rows:
        return "B does not see it"
    return life.permission(life["login to B"], "DELETE", f"common/grants/{rows[0]['id']}")


@fact("G2-2", "200 InvoiceRead InvoiceWrite")
def certificate_of_the_office_enters(life: Life) -> str:
    """The KSeF certificate of B's seal gets into A, with the rights of B."""
    life.need("given rights")
    login = life.attempt_soon(life["certificate of B"], life["A"])
    if login.code != 200:
        return login.said
    life["B in A"] = life.redeemed(login)
    scopes = sorted({row["permissionScope"] for row in life.rights(login)})
    return " ".join(["200", *scopes])


@fact("G2-8", "InvoiceRead, InvoiceWrite")
def client_sees_the_office(life: Life) -> str:
    """A finds B in query/persons/grants, one row for each right."""
    rows = given(life)
    return ", ".join(sorted(row["permissionScope"] for row in rows)) or "nothing"


@fact("G2-9", "both rights")
def addon_finds_its_grant(life: Life) -> str:
    """The addon finds its grant again in A, by the marker in the description."""
    office = Number("nip", life["B"])
    rows = list(life.client.given_rights(life["login to A"].access, office))
    marked = [row for row in rows if row.description.endswith(f"[{MARKER}]")]
    return "both rights" if not grants.missing(marked, BOTH) else f"{len(marked)} of {len(rows)}"


@fact("G2-8", "nothing")
def received_rights_are_empty_at_the_client(life: Life) -> str:
    """In A, query/entities/grants is empty: A has received nothing."""
    life.need("given rights")
    rows = life.rights(life["login to A"], "entities")
    return ", ".join(sorted(row["permissionScope"] for row in rows)) or "nothing"


@fact("G2-10", "InvoiceRead of A, InvoiceWrite of A")
def office_sees_the_client(life: Life) -> str:
    """In its own context B finds A in query/entities/grants."""
    rows = life.rights(life["login to B"], "entities")
    names = {life["A"]: "A", life["B"]: "B"}
    found = [(row["permissionScope"], row["contextIdentifier"]["value"]) for row in rows]
    return ", ".join(sorted(f"{scope} of {names.get(nip, '?')}" for scope, nip in found))


@fact("E1", "of A")
def foreign_rights_in_the_own_list(life: Life) -> str:
    """B's own list holds what A gave, marked by A as the contextIdentifier."""
    life.need("given rights")
    rows = life.rights(life["login to B"])
    nips = {row.get("contextIdentifier", {}).get("value") for row in rows}
    return "of A" if life["A"] in nips else "not there"


@fact("G2-11", "may send and receive")
def office_is_read_at_its_client(life: Life) -> str:
    """The addon reads B's rights in A."""
    return life.rights_as_read(life["B in A"], life["A"])


@fact("E1", "may send and receive")
def office_is_read_at_home(life: Life) -> str:
    """The addon still reads B as the owner of its own NIP, though its list holds A's rights."""
    life.need("given rights")
    return life.rights_as_read(life["login to B"], life["B"])


@fact("G2-5", "403 missing-permissions")
def office_may_not_pass_on(life: Life) -> str:
    """Who may not manage rights is refused at once, not by the verdict."""
    office: Login = life["B in A"]
    return life.permission(office, "POST", "entities/grants", to_office(life, False))


@fact("G2-14", "204, then 200")
def right_outlives_the_session(life: Life) -> str:
    """The right outlives the session in which it was given."""
    login = life.log_in(life["owner of A"], life["A"])
    said = life.leave(login)
    return f"{said}, then {life.attempt(life['certificate of B'], life['A']).code}"
