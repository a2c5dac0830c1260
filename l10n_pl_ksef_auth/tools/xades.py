"""Signs a login with a KSeF certificate: enveloped XAdES-BES with SigningCertificate.

xmlsec is imported where it is used: its package fits only some lxml packages, and Odoo must start
with the others too (docs/design.md 13).
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import Any, Literal
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from . import clock
from .enrollment import PrivateKey, private_key_der

#: A signature must not seem to come from the future when clocks differ (docs/ksef.md A2-28).
SIGNING_TIME_MARGIN = timedelta(minutes=1)

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
#: RSA with PKCS#1 v1.5 and ECDSA as R||S: what KSeF verifies (docs/ksef.md A2-5).
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_TIME_MARK = "@signing-time@"


@cache
def available() -> Literal["missing", "mismatch"] | None:
    """Return None when signing works here, else why not: xmlsec is absent or does not fit lxml.

    Kept, as an import that fails is tried anew each time: other packages need a restart of Odoo.
    """
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
    :param certificate: the leaf; KSeF needs no chain (docs/ksef.md A2-27)
    :param signing_time: aware; never written as later than a minute ago, which is the default
    :raises ImportError, xmlsec.InternalError: when :func:`available` says so
    """
    import xmlsec

    latest = clock.now() - SIGNING_TIME_MARGIN
    moment = min(signing_time or latest, latest)
    root = etree.fromstring(document, _parser())
    signature = _signature_template(certificate, moment)
    root.append(signature)
    context = xmlsec.SignatureContext()
    context.key = _xmlsec_key(key)
    context.register_id(signature[-1][0][0], "Id")
    context.sign(signature)
    _set_width(signature, certificate)
    signed: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return signed


def _set_width(signature: Any, certificate: x509.Certificate) -> None:
    """Give R and S of an ECDSA signature the width of the curve's order.

    Source: RFC 4050, docs/ksef.md A2-5. libxmlsec 1.3.4, in Odoo's own pin of xmlsec, pads each to
    as many bytes as the curve has bits.
    """
    width = _width(certificate)
    if not width:
        return
    element = signature.find(f"{{{_DSIG}}}SignatureValue")
    value = base64.b64decode(element.text)
    half = len(value) // 2
    numbers = (int.from_bytes(part, "big") for part in (value[:half], value[half:]))
    fitting = b"".join(number.to_bytes(width, "big") for number in numbers)
    element.text = base64.b64encode(fitting).decode("ascii")


@lru_cache(maxsize=32)
def _width(certificate: x509.Certificate) -> int:
    """Return the number of bytes of R and of S, 0 for a key that is on no curve.

    Kept, as the certificate is read anew for each login, and taking its key out is what costs.
    """
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return 0
    return (public_key.curve.key_size + 7) // 8


def _xmlsec_key(key: PrivateKey | bytes) -> Any:
    import xmlsec

    der = key if isinstance(key, bytes) else private_key_der(key)
    return xmlsec.Key.from_memory(der, xmlsec.constants.KeyDataFormatDer, None)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _signature_template(certificate: x509.Certificate, moment: datetime) -> Any:
    """Return the ds:Signature element with everything but digests and the signature value."""
    time = moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return etree.fromstring(_template(certificate).replace(_TIME_MARK, time))


@lru_cache(maxsize=32)
def _template(certificate: x509.Certificate) -> str:
    """Return the signature of one certificate as text; only the time differs between logins."""
    der = certificate.public_bytes(Encoding.DER)
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    return _TEMPLATE.format(
        algorithm=_RSA_SHA256 if is_rsa else _ECDSA_SHA256,
        certificate=base64.b64encode(der).decode("ascii"),
        digest=base64.b64encode(hashlib.sha256(der).digest()).decode("ascii"),
        issuer=escape(certificate.issuer.rfc4514_string()),
        serial=certificate.serial_number,
        time=_TIME_MARK,
    )


_EXCLUSIVE_TRANSFORM = f'<ds:Transform Algorithm="{_EXCLUSIVE}"/>'
_DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{_SHA256}"/>'
_TEMPLATE = (
    f'<ds:Signature xmlns:ds="{_DSIG}" Id="Signature">'
    "<ds:SignedInfo>"
    f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
    '<ds:SignatureMethod Algorithm="{algorithm}"/>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_DSIG}enveloped-signature"/>{_EXCLUSIVE_TRANSFORM}'
    f"</ds:Transforms>{_DIGEST_METHOD}<ds:DigestValue/></ds:Reference>"
    '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#SignedProperties">'
    f"<ds:Transforms>{_EXCLUSIVE_TRANSFORM}</ds:Transforms>"
    f"{_DIGEST_METHOD}<ds:DigestValue/></ds:Reference>"
    "</ds:SignedInfo><ds:SignatureValue/>"
    "<ds:KeyInfo><ds:X509Data>"
    "<ds:X509Certificate>{certificate}</ds:X509Certificate>"
    "</ds:X509Data></ds:KeyInfo>"
    f'<ds:Object><xades:QualifyingProperties xmlns:xades="{_XADES}" Target="#Signature">'
    '<xades:SignedProperties Id="SignedProperties"><xades:SignedSignatureProperties>'
    "<xades:SigningTime>{time}</xades:SigningTime>"
    "<xades:SigningCertificate><xades:Cert>"
    f"<xades:CertDigest>{_DIGEST_METHOD}"
    "<ds:DigestValue>{digest}</ds:DigestValue></xades:CertDigest>"
    "<xades:IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
    "<ds:X509SerialNumber>{serial}</ds:X509SerialNumber></xades:IssuerSerial>"
    "</xades:Cert></xades:SigningCertificate>"
    "</xades:SignedSignatureProperties></xades:SignedProperties>"
    "</xades:QualifyingProperties></ds:Object></ds:Signature>"
)
