"""Signs a login with a KSeF certificate: enveloped XAdES-BES with SigningCertificate.

xmlsec is imported inside functions: its package fits only some lxml packages, and Odoo must start
with the others, too (docs/design.md 13).
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import cache, lru_cache
from typing import Literal
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from . import clock
from .x509_support import read_certificate

#: Where clocks differ, a signature must not seem to come from the future (docs/ksef.md A2-28).
SIGNING_TIME_MARGIN = timedelta(minutes=1)

_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_XADES = "http://uri.etsi.org/01903/v1.3.2#"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
#: RSA with PKCS#1 v1.5 and ECDSA as R||S: what KSeF verifies (docs/ksef.md A2-5).
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


@cache
def unusable() -> Exception | None:
    """Return why xmlsec cannot be used on this machine, None if it can.

    The package may be absent, lack its library, or not fit lxml.  The answer is cached: Python
    would repeat a failed import each time, and other packages need a restart of Odoo anyway.
    """
    try:
        import xmlsec  # noqa: F401  # imported only to see whether that works
    except Exception as error:  # xmlsec.InternalError: a class that the failed import does not give
        return error.with_traceback(None)
    return None


def available() -> Literal["missing", "mismatch"] | None:
    """Return None if signing works here, else why not: xmlsec is absent or does not fit lxml."""
    error = unusable()
    if error is None:
        return None
    return "missing" if isinstance(error, ImportError) else "mismatch"


def sign(document: bytes, key: bytes, certificate: bytes) -> bytes:
    """Return ``document`` with an enveloped signature as the root's last child.

    The signing time is a minute ago.

    :param document: what :func:`.auth_token_request.build` gives; never a file signed elsewhere
    :param key: EC or RSA, as unencrypted PKCS#8 DER
    :param certificate: the leaf, in DER; KSeF needs no chain (docs/ksef.md A2-27)
    :raises ImportError, xmlsec.InternalError: when :func:`available` says so
    """
    import xmlsec

    moment = (clock.now() - SIGNING_TIME_MARGIN).replace(microsecond=0, tzinfo=None)
    fixed, key_info, width = _fixed(certificate)
    fixed = fixed | {"time": f"{moment.isoformat()}Z"}
    # No digest covers KeyInfo, so libxmlsec need not read the certificate.
    root = etree.fromstring(_inserted(document, fixed | _EMPTY), _PARSER)
    signature = root[-1]
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatDer, None)
    context.register_id(signature[-1][0][0], "Id")
    context.sign(signature)
    values = {
        "request_digest": signature[0][2][2].text,
        "properties_digest": signature[0][3][2].text,
        "value": _fitting(signature[1].text, width),
        "key_info": key_info,
    }
    return _inserted(document, fixed | values)


def _inserted(document: bytes, values: dict[str, str]) -> bytes:
    """Return the document, to the byte, with a signature as its root's last child."""
    content, end, rest = document.rpartition(b"</")
    return b"".join((content, _TEMPLATE.format_map(values).encode(), end, rest))


def _fitting(value: str, width: int) -> str:
    """Give R and S of an ECDSA signature the width of the curve's order (RFC 4050).

    libxmlsec 1.3.4, in Odoo's own pin of xmlsec, pads each to as many bytes as the curve has bits
    (docs/ksef.md A2-5).

    :param value: SignatureValue as libxmlsec has written it
    :param width: bytes of R and of S, 0 for RSA
    """
    found = base64.b64decode(value)
    if width and len(found) != 2 * width:
        half = len(found) // 2
        numbers = (int.from_bytes(part, "big") for part in (found[:half], found[half:]))
        found = b"".join(number.to_bytes(width, "big") for number in numbers)
    return base64.b64encode(found).decode("ascii")


@lru_cache(maxsize=32)
def _fixed(der: bytes) -> tuple[dict[str, str], str, int]:
    """Return the parts that all signatures with one certificate share.

    :return: values of the template; ds:KeyInfo as text; the bytes of R and of S, 0 for RSA
    """
    certificate = read_certificate(der)
    key = certificate.public_key()
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    values = {
        "algorithm": _RSA_SHA256 if is_rsa else _ECDSA_SHA256,
        "digest": base64.b64encode(hashlib.sha256(der).digest()).decode("ascii"),
        "issuer": escape(certificate.issuer.rfc4514_string()),
        "serial": str(certificate.serial_number),
    }
    key_info = _KEY_INFO.format(base64.b64encode(der).decode("ascii"))
    return values, key_info, 0 if is_rsa else (key.curve.key_size + 7) // 8


_EXCLUSIVE_TRANSFORM = f'<ds:Transform Algorithm="{_EXCLUSIVE}"/>'
_KEY_INFO = (
    "<ds:KeyInfo><ds:X509Data>"
    "<ds:X509Certificate>{}</ds:X509Certificate>"
    "</ds:X509Data></ds:KeyInfo>"
)
#: The template's values that libxmlsec has yet to compute, or need not see.
_EMPTY = dict.fromkeys(("request_digest", "properties_digest", "value", "key_info"), "")
_DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{_SHA256}"/>'
_TEMPLATE = (
    f'<ds:Signature xmlns:ds="{_DSIG}" Id="Signature">'
    "<ds:SignedInfo>"
    f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
    '<ds:SignatureMethod Algorithm="{algorithm}"/>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_DSIG}enveloped-signature"/>{_EXCLUSIVE_TRANSFORM}'
    f"</ds:Transforms>{_DIGEST_METHOD}<ds:DigestValue>{{request_digest}}</ds:DigestValue></ds:Reference>"
    '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#SignedProperties">'
    f"<ds:Transforms>{_EXCLUSIVE_TRANSFORM}</ds:Transforms>"
    f"{_DIGEST_METHOD}<ds:DigestValue>{{properties_digest}}</ds:DigestValue></ds:Reference>"
    "</ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue>{key_info}"
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
