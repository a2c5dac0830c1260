"""The seal of any company, made by itself: TEST takes such a signature (docs/ksef.md G2-16)."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509

from . import pki
from .keys import rsa_key
from .office import OFFICE_NAME, OFFICE_NIP
from .signers import sign_with_certificate

# RSA, since libxmlsec 1.3 writes signatures of a curve that KSeF refuses (docs/ksef.md A2-5).
_KEY = rsa_key("other")


def seal_of(nip: str, name: str, at: datetime) -> x509.Certificate:
    """Return a company's self-signed seal, valid for a day before and after a moment."""
    subject = pki.name(
        country_name="PL",
        organization_name=name,
        organization_identifier=f"VATPL-{nip}",
        common_name=name,
    )
    return pki.certificate(
        subject=subject,
        public_key=_KEY.public_key(),
        issuer=subject,
        issuer_key=_KEY,
        valid_from=at - timedelta(days=1),
        valid_to=at + timedelta(days=1),
    )


def sign_as_company(
    document: bytes, *, at: datetime, nip: str = OFFICE_NIP, name: str = OFFICE_NAME
) -> bytes:
    """Sign a document with a company's own seal; an accounting office's unless told.

    :param at: the signing time, aware
    """
    return sign_with_certificate(document, _KEY, seal_of(nip, name, at), at=at)
