"""What KSeF answers, as values (schemas: KSeF's contract). Unknown members are ignored."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import members
from .const import CHALLENGE_LIFETIME
from .credentials import read_certificate
from .members import Json


@dataclass(frozen=True)
class Challenge:
    """A challenge to be signed; ``timestamp`` is KSeF's time of issue."""

    challenge: str
    timestamp: datetime
    client_ip: str | None = None

    @property
    def expires_at(self) -> datetime:
        """Return the moment, by KSeF's clock, after which a signature over it is refused."""
        return self.timestamp + CHALLENGE_LIFETIME

    @classmethod
    def from_json(cls, data: Json) -> Challenge:
        """Read the answer of POST /auth/challenge."""
        return cls(
            members.word(data, "challenge"),
            members.moment(data, "timestamp"),
            members.optional(data, "clientIp"),
        )


@dataclass(frozen=True)
class Token:
    """A bearer token and the end of its life by KSeF's clock."""

    token: str = field(repr=False)
    valid_until: datetime

    @classmethod
    def from_json(cls, data: Json) -> Token:
        """Read a TokenInfo."""
        return cls(members.word(data, "token"), members.moment(data, "validUntil"))


@dataclass(frozen=True)
class Operation:
    """A login that KSeF has begun to judge; ``warning`` is its X-System-Warning, if any."""

    reference_number: str
    authentication_token: Token
    warning: str | None = None

    @classmethod
    def from_json(cls, data: Json, warning: str | None = None) -> Operation:
        """Read the answer of POST /auth/xades-signature."""
        token = Token.from_json(members.member(data, "authenticationToken"))
        return cls(members.word(data, "referenceNumber"), token, warning)


@dataclass(frozen=True)
class AuthStatus:
    """How far a login is, or how it ended (codes: docs/ksef.md A1-login)."""

    code: int
    description: str
    details: tuple[str, ...] = ()
    method: str | None = None
    method_name: str | None = None
    is_token_redeemed: bool | None = None
    refresh_token_valid_until: datetime | None = None
    start_date: datetime | None = None

    @classmethod
    def from_json(cls, data: Json) -> AuthStatus:
        """Read the answer of GET /auth/{referenceNumber}."""
        return cls(**_auth_status_members(data))


def _auth_status_members(data: Json) -> dict[str, Any]:
    status = members.member(data, "status")
    info = data.get("authenticationMethodInfo")
    info = info if isinstance(info, Mapping) else {}
    redeemed = data.get("isTokenRedeemed")
    return {
        "code": members.number(status, "code"),
        "description": members.optional(status, "description") or "",
        "details": members.texts(status, "details"),
        # The second is removed from KSeF in autumn 2026 (docs/ksef.md A2-32).
        "method": members.optional(info, "category")
        or members.optional(data, "authenticationMethod"),
        "method_name": members.optional(info, "displayName"),
        "is_token_redeemed": redeemed if isinstance(redeemed, bool) else None,
        "refresh_token_valid_until": members.optional_moment(data, "refreshTokenValidUntil"),
        "start_date": members.optional_moment(data, "startDate"),
    }


@dataclass(frozen=True)
class SessionItem(AuthStatus):
    """One login in the list of GET /auth/sessions."""

    reference_number: str = ""
    is_current: bool = False
    last_refresh: datetime | None = None

    @classmethod
    def from_json(cls, data: Json) -> SessionItem:
        """Read one item of GET /auth/sessions."""
        return cls(
            **_auth_status_members(data),
            reference_number=members.word(data, "referenceNumber"),
            is_current=data.get("isCurrent") is True,
            last_refresh=members.optional_moment(data, "lastTokenRefreshDate"),
        )


@dataclass(frozen=True)
class Tokens:
    """The pair that a finished login gives, once."""

    access: Token
    refresh: Token

    @classmethod
    def from_json(cls, data: Json) -> Tokens:
        """Read the answer of POST /auth/token/redeem."""
        return cls(
            Token.from_json(members.member(data, "accessToken")),
            Token.from_json(members.member(data, "refreshToken")),
        )


@dataclass(frozen=True)
class Permission:
    """One right of this login, such as ``InvoiceWrite``."""

    scope: str
    state: str

    @classmethod
    def from_json(cls, data: Json) -> Permission:
        """Read one item of POST /permissions/query/personal/grants."""
        state = members.optional(data, "permissionState")
        return cls(members.text(data, "permissionScope"), state or "Active")


@dataclass(frozen=True)
class CertificateLimits:
    """How many applications and certificates this identity still has (docs/ksef.md A2-24)."""

    can_request: bool
    enrollment_limit: int
    enrollment_remaining: int
    certificate_limit: int
    certificate_remaining: int

    @classmethod
    def from_json(cls, data: Json) -> CertificateLimits:
        """Read the answer of GET /certificates/limits."""
        enrollment = members.member(data, "enrollment")
        certificate = members.member(data, "certificate")
        return cls(
            data["canRequest"] is True,
            members.number(enrollment, "limit"),
            members.number(enrollment, "remaining"),
            members.number(certificate, "limit"),
            members.number(certificate, "remaining"),
        )


@dataclass(frozen=True)
class EnrollmentData:
    """What the certificate request must say, to the byte (docs/ksef.md A2-19)."""

    common_name: str = field(repr=False)
    country_name: str
    given_names: tuple[str, ...] = field(default=(), repr=False)
    surname: str | None = field(default=None, repr=False)
    serial_number: str | None = field(default=None, repr=False)
    unique_identifier: str | None = field(default=None, repr=False)
    organization_name: str | None = field(default=None, repr=False)
    organization_identifier: str | None = field(default=None, repr=False)

    @classmethod
    def from_json(cls, data: Json) -> EnrollmentData:
        """Read the answer of GET /certificates/enrollments/data."""
        return cls(
            common_name=members.text(data, "commonName"),
            country_name=members.text(data, "countryName"),
            given_names=members.exact_texts(data, "givenName"),
            surname=members.optional_text(data, "surname"),
            serial_number=members.optional_text(data, "serialNumber"),
            unique_identifier=members.optional_text(data, "uniqueIdentifier"),
            organization_name=members.optional_text(data, "organizationName"),
            organization_identifier=members.optional_text(data, "organizationIdentifier"),
        )


@dataclass(frozen=True)
class Enrollment:
    """A certificate application that KSeF has taken."""

    reference_number: str
    timestamp: datetime | None = None

    @classmethod
    def from_json(cls, data: Json) -> Enrollment:
        """Read the answer of POST /certificates/enrollments."""
        reference_number = members.word(data, "referenceNumber")
        return cls(reference_number, members.optional_moment(data, "timestamp"))


@dataclass(frozen=True)
class EnrollmentStatus:
    """How far a certificate application is."""

    code: int
    description: str
    details: tuple[str, ...] = ()
    certificate_serial_number: str | None = None

    @classmethod
    def from_json(cls, data: Json) -> EnrollmentStatus:
        """Read the answer of GET /certificates/enrollments/{referenceNumber}."""
        status = members.member(data, "status")
        return cls(
            members.number(status, "code"),
            members.optional(status, "description") or "",
            members.texts(status, "details"),
            members.optional_word(data, "certificateSerialNumber"),
        )


@dataclass(frozen=True)
class CertificateItem:
    """One certificate in KSeF's list."""

    serial_number: str
    name: str
    type: str
    status: str
    valid_from: datetime
    valid_to: datetime
    requested_at: datetime | None = None
    subject_identifier_type: str | None = None
    subject_identifier: str | None = field(default=None, repr=False)
    common_name: str | None = field(default=None, repr=False)
    last_use: datetime | None = None

    @classmethod
    def from_json(cls, data: Json) -> CertificateItem:
        """Read one item of POST /certificates/query."""
        subject = data.get("subjectIdentifier")
        subject = subject if isinstance(subject, Mapping) else {}
        return cls(
            serial_number=members.word(data, "certificateSerialNumber"),
            name=members.optional(data, "name") or "",
            type=members.text(data, "type"),
            status=members.text(data, "status"),
            valid_from=members.moment(data, "validFrom"),
            valid_to=members.moment(data, "validTo"),
            requested_at=members.optional_moment(data, "requestDate"),
            subject_identifier_type=members.optional(subject, "type"),
            subject_identifier=members.optional(subject, "value"),
            common_name=members.optional(data, "commonName"),
            last_use=members.optional_moment(data, "lastUseDate"),
        )


@dataclass(frozen=True)
class RetrievedCertificate:
    """A certificate itself, in DER."""

    der: bytes = field(repr=False)
    serial_number: str
    name: str
    type: str

    @classmethod
    def from_json(cls, data: Json) -> RetrievedCertificate:
        """Read one item of POST /certificates/retrieve."""
        der = base64.b64decode(members.text(data, "certificate"))
        read_certificate(der)
        return cls(
            der,
            members.word(data, "certificateSerialNumber"),
            members.optional(data, "certificateName") or "",
            members.optional(data, "certificateType") or "Authentication",
        )
