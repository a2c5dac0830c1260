"""What the reader says about a document."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ..auth_token_request import Context
from ..identity import Identity

Level = Literal["stop", "warn", "info"]
Kind = Literal["trusted_profile", "qualified", "seal", "ksef_certificate", "personal_id", "other"]


@dataclass(frozen=True)
class KnownChallenge:
    """A challenge that was fetched for this company.

    ``expires_at`` is ten minutes (docs/ksef.md A0-1) after the moment just before it was asked for,
    by the clock that also gives the reader its ``now``.  So a wrong clock of this machine does not
    matter, and KSeF never forgets a challenge earlier than this.
    """

    value: str
    expires_at: datetime


@dataclass(frozen=True)
class Expected:
    """What a document is compared with.

    ``now`` is aware, by the clock that the challenges' ends are counted by: this machine's.  Times
    of other clocks (signature, certificate) are compared with tolerance.  ``challenges`` were
    fetched for this company, outdated ones too; ``context`` is the company's; ``environment`` is
    production, demo or test.  What is empty is not compared.
    """

    now: datetime
    challenges: Collection[KnownChallenge] = ()
    context: Context | None = None
    environment: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing to say about a document.

    ``text`` and ``action`` are English sentences for an accountant, to be translated and then
    filled with ``values``.  ``evidence`` is for support; it never holds a PESEL or a key.
    ``other_ways``: it is about how the file was signed, so signing in another way may help.
    """

    code: str
    level: Level
    text: str
    action: str
    values: Mapping[str, str] = field(default_factory=dict)
    evidence: str = ""
    other_ways: bool = False

    @property
    def sentence(self) -> str:
        """The English text and action with their values."""
        return f"{self.text} {self.action}".strip() % dict(self.values)


@dataclass(frozen=True)
class Signer:
    """Who signed, as far as the document says so.

    ``identity`` is None when the document names nobody: the certificate is missing or unreadable,
    or it is the seal of Profil Zaufany and the person's data are not covered by the signature.
    """

    name: str
    kind: Kind
    identity: Identity | None
    issuer: str = ""


@dataclass(frozen=True)
class Reading:
    """All that is known about a document before KSeF sees it.

    ``signed_at`` is the time that the signer claims, None without its zone.
    """

    findings: tuple[Finding, ...]
    signer: Signer | None = None
    challenge: str | None = None
    context: Context | None = None
    signed_at: datetime | None = None

    @property
    def stops(self) -> bool:
        """True if the document must not be sent (docs/design.md 17)."""
        return any(finding.level == "stop" for finding in self.findings)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, the gravest first."""
        return tuple(finding.code for finding in self.findings)
