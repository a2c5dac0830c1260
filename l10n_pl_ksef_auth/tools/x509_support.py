"""What releases of the library before 42 lack, as Ubuntu 24.04 and Debian 12 bring them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_private_key

#: The number of an organization in a certificate's name (ETSI EN 319 412-1, 5.1.4).
ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")


def validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Return a certificate's first and last moment, aware UTC (RFC 5280, 4.1.2.5).

    :raises ValueError: when they cannot be read
    """
    try:
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except AttributeError:
        first, last = certificate.not_valid_before, certificate.not_valid_after
        return first.replace(tzinfo=timezone.utc), last.replace(tzinfo=timezone.utc)


def load_without_check(der: bytes) -> Any:
    """Return a private key that was checked when it came in (docs/design.md 19).

    :raises ValueError: when it is none
    """
    try:
        return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # the option came with release 39
        return load_der_private_key(der, None)
