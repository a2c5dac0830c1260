"""`./run live sign`: a human signs a request; what the reader thinks, and what KSeF says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from tools import auth_token_request, clock
from tools.auth_token_request import Context
from tools.const import CHALLENGE_LIFETIME
from tools.signed_document import MAX_SIZE, Expected, KnownChallenge, Reading, read

from .life import Life
from .login import Login

#: Seconds between two looks for the signed file.
POLL = 2.0
_ENVIRONMENT = "test"


class ByHand:
    """One request, from the challenge to what KSeF says about its signature.

    :param folder: where the request is written; a signed file is looked for beside it
    :param say: tells the person at the terminal
    :param ask: waits so many seconds, and returns a path that was typed meanwhile, or None
    """

    def __init__(
        self,
        life: Life,
        nip: str,
        folder: Path,
        say: Callable[[str], None],
        ask: Callable[[float], str | None],
    ) -> None:
        self._life, self._nip, self._folder = life, nip, folder
        self._say, self._ask = say, ask
        self._seen: set[bytes] = set()

    def run(self) -> bool:
        """Do it all; return True if KSeF took the signature."""
        asked = clock.now()
        challenge = self._life.client.challenge().challenge
        ends = asked + CHALLENGE_LIFETIME
        document = auth_token_request.build(challenge, Context("Nip", self._nip))
        path = self._write(document)
        minutes = CHALLENGE_LIFETIME // timedelta(minutes=1)
        self._say(f"Sign {path} within {minutes} minutes, for instance at gov.pl,")
        self._say("and put the signed file beside it, or type its path here.")
        self._seen.add(document)
        for data in self._files(ends.timestamp()):
            known = [KnownChallenge(challenge, ends)]
            expected = Expected(clock.now(), known, Context("Nip", self._nip), _ENVIRONMENT)
            reading = read(data, expected)
            self._tell(reading)
            if reading.challenge == challenge:
                return self._send(data)
            self._say("It is not this request, so it is not sent. Waiting for another file.")
        self._say("The ten minutes are over.")
        return False

    def _write(self, document: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / auth_token_request.FILE_NAME
        path.write_bytes(document)
        self._seen |= set(self._contents())
        return path

    def _contents(self) -> Iterator[bytes]:
        for path in sorted(self._folder.glob("*.xml")):
            if path.stat().st_size <= MAX_SIZE:
                yield path.read_bytes()

    def _files(self, end: float) -> Iterator[bytes]:
        """Yield each new file, from the folder or by a path that is typed, until the end."""
        while clock.now().timestamp() < end:
            typed = self._ask(POLL)
            found = list(self._contents())
            if typed and Path(typed).expanduser().is_file():
                found.append(Path(typed).expanduser().read_bytes())
            elif typed:
                self._say("There is no such file.")
            for data in found:
                if data not in self._seen and data.strip():
                    self._seen.add(data)
                    yield data

    def _tell(self, reading: Reading) -> None:
        """Say what the reader thinks, without the signer's number."""
        signer = reading.signer
        if signer is not None:
            self._learn(signer.name, "name")
            self._learn(signer.identity.value if signer.identity else "", "PESEL")
            who = signer.identity.label if signer.identity else "nobody named"
            self._say(f"The reader: signed by {who} ({signer.kind})")
        for item in reading.findings:
            self._say(f"The reader: {item.level} {item.code}: {item.sentence} [{item.evidence}]")
        self._say(f"The reader: {'would stop it' if reading.stops else 'would send it'}")

    def _learn(self, value: str, label: str) -> None:
        for part in (value, *value.split()):
            self._life.redactor.learn(part, label)

    def _send(self, data: bytes) -> bool:
        answer = self._life.submit(data)
        self._say(f"KSeF: {answer.said} {answer.details}".rstrip())
        if warning := answer.headers.get("X-System-Warning"):
            self._say(f"KSeF warns: {warning}")
        if answer.status != 202:
            return False
        login = self._life.followed(answer)
        self._say(f"KSeF: {login.said}")
        if login.code == 200:
            self._look_around(self._life.redeemed(login))
        return True

    def _look_around(self, login: Login) -> None:
        """Say what this login may do, and end it."""
        life = self._life
        try:
            answer = life.door.call(
                "POST", "/permissions/query/personal/grants", login.access, json={}
            )
            owners = answer.body.get("ownerPermissions")
            rows = {row["permissionScope"] for row in answer.body.get("permissions", ())}
            self._say(f"KSeF: rights {sorted(rows)}, as an owner {owners}")
            data = life.door.call("GET", "/certificates/enrollments/data", login.access)
            self._say(f"KSeF: data for a certificate: {data.said}, {sorted(data.body)}")
        finally:
            self._say(f"The session was ended: {life.leave(login)}")
