"""A complete life of a connection on a real Odoo at debug log level: login to failure."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from odoo_user import OdooUser, first_login
from secret_search import Secret

from ksef_simulator import Simulator, control
from ksef_simulator.identities import OWNER, STRANGER
from ksef_simulator.signers import sign
from stack.places import LOOPBACK, cache, free_port
from stack.servers import Server
from stack.workshop import Workshop, workshop
from tools.vault import Vault, parse_keys

SENDER = Path(__file__).with_name("addons") / "ksef_sender"
PACKED_PASSWORD = "Tajne-hasło-do-klucza-7"
LOUD = ["debug", "odoo.sql_db:DEBUG", "urllib3:DEBUG", "odoo.addons.l10n_pl_ksef_auth:DEBUG"]
MODELS = ("session", "certificate", "authorization")


class WatchedUser(OdooUser):
    """A user who keeps every answer from Odoo."""

    answers: list[str]

    def _authenticate(self, login: str) -> dict[str, Any]:
        self.answers = []
        self._session.hooks["response"].append(self._keep)
        return super()._authenticate(login)

    def _keep(self, answer: requests.Response, *_arguments: Any, **_options: Any) -> None:
        self.answers.append(answer.text)


class Life:
    """One Odoo, one simulator, and everything secret that came to exist."""

    def __init__(self, shop: Workshop, simulator: Simulator) -> None:
        self.shop, self.simulator = shop, simulator
        self.database = shop.databases.copy("demo", "leaks")
        self.port = free_port()
        self.odoo = Server(
            f"odoo-{self.database}",
            self._command(),
            shop.programs.environment(),
            f"http://{LOOPBACK}:{self.port}/web/login",
        )
        self.odoo.log.unlink(missing_ok=True)
        self.dumps: dict[str, bytes] = {}
        self._secrets: dict[str, bytes] = {
            "PESEL of the owner": OWNER.pesel.encode(),
            "PESEL of the stranger": STRANGER.pesel.encode(),
            "password of the key file": PACKED_PASSWORD.encode(),
        }

    def _command(self) -> list[str]:
        paths = f"{self.shop.programs.addons_path},{SENDER.parent}"
        command = [*self.shop.programs.odoo(self.database), "--http-port", str(self.port)]
        command += ["--max-cron-threads=1", "--log-level", LOUD[0]]
        command += [f"--log-handler={handler}" for handler in LOUD[1:]]
        return [*command, "--addons-path", paths, "--load", f"base,web,{SENDER.name}"]

    # ------------------------------------------------------------------
    # The life
    # ------------------------------------------------------------------
    def live(self) -> None:
        """Log in, send, renew, fail, load a key; look at the database after each."""
        self._point_at_simulator()
        self.odoo.start()
        self.user = WatchedUser(f"http://{LOOPBACK}:{self.port}", self.database, "ksiegowa")
        for chapter in (self.log_in, self.send, self.renew, self.fail, self.load_key):
            chapter()
            self._remember(chapter)
        self.odoo.stop()

    def log_in(self) -> None:
        """Sign once, and wait for the certificate."""
        first_login(self.user, control.Control(self.simulator.base_url))

    def send(self) -> None:
        """Send one request with a living token, and one after it is outdated."""
        assert self.user.get("/ksef_sender/send") == b"200"
        self.simulator.clock.advance(16 * 60)
        self.sql("UPDATE l10n_pl_ksef_session SET access_valid_until = now() AT TIME ZONE 'UTC'")
        assert self.user.get("/ksef_sender/send") == b"200"

    def renew(self) -> None:
        """Have the scheduled action log in with the certificate."""
        self.sql("UPDATE l10n_pl_ksef_session SET renew_at = '2001-01-01' WHERE state = 'active'")
        for _round in range(5):
            self._run_cron()
        methods = self.sql("SELECT method FROM l10n_pl_ksef_session WHERE state = 'active'")
        assert methods == "certificate"

    def fail(self) -> None:
        """Have a stranger sign, and KSeF fall silent, answer nonsense and cut connections."""
        self._sign_as_stranger()
        for kind in ("500", "html", "half", "reset"):
            self.simulator.faults.add("refresh", kind)
            self.sql("UPDATE l10n_pl_ksef_session SET access_valid_until = NULL")
            with_error = self._ask_for_token()
            assert with_error >= 200
        self.simulator.faults.clear()

    def load_key(self) -> None:
        """Load a key file by hand, first with a wrong password."""
        packed = base64.b64encode(self._packed_key()).decode()
        answer = self._load([packed], "inne-hasło")
        window = answer["confirm"]["res_id"]
        context = {"password": "ksiegowa"}
        self.user.call("res.users.identitycheck", "run_check", [window], context=context)
        assert self._load([packed], "inne-hasło")["problem"]
        assert not self._load([packed], PACKED_PASSWORD)["problem"]

    def _load(self, files: list[str], password: str) -> dict[str, dict[str, int]]:
        answer: dict[str, dict[str, int]] = self.user.call(
            "res.company", "l10n_pl_ksef_load_certificate", [1], files, password
        )
        return answer

    def _sign_as_stranger(self) -> None:
        action = self.user.call("res.company", "l10n_pl_ksef_open_authorization", [1])
        window = [action["params"]["wizard_id"]]
        model = "l10n_pl_ksef.authorization"
        view = self.user.call(model, "prepare_download", window)
        document = self.user.get(view["download_url"])
        signed = sign(document, "stranger", at=self.simulator.clock.now())
        content = base64.b64encode(signed).decode()
        self.user.call(model, "attach", window, "signed.xml", content)
        self._remember_revealed()
        self.user.call(model, "authenticate", window)
        for _round in range(5):
            self.user.call(model, "follow", window)

    def _ask_for_token(self) -> int:
        try:
            self.user.get("/ksef_sender/send")
        except requests.HTTPError as error:
            assert error.response is not None
            return error.response.status_code
        return 200

    def _packed_key(self) -> bytes:
        """Return the certificate that logs in as the file that a person would keep."""
        revealed = self._reveal()
        number = self.sql(
            "SELECT id FROM l10n_pl_ksef_certificate WHERE usage = 'login' AND state = 'active'"
        )
        key = revealed[f"certificate {number} private_key_secret"]
        der = revealed[f"certificate {number} certificate_secret"]
        packed = pkcs12.serialize_key_and_certificates(
            b"ksef",
            serialization.load_der_private_key(key, None),  # type: ignore[arg-type]  # is EC
            x509.load_der_x509_certificate(der),
            None,
            serialization.BestAvailableEncryption(PACKED_PASSWORD.encode()),
        )
        self._secrets["key file"] = packed[100:160]
        return packed

    def _run_cron(self) -> None:
        self.sql(
            "UPDATE l10n_pl_ksef_session SET next_attempt = NULL WHERE next_attempt IS NOT NULL"
        )
        admin = OdooUser(f"http://{LOOPBACK}:{self.port}", self.database, "admin")
        for cron in self.sql("SELECT id FROM ir_cron WHERE cron_name LIKE 'KSeF: keep%'").split():
            admin.call("ir.cron", "method_direct_trigger", [int(cron)])

    # ------------------------------------------------------------------
    # What is secret, and where to look
    # ------------------------------------------------------------------
    def secrets(self) -> list[Secret]:
        """Return every secret that came to exist: tokens, keys, documents, PESELs."""
        with self.simulator.state.lock:
            tokens = list(self.simulator.state.tokens.values())
        issued = {f"{item.kind} token {n}": item.text.encode() for n, item in enumerate(tokens)}
        # The head of a token is the same for all: its signature is the secret.
        signatures = {f"{name}'s end": text[-43:] for name, text in issued.items()}
        return [Secret(*item) for item in {**issued, **signatures, **self._secrets}.items()]

    def places(self) -> dict[str, bytes]:
        """Return all places to search: dumps of the database, file store, log, answers."""
        files = cache("odoo-data", "filestore") / self.database
        stored = [file.read_bytes() for file in files.rglob("*") if file.is_file()]
        return {
            **self.dumps,
            "the file store": b"\n".join(stored),
            "Odoo's log": self.odoo.log.read_bytes(),
            "the answers to the browser": "\n".join(self.user.answers).encode(),
        }

    def _remember(self, chapter: Callable[[], None]) -> None:
        self._remember_revealed()
        self.dumps[f"the database after {chapter.__name__}"] = self._dump()

    def _remember_revealed(self) -> None:
        for name, value in self._reveal().items():
            for part, piece in _pieces(name, value):
                self._secrets[part] = piece
        text = self._key_file().read_text().strip()
        self._secrets["vault key"] = base64.urlsafe_b64decode(text)
        self._secrets["vault key as text"] = text.encode()

    def _reveal(self) -> dict[str, bytes]:
        """Decrypt everything that is encrypted in the database."""
        home = self.sql("SELECT value FROM ir_config_parameter WHERE key LIKE '%ksef_auth.home'")
        *_place, bound, _mark = home.split("/")
        box = Vault(parse_keys(self._key_file().read_text()), bound)
        found = {}
        for model in MODELS:
            for number, values in self._encrypted(f"l10n_pl_ksef_{model}"):
                for name, text in values.items():
                    plain = box.decrypt(text, f"l10n_pl_ksef.{model},{number},{name}")
                    found[f"{model} {number} {name}"] = plain
        return found

    def _encrypted(self, table: str) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the id and the encrypted columns of each row of a table."""
        for line in self.sql(f"SELECT to_jsonb(kept) FROM {table} AS kept").splitlines():
            row = json.loads(line)
            secret = {name: row[name] for name in row if name.endswith("_secret") and row[name]}
            yield row["id"], secret

    def _key_file(self) -> Path:
        return cache("odoo-data", "l10n_pl_ksef") / f"{self.database}.key"

    def _dump(self) -> bytes:
        command = [str(self.shop.postgres.program("pg_dump")), "-h", LOOPBACK, "-U", "odoo"]
        command += ["-p", str(self.shop.postgres.port), self.database]
        environment = os.environ | {"PGPASSWORD": self.shop.postgres.password}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    def sql(self, statement: str) -> str:
        """Run one statement on Odoo's database."""
        return self.shop.postgres.sql(statement, self.database)

    def _point_at_simulator(self) -> None:
        for name in ("production", "demo", "test"):
            self.sql(
                f"UPDATE ir_config_parameter SET value = '{self.simulator.base_url}'"
                f" WHERE key = 'l10n_pl_ksef_auth.base_url.{name}'"
            )


def _pieces(name: str, value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the parts of a decrypted value that are searched for."""
    if "document" in name:
        # The signature makes the document; around it there is nothing secret but the PESEL.
        begin = value.index(b"SignatureValue") + 40
        yield name, value[begin : begin + 60]
    elif "private_key" in name:
        key = serialization.load_der_private_key(value, None)
        number = key.private_numbers().private_value  # type: ignore[union-attr]  # is EC
        yield name, value
        yield f"{name}'s number", number.to_bytes(32, "big")
        yield f"{name}'s number in digits", str(number).encode()
    elif "token" in name:
        yield name, value
    else:
        yield name, value[:80]


@contextmanager
def life() -> Iterator[Life]:
    """Give a life on a database of its own; stop and remove everything at the end."""
    with workshop() as shop, Simulator(port=0) as simulator:
        lived = Life(shop, simulator)
        try:
            yield lived
        finally:
            lived.odoo.stop()
            lived.shop.databases.drop(lived.database)
