"""Signs a login with a KSeF certificate: enveloped XAdES-BES with SigningCertificate.

The signature is written in canonical form from a prepared template: the bytes that are digested
and signed stand in the file as they are, so nothing is canonicalised a second time. It needs lxml
and cryptography, which Odoo brings along, and not xmlsec, whose package fits only some of lxml's
(design.md, decision 13) and takes several times as long.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from . import clock
from .enrollment import PrivateKey

#: A signature must not seem to come from the future when clocks differ (facts.md A2-28).
SIGNING_TIME_MARGIN = timedelta(minutes=1)


def available() -> str | None:
    """Return why signing does not work on this machine, or None: what it needs, Odoo needs too."""
    return None


def sign(
    document: bytes,
    key: PrivateKey,
    certificate: x509.Certificate,
    signing_time: datetime | None = None,
) -> bytes:
    """Return ``document`` with an enveloped signature as the root's last child.

    :param document: what :func:`.auth_token_request.build` gives; never a file signed elsewhere
    :param key: the certificate's, EC or RSA
    :param certificate: the leaf; KSeF needs no chain (facts.md A2-27)
    :param signing_time: aware; never written as later than a minute ago, which is the default
    """
    latest = clock.now() - SIGNING_TIME_MARGIN
    time = min(signing_time or latest, latest).astimezone(timezone.utc)
    parts = _parts(certificate)
    properties = parts.properties.replace(_TIME_MARK, time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    signed_info = _SIGNED_INFO.format(
        algorithm=_RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else _ECDSA_SHA256,
        document=_digest(_canonical(document)),
        properties=_digest(properties.encode()),
    )
    signature = _SIGNATURE.format(
        signed_info=signed_info,
        value=_base64(_signature_value(signed_info.encode(), key)),
        certificate=parts.certificate,
        properties=properties,
    )
    head, end, tail = document.rpartition(b"</")
    return head + signature.encode() + end + tail


def _canonical(document: bytes) -> bytes:
    """Return what the reference to the document covers: all of it, before the signature is in."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    tree = etree.fromstring(document, parser).getroottree()
    canonical: bytes = etree.tostring(tree, method="c14n", exclusive=True, with_comments=False)
    return canonical


def _signature_value(data: bytes, key: PrivateKey) -> bytes:
    """Return RSA with PKCS#1 v1.5, or ECDSA as R||S: what KSeF verifies (facts.md A2-5)."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    size = (key.curve.key_size + 7) // 8
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


class _Parts:
    """What a certificate's signatures have in common; ``properties`` lack the time."""

    def __init__(self, certificate: x509.Certificate) -> None:
        der = certificate.public_bytes(Encoding.DER)
        issuer = escape(certificate.issuer.rfc4514_string(), {"\r": "&#xD;"})
        self.certificate = _base64(der)
        self.properties = _PROPERTIES.format(
            time=_TIME_MARK, digest=_digest(der), issuer=issuer, serial=certificate.serial_number
        )


@lru_cache(maxsize=32)
def _parts(certificate: x509.Certificate) -> _Parts:
    return _Parts(certificate)


def _digest(data: bytes) -> str:
    return _base64(hashlib.sha256(data).digest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# Below, exclusive canonical XML: no empty-element tags, attributes in order, and xmlns:ds on each
# outermost ds: element of the properties. A change here must keep that.

_DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_TIME_MARK = "@signing-time@"

_PROPERTIES = (
    '<xades:SignedProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" Id="SignedProperties">'
    "<xades:SignedSignatureProperties>"
    "<xades:SigningTime>{time}</xades:SigningTime>"
    "<xades:SigningCertificate><xades:Cert><xades:CertDigest>"
    f'<ds:DigestMethod {_DS} Algorithm="{_SHA256}"></ds:DigestMethod>'
    f"<ds:DigestValue {_DS}>{{digest}}</ds:DigestValue>"
    "</xades:CertDigest><xades:IssuerSerial>"
    f"<ds:X509IssuerName {_DS}>{{issuer}}</ds:X509IssuerName>"
    f"<ds:X509SerialNumber {_DS}>{{serial}}</ds:X509SerialNumber>"
    "</xades:IssuerSerial></xades:Cert></xades:SigningCertificate>"
    "</xades:SignedSignatureProperties></xades:SignedProperties>"
)
_SIGNED_INFO = (
    f"<ds:SignedInfo {_DS}>"
    f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_ENVELOPED}"></ds:Transform>'
    f'<ds:Transform Algorithm="{_EXCLUSIVE}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>{document}</ds:DigestValue></ds:Reference>"
    '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#SignedProperties">'
    f'<ds:Transforms><ds:Transform Algorithm="{_EXCLUSIVE}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>{properties}</ds:DigestValue></ds:Reference>"
    "</ds:SignedInfo>"
)
_SIGNATURE = (
    f'<ds:Signature {_DS} Id="Signature">{{signed_info}}'
    "<ds:SignatureValue>{value}</ds:SignatureValue>"
    "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>"
    "</ds:X509Data></ds:KeyInfo>"
    '<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
    ' Target="#Signature">{properties}</xades:QualifyingProperties></ds:Object></ds:Signature>'
)
