"""What releases of cryptography, from 38 on, call differently or do not have."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

#: Since release 42; the package signxml, which gives tests a second opinion, needs them.
HAS_UTC_TIMES = hasattr(x509.Certificate, "not_valid_after_utc")
#: NameOID has it since release 39.
ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")


def validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Return when a certificate's life begins and ends, in UTC."""
    if HAS_UTC_TIMES:
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    start, end = certificate.not_valid_before, certificate.not_valid_after
    return start.replace(tzinfo=timezone.utc), end.replace(tzinfo=timezone.utc)


def check_issuer(certificate: Any, issuer: x509.Certificate) -> None:
    """Check that a certificate has its issuer's name and signature (releases before 40 cannot).

    :raises ValueError: when the name is another one
    :raises InvalidSignature: when the signature is another one's
    """
    if hasattr(certificate, "verify_directly_issued_by"):
        certificate.verify_directly_issued_by(issuer)
        return
    if certificate.issuer != issuer.subject:
        raise ValueError("issued by another authority")
    key, digest = issuer.public_key(), certificate.signature_hash_algorithm
    is_ec = isinstance(key, ec.EllipticCurvePublicKey)
    how = (ec.ECDSA(digest),) if is_ec else (padding.PKCS1v15(), digest)
    key.verify(certificate.signature, certificate.tbs_certificate_bytes, *how)


def unchecked(numbers: rsa.RSAPrivateNumbers) -> rsa.RSAPrivateKey:
    """Return an RSA key without checking its primes again, which costs 30 ms, where that works."""
    try:
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except TypeError:
        return numbers.private_key()
