"""Signs a login with a KSeF certificate: enveloped XAdES-BES with SigningCertificate.

xmlsec is imported inside functions: its package fits only some lxml packages, and Odoo must start
with the others, too (docs/design.md 13).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any, Literal
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from . import clock
from .x509_support import digest_of, read_certificate

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


def available() -> Literal["missing", "broken", "mismatch"] | None:
    """Return None if signing works here, else why not.

    xmlsec is absent, is there but lacks its library, or does not fit lxml.
    """
    error = unusable()
    if error is None:
        return None
    if isinstance(error, ModuleNotFoundError):
        return "missing"
    return "broken" if isinstance(error, ImportError) else "mismatch"


def sign(document: bytes, key: bytes, certificate: bytes) -> bytes:
    """Return ``document`` with an enveloped signature as the root's last child.

    The signing time is a minute ago. Nothing else of the document changes, to the byte.

    :param document: what :func:`.auth_token_request.build` gives; never a file signed elsewhere
    :param key: EC or RSA, as unencrypted PKCS#8 DER
    :param certificate: the leaf, in DER; KSeF needs no chain (docs/ksef.md A2-27)
    :raises ImportError, xmlsec.InternalError: when :func:`available` says so
    """
    prepared = _prepared(certificate)
    moment = (clock.now() - SIGNING_TIME_MARGIN).replace(microsecond=0, tzinfo=None)
    time = f"{moment.isoformat()}Z".encode()
    request = etree.fromstring(document, _PARSER).getroottree()
    values = {
        b"@time@": time,
        b"@request@": _digest(_canonical(request)),
        b"@properties@": _digest(prepared.properties.replace(b"@time@", time)),
    }
    signed = _sign_bytes(_filled(prepared.info, values), key, prepared)
    content, end, rest = document.rpartition(b"</")
    signature = _filled(prepared.signature, values | {b"@value@": signed})
    return b"".join((content, signature, end, rest))


def signer_digest(document: bytes) -> bytes:
    """Return the digest of the certificate in a document that :func:`sign` gave.

    :param document: signed; another program's with several certificates gives an empty digest
    """
    found = list(etree.fromstring(document, _PARSER).iter(f"{{{_DSIG}}}X509Certificate"))
    text = found[0].text if len(found) == 1 else None
    return digest_of(base64.b64decode(text)) if text else b""


@dataclass(frozen=True)
class _Prepared:
    """The parts that all signatures with one certificate share, as XML with marks in it.

    ``info`` and ``properties`` are the canonical forms of two elements of ``signature``; ``width``
    is the number of bytes of R and of S, 0 for RSA.
    """

    signature: bytes
    info: bytes
    properties: bytes
    width: int


@lru_cache(maxsize=32)
def _prepared(der: bytes) -> _Prepared:
    certificate = read_certificate(der)
    key = certificate.public_key()
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    text = _TEMPLATE.format(
        algorithm=_RSA_SHA256 if is_rsa else _ECDSA_SHA256,
        certificate=base64.b64encode(der).decode("ascii"),
        digest=_digest(der).decode("ascii"),
        issuer=escape(certificate.issuer.rfc4514_string()),
        serial=certificate.serial_number,
    ).encode()
    signature = etree.fromstring(text, _PARSER)
    info, properties = _canonical(signature[0]), _canonical(signature[-1][0][0])
    return _Prepared(text, info, properties, 0 if is_rsa else (key.curve.key_size + 7) // 8)


def _canonical(node: Any) -> bytes:
    """Return the exclusive canonical form (the transform that the signature names)."""
    canonical: bytes = etree.tostring(node, method="c14n", exclusive=True, with_comments=False)
    return canonical


def _digest(data: bytes) -> bytes:
    return base64.b64encode(hashlib.sha256(data).digest())


def _filled(text: bytes, values: dict[bytes, bytes]) -> bytes:
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _sign_bytes(data: bytes, key: bytes, prepared: _Prepared) -> bytes:
    """Return SignatureValue, R and S of an ECDSA signature as wide as the curve's order (RFC 4050).

    libxmlsec 1.3.4, in Odoo's own pin of xmlsec, pads each to as many bytes as the curve has bits
    (docs/ksef.md A2-5).
    """
    import xmlsec

    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatDer, None)
    width, methods = prepared.width, xmlsec.constants
    method = methods.TransformEcdsaSha256 if width else methods.TransformRsaSha256
    value: bytes = context.sign_binary(data, method)
    if width and len(value) != 2 * width:
        half = len(value) // 2
        numbers = (int.from_bytes(part, "big") for part in (value[:half], value[half:]))
        value = b"".join(number.to_bytes(width, "big") for number in numbers)
    return base64.b64encode(value)


_EXCLUSIVE_TRANSFORM = f'<ds:Transform Algorithm="{_EXCLUSIVE}"/>'
_DIGEST_METHOD = f'<ds:DigestMethod Algorithm="{_SHA256}"/>'
_TEMPLATE = (
    f'<ds:Signature xmlns:ds="{_DSIG}" Id="Signature">'
    "<ds:SignedInfo>"
    f'<ds:CanonicalizationMethod Algorithm="{_EXCLUSIVE}"/>'
    '<ds:SignatureMethod Algorithm="{algorithm}"/>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{_DSIG}enveloped-signature"/>{_EXCLUSIVE_TRANSFORM}'
    f"</ds:Transforms>{_DIGEST_METHOD}<ds:DigestValue>@request@</ds:DigestValue></ds:Reference>"
    '<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#SignedProperties">'
    f"<ds:Transforms>{_EXCLUSIVE_TRANSFORM}</ds:Transforms>"
    f"{_DIGEST_METHOD}<ds:DigestValue>@properties@</ds:DigestValue></ds:Reference>"
    "</ds:SignedInfo><ds:SignatureValue>@value@</ds:SignatureValue>"
    "<ds:KeyInfo><ds:X509Data>"
    "<ds:X509Certificate>{certificate}</ds:X509Certificate>"
    "</ds:X509Data></ds:KeyInfo>"
    f'<ds:Object><xades:QualifyingProperties xmlns:xades="{_XADES}" Target="#Signature">'
    '<xades:SignedProperties Id="SignedProperties"><xades:SignedSignatureProperties>'
    "<xades:SigningTime>@time@</xades:SigningTime>"
    "<xades:SigningCertificate><xades:Cert>"
    f"<xades:CertDigest>{_DIGEST_METHOD}"
    "<ds:DigestValue>{digest}</ds:DigestValue></xades:CertDigest>"
    "<xades:IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
    "<ds:X509SerialNumber>{serial}</ds:X509SerialNumber></xades:IssuerSerial>"
    "</xades:Cert></xades:SigningCertificate>"
    "</xades:SignedSignatureProperties></xades:SignedProperties>"
    "</xades:QualifyingProperties></ds:Object></ds:Signature>"
)
