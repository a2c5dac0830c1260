"""Whom the life is about: numbers drawn anew, and certificates that these people made themselves.

Only TEST takes a self-signed certificate (docs/ksef.md A0), so nobody can be mistaken for them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ksef_simulator import identities, pki
from tools import clock, nip, xades
from tools.credentials import PrivateKey
from tools.enrollment import new_key, private_key_der
from tools.identity import fingerprint
from tools.x509_support import Certificate, read_certificate

NAMES = ("Zażółcona", "Jaźń-Próbna")
#: More than the 64 letters of X.520, with each Polish letter that was seen to break an encoder.
LONG_COMPANY = "PRÓBNA SPÓŁKA ŻÓŁWIA ŁĄŚ I WSPÓLNICY Z OGRANICZONĄ ODPOWIEDZIALNOŚCIĄ W ŻARACH"
#: A year in which nobody who is alive was born, and how a PESEL writes its month.
_CENTURY, _MONTH_OF_CENTURY = range(0, 100), 80


def draw_nip(chance: random.Random) -> str:
    """Return a NIP with the right check digit."""
    while True:
        found = str(chance.randrange(10**9, 10**10))
        try:
            return nip.normalise(found)
        except nip.InvalidNip:
            continue


def draw_pesel(chance: random.Random) -> str:
    """Return a PESEL of the nineteenth century, with the right check digit: of nobody alive."""
    year, month, day = chance.choice(_CENTURY), chance.randint(1, 12), chance.randint(1, 28)
    birth = f"{year:02d}{month + _MONTH_OF_CENTURY:02d}{day:02d}"
    return identities.pesel(birth, chance.randrange(10_000))


@dataclass(frozen=True)
class Signer:
    """Somebody who can sign: a key, and the certificate that goes with it.

    :param kind: Pesel, Nip or Fingerprint, as KSeF names an identity
    :param serial: of a KSeF certificate, as KSeF writes it
    """

    label: str
    kind: str
    value: str = field(repr=False)
    key: PrivateKey = field(repr=False)
    certificate: Certificate = field(repr=False)
    serial: str = ""

    @property
    def who(self) -> tuple[str, str]:
        """Return the identity as KSeF names it: type and value."""
        return self.kind, self.value

    def sign(self, document: bytes) -> bytes:
        """Return a request signed as the addon signs it."""
        return xades.sign(document, private_key_der(self.key), self.certificate.der)

    def with_certificate(self, key: PrivateKey, certificate: Certificate, serial: str) -> Signer:
        """Return the same identity with a certificate that KSeF has issued."""
        return Signer(f"{self.label}, KSeF certificate", *self.who, key, certificate, serial)


def _self_signed(
    label: str,
    kind: str,
    value: str,
    subject: x509.Name,
    valid_days: int = 30,
    key: PrivateKey | None = None,
) -> Signer:
    key = key or new_key()
    now = clock.now()
    made = pki.certificate(
        subject=subject,
        public_key=key.public_key(),
        issuer=subject,
        issuer_key=key,
        valid_from=now - timedelta(days=60),
        valid_to=now + timedelta(days=valid_days),
        usages=("digital_signature",),
    )
    certificate = read_certificate(made.public_bytes(Encoding.DER))
    return Signer(label, kind, value or fingerprint(certificate), key, certificate)


def human(label: str, pesel: str, *, valid_days: int = 30, key: PrivateKey | None = None) -> Signer:
    """Return a person with a certificate of his or her own.

    :param valid_days: less than 0 for a certificate that has expired
    :param key: a new one when None
    """
    return _self_signed(label, "Pesel", pesel, _human(f"PNOPL-{pesel}"), valid_days, key)


def trader(label: str, own_nip: str) -> Signer:
    """Return a person whose certificate names a NIP with another prefix than KSeF's own."""
    return _self_signed(label, "Nip", own_nip, _human(f"NIP-{own_nip}"))


def _human(number: str) -> x509.Name:
    given, surname = NAMES
    return pki.name(
        country_name="PL",
        serial_number=number,
        given_name=given,
        surname=surname,
        common_name=f"{given} {surname}",
    )


def seal(label: str, own_nip: str, name: str = "Próbne Biuro Żółw Sp. z o.o.") -> Signer:
    """Return a company with a seal."""
    subject = pki.name(
        country_name="PL",
        organization_name=name,
        organization_identifier=f"VATPL-{own_nip}",
        common_name=name,
    )
    return _self_signed(label, "Nip", own_nip, subject)


def nobody(label: str) -> Signer:
    """Return somebody whose certificate holds neither PESEL nor NIP."""
    given, surname = NAMES
    subject = pki.name(
        country_name="DE", given_name=given, surname=surname, common_name=f"{given} {surname}"
    )
    return _self_signed(label, "Fingerprint", "", subject)


def nameless(label: str, pesel: str) -> Signer:
    """Return somebody whose certificate lacks given name and surname."""
    subject = pki.name(country_name="PL", serial_number=f"PNOPL-{pesel}", common_name=label)
    return _self_signed(label, "Pesel", pesel, subject)
