"""What a guest does at KSeF, in verbs that the facts are told with."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Mapping
from typing import Any

from tools import auth_token_request
from tools.auth_token_request import Context, SubjectType
from tools.client import KsefClient
from tools.enrollment import build_csr, new_key

from . import people
from .door import Answer, Clock, Door
from .fact import NotSeen, Refused
from .journal import LOGINS, Journal
from .login import RUNNING, Login
from .people import Signer
from .redactor import Redactor

#: Seconds: how long KSeF may work on something, and how often it is asked.
PATIENCE, POLL = 120.0, 2.0
#: The beginning of every name and description that is left at KSeF.
MARK = "Odoo live"
WITHOUT_RIGHT = 415
#: How often a login by a right that was just given is tried, and seconds between two tries.
_TRIES, _LAG = 4, 8.0


class Life:
    """One life at KSeF: who takes part, what was got, and the ways to get more.

    `life["owner"]` is whom an earlier fact has put there.

    :param chance: draws the numbers
    """

    def __init__(
        self,
        door: Door,
        journal: Journal,
        redactor: Redactor,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self.door, self.journal, self.redactor = door, journal, redactor
        self.clock, self.chance = clock, chance
        self.client = KsefClient(door.base_url, session=door.session)
        self._things: dict[str, Any] = {}
        self._logins: list[Login] = []
        self._owners: dict[str, tuple[tuple[str, str], ...]] = {}
        self.times: dict[str, float] = {}
        for name in people.NAMES:
            redactor.learn(name, "name")

    def __getitem__(self, name: str) -> Any:
        """Return what an earlier fact has left.

        :raises NotSeen: when it has left nothing
        """
        if name not in self._things:
            raise NotSeen(f"there is no {name}")
        return self._things[name]

    def need(self, name: str) -> None:
        """Go on only if an earlier fact has left this.

        :raises NotSeen: when it has not
        """
        _ = self[name]

    def __setitem__(self, name: str, thing: Any) -> None:
        self._things[name] = thing

    @staticmethod
    def accepted(answer: Answer) -> Answer:
        """Return an answer that is no refusal.

        :raises Refused: for a refusal
        """
        if answer.status >= 400:
            raise Refused(f"{answer.said} {answer.details}".strip())
        return answer

    # Logging in

    def request(self, nip: str, subject_type: SubjectType = "certificateSubject") -> bytes:
        """Return a request for a context, with a new challenge."""
        challenge = self.client.challenge().challenge
        return auth_token_request.build(challenge, Context("Nip", nip), subject_type)

    def submit(
        self,
        document: bytes,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post a document as it is, and return whatever KSeF says."""
        told = {"Content-Type": "application/xml", **(headers or {})}
        path = "/auth/xades-signature"
        return self.door.call("POST", path, data=document, headers=told, params=params)

    def attempt(
        self, signer: Signer, nip: str, document: bytes | None = None, **more: Any
    ) -> Login:
        """Log in as far as the final status; without a document of one's own, in the usual way.

        :param more: of :meth:`submit`
        :return: the login; where KSeF does not take the document, with the HTTP status as its code
        """
        kind: SubjectType = (
            "certificateFingerprint" if signer.kind == "Fingerprint" else "certificateSubject"
        )
        signed = document or signer.sign(self.request(nip, kind))
        self._will_log_in(signer, nip)
        answer = self.submit(signed, **more)
        if answer.status == 202:
            login = self.followed(answer)
        else:
            said = tuple(answer.said.split()[1:])
            login = Login("", "", answer, answer.status, said)
        login.signer = signer
        return login

    def attempt_soon(self, signer: Signer, nip: str) -> Login:
        """Log in by a right that was given just now: 415 is tried again (docs/ksef.md G2-6)."""
        for _try in range(_TRIES):
            login = self.attempt(signer, nip)
            if login.code != WITHOUT_RIGHT:
                break
            self.clock.sleep(_LAG)
        return login

    def followed(self, answer: Answer) -> Login:
        """Return the login of a document that KSeF has taken, with its final status."""
        body = answer.body
        token = body["authenticationToken"]["token"]
        login = Login(body["referenceNumber"], token, answer)
        status = self.until(
            lambda: self.client.auth_status(login.reference, login.authentication_token),
            lambda found: found.code != RUNNING,
        )
        login.code, login.details = status.code, status.details
        return login

    def _will_log_in(self, signer: Signer, nip: str) -> None:
        """Write a login down, unless it is known already: the cleaner logs in too."""
        logins = (entry for entry in self.journal.left() if entry.kind in LOGINS)
        known = {(entry.nip, entry.who) for entry in logins}
        is_owner = signer.who in self._owners.get(nip, ())
        if signer.kind != "Fingerprint" and (nip, signer.who) not in known:
            self.journal.will_make("owner" if is_owner else "guest", nip, signer.who)

    def owns(self, nip: str, *who: tuple[str, str]) -> None:
        """Remember whose own context this is, for the cleaning up."""
        self._owners[nip] = who

    def until(self, ask: Callable[[], Any], is_done: Callable[[Any], bool]) -> Any:
        """Ask again until it is done, or patience is over; return the last answer."""
        began = self.clock.now()
        while not is_done(found := ask()) and self.clock.now() - began < PATIENCE:
            self.clock.sleep(POLL)
        return found

    def log_in(self, signer: Signer, nip: str) -> Login:
        """Log in and fetch the tokens.

        :raises NotSeen: when KSeF refuses
        """
        login = self.attempt(signer, nip)
        if login.code != 200:
            raise NotSeen(f"the login of {signer.label}: {login.said}")
        return self.redeemed(login)

    def redeemed(self, login: Login) -> Login:
        """Fetch the tokens of a login."""
        tokens = self.client.redeem(login.authentication_token)
        login.refresh = tokens.refresh.token
        login.keep_fresh(self.clock, self.client.refresh, tokens.access.token)
        self._logins.append(login)
        return login

    # Certificates

    def csr(self, login: Login, key: Any = None) -> bytes:
        """Return a certificate request with what KSeF wants in it."""
        data = self.client.enrollment_data(login.access)
        self.redactor.learn(data.common_name, "name")
        return build_csr(key or new_key(), data)

    def apply(
        self, login: Login, csr: bytes, kind: str = "Authentication", name: str = ""
    ) -> Answer:
        """Apply for a certificate."""
        body = {
            "certificateName": name or f"{MARK} {kind}",
            "certificateType": kind,
            "csr": base64.b64encode(csr).decode("ascii"),
        }
        return self.door.call("POST", "/certificates/enrollments", login.access, json=body)

    def enroll(self, login: Login, kind: str = "Authentication", key: Any = None) -> Signer:
        """Get a certificate, and return the same identity with it.

        :param kind: Authentication or Offline
        :raises Refused: when KSeF does not issue it
        """
        key = key or new_key()
        answer = self.apply(login, self.csr(login, key), kind)
        self.accepted(answer)
        reference = answer.body["referenceNumber"]
        status = self.until(
            lambda: self.client.enrollment_status(login.access, reference),
            lambda found: found.code != RUNNING,
        )
        if status.code != 200:
            raise Refused(f"application {status.code} {'; '.join(status.details)}")
        serial = str(status.certificate_serial_number)
        (issued,) = self.client.retrieve_certificates(login.access, [serial])
        assert login.signer is not None and issued.certificate is not None
        return login.signer.with_certificate(key, issued.certificate, serial)

    # Tokens and rights

    def make_token(self, login: Login) -> str:
        """Get a KSeF token that may read invoices; return its secret.

        :raises Refused: when KSeF makes none
        """
        body = {"permissions": ["InvoiceRead"], "description": MARK}
        made = self.accepted(self.door.call("POST", "/tokens", login.access, json=body)).body
        path = f"/tokens/{made['referenceNumber']}"
        self.until(
            lambda: self.door.call("GET", path, login.access).body["status"],
            lambda status: status != "Pending",
        )
        return str(made["token"])

    def permission(self, login: Login, method: str, path: str, body: Any = None) -> str:
        """Give or take back a right; return how that ended: "202 200", or the refusal."""
        answer = self.door.call(method, f"/permissions/{path}", login.access, json=body)
        if answer.status != 202:
            return answer.said
        reference, began = answer.body["referenceNumber"], self.clock.now()
        found = self.until(
            lambda: self.door.call("GET", f"/permissions/operations/{reference}", login.access),
            lambda asked: _status(asked) != RUNNING,
        )
        self.times[f"{method} /permissions/{path.split('/')[0]}"] = self.clock.now() - began
        return f"202 {_status(found)}"

    def rights(self, login: Login, path: str = "personal", **asked: Any) -> list[dict[str, Any]]:
        """Return a list of rights: personal, persons or entities."""
        answer = self.door.call(
            "POST",
            f"/permissions/query/{path}/grants",
            login.access,
            json=asked,
            params={"pageSize": "100"},
        )
        rows: list[dict[str, Any]] = self.accepted(answer).body["permissions"]
        return rows

    def rights_as_read(self, login: Login, nip: str) -> str:
        """Return what the addon takes a login's rights in a context for.

        An empty answer is an owner's, who may do everything (docs/ksef.md E1).
        """
        found = self.client.personal_permissions(login.access, Context("Nip", nip))
        if not found or {"InvoiceRead", "InvoiceWrite"} <= found:
            return "may send and receive"
        return ", ".join(sorted(found))

    def leave_all(self) -> None:
        """End all logins that are not ended, also those whose rights are gone meanwhile."""
        for login in list(self._logins):
            self.leave(login)

    def leave(self, login: Login) -> str:
        """End a login by its refresh token; return KSeF's answer in short."""
        if login in self._logins:
            self._logins.remove(login)
        return self.door.call("DELETE", "/auth/sessions/current", login.refresh).said


def _status(answer: Answer) -> int:
    status = answer.body.get("status")
    return int(status["code"]) if isinstance(status, dict) else answer.status
