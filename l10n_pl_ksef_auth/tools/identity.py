"""Whom a certificate stands for, by KSeF's own patterns (docs/ksef.md A2-2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Literal

from cryptography import x509
from cryptography.x509.oid import NameOID

from .answers import EnrollmentData
from .nip import formatted
from .x509_support import ORGANIZATION_IDENTIFIER, Certificate

Kind = Literal["pesel", "nip", "fingerprint"]
_PESEL = re.compile(r"(?:PNOPL|PESEL).*?([0-9]{11})")
_NIP = re.compile(r"(?:TINPL|NIP).*?([0-9]{10})")
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{64}")
_SEAL = re.compile(r"VATPL.*?([0-9]{10})")
_PLAIN_NIP = re.compile("[0-9]{10}")
_PERSONAL_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (("pesel", _PESEL), ("nip", _NIP))
#: Characters of a certificate's attribute that are read; X.520 allows 64 to 128. The time of the
#: patterns grows with the square of it, and a stranger's certificate may hold any number.
_LONGEST = 1000
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
    organization = "" if _is_personal(certificate) else _organization(certificate)
    return _identity(
        name_of_certificate(certificate),
        _attributes(certificate, NameOID.SERIAL_NUMBER),
        _prefixed(organization) if issued_by_ksef else organization,
        # A KSeF certificate may name here the certificate of the signature it was issued for.
        _as_fingerprint(_attributes(certificate, NameOID.X500_UNIQUE_IDENTIFIER))
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
    for kind, pattern in _PERSONAL_PATTERNS:
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


def _organization(certificate: Certificate) -> str:
    return _attributes(certificate, ORGANIZATION_IDENTIFIER)


def fingerprint(certificate: Certificate) -> str:
    """Return the SHA-256 of a certificate in upper-case hex."""
    return hashlib.sha256(certificate.der).hexdigest().upper()


def name_of_certificate(certificate: Certificate) -> str:
    """Return the subject's name for people: given names and surname, else its common name."""
    if _is_personal(certificate):
        given = _attributes(certificate, NameOID.GIVEN_NAME)
        return f"{given} {_attributes(certificate, NameOID.SURNAME)}".strip()
    common = _attributes(certificate, NameOID.COMMON_NAME)
    return common or _attributes(certificate, NameOID.ORGANIZATION_NAME)


def _is_personal(certificate: Certificate) -> bool:
    given, surname = NameOID.GIVEN_NAME, NameOID.SURNAME
    return bool(_attributes(certificate, given) or _attributes(certificate, surname))


def _attributes(certificate: Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return " ".join(str(attribute.value) for attribute in found)[:_LONGEST]
