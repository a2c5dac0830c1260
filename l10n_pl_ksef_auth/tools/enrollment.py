"""The key and the certificate request of a KSeF certificate, and certificates brought by hand."""

from __future__ import annotations

import re
import unicodedata
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from .answers import EnrollmentData
from .credentials import PrivateKey
from .x509_support import ORGANIZATION_IDENTIFIER, load_without_check

#: docs/ksef.md A1-name.
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_\- ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]+")
_NAME_MIN, _NAME_MAX, _NAME_FILLER = 5, 100, "KSeF Odoo"


def new_key() -> PrivateKey:
    """Make a private key: EC P-256, which KSeF recommends and which signs fast."""
    return ec.generate_private_key(ec.SECP256R1())


def private_key_der(key: PrivateKey) -> bytes:
    """Return a key in PKCS#8 DER, unencrypted: for the vault only."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def load_private_key(der: bytes) -> PrivateKey:
    """Load a key of :func:`private_key_der`.

    RSA numbers are not checked again, which takes 30 ms: credentials.py did (docs/design.md 19).

    :raises ValueError: when it is no RSA or EC key
    """
    key = load_without_check(der)
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise ValueError("neither an EC nor an RSA key")
    return key


def build_csr(key: PrivateKey, data: EnrollmentData) -> bytes:
    """Return a PKCS#10 request in DER with exactly the values that KSeF gave.

    Source: docs/ksef.md A2-19 to A2-22.

    :param data: the answer of KSeF; names may be longer than the 64 characters of X.520
    """
    values = [
        (NameOID.COUNTRY_NAME, data.country_name),
        (NameOID.ORGANIZATION_NAME, data.organization_name),
        (ORGANIZATION_IDENTIFIER, data.organization_identifier),
        (NameOID.COMMON_NAME, data.common_name),
        *((NameOID.GIVEN_NAME, name) for name in data.given_names),
        (NameOID.SURNAME, data.surname),
        (NameOID.SERIAL_NUMBER, data.serial_number),
        (NameOID.X500_UNIQUE_IDENTIFIER, data.unique_identifier),
    ]
    with warnings.catch_warnings():
        # cryptography warns of long names, but KSeF itself gives them (docs/ksef.md A2-21).
        warnings.filterwarnings("ignore", message="Attribute's length", category=UserWarning)
        subject = x509.Name([_attribute(oid, value) for oid, value in values if value])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _attribute(oid: x509.ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    """Return one attribute as UTF8String; only a country's two letters are a PrintableString."""
    printable = oid == NameOID.COUNTRY_NAME and value.isascii() and value.isalpha()
    kind = _ASN1Type.PrintableString if printable else _ASN1Type.UTF8String
    return x509.NameAttribute(oid, value, kind, _validate=False)


def certificate_name(text: str) -> str:
    """Return a name for a certificate at KSeF: 5 to 100 of the characters that it allows.

    :param text: for instance a company's name
    """
    composed = "".join(_allowed(letter) for letter in unicodedata.normalize("NFC", text))
    name = " ".join(composed.split())[:_NAME_MAX].rstrip()
    return name if len(name) >= _NAME_MIN else f"{name} {_NAME_FILLER}".strip()


def _allowed(letter: str) -> str:
    """Return a letter that KSeF allows: itself, without its accent, or a space."""
    if not _NOT_IN_A_NAME.match(letter):
        return letter
    bare = unicodedata.normalize("NFKD", letter)[:1]
    return bare if bare and not _NOT_IN_A_NAME.match(bare) else " "
