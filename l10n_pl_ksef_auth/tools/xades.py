"""Signs a login with a KSeF certificate: enveloped XAdES-BES with SigningCertificate.

The signature is written in canonical form from a prepared template: the bytes that are digested
and signed stand in the file as they are, nothing is canonicalised a second time, and signing costs
little more than the signature's value. That value comes from xmlsec, which gives ECDSA as XML
wants it and takes a key as the vault keeps it.

xmlsec is imported where it is used: its package fits only some lxml packages, and Odoo must start
with the others too (design.md, decision 13).
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from . import clock
from .enrollment import PrivateKey, private_key_der

#: A signature must not seem to come from the future when clocks differ (facts.md A2-28).
SIGNING_TIME_MARGIN = timedelta(minutes=1)


def available() -> Literal["missing", "mismatch"] | None:
    """Return None when signing works here, else why not: xmlsec is absent or does not fit lxml."""
    try:
        import xmlsec  # noqa: F401  # only whether it can be imported is asked
    except ImportError:
        return "missing"
    except Exception:  # xmlsec.InternalError: a class that the failed import does not give
        return "mismatch"
    return None


def sign(
    document: bytes,
    key: PrivateKey | bytes,
    certificate: x509.Certificate,
    signing_time: datetime | None = None,
) -> bytes:
    """Return ``document`` with an enveloped signature as the root's last child.

    :param document: what :func:`.auth_token_request.build` gives; never a file signed elsewhere
    :param key: EC or RSA, or the same as unencrypted PKCS#8 DER, which is faster
    :param certificate: the leaf; KSeF needs no chain (facts.md A2-27)
    :param signing_time: aware; never written as later than a minute ago, which is the default
    :raises ImportError, xmlsec.InternalError: when :func:`available` says so
    """
    latest = clock.now() - SIGNING_TIME_MARGIN
    time = min(signing_time or latest, latest).astimezone(timezone.utc)
    parts = _parts(certificate)
    properties = parts.properties.replace(_TIME_MARK, time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    signed_info = _SIGNED_INFO.format(
        algorithm=_RSA_SHA256 if parts.is_rsa else _ECDSA_SHA256,
        document=_digest(_canonical(document)),
        properties=_digest(properties.encode()),
    )
    signature = _SIGNATURE.format(
        signed_info=signed_info,
        value=_base64(_signature_value(signed_info.encode(), key, parts.is_rsa)),
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


def _signature_value(data: bytes, key: PrivateKey | bytes, is_rsa: bool) -> bytes:
    import xmlsec

    der = key if isinstance(key, bytes) else private_key_der(key)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatDer, None)
    method = "TransformRsaSha256" if is_rsa else "TransformEcdsaSha256"
    value: bytes = context.sign_binary(data, getattr(xmlsec.constants, method))
    return value


class _Parts:
    """What a certificate's signatures have in common; ``properties`` lack the time."""

    def __init__(self, certificate: x509.Certificate) -> None:
        der = certificate.public_bytes(Encoding.DER)
        issuer = escape(certificate.issuer.rfc4514_string(), {"\r": "&#xD;"})
        self.is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
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
#: RSA with PKCS#1 v1.5 and ECDSA as R||S: what KSeF verifies (facts.md A2-5).
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
