"""What this KSeF remembers: challenges, logins, tokens, applications, certificates."""

from __future__ import annotations

import base64
import copy
import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

AUTHENTICATION, ACCESS, REFRESH = "authentication", "access", "refresh"


@dataclass(frozen=True)
class Who:
    """An identity at KSeF: kind is "pesel", "nip" or "fingerprint"."""

    kind: str
    value: str = field(repr=False)

    @property
    def type_name(self) -> str:
        """KSeF's name of the kind."""
        return {"pesel": "Pesel", "nip": "Nip", "fingerprint": "Fingerprint"}[self.kind]


@dataclass(frozen=True)
class LoginContext:
    """What a login is for: type is "Nip", "InternalId", "NipVatUe" or "PeppolId"."""

    type: str
    value: str

    @property
    def nip(self) -> str:
        """The ten digits that the context begins with."""
        return self.value[:10]


@dataclass
class Challenge:
    """One challenge and what became of it."""

    value: str
    created: datetime
    timestamp_ms: int
    used: bool = False


@dataclass
class Operation:
    """One login: first an authentication operation, then, once it succeeds, a session."""

    reference: str
    context: LoginContext
    who: Who
    method: str
    started: datetime
    due: datetime
    subject: dict[str, Any] = field(default_factory=dict, repr=False)
    certificate_serial: str | None = None
    token_reference: str | None = None
    outcome: tuple[int, str, tuple[str, ...]] | None = None
    problem: tuple[int, tuple[str, ...]] | None = None
    redeemed: bool = False
    revoked: bool = False
    refresh_until: datetime | None = None
    refreshed: datetime | None = None
    last_access: Token | None = field(default=None, repr=False)
    permissions: frozenset[str] = frozenset()
    allowed_ips: tuple[str, ...] = ()


@dataclass
class Token:
    """A bearer token."""

    kind: str
    operation: Operation
    issued: datetime
    valid_until: datetime
    permissions: frozenset[str] = frozenset()
    text: str = field(default="", repr=False)


@dataclass
class Enrollment:
    """An application for a KSeF certificate."""

    reference: str
    who: Who
    name: str
    type: str
    csr: Any = field(repr=False)
    valid_from: datetime | None
    requested: datetime
    due: datetime
    outcome: tuple[int, str, tuple[str, ...]] | None = None
    serial: str | None = None


@dataclass
class Certificate:
    """A certificate that this KSeF issued."""

    serial: str
    name: str
    type: str
    who: Who
    common_name: str
    der: bytes = field(repr=False)
    key_digest: str = field(repr=False)
    requested: datetime
    valid_from: datetime
    valid_to: datetime
    revoked: datetime | None = None
    revocation_done: datetime | None = None
    reason: str | None = None
    last_use: datetime | None = None

    def status(self, now: datetime) -> str:
        """Active, Blocked (being revoked), Revoked or Expired."""
        if self.revocation_done is not None:
            return "Revoked" if now >= self.revocation_done else "Blocked"
        return "Expired" if now >= self.valid_to else "Active"


class State:
    """The simulator's memory. Handlers run one at a time, under ``lock``."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.challenges: dict[str, Challenge] = {}
        self.operations: dict[str, Operation] = {}
        self.tokens: dict[str, Token] = {}
        self.enrollments: dict[str, Enrollment] = {}
        self.certificates: dict[str, Certificate] = {}
        self.enrollments_made: Counter[Who] = Counter()
        self.subject_limits: dict[Who, dict[str, int]] = {}
        self.context_limits: dict[LoginContext, dict[str, Any]] = {}
        self.rate_limits: dict[LoginContext, dict[str, dict[str, int]]] = {}
        self.test_data_made: dict[str, datetime] = {}
        self.attachments: dict[str, datetime | None] = {}
        self.online: dict[str, Any] = {}
        self.ksef_tokens: dict[str, Any] = {}
        self.grants: list[Any] = []
        self.authorizations: list[Any] = []
        self.permission_operations: dict[str, Any] = {}
        self._swept = 0

    def copy(self) -> State:
        """The same memory once more: what is done to the one is not done to the other."""
        twin = State()
        # A request for a certificate never changes, and cannot be copied.
        same = {id(item.csr): item.csr for item in self.enrollments.values()}
        parts = {name: part for name, part in vars(self).items() if name != "lock"}
        vars(twin).update(copy.deepcopy(parts, same))
        return twin

    def issue_token(self, kind: str, operation: Operation, now: datetime, seconds: float) -> Token:
        """A new bearer token of ``kind`` that lives for ``seconds``."""
        until = now + timedelta(seconds=seconds)
        token = Token(kind, operation, now, until, operation.permissions)
        token.text = _token_text(kind, operation, now, until)
        self.tokens[token.text] = token
        self._sweep(now)
        return token

    def _sweep(self, now: datetime) -> None:
        """Forget long-dead tokens and challenges, so that years of simulation fit in memory."""
        if len(self.tokens) + len(self.challenges) < self._swept + 2000:
            return
        old = now - timedelta(days=8)
        for text in [text for text, token in self.tokens.items() if token.valid_until < old]:
            del self.tokens[text]
        for value in [item.value for item in self.challenges.values() if item.created < old]:
            del self.challenges[value]
        self._swept = len(self.tokens) + len(self.challenges)


def reference(kind: str, now: datetime) -> str:
    """A reference number in KSeF's form: 36 characters, the day first, then ``kind``."""
    code = secrets.token_hex(11).upper()
    return f"{now:%Y%m%d}-{kind}-{code[:10]}-{code[10:20]}-{code[20:]}"


def _token_text(kind: str, operation: Operation, now: datetime, until: datetime) -> str:
    names = {AUTHENTICATION: "OperationToken", ACCESS: "ContextToken", REFRESH: "RefreshToken"}
    claims = {
        "typ": names[kind],
        "ref": operation.reference,
        "per": sorted(operation.permissions),
        "iat": int(now.timestamp()),
        "exp": int(until.timestamp()),
        "iss": "ksef-simulator",
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    encoded = [_base64url(json.dumps(part).encode()) for part in parts]
    return ".".join([*encoded, _base64url(secrets.token_bytes(32))])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
