"""Requests, signatures and refusals in one word each, for the verifier's tests."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ksef_simulator.identities import DEMO_NIP
from ksef_simulator.pki import Authority
from ksef_simulator.signers import sign
from ksef_simulator.verify import ChainProblem, Refusal, Verified, verify

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
CHALLENGE = "20261122-CR-226FB7B000-3ACF9BE4C0-10"
NEGATIVE = "Podpis zweryfikowany negatywnie."
PROFILE = "Format podpisu niezgodny z akceptowanymi profilami XAdES."
ALGORITHM = "Podpis złożony z użyciem niewspieranego algorytmu kryptograficznego."
AUTHORITY = Authority(NOW)
PRODUCTION = Authority(NOW, "production")


def request(
    context: str = f"<Nip>{DEMO_NIP}</Nip>",
    subject: str = "certificateSubject",
    version: str = "2.1",
    challenge: str = CHALLENGE,
    policy: str = "",
) -> bytes:
    """Return an AuthTokenRequest as a client writes it."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<AuthTokenRequest xmlns="http://ksef.mf.gov.pl/auth/token/{version}">\n'
        f"    <Challenge>{challenge}</Challenge>\n"
        f"    <ContextIdentifier>{context}</ContextIdentifier>\n"
        f"    <SubjectIdentifierType>{subject}</SubjectIdentifierType>{policy}\n"
        "</AuthTokenRequest>"
    ).encode()


def signed(signer: str = "owner", document: bytes | None = None, **options: Any) -> bytes:
    """Have one of the simulator's signers sign a request."""
    return sign(document or request(), signer, at=NOW, **options)


def judged(document: bytes, authority: Authority = AUTHORITY, **settings: Any) -> Verified:
    """Return what the verifier finds of a document."""
    return verify(document, authority.trust, NOW, settings=settings)


def refusal(document: bytes, **settings: Any) -> tuple[int, str]:
    """Return the code and the first detail with which a document is refused."""
    with pytest.raises(Refusal) as caught:
        judged(document, **settings)
    return caught.value.code, (caught.value.details or [""])[0]


def later(document: bytes, authority: Authority = AUTHORITY, **settings: Any) -> str:
    """Return the details of the status 460 that a document ends with."""
    with pytest.raises(ChainProblem) as caught:
        judged(document, authority, **settings)
    return caught.value.details[0]


def replaced(document: bytes, old: str, new: str) -> bytes:
    """Return the document with one text replaced; fail if the text is absent."""
    assert old.encode() in document
    return document.replace(old.encode(), new.encode())
