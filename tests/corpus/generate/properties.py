"""Writes the XAdES properties for signers that only know XML Signature."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

DSIG = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def qualifying_properties(
    certificate: x509.Certificate,
    role: str,
    at: datetime,
    *,
    signature_id: str,
    properties_id: str,
    version: str = "v1",
) -> str:
    """Return QualifyingProperties that declare all their namespaces.

    :param role: the SignerRole element with the prefix ``xades``, or ""
    :param version: "v1" for SigningCertificate, "v2" for SigningCertificateV2, "" for neither
    """
    return (
        f'<xades:QualifyingProperties xmlns:xades="{XADES}" xmlns:ds="{DSIG}" '
        f'Target="#{signature_id}"><xades:SignedProperties Id="{properties_id}">'
        "<xades:SignedSignatureProperties>"
        f"<xades:SigningTime>{at.strftime('%Y-%m-%dT%H:%M:%SZ')}</xades:SigningTime>"
        f"{_signing_certificate(certificate, version)}{role}"
        "</xades:SignedSignatureProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties>"
    )


def _signing_certificate(certificate: x509.Certificate, version: str) -> str:
    if not version:
        return ""
    der = certificate.public_bytes(Encoding.DER)
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    serial = (
        "<xades:IssuerSerial><ds:X509IssuerName>"
        f"{escape(certificate.issuer.rfc4514_string())}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{certificate.serial_number}</ds:X509SerialNumber>"
        "</xades:IssuerSerial>"
    )
    name = {"v1": "SigningCertificate", "v2": "SigningCertificateV2"}[version]
    return (
        f'<xades:{name}><xades:Cert><xades:CertDigest><ds:DigestMethod Algorithm="{SHA256}"/>'
        f"<ds:DigestValue>{digest}</ds:DigestValue></xades:CertDigest>"
        f"{serial if version == 'v1' else ''}</xades:Cert></xades:{name}>"
    )
