"""Removes from KSeF what the journal says was made there; after a run, and after a killed one."""

from __future__ import annotations

from collections.abc import Callable

import requests

from tools.errors import KsefError

from . import people
from .fact import NotSeen, Refused
from .journal import Entry, Journal
from .life import MARK, Life
from .login import Login

_FAILURES = (
    KsefError,
    NotSeen,
    Refused,
    requests.RequestException,
    LookupError,
    TypeError,
    ValueError,
)


class Cleaner:
    """Works off a journal. Whoever made something logs in anew: the journal holds no key."""

    def __init__(self, life: Life, say: Callable[[str], None]) -> None:
        self._life, self._say = life, say

    @property
    def _journal(self) -> Journal:
        return self._life.journal

    def clean(self) -> int:
        """Remove everything; return how many things are left.

        :raises Stopped: when nothing may be sent any more
        """
        for entry in self._journal.left():
            for value in (entry.nip, entry.who[1]):
                self._life.redactor.learn(value, f"number of a {entry.kind}")
            try:
                _STEPS[entry.kind](self, entry)
            except _FAILURES as error:
                text = self._life.redactor.text(str(error) or type(error).__name__)
                self._say(f"not cleaned up ({entry.kind}): {text}")
            else:
                self._journal.is_gone(entry)
        return len(self._journal.left())

    def _unblock(self, entry: Entry) -> None:
        self._post("/testdata/context/unblock", contextIdentifier=_nip(entry))

    def _take_permission(self, entry: Entry) -> None:
        kind, value = entry.who
        authorized = {"type": kind, "value": value}
        path = "/testdata/permissions/revoke"
        self._post(path, contextIdentifier=_nip(entry), authorizedIdentifier=authorized)

    def _remove_person(self, entry: Entry) -> None:
        self._post("/testdata/person/remove", nip=entry.nip)

    def _post(self, path: str, **body: object) -> None:
        answer = self._life.door.call("POST", path, json=body)
        if answer.status != 200:
            raise Refused(f"{path}: {answer.said} {answer.details}".strip())

    def _undo_of_identity(self, entry: Entry) -> None:
        """Log in as whoever did something in a context, undo it, and end all sessions there.

        Who gets in no longer has nothing there: neither a session to refresh nor a right.
        """
        kind, value = entry.who
        signer = (people.human if kind == "Pesel" else people.seal)("the cleaner", value)
        login = self._life.attempt(signer, entry.nip)
        if login.code in _OUTSIDE:
            return
        if login.code != 200:
            raise Refused(f"the login: {login.said}")
        self._life.redeemed(login)
        try:
            if entry.kind == "owner":
                self._take_rights(login)
                self._revoke_tokens(login)
                path = "/testdata/limits/subject/certificate"
                self._life.accepted(self._life.door.call("DELETE", path, login.access))
            self._revoke_certificates(login)
            self._end_sessions(login)
        finally:
            self._life.leave(login)

    def _take_rights(self, login: Login) -> None:
        life = self._life
        rows = [
            row
            for query in ("PermissionsInCurrentContext", "PermissionsGrantedInCurrentContext")
            for row in life.rights(login, "persons", queryType=query)
        ]
        for number in {row["id"] for row in rows if row["description"].startswith(f"{MARK} ")}:
            said = life.permission(login, "DELETE", f"common/grants/{number}")
            if said != "202 200":
                raise Refused(f"a right: {said}")

    def _revoke_tokens(self, login: Login) -> None:
        door = self._life.door
        params = {"status": "Active", "pageSize": "100"}
        listed = self._life.accepted(door.call("GET", "/tokens", login.access, params=params))
        for item in listed.body["tokens"]:
            if item["description"].startswith(MARK):
                path = f"/tokens/{item['referenceNumber']}"
                self._life.accepted(door.call("DELETE", path, login.access))

    def _revoke_certificates(self, login: Login) -> None:
        client = self._life.client
        for item in list(client.certificates(login.access, status="Active")):
            if item.name.startswith(MARK):
                client.revoke_certificate(login.access, item.serial_number, "Superseded")

    def _end_sessions(self, login: Login) -> None:
        client = self._life.client
        for item in list(client.sessions(login.access)):
            if not item.is_current:
                client.revoke_session(login.access, item.reference_number)


def _nip(entry: Entry) -> dict[str, str]:
    return {"type": "Nip", "value": entry.nip}


#: Statuses of a login that mean: no right here any more, or a person who has died.
_OUTSIDE = (415, 470)
_STEPS: dict[str, Callable[[Cleaner, Entry], None]] = {
    "block": Cleaner._unblock,
    "guest": Cleaner._undo_of_identity,
    "owner": Cleaner._undo_of_identity,
    "permission": Cleaner._take_permission,
    "person": Cleaner._remove_person,
}
