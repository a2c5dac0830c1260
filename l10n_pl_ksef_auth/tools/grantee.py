"""Whom a client gives rights at KSeF: an office by its NIP, or a person (docs/ksef.md G-1, G-2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from cryptography.x509.oid import NameOID

from . import nip, pesel
from .identity import Identity, Kind, identity_of_certificate
from .x509_support import Certificate, value_of

_TYPES: dict[Kind, str] = {"nip": "Nip", "pesel": "Pesel", "fingerprint": "Fingerprint"}
_KINDS = {name: kind for kind, name in _TYPES.items()}
#: Fewest and most characters (docs/ksef.md G2-15).
_COMPANY_NAME, _FIRST_NAME, _LAST_NAME = (5, 90), (2, 30), (2, 81)
_DOCUMENT = 20
_FINGERPRINT = re.compile("[0-9A-F]{64}")
_COUNTRY = re.compile("[A-Z]{2}")
#: Types of a person's details, and the member that each of them has.
_BY_NUMBER = ("PersonByIdentifier", "personById")
_BY_FINGERPRINT = ("PersonByFingerprintWithIdentifier", "personByFpWithId")
_BY_DOCUMENT = ("PersonByFingerprintWithoutIdentifier", "personByFpNoId")
_MEMBERS = dict((_BY_NUMBER, _BY_FINGERPRINT, _BY_DOCUMENT))

Reason = Literal[
    "nip", "pesel", "fingerprint", "company_name", "person_name", "document", "unknown_person"
]


class InvalidGrantee(ValueError):
    """``reason`` says what KSeF would not take; the text holds no number and no name."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"Not a grantee: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Number:
    """What KSeF knows somebody by.

    :raises InvalidGrantee: the kind, for a number that cannot be or is not written as KSeF does
    """

    kind: Kind
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        checks: dict[Kind, Callable[[str], object]] = {
            "nip": _is_nip,
            "pesel": pesel.is_valid,
            "fingerprint": _FINGERPRINT.fullmatch,
        }
        if not checks[self.kind](self.value):
            raise InvalidGrantee(self.kind)

    @property
    def label(self) -> str:
        """Return it for people: a NIP in full, of others a part."""
        return Identity(self.kind, self.value, "").label

    @property
    def as_json(self) -> dict[str, str]:
        """Return it in the words of KSeF's contract."""
        return {"type": _TYPES[self.kind], "value": self.value}


@dataclass(frozen=True)
class IdDocument:
    """Who somebody without PESEL and NIP is, beside the fingerprint of a certificate.

    :param country: two capital letters of ISO 3166-1
    :raises InvalidGrantee: document
    """

    birth_date: date = field(repr=False)
    kind: str
    number: str = field(repr=False)
    country: str

    def __post_init__(self) -> None:
        is_complete = all(0 < len(text) <= _DOCUMENT for text in (self.kind, self.number))
        if not is_complete or not _COUNTRY.fullmatch(self.country):
            raise InvalidGrantee("document")


@dataclass(frozen=True)
class CompanyGrantee:
    """An office that gets its rights by its NIP, under its full legal name.

    Whoever logs in by this NIP gets into the client's company then; the office's employees and
    those named in its ZAW-FA do not (docs/ksef.md G2-2).

    :param nip: ten digits
    :raises InvalidGrantee: nip or company_name
    """

    nip: str
    name: str

    path = "/permissions/entities/grants"

    def __post_init__(self) -> None:
        _check_name(self.name, _COMPANY_NAME, "company_name")
        Number("nip", self.nip)

    @property
    def number(self) -> Number:
        """Return what KSeF knows the office by."""
        return Number("nip", self.nip)

    @property
    def subject(self) -> dict[str, Any]:
        """Return who it is in the words of KSeF's contract."""
        return {
            "subjectIdentifier": self.number.as_json,
            "subjectDetails": {"fullName": self.name},
        }

    def permissions(self, rights: Sequence[str]) -> list[Any]:
        """Return rights in the words of KSeF's contract: the office passes none of them on."""
        return [{"type": right, "canDelegate": False} for right in rights]


@dataclass(frozen=True)
class PersonGrantee:
    """A person who gets rights: an accountant by the PESEL of the own certificate.

    :param number: what KSeF takes from this person's certificate
    :param behind: of a fingerprint, and of nothing else: whose it is
    :raises InvalidGrantee: person_name or unknown_person
    """

    number: Number
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    behind: Number | IdDocument | None = None

    path = "/permissions/persons/grants"

    def __post_init__(self) -> None:
        _check_name(self.first_name, _FIRST_NAME, "person_name")
        _check_name(self.last_name, _LAST_NAME, "person_name")
        if (self.number.kind == "fingerprint") != (self.behind is not None):
            raise InvalidGrantee("unknown_person")
        if isinstance(self.behind, Number) and self.behind.kind == "fingerprint":
            raise InvalidGrantee("unknown_person")

    @property
    def name(self) -> str:
        """Return the name under which KSeF's lists show this person."""
        return f"{self.first_name} {self.last_name}"

    @property
    def subject(self) -> dict[str, Any]:
        """Return who it is in the words of KSeF's contract; it may hold a PESEL."""
        (kind, member), more = self._details()
        details = {"firstName": self.first_name, "lastName": self.last_name, **more}
        return {
            "subjectIdentifier": self.number.as_json,
            "subjectDetails": {"subjectDetailsType": kind, member: details},
        }

    def permissions(self, rights: Sequence[str]) -> list[Any]:
        """Return rights in the words of KSeF's contract."""
        return list(rights)

    def _details(self) -> tuple[tuple[str, str], dict[str, Any]]:
        if self.behind is None:
            return _BY_NUMBER, {}
        if isinstance(self.behind, Number):
            return _BY_FINGERPRINT, {"identifier": self.behind.as_json}
        document = {
            "type": self.behind.kind,
            "number": self.behind.number,
            "country": self.behind.country,
        }
        born = self.behind.birth_date.isoformat()
        return _BY_DOCUMENT, {"birthDate": born, "idDocument": document}


Grantee = CompanyGrantee | PersonGrantee


def grantee_of_certificate(
    certificate: Certificate, *, company_name: str = "", issued_by_ksef: bool = False
) -> Grantee:
    """Return whom clients have to name, for this certificate to open their companies.

    By NIP whom KSeF knows by one, sole traders too; by PESEL another person (docs/ksef.md G2-3).
    The PESEL is read here, nobody types it. Names are cut to KSeF's lengths.

    :param company_name: full legal name of whoever has the NIP
    :param issued_by_ksef: see :func:`.identity.identity_of_certificate`
    :raises InvalidGrantee: unknown_person for a certificate without PESEL and NIP, else as above
    """
    found = identity_of_certificate(certificate, issued_by_ksef=issued_by_ksef)
    if found.kind == "nip":
        return CompanyGrantee(found.value, _cut(company_name, _COMPANY_NAME))
    given = _cut(value_of(certificate.subject, NameOID.GIVEN_NAME), _FIRST_NAME)
    surname = _cut(value_of(certificate.subject, NameOID.SURNAME), _LAST_NAME)
    return PersonGrantee(Number(found.kind, found.value), given, surname)


def grantee_of_subject(subject: dict[str, Any]) -> Grantee:
    """Return the grantee whose ``subject`` was kept: a grant is built from such a copy.

    :raises InvalidGrantee: as above
    :raises KeyError: when it is no such copy
    """
    number, details = _number(subject["subjectIdentifier"]), subject["subjectDetails"]
    if "fullName" in details:
        return CompanyGrantee(number.value, details["fullName"])
    told = details[_MEMBERS[details["subjectDetailsType"]]]
    return PersonGrantee(number, told["firstName"], told["lastName"], _behind(told))


def _number(told: dict[str, str]) -> Number:
    return Number(_KINDS[told["type"]], told["value"])


def _behind(told: dict[str, Any]) -> Number | IdDocument | None:
    if "identifier" in told:
        return _number(told["identifier"])
    document = told.get("idDocument")
    if document is None:
        return None
    born = date.fromisoformat(told["birthDate"])
    return IdDocument(born, document["type"], document["number"], document["country"])


def _is_nip(value: str) -> bool:
    try:
        return nip.normalise(value) == value
    except nip.InvalidNip:
        return False


def _check_name(text: str, bounds: tuple[int, int], reason: Reason) -> None:
    fewest, most = bounds
    if text != _plain(text) or not fewest <= len(text) <= most:
        raise InvalidGrantee(reason)


def _cut(text: str, bounds: tuple[int, int]) -> str:
    return _plain(text)[: bounds[1]].rstrip()


def _plain(text: str) -> str:
    """Return a text without spaces around it, and with single ones in it."""
    return " ".join(text.split())
