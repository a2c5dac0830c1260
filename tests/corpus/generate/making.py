"""How documents are made that are wrong in a way that only a signer can bring about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from ksef_simulator import identities, keys, pki, signers
from ksef_simulator.layouts import LAYOUTS
from tools.auth_token_request import build

from .people import AT, CHALLENGE, CONTEXT

REQUEST = build(CHALLENGE, CONTEXT)
OTHER_NIP = "1111111111"
ZP = LAYOUTS["podpis-zaufany"]
PERSON = signers.personal_subject(identities.QUALIFIED)

Made = tuple[bytes, tuple[str, ...]]
MAKERS: list[Callable[[], Made]] = []


@dataclass(frozen=True)
class Faulty:
    """A document and the codes that a reader must find in it, no more and no less."""

    file: str
    document: bytes
    codes: tuple[str, ...]


def faulty(make: Callable[[], Made]) -> Callable[[], Made]:
    """Register a function that makes the document of its name and says the codes."""
    MAKERS.append(make)
    return make


def authority() -> pki.Authority:
    """Return the certificate authorities that the simulator trusts."""
    return pki.Authority(datetime(AT.year, 1, 1))


def qualified(
    key: keys.PrivateKey, subject: x509.Name = PERSON, number: int = 7
) -> x509.Certificate:
    """Return a qualified certificate for a key."""
    return authority().qualified.issue(
        subject, key.public_key(), datetime(2025, 12, 1), datetime(2027, 12, 1), number
    )


def replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return a change of what a program writes before it signs, see `sign_with_certificate`."""

    def change(marked: bytes) -> bytes:
        if old not in marked:
            raise ValueError(f"{old!r} is not in the document")
        return marked.replace(old, new)

    return change


def signed(request: bytes = REQUEST, **how: object) -> bytes:
    """Sign with a key of the person with the qualified certificate, by default on P-256."""
    key = how.pop("key", None) or keys.ec_key("other")
    certificate = how.pop("certificate", None) or qualified(key)
    return signers.sign_with_certificate(
        request, key, certificate, **{"layout": ZP, "at": AT, **how}
    )
