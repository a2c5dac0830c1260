"""What the tests of the reader share: one request, one moment, and how to read."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ksef_simulator import identities, signers
from tools.auth_token_request import Context, build
from tools.signed_document import Expected, KnownChallenge, Reading
from tools.signed_document.reader import read_unguarded

NOW = datetime(2026, 11, 22, 14, 3, tzinfo=timezone.utc)
CHALLENGE = "20261122-CR-0123456789-ABCDEF0123-45"
NIP = identities.DEMO_NIP
CONTEXT = Context("Nip", NIP)
REQUEST = build(CHALLENGE, CONTEXT)
KNOWN = KnownChallenge(CHALLENGE, NOW + timedelta(minutes=7))


def signed(signer: str = "owner", document: bytes = REQUEST, **how: object) -> bytes:
    """Return the request signed as one of the simulator's signers, now; see `signers.sign`."""
    return signers.sign(document, signer, at=how.pop("at", NOW), **how)


def reading(data: bytes, **changes: object) -> Reading:
    """Read a document as the wizard of the demo company does, a few minutes after the download.

    Past the guard that turns faults of the reader into a sentence: a test has to see them.
    """
    known: dict = {
        "challenges": [KNOWN],
        "context": CONTEXT,
        "now": NOW,
        "environment": "test",
    }
    return read_unguarded(data, Expected(**{**known, **changes}))


def codes(data: bytes, **changes: object) -> tuple[str, ...]:
    """Return the codes of all findings, the gravest first."""
    return reading(data, **changes).codes
