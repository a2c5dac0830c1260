"""Whom a certificate stands for, by KSeF's own patterns (docs/ksef.md A2-2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Literal

from cryptography.x509.oid import NameOID

from .answers import EnrollmentData
from .nip import formatted
from .x509_support import MAX_NAME, ORGANIZATION_IDENTIFIER, Certificate, value_of

Kind = Literal["pesel", "nip", "fingerprint"]
_KSEF_ISSUER = re.compile(r"\bKSeF\b", re.IGNORECASE)
_ENVIRONMENT = re.compile(r"\b(TEST|DEMO)\b", re.IGNORECASE)
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{64}")
_SEAL = re.compile(r"VATPL.*?([0-9]{10})")
_PLAIN_NIP = re.compile("[0-9]{10}")
_PERSONAL_PATTERNS: dict[Kind, re.Pattern[str]] = {
    "pesel": re.compile(r"(?:PNOPL|PESEL).*?([0-9]{11})"),
    "nip": re.compile(r"(?:TINPL|NIP).*?([0-9]{10})"),
}
_LABELS = {"pesel": "PESEL ", "nip": "NIP "}
#: Characters of a value that are shown: enough to recognise it, too few to use it.
_SHOWN_DIGITS, _SHOWN_FINGERPRINT = 2, 8


@dataclass(frozen=True)
class Identity:
    """A person or company as KSeF knows it. ``value`` may be a PESEL: never log or show it."""

    kind: Kind
    value: str = field(repr=False)
    name: str = field(repr=False)

    @property
    def masked(self) -> str:
        """Return the value for the screen: a public NIP in full, of others a part."""
        if self.kind == "nip":
            return formatted(self.value)
        if self.kind == "fingerprint":
            return f"{self.value[:_SHOWN_FINGERPRINT]}…"
        hidden = max(len(self.value) - _SHOWN_DIGITS, 0)
        return "•" * hidden + self.value[hidden:]

    @property
    def label(self) -> str:
        """Return the masked identifier with its name, for people: "PESEL •••••••••94"."""
        return f"{_LABELS.get(self.kind, '')}{self.masked}"

    def digest(self, key: bytes) -> str:
        """Return an HMAC-SHA256 in hex, to recognise an identity without storing it.

        :param key: secret; without it all 11-digit numbers could be tried
        """
        return hmac.new(key, f"{self.kind}:{self.value}".encode(), hashlib.sha256).hexdigest()


def identity_of_certificate(certificate: Certificate, *, issued_by_ksef: bool = False) -> Identity:
    """Return the identity that KSeF takes from a certificate: PESEL, NIP or fingerprint.

    :param issued_by_ksef: True for a certificate made from :class:`.answers.EnrollmentData`
    """
    subject = certificate.subject
    number = "" if certificate.is_personal else value_of(subject, ORGANIZATION_IDENTIFIER)
    return _identity(
        _name(certificate),
        value_of(subject, NameOID.SERIAL_NUMBER),
        _prefixed(number) if issued_by_ksef else number,
        # A KSeF certificate may name here the certificate of the signature it was issued for.
        _as_fingerprint(value_of(subject, NameOID.X500_UNIQUE_IDENTIFIER))
        or fingerprint(certificate),
    )


def identity_of_enrollment_data(data: EnrollmentData) -> Identity:
    """Return the identity that a certificate enrolled with these data will stand for."""
    personal = f"{' '.join(data.given_names)} {data.surname or ''}".strip()
    return _identity(
        personal or data.common_name or data.organization_name or "",
        data.serial_number or "",
        "" if personal else _prefixed(data.organization_identifier or ""),
        _as_fingerprint(data.unique_identifier or "") or data.unique_identifier or data.common_name,
    )


def _identity(name: str, serial_number: str, organization: str, otherwise: str) -> Identity:
    for kind, pattern in _PERSONAL_PATTERNS.items():
        match = pattern.search(serial_number)
        if match:
            return Identity(kind, match.group(1), name)
    match = _SEAL.search(organization)
    if match:
        return Identity("nip", match.group(1), name)
    return Identity("fingerprint", otherwise, name)


def _prefixed(organization: str) -> str:
    """Return a company's number with its prefix, which KSeF's own data may lack.

    Source: KSeF's contract, GET /certificates/enrollments/data, the example.
    """
    return f"VATPL-{organization}" if _PLAIN_NIP.fullmatch(organization) else organization


def _as_fingerprint(text: str) -> str:
    return text.upper() if _FINGERPRINT.fullmatch(text) else ""


def issuer_of(certificate: Certificate) -> str:
    """Return the whole name of the issuer, within bounds."""
    return certificate.issuer.rfc4514_string()[:MAX_NAME]


def is_issued_by_ksef(certificate: Certificate) -> bool:
    """Return True if the issuer calls itself KSeF."""
    return bool(_KSEF_ISSUER.search(issuer_of(certificate)))


def named_environment(certificate: Certificate) -> str | None:
    """Return the environment that a KSeF certificate's issuer names: TEST, DEMO, or None."""
    named = _ENVIRONMENT.search(issuer_of(certificate))
    return named[1] if named and is_issued_by_ksef(certificate) else None


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate in upper-case hex."""
    return hashlib.sha256(certificate.der).hexdigest().upper()


def _name(certificate: Certificate) -> str:
    """Return the subject's name for people: given names and surname, else its common name."""
    subject = certificate.subject
    if certificate.is_personal:
        given, surname = (value_of(subject, oid) for oid in (NameOID.GIVEN_NAME, NameOID.SURNAME))
        return f"{given} {surname}".strip()
    common = value_of(subject, NameOID.COMMON_NAME)
    return common or value_of(subject, NameOID.ORGANIZATION_NAME)
