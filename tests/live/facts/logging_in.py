"""The first logins: who owns a context, who does not, and what a login gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tools import clock

from .. import cast, people
from ..fact import fact
from ..life import Life
from ..login import Login


@fact("A0-5", "challenge, clientIp, timestamp")
def challenge_members(life: Life) -> str:
    """POST /auth/challenge answers a challenge, its time and the caller's address."""
    answer = life.door.call("POST", "/auth/challenge")
    life.redactor.learn(str(answer.body.get("clientIp") or ""), "address")
    wanted = {"challenge", "timestamp", "clientIp"}
    return ", ".join(sorted(wanted & set(answer.body)))


@fact("G2-16", "200")
def linked_person_is_owner(life: Life) -> str:
    """A PESEL that /testdata/person links to a NIP logs in to it."""
    nip, pesel = cast.owner_of_a_nip(life, "the company")
    owner = people.human("the owner", pesel)
    login = life.attempt_soon(owner, nip)
    if login.code == 200:
        life["company"], life["owner"] = nip, owner
        life["login"] = login
    return login.said


@fact("G2-16", "200")
def seal_is_owner(life: Life) -> str:
    """A seal that its company made itself logs in to the company's NIP."""
    nip, pesel = cast.owner_of_a_nip(life, "B")
    life["B"], life["owner of B"] = nip, people.human("the owner of B", pesel)
    seal = people.seal("the seal of B", nip)
    login = life.attempt(seal, nip)
    if login.code == 200:
        life["seal of B"], life["login to B"] = seal, life.redeemed(login)
    return login.said


@fact("A1-415", "415 Brak przypisanych uprawnień")
def stranger_has_no_right(life: Life) -> str:
    """A signature of somebody without any right ends in 415."""
    pesel = cast.number(life, "PESEL of the stranger", people.draw_pesel)
    stranger = people.human("the stranger", pesel)
    life["stranger"] = stranger
    life["refused login"] = login = life.attempt(stranger, life["company"])
    return login.said


@fact("A1-redeem", "400 21301 Status uwierzytelniania (415) nie pozwala na pobranie tokenów.")
def refused_login_gets_no_tokens(life: Life) -> str:
    """A login that ended in 415 has no tokens to fetch."""
    login: Login = life["refused login"]
    answer = life.door.call("POST", "/auth/token/redeem", login.authentication_token)
    return f"{answer.said} {answer.details}".strip()


def _from_now(text: str) -> timedelta:
    return datetime.fromisoformat(text.replace("Z", "+00:00")[:19] + "+00:00") - clock.now()


@fact("A0-1", "about 45 minutes")
def authentication_token_lives_45_minutes(life: Life) -> str:
    """The token of the operation lives 45 minutes."""
    login: Login = life["login"]
    return _about(_from_now(login.answer.body["authenticationToken"]["validUntil"]), 45)


def _about(found: timedelta, expected: float) -> str:
    """Return a time in minutes, as the expected one when it is near it."""
    minutes = found.total_seconds() / 60
    near = abs(minutes - expected) <= max(3, expected / 20)
    return f"about {expected:g} minutes" if near else f"{minutes:.0f} minutes"


@fact("A0-1", "about 15 minutes, about 10080 minutes")
def tokens_live(life: Life) -> str:
    """The access token lives 15 minutes, the refresh token 7 days."""
    life.redeemed(life["login"])
    body = life.door.exchanges[-1].answer.body
    access, refresh = (
        _from_now(body[name]["validUntil"]) for name in ("accessToken", "refreshToken")
    )
    return f"{_about(access, 15)}, {_about(refresh, 7 * 24 * 60)}"


@fact("A2-14", "400 21301")
def tokens_are_given_once(life: Life) -> str:
    """Tokens can be fetched once."""
    login: Login = life["login"]
    return life.door.call("POST", "/auth/token/redeem", login.authentication_token).said


@fact("A1-status", "400 21304")
def foreign_operation_is_not_found(life: Life) -> str:
    """The token of one operation does not show another one."""
    login: Login = life["login"]
    path = f"/auth/{life['login to B'].reference}"
    return life.door.call("GET", path, login.authentication_token).said


@fact("A0-2", "any right at all")
def one_right_lets_in(life: Life) -> str:
    """Any one right lets a login succeed."""
    life.journal.will_make("permission", life["company"], life["stranger"].who)
    given = life.door.call("POST", "/testdata/permissions", json=_zaw_fa(life))
    login = life.attempt_soon(life["stranger"], life["company"])
    if login.code != 200:
        return f"{given.said}, then {login.said}"
    life["administrator"] = life.redeemed(login)
    return "any right at all"


def _zaw_fa(life: Life) -> dict[str, object]:
    kind, value = life["stranger"].who
    right = {"permissionType": "CredentialsManage", "description": "Odoo live"}
    return {
        "contextIdentifier": {"type": "Nip", "value": life["company"]},
        "authorizedIdentifier": {"type": kind, "value": value},
        "permissions": [right],
    }


@fact("E1", "rights of an owner in ownerPermissions")
def owner_permissions(life: Life) -> str:
    """An owner's rights stand in ownerPermissions since 2.9.0; older lists were empty or rows."""
    answer = _personal(life, life["login"])
    owners, rows = answer.get("ownerPermissions"), answer.get("permissions") or []
    if owners:
        return "rights of an owner in ownerPermissions"
    return f"ownerPermissions {owners!r}, {'rows' if rows else 'no rows'}"


@fact("E1", "empty or null")
def others_are_no_owners(life: Life) -> str:
    """Who is no owner has no ownerPermissions."""
    answer = _personal(life, life["administrator"])
    owners = answer.get("ownerPermissions")
    return "empty or null" if not owners else ", ".join(owners)


@fact("E1", "may send and receive")
def owner_is_read(life: Life) -> str:
    """The addon reads an owner's rights in either shape: listed, or none and no word of owners."""
    return life.rights_as_read(life["login"], life["company"])


@fact("E1", "CredentialsManage")
def administrator_is_read(life: Life) -> str:
    """The addon takes nobody for an owner who is none."""
    return life.rights_as_read(life["administrator"], life["company"])


@fact("E2", "CollectiveIdentifierManage")
def right_to_collective_identifiers(life: Life) -> str:
    """Among an owner's rights is the one to collective identifiers, since 2.7.0."""
    owners = _personal(life, life["login"]).get("ownerPermissions") or []
    return ", ".join(set(map(str, owners)) & {"CollectiveIdentifierManage"}) or "not there"


@fact("G2-5", "CredentialsManage")
def administrator_may_not_send(life: Life) -> str:
    """A right by ZAW-FA to manage rights is none to send or read invoices."""
    rows = life.rights(life["administrator"])
    return ", ".join(sorted(row["permissionScope"] for row in rows))


def _personal(life: Life, login: Login) -> dict[str, Any]:
    path = "/permissions/query/personal/grants"
    return life.accepted(life.door.call("POST", path, login.access, json={})).body


@fact("A2-19", "TINPL")
def numbers_are_rewritten(life: Life) -> str:
    """Who logged in with NIP-… is to write TINPL-… in a certificate request."""
    login = life.log_in(people.trader("the trader of B", life["B"]), life["B"])
    data = life.client.enrollment_data(login.access)
    life.leave(login)
    return str(data.serial_number).partition("-")[0]
