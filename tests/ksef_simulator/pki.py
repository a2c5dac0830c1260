"""The certificate authorities around the simulated KSeF, and what it trusts.

Four issuers: KSeF itself, the qualified trust service providers (here one), the one behind the
seal of Podpis zaufany, and the one of the e-dowód. All keys are derived from names (keys.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from . import odd_certificates
from .keys import PrivateKey, ec_key, rsa_key
from .releases import ORGANIZATION_IDENTIFIER, check_issuer

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
KSEF_CA_NAME = "CCK KSeF (symulator)"
USAGES = {"Authentication": "digital_signature", "Offline": "content_commitment"}
_ALL_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def name(**attributes: str | Iterable[str]) -> x509.Name:
    """Build an X.500 name from attributes in the order given.

    Values may be longer than X.520 allows, as KSeF's are (docs/ksef.md A2-21).

    :param attributes: keys as in `NameOID`, lower case; several values make several attributes
    """
    items = []
    for key, values in attributes.items():
        for value in [values] if isinstance(values, str) else values:
            items.append(x509.NameAttribute(_oid(key.upper()), value, _validate=False))
    return x509.Name(items)


def _oid(name: str) -> x509.ObjectIdentifier:
    known = {"ORGANIZATION_IDENTIFIER": ORGANIZATION_IDENTIFIER}
    return known.get(name) or getattr(NameOID, name)


def _usage(*wanted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in wanted for usage in _ALL_USAGES})


def certificate(
    *,
    subject: x509.Name,
    public_key: PublicKey,
    issuer: x509.Name,
    issuer_key: PrivateKey,
    valid_from: datetime,
    valid_to: datetime,
    serial: int | None = None,
    usages: tuple[str, ...] = ("content_commitment",),
    ca: bool = False,
) -> x509.Certificate:
    """Make any X.509 v3 certificate, signed with SHA-256."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(_usage(*usages), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


class Issuer:
    """One certificate authority."""

    def __init__(self, key: PrivateKey, subject: x509.Name, now: datetime):
        """Prepare an authority that is valid from five years before `now` to 25 after."""
        self.subject = subject
        self.key = key
        self._now = now

    @cached_property
    def certificate(self) -> x509.Certificate:
        """The authority's own, self-issued certificate."""
        return certificate(
            subject=self.subject,
            public_key=self.key.public_key(),
            issuer=self.subject,
            issuer_key=self.key,
            valid_from=self._now - timedelta(days=5 * 365),
            valid_to=self._now + timedelta(days=25 * 365),
            serial=1,
            usages=("key_cert_sign", "crl_sign"),
            ca=True,
        )

    def issue(
        self,
        subject: x509.Name,
        public_key: PublicKey,
        valid_from: datetime,
        valid_to: datetime,
        serial: int | None = None,
        usages: tuple[str, ...] = ("content_commitment",),
    ) -> x509.Certificate:
        """Issue an end user's certificate."""
        return certificate(
            subject=subject,
            public_key=public_key,
            issuer=self.subject,
            issuer_key=self.key,
            valid_from=valid_from,
            valid_to=valid_to,
            serial=serial,
            usages=usages,
        )


@dataclass
class Trust:
    """What the simulated KSeF believes in.

    :param self_signed_allowed: True as on TEST, False as on production and demo
    :param revoked: serial numbers of certificates that their issuer has revoked
    :param suspended: serial numbers of certificates that their issuer has suspended
    """

    ksef: x509.Certificate
    qualified: x509.Certificate
    minister: x509.Certificate
    personal_id: x509.Certificate
    self_signed_allowed: bool = True
    revoked: set[int] = field(default_factory=set)
    suspended: set[int] = field(default_factory=set)

    def issuer_of(self, certificate: x509.Certificate) -> str | None:
        """Name the trusted authority that issued this certificate.

        :return: "ksef", "qualified", "minister", "personal_id" or None
        """
        for kind in ("ksef", "qualified", "minister", "personal_id"):
            try:
                check_issuer(certificate, getattr(self, kind))
            except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
                continue
            return kind
        return None


class Authority:
    """The simulator's authorities: KSeF's own, which issues, and the others, which it trusts."""

    def __init__(self, now: datetime, environment: str = "test"):
        """Prepare the authorities.

        :param now: the time around which their certificates are valid, aware
        :param environment: KSeF of another environment has another key under the same name
        """
        self.ksef = Issuer(
            ec_key(f"ca/ksef/{environment}"),
            name(country_name="PL", organization_name="Symulator KSeF", common_name=KSEF_CA_NAME),
            now,
        )
        # Its signatures do not vary, so a certificate has the same fingerprint in every process.
        qualified_key = rsa_key("ca/qualified")
        self.qualified = Issuer(qualified_key, _provider("Centrum Kwalifikowane"), now)
        minister_key, personal_key = ec_key("ca/minister"), ec_key("ca/personal-id")
        self.minister = Issuer(minister_key, _provider("Centrum Pieczęci Ministra"), now)
        self.personal_id = Issuer(personal_key, _provider("Podpis osobisty"), now)
        self.environment = environment

    @cached_property
    def trust(self) -> Trust:
        """The trust store of this environment; self-signed certificates only pass on TEST."""
        return Trust(
            self.ksef.certificate,
            self.qualified.certificate,
            self.minister.certificate,
            self.personal_id.certificate,
            self_signed_allowed=self.environment == "test",
        )

    def issue_ksef_certificate(
        self,
        public_key: PublicKey,
        subject: x509.Name,
        type: str,
        valid_from: datetime,
        valid_to: datetime,
        serial: int,
        encoding: str = "plain",
    ) -> x509.Certificate:
        """Issue a KSeF certificate.

        :param type: "Authentication" or "Offline"; the key usage follows (docs/ksef.md A0-7)
        :param encoding: "plain", or "null-parameters" as in autumn 2025 (docs/ksef.md E16)
        """
        usages = (USAGES[type],)
        made = self.ksef.issue(subject, public_key, valid_from, valid_to, serial, usages)
        if encoding == "plain":
            return made
        odd: x509.Certificate = odd_certificates.read(
            odd_certificates.with_null_parameters(made, self.ksef.key)
        )
        return odd


def _provider(common_name: str) -> x509.Name:
    return name(
        country_name="PL",
        organization_name="Symulator Usług Zaufania S.A.",
        common_name=f"{common_name} (symulator)",
        organization_identifier="VATPL-1111111111",
    )
