"""The invented people and companies of the simulator, and how an identity reads in a certificate.

Nobody here exists: the numbers only have valid check digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count, islice

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from .releases import ORGANIZATION_IDENTIFIER

# docs/ksef.md A2-2: how KSeF finds the number in a certificate's subject.
PERSONAL_NUMBER = re.compile(r"(?:PNOPL|PESEL).*?([0-9]{11})")
TAX_NUMBER = re.compile(r"(?:TINPL|NIP).*?([0-9]{10})")
SEAL_NUMBER = re.compile(r"VATPL.*?([0-9]{10})")

# The first digits of NIPs that are made by the dozen.
INVENTED = "599"

# docs/ksef.md B-2: the seal under every Podpis zaufany. Its number never stands for the signer.
MINISTER_NUMBER = "VATPL-5252955037"
# X.520 uniqueIdentifier; cryptography names it x500UniqueIdentifier.
UNIQUE_IDENTIFIER = NameOID.X500_UNIQUE_IDENTIFIER


@dataclass(frozen=True)
class Identity:
    """Whom KSeF recognises behind a signature.

    :param kind: "pesel", "nip" or "fingerprint"
    :param value: 11 digits, 10 digits, or 64 upper-case hexadecimal digits (SHA-256)
    :param name: how the signer is called, for people
    """

    kind: str
    value: str = field(repr=False)
    name: str = ""
    given_names: str = ""
    surname: str = ""
    organization: str = ""


@dataclass(frozen=True)
class Person:
    """An invented human being with a valid PESEL."""

    pesel: str = field(repr=False)
    given_names: str
    surname: str

    @property
    def name(self) -> str:
        """Given names and surname, as one would write them."""
        return f"{self.given_names} {self.surname}"

    @property
    def identity(self) -> Identity:
        """The identity that KSeF sees when this person signs."""
        return Identity("pesel", self.pesel, self.name, self.given_names, self.surname)


@dataclass(frozen=True)
class Company:
    """An invented company with a valid NIP."""

    nip: str
    name: str

    @property
    def identity(self) -> Identity:
        """The identity that KSeF sees behind the company's seal."""
        return Identity("nip", self.nip, self.name, organization=self.name)


def _control(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def pesel(birth: str, number: int) -> str:
    """Make a PESEL from the birth date (six digits), a number below 10000 and the check digit."""
    digits = f"{birth}{number:04d}"
    return digits + str(-_control(digits, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def is_pesel(text: str) -> bool:
    """Tell whether the text is eleven digits with the right check digit."""
    return bool(re.fullmatch(r"[0-9]{11}", text)) and pesel(text[:6], int(text[6:10])) == text


def nip(start: str) -> str:
    """Add the check digit to the first nine of a NIP; where that is 10, no NIP begins like this."""
    return start + str(_control(start, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11)


def is_nip(text: str) -> bool:
    """Tell whether the text is ten digits with the right check digit."""
    return bool(re.fullmatch(r"[0-9]{10}", text)) and nip(text[:9]) == text


def invented_nips(how_many: int) -> list[str]:
    """Return valid NIPs that nobody else has in the demo and in the tests."""
    candidates = (nip(f"{INVENTED}{number:06d}") for number in count(1))
    return list(islice(filter(is_nip, candidates), how_many))


DEMO_NIP = "5265877635"
DEMO_COMPANY = Company(DEMO_NIP, "Przykładowa Sp. z o.o.")

OWNER = Person(pesel("850417", 4216), "Róża", "Żółć-Źdźbło")
STRANGER = Person(pesel("790923", 1637), "Tomasz", "Obcy")
QUALIFIED = Person(pesel("760211", 5571), "Jan Maria", "Wiśniewski")
READER = Person(pesel("920630", 2204), "Łucja", "Czytelna")
EDOWOD = Person(pesel("880105", 9352), "Świętosława", "Ćma")
PEOPLE = {
    "owner": OWNER,
    "stranger": STRANGER,
    "qualified": QUALIFIED,
    "reader": READER,
    "edowod": EDOWOD,
}


def subject_value(subject: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """Join all values that a certificate's subject has for one attribute, "" when it has none."""
    return " ".join(str(item.value) for item in subject.get_attributes_for_oid(oid))


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, in upper-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def is_seal(certificate: x509.Certificate) -> bool:
    """Tell whether the certificate names an organisation and no human (docs/ksef.md A2-2)."""
    subject = certificate.subject
    human = subject_value(subject, NameOID.GIVEN_NAME) or subject_value(subject, NameOID.SURNAME)
    return not human and bool(subject_value(subject, ORGANIZATION_IDENTIFIER))


def _number(certificate: x509.Certificate, own: bool) -> tuple[str, str] | None:
    serial = subject_value(certificate.subject, NameOID.SERIAL_NUMBER)
    if found := PERSONAL_NUMBER.search(serial):
        return "pesel", found[1]
    if found := TAX_NUMBER.search(serial):
        return "nip", found[1]
    organization = subject_value(certificate.subject, ORGANIZATION_IDENTIFIER)
    if not is_seal(certificate):
        return None
    if own and is_nip(organization):
        return "nip", organization
    found = SEAL_NUMBER.search(organization)
    return ("nip", found[1]) if found else None


def _described(certificate: x509.Certificate, kind: str, value: str) -> Identity:
    subject = certificate.subject
    given = subject_value(subject, NameOID.GIVEN_NAME)
    surname = subject_value(subject, NameOID.SURNAME)
    name = f"{given} {surname}".strip() or subject_value(subject, NameOID.COMMON_NAME)
    organization = subject_value(subject, NameOID.ORGANIZATION_NAME)
    return Identity(kind, value, name, given, surname, organization)


def identity_by_subject(certificate: x509.Certificate, own: bool = False) -> Identity | None:
    """Read PESEL or NIP from the subject by docs/ksef.md A2-2; None when it holds neither.

    :param own: one of KSeF's own certificates, whose number may have no prefix
    """
    number = _number(certificate, own)
    return _described(certificate, *number) if number else None


def identity_by_fingerprint(certificate: x509.Certificate) -> Identity:
    """Identify the signer by the certificate itself."""
    return _described(certificate, "fingerprint", fingerprint(certificate))
