"""The links of the two codes on an invoice's picture; they are made without a network.

Code I names an invoice. Code II says who has issued it while KSeF could not be reached, and is
signed with the key of a KSeF certificate of the type Offline (docs/ksef.md F).
"""

from __future__ import annotations

import base64
import re
from datetime import date, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from . import clock, nip
from .auth_token_request import Context
from .credentials import (
    PrivateKey,
    is_accepted,
    matches,
    may_be_issued_by_ksef,
    may_sign_invoices,
)
from .x509_support import Certificate

HOSTS = {
    "production": "qr.ksef.mf.gov.pl",
    "demo": "qr-demo.ksef.mf.gov.pl",
    "test": "qr-test.ksef.mf.gov.pl",
}
#: What stands under code I until KSeF has given the invoice a number, and under code II.
NOT_YET_IN_KSEF, SIGNED_BY = "OFFLINE", "CERTYFIKAT"

_DIGEST_BYTES = 32
_CURVES = ("secp256r1",)
#: Of R and of S.
_HALF_BYTES = 32
_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
#: KSeF's contract, NipVatUe and PeppolId; only letters that an address carries as they are.
_EU_NUMBER = re.compile(r"[A-Z]{2}[A-Z0-9+*]{2,12}")
_PEPPOL = re.compile(r"P[A-Z]{2}[0-9]{6}")


class InvalidLink(ValueError):
    """``reason``: environment, date, digest, context, not_offline, not_valid, key, mismatch."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No link can be made: {reason}")
        self.reason = reason


def invoice_link(environment: str, seller: str, issued: date, digest: bytes) -> str:
    """Return the link of code I, where anybody sees whether KSeF has an invoice.

    :param environment: production, demo or test
    :param seller: the NIP in the invoice's Podmiot1, as people write it
    :param issued: the day in the invoice's P_1
    :param digest: SHA-256 of the invoice's file, 32 bytes
    :raises InvalidLink: when one of them is none
    :raises nip.InvalidNip: when the seller's number is none
    """
    # A moment has another day in another zone.
    if not isinstance(issued, date) or isinstance(issued, datetime):
        raise InvalidLink("date")
    day = f"{issued.day:02}-{issued.month:02}-{issued.year:04}"
    path = f"invoice/{nip.normalise(seller)}/{day}/{_digest(digest)}"
    return f"https://{_host(environment)}/{path}"


def certificate_link(
    environment: str,
    context: Context,
    seller: str,
    digest: bytes,
    key: PrivateKey,
    certificate: Certificate,
) -> str:
    """Return the link of code II, signed; each call gives another one.

    :param environment: production, demo or test; KSeF certificates of one mean nothing in another
    :param context: of the login that will send the invoice
    :param seller: the NIP in the invoice's Podmiot1, as people write it
    :param digest: SHA-256 of the invoice's file, 32 bytes
    :param key: of the certificate; RSA from 2048 bits on, or EC P-256
    :param certificate: of the type Offline, valid now
    :raises InvalidLink: when KSeF would not accept the code, with the reason
    :raises nip.InvalidNip: when the seller's number is none
    """
    _check(key, certificate)
    serial = f"{certificate.serial_number:016X}"
    parties = f"{_path(context)}/{nip.normalise(seller)}"
    signed = f"{_host(environment)}/certificate/{parties}/{serial}/{_digest(digest)}"
    return f"https://{signed}/{_base64url(_signature(key, signed.encode('ascii')))}"


def _check(key: PrivateKey, certificate: Certificate) -> None:
    if not (may_sign_invoices(certificate) and may_be_issued_by_ksef(certificate)):
        raise InvalidLink("not_offline")
    if not certificate.valid_from <= clock.now() < certificate.valid_to:
        raise InvalidLink("not_valid")
    if not is_accepted(key, _CURVES):
        raise InvalidLink("key")
    if not matches(key, certificate):
        raise InvalidLink("mismatch")


def _signature(key: PrivateKey, text: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text, _PSS, hashes.SHA256())
    return side_by_side(key.sign(text, ec.ECDSA(hashes.SHA256())))


def side_by_side(der: bytes) -> bytes:
    """Return an ECDSA signature on P-256 as R and S side by side, always 64 bytes.

    :param der: as cryptographic libraries give it, 8 to 72 bytes
    """
    return b"".join(half.to_bytes(_HALF_BYTES, "big") for half in decode_dss_signature(der))


def _path(context: Context) -> str:
    """Return the part of an address that names a context.

    :raises InvalidLink: when its value does not fit its kind
    """
    try:
        return f"{context.type}/{_value(context)}"
    except nip.InvalidNip:
        raise InvalidLink("context") from None


def _value(context: Context) -> str:
    number, _dash, abroad = context.value.partition("-")
    if context.type == "Nip":
        return nip.normalise(context.value)
    if context.type == "InternalId":
        return nip.normalise_internal_id(context.value)
    if context.type == "NipVatUe" and _EU_NUMBER.fullmatch(abroad):
        return f"{nip.normalise(number)}-{abroad}"
    if context.type == "PeppolId" and _PEPPOL.fullmatch(context.value):
        return context.value
    raise InvalidLink("context")


def _host(environment: str) -> str:
    host = HOSTS.get(environment)
    if not host:
        raise InvalidLink("environment")
    return host


def _digest(digest: bytes) -> str:
    if not isinstance(digest, bytes) or len(digest) != _DIGEST_BYTES:
        raise InvalidLink("digest")
    return _base64url(digest)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
