"""The keys that clients encrypt with: one for KSeF tokens, one for the keys of invoices."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .answers import Answer, Refused, stamp_seconds
from .call import Call, Endpoint
from .limits import AUTH
from .releases import validity

TOKEN, SYMMETRIC = "KsefTokenEncryption", "SymmetricKeyEncryption"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


@cache
def private_key(usage: str) -> rsa.RSAPrivateKey:
    """KSeF's own key for one usage; made when it is first needed, for this process."""
    return rsa.generate_private_key(65537, 2048)


@cache
def _certificate(usage: str, year: int) -> x509.Certificate:
    from .pki import certificate, name

    subject = name(country_name="PL", common_name=f"Symulator KSeF {usage}")
    key = private_key(usage)
    return certificate(
        subject=subject,
        public_key=key.public_key(),
        issuer=subject,
        issuer_key=key,
        valid_from=datetime(year - 1, 1, 1, tzinfo=timezone.utc),
        valid_to=datetime(year + 2, 1, 1, tzinfo=timezone.utc),
        usages=("key_encipherment",),
    )


def key_id(usage: str) -> str:
    """KSeF's publicKeyId: SHA-256 of the public key, in Base64."""
    public = private_key(usage).public_key()
    return _digest(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def check_key_id(usage: str, given: str | None) -> None:
    """Refuse a publicKeyId that is not this usage's.

    :raises Refused: 21470
    """
    if given is not None and given != key_id(usage):
        raise Refused(21470, f"Klucz o identyfikatorze {given} nie jest wspierany.")


def decrypt(usage: str, text: str) -> bytes | None:
    """What was encrypted with RSA-OAEP (SHA-256) for one usage, None where it was not.

    :raises ValueError: for what is not Base64
    """
    data = base64.b64decode(text, validate=True)
    try:
        return private_key(usage).decrypt(data, OAEP)
    except ValueError:
        return None


def listed(call: Call) -> Answer:
    """GET /security/public-key-certificates."""
    return Answer(body=[_item(usage, call.now.year) for usage in (TOKEN, SYMMETRIC)])


def _item(usage: str, year: int) -> dict[str, object]:
    certificate = _certificate(usage, year)
    start, end = validity(certificate)
    der = certificate.public_bytes(Encoding.DER)
    return {
        "certificate": base64.b64encode(der).decode(),
        "certificateId": _digest(der),
        "publicKeyId": key_id(usage),
        "validFrom": stamp_seconds(start),
        "validTo": stamp_seconds(end),
        "usage": [usage],
    }


def _digest(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


ENDPOINTS = (
    Endpoint("public-keys", "GET", "/security/public-key-certificates", listed, limit=AUTH),
)
