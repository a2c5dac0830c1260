"""KSeF tokens: what a login with one may not do, and how a wrong one is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tools.x509_support import read_certificate

from ..door import Answer
from ..fact import fact
from ..life import MARK, Life
from ..login import Login
from .certificates import UNKNOWN_SERIAL

_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_USAGE = "KsefTokenEncryption"
#: In the form of a KSeF token, and none.
INVENTED = "20260101-EC-0123456789-ABCDEF0123-0A|nip-{nip}|" + "0123456789abcdef" * 4


def _key(life: Life) -> Any:
    """Return KSeF's key for tokens."""
    found = json.loads(life.door.call("GET", "/security/public-key-certificates").content)
    der = next(item["certificate"] for item in found if _USAGE in item["usage"])
    return read_certificate(base64.b64decode(der)).public_key()


def _submit(life: Life, token: str, late: int = 0, **more: Any) -> Answer:
    """Log in with a token, as far as KSeF's first answer.

    :param late: milliseconds by which the time sent along is wrong
    """
    key = _key(life)
    challenge = life.door.call("POST", "/auth/challenge").body
    # Latin-1 lets a text of ours be no UTF-8.
    secret = f"{token}|{challenge['timestampMs'] + late}".encode("latin-1")
    body = {
        "challenge": challenge["challenge"],
        "contextIdentifier": {"type": "Nip", "value": life["company"]},
        "encryptedToken": base64.b64encode(key.encrypt(secret, _OAEP)).decode(),
        **more,
    }
    return life.door.call("POST", "/auth/ksef-token", json=body)


def _ends(life: Life, token: str, **more: Any) -> str:
    """Log in with a token, and return the final status in short."""
    return life.followed(life.accepted(_submit(life, token, **more))).said


@fact("A1-450", "450 Nieprawidłowy token")
def invented_token(life: Life) -> str:
    """A login with a KSeF token that is none ends in 450."""
    return _ends(life, INVENTED.format(nip=life["company"]))


@fact("E3", "450 Nieprawidłowe szyfrowanie tokena")
def garbled_token(life: Life) -> str:
    """What cannot be decrypted has a detail of its own, since 2.6.1."""
    return _ends(life, "", encryptedToken=base64.b64encode(bytes(256)).decode())


@fact("E3", "450 Nieprawidłowe kodowanie tokena")
def token_in_another_encoding(life: Life) -> str:
    """What is no text after decryption has a detail of its own, since 2.6.1."""
    return _ends(life, "\xff\xfe")


@fact("A1-token", "400 21470")
def unknown_key(life: Life) -> str:
    """A key of KSeF's that does not exist is refused."""
    unknown = base64.b64encode(bytes(32)).decode()
    return _submit(life, INVENTED.format(nip=life["company"]), publicKeyId=unknown).said


@fact("A1-25001", "400 25001")
def token_gets_no_data(life: Life) -> str:
    """A login with a KSeF token gets no data for a certificate request."""
    life["token"] = made = life.make_token(life["login"])
    login = life.followed(life.accepted(_submit(life, made)))
    life["login with a token"] = life.redeemed(login)
    return life.door.call("GET", "/certificates/enrollments/data", login.access).said


@fact("A1-http", "403 auth-method-not-allowed")
def token_revokes_no_certificate(life: Life) -> str:
    """A login with a KSeF token may not revoke a certificate: 403 with a reason."""
    path = f"/certificates/{UNKNOWN_SERIAL}/revoke"
    return life.door.call("POST", path, life["login with a token"].access, json={}).said


@fact("A1-25002", "400 25002")
def token_applies_for_nothing(life: Life) -> str:
    """A login with a KSeF token may not apply for a certificate."""
    login: Login = life["login with a token"]
    csr = life.csr(life["login"])
    said = life.apply(login, csr).said
    life.leave(login)
    return said


@fact("A1-tokens", "400 26001")
def token_beyond_ones_rights(life: Life) -> str:
    """Nobody can give a token rights that he does not have."""
    body = {"permissions": ["InvoiceWrite"], "description": MARK}
    return life.door.call("POST", "/tokens", life["administrator"].access, json=body).said


@fact("E3", "450 Token nie może być użyty w kontekście")
def token_of_another_context(life: Life) -> str:
    """A token for one context opens no other one, and the detail names that one, since 2.6.1."""
    said = _ends(life, life["token"], contextIdentifier={"type": "Nip", "value": life["B"]})
    return said.replace(life["B"], "").strip()


@fact("A1-450", "450 Nieprawidłowy czas tokena")
def token_at_another_time(life: Life) -> str:
    """A token must be sent with the challenge's time."""
    return _ends(life, life["token"], late=1)


@fact("A1-450", "204, then 450 Token unieważniony")
def revoked_token(life: Life) -> str:
    """A revoked token logs in no more."""
    path = f"/tokens/{life['token'].partition('|')[0]}"
    said = life.door.call("DELETE", path, life["login"].access).said
    return f"{said}, then {_ends(life, life['token'])}"
