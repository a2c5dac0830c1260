"""Reads certificates in the same way under every release of the library cryptography.

Some releases refuse certificates that KSeF itself has issued (docs/ksef.md E16). So asn1crypto
reads the certificate, and cryptography loads its key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

from asn1crypto import core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.x509.oid import NameOID

#: The number of an organization in a certificate's name (ETSI EN 319 412-1, 5.1.4).
ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
#: Characters of a name that are read; X.520 allows 64 to 128.  The time of patterns grows with the
#: square of it, and a stranger's certificate may hold any number.
MAX_NAME = 1000
#: The library raises these for a key of a kind that it does not know.
UNREADABLE = (ValueError, UnsupportedAlgorithm)


@dataclass(frozen=True)
class Certificate:
    """The parts of a certificate that this addon uses (RFC 5280, 4.1).

    Times are aware, in UTC. ``key_usage`` holds asn1crypto's names, such as ``digital_signature``;
    it is None if the certificate has no such extension.
    """

    der: bytes = field(repr=False)
    serial_number: int = field(compare=False)
    subject: x509.Name = field(compare=False, repr=False)
    issuer: x509.Name = field(compare=False)
    valid_from: datetime = field(compare=False)
    valid_to: datetime = field(compare=False)
    key_usage: frozenset[str] | None = field(compare=False)
    _key: bytes = field(compare=False, repr=False)

    @property
    def is_personal(self) -> bool:
        """Return True if the certificate names a person, False for an organisation."""
        names = (NameOID.GIVEN_NAME, NameOID.SURNAME)
        return any(value_of(self.subject, oid) for oid in names)

    @property
    def is_self_signed(self) -> bool:
        """Return True if the certificate names itself as its issuer."""
        return bool(self.issuer == self.subject)

    def public_key(self) -> Any:
        """Load the key that the certificate is about.

        :raises ValueError, UnsupportedAlgorithm: when cryptography does not know its kind
        """
        return load_der_public_key(self._key)


def value_of(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """Return all values of one attribute of a name, joined by spaces, within bounds."""
    found = name.get_attributes_for_oid(oid)
    return " ".join(str(attribute.value) for attribute in found)[:MAX_NAME]


def digest_of(der: bytes) -> bytes:
    """Return the SHA-256 of a certificate as hexadecimal digits."""
    return sha256(der).hexdigest().encode()


def read_certificate(der: bytes) -> Certificate:
    """Return the certificate in these bytes.

    :raises ValueError: when it is none
    """
    try:
        return _read(asn1.Certificate.load(der, strict=True)["tbs_certificate"], der)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        # The exception's text may quote the certificate.
        raise ValueError("no readable certificate") from None


def _read(signed: Any, der: bytes) -> Certificate:
    if signed["version"].native not in ("v1", "v3"):
        raise ValueError("unknown version")
    validity = signed["validity"]
    return Certificate(
        der=der,
        serial_number=signed["serial_number"].native,
        subject=_name(signed["subject"]),
        issuer=_name(signed["issuer"]),
        valid_from=_moment(validity["not_before"]),
        valid_to=_moment(validity["not_after"]),
        key_usage=_key_usage(signed["extensions"]),
        _key=signed["subject_public_key_info"].dump(),
    )


def _moment(time: Any) -> datetime:
    moment = time.native
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ValueError("no moment")
    return moment.astimezone(timezone.utc)


def _key_usage(extensions: Any) -> frozenset[str] | None:
    for extension in extensions:
        if extension["extn_id"].native == "key_usage":
            return frozenset(extension["extn_value"].parsed.native)
    return None


def _name(name: Any) -> x509.Name:
    # asn1crypto's own reader of names refuses some kinds of text that KSeF uses.
    parts = core.SequenceOf.load(name.dump(), spec=core.SetOf)
    attributes = ([_attribute(item[0], item[1]) for item in part] for part in parts)
    return x509.Name([x509.RelativeDistinguishedName(items) for items in attributes])


def _attribute(kind: Any, value: Any) -> x509.NameAttribute[str]:
    # The class first: what is nested deeply would be read to its depth.
    if not isinstance(value, core.AbstractString):
        raise ValueError("a name that is no text")
    oid = x509.ObjectIdentifier(kind.dotted)
    return x509.NameAttribute(oid, value.native, _validate=False)


def load_without_check(der: bytes) -> Any:
    """Load a private key without checking its numbers: credentials.py did (docs/design.md 19).

    :raises ValueError: when it is none
    """
    try:
        return load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # releases before 39 lack the option
        return load_der_private_key(der, None)
