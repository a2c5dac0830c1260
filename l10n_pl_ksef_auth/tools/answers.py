"""What KSeF answers, as values (schemas: KSeF's contract). Unknown members are ignored."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .auth_token_request import Context
from .members import (
    FromJson,
    exact_texts,
    is_true,
    maybe,
    member,
    moment,
    number,
    optional_moment,
    shown,
    text,
    texts,
    word,
    yes_or_no,
)
from .x509_support import Certificate, read_certificate


@dataclass(frozen=True)
class Challenge(FromJson):
    """POST /auth/challenge: the text that a login signs, and the time KSeF made it."""

    challenge: str = member("challenge", word)
    timestamp: datetime = member("timestamp", moment)
    client_ip: str = member("clientIp", shown)


@dataclass(frozen=True)
class Token(FromJson):
    """A bearer token and the end of its life by KSeF's clock."""

    token: str = member("token", word, secret=True)
    valid_until: datetime = member("validUntil", moment)


@dataclass(frozen=True)
class Tokens(FromJson):
    """POST /auth/token/redeem: the two tokens of a finished login, given once."""

    access: Token = member("accessToken", Token.from_json)
    refresh: Token = member("refreshToken", Token.from_json)


@dataclass(frozen=True)
class Operation(FromJson):
    """POST /auth/xades-signature: the operation in which KSeF checks a signature.

    ``warning`` is the answer's header X-System-Warning, if it has one.
    """

    reference_number: str = member("referenceNumber", word)
    authentication_token: Token = member("authenticationToken", Token.from_json)
    warning: str | None = None


@dataclass(frozen=True)
class _Status(FromJson):
    """How far KSeF is with what it does in the background."""

    code: int = member("status.code", number)
    description: str = member("status.description", shown)
    details: tuple[str, ...] = member("status.details", texts)


class AuthStatus(_Status):
    """GET /auth/{referenceNumber}: the state of a login (codes: docs/ksef.md A1-login)."""


@dataclass(frozen=True)
class SessionItem(AuthStatus):
    """One login in the list of GET /auth/sessions."""

    reference_number: str = member("referenceNumber", word)
    is_current: bool = member("isCurrent", is_true)
    # KSeF removes authenticationMethod in autumn 2026 (docs/ksef.md A2-32).
    method: str = member("authenticationMethodInfo.code", shown, otherwise="authenticationMethod")
    method_name: str = member("authenticationMethodInfo.displayName", shown)
    start_date: datetime | None = member("startDate", optional_moment)
    refresh_token_valid_until: datetime | None = member("refreshTokenValidUntil", optional_moment)


@dataclass(frozen=True)
class _Right(FromJson):
    """A right by its name, such as ``InvoiceWrite``, and whether it is in force."""

    scope: str = member("permissionScope", text)
    state: str = member("permissionState", shown)

    @property
    def is_active(self) -> bool:
        """Return True if the right is in force."""
        return self.state in ("", "Active")


@dataclass(frozen=True)
class Permission(_Right):
    """One item of POST /permissions/query/personal/grants."""

    id: str = member("id", shown)
    description: str = member("description", shown)
    since: datetime | None = member("startDate", optional_moment)
    context_type: str = member("contextIdentifier.type", shown)
    context_value: str = member("contextIdentifier.value", shown)
    target_type: str = member("targetIdentifier.type", shown)
    target_value: str = member("targetIdentifier.value", shown)

    def received_in(self, context: Context) -> ReceivedRight | None:
        """Return what this item tells a login to a company of the right to another, if it does.

        What the company's intermediary passed on names the client as its target; what a client gave
        to the company itself, which its owner is shown, names that client (docs/ksef.md E1, G2-11).
        """
        giver = (self.target_type, self.target_value)
        if not self.target_type:
            giver = (self.context_type, self.context_value)
        is_elsewhere = all(giver) and giver != (context.type, context.value)
        if not self.is_active or not is_elsewhere:
            return None
        return ReceivedRight(self.id, self.scope, self.description, *giver, self.since)

    def is_right_in(self, context: Context | None) -> bool:
        """Return True if a login to this company or unit may use it (docs/ksef.md E1, G2-11).

        :param context: whom the login is for; None takes every active item for its own
        """
        if not self.is_active:
            return False
        if context is None or self.target_type == "AllPartners":
            return True
        ours = (context.type, context.value)
        if self.target_type:
            return (self.target_type, self.target_value) == ours
        return not self.context_type or (self.context_type, self.context_value) == ours


def owner_permissions(data: dict[str, Any]) -> tuple[str, ...] | None:
    """Return an owner's rights in the same answer, None where it tells nothing about owners."""
    told = data.get("ownerPermissions")
    return None if told is None else exact_texts(told)


@dataclass(frozen=True)
class Order(FromJson):
    """KSeF has taken an order to give rights, or to take one back: it works in the background."""

    reference_number: str = member("referenceNumber", word)


class OrderStatus(_Status):
    """GET /permissions/operations/{referenceNumber}: the state of an order (docs/ksef.md G-1).

    Done is not there: a right may be Inactive all the same (docs/ksef.md G2-4).
    """


@dataclass(frozen=True)
class GivenRight(_Right):
    """One item of POST /permissions/query/persons/grants: one right of one person or entity.

    ``id`` takes it back. ``description`` is the one of the grant, see :mod:`.grants`.
    """

    id: str = member("id", word)
    description: str = member("description", shown)
    can_delegate: bool = member("canDelegate", is_true)
    since: datetime | None = member("startDate", optional_moment)


@dataclass(frozen=True)
class ReceivedRight(FromJson):
    """One item of POST /permissions/query/entities/grants: one right that a client has given."""

    id: str = member("id", word)
    scope: str = member("permissionScope", text)
    description: str = member("description", shown)
    context_type: str = member("contextIdentifier.type", word)
    context_value: str = member("contextIdentifier.value", word)
    since: datetime | None = member("startDate", optional_moment)


@dataclass(frozen=True)
class CertificateLimits(FromJson):
    """GET /certificates/limits: applications and certificates left (docs/ksef.md A2-24)."""

    can_request: bool = member("canRequest", yes_or_no)
    enrollment_remaining: int = member("enrollment.remaining", number)
    certificate_remaining: int = member("certificate.remaining", number)


@dataclass(frozen=True)
class EnrollmentData(FromJson):
    """GET /certificates/enrollments/data: the contents of a request (docs/ksef.md A2-19)."""

    common_name: str = member("commonName", text, secret=True)
    country_name: str = member("countryName", text)
    given_names: tuple[str, ...] = member("givenName", exact_texts, secret=True)
    surname: str | None = member("surname", maybe(text), secret=True)
    serial_number: str | None = member("serialNumber", maybe(text), secret=True)
    unique_identifier: str | None = member("uniqueIdentifier", maybe(text), secret=True)
    organization_name: str | None = member("organizationName", maybe(text), secret=True)
    organization_identifier: str | None = member("organizationIdentifier", maybe(text), secret=True)


@dataclass(frozen=True)
class Enrollment(FromJson):
    """POST /certificates/enrollments: KSeF has taken an application."""

    reference_number: str = member("referenceNumber", word)


@dataclass(frozen=True)
class EnrollmentStatus(_Status):
    """GET /certificates/enrollments/{referenceNumber}: the state of an application."""

    certificate_serial_number: str | None = member("certificateSerialNumber", maybe(word))


@dataclass(frozen=True)
class CertificateItem(FromJson):
    """One item of POST /certificates/query."""

    serial_number: str = member("certificateSerialNumber", word)
    name: str = member("name", shown)
    status: str = member("status", text)
    #: Authentication or Offline
    type: str | None = member("type", maybe(word))
    valid_from: datetime = member("validFrom", moment)
    valid_to: datetime = member("validTo", moment)
    last_use: datetime | None = member("lastUseDate", optional_moment)


def _certificate(value: Any) -> Certificate | None:
    encoded = text(value)
    try:
        return read_certificate(base64.b64decode(encoded))
    except ValueError:
        return None


@dataclass(frozen=True)
class RetrievedCertificate(FromJson):
    """One item of POST /certificates/retrieve: the certificate itself, None if it is unreadable."""

    certificate: Certificate | None = member("certificate", _certificate)
    serial_number: str = member("certificateSerialNumber", word)
