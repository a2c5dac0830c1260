"""How different signing programs lay out a XAdES signature (docs/ksef.md B-1), as text.

Only the digests and the signature value are left open, as marks that signers.py fills in: the bytes
of the document and of the signature stay exactly as written here, as in real signing programs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_BASE64 = DS + "base64"
_HASHES = {
    DS + "sha1": "sha1",
    SHA256: "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}


@dataclass(frozen=True)
class Layout:
    """The choices that signing programs make differently.

    :param packaging: "enveloped", "enveloping" or "enveloping-base64"
    :param prefix: prefix of the XML signature namespace, "" for a default namespace
    :param selection: how the signature is left out of an enveloped document: "enveloped",
        "xpath" or "filter2"
    :param content_c14n: canonicalisation of the document, None for the implied one
    :param key_info_signed: adds a third reference, to KeyInfo
    :param details: adds the ProofOfApproval and data object format that some programs write
    :param newline: what separates the parts of the signature, for example CRLF
    :param wrap: length of base64 lines, 0 for one line
    """

    packaging: str = "enveloped"
    prefix: str = "ds"
    selection: str = "enveloped"
    content_c14n: str | None = EXC_C14N
    properties_c14n: str | None = EXC_C14N
    signed_info_c14n: str = EXC_C14N
    digest: str = SHA256
    signature_id: str = "Signature"
    properties_id: str = "SignedProperties"
    key_info_signed: bool = False
    details: bool = False
    newline: str = ""
    wrap: int = 0


_OFFICIAL = Layout(prefix="", signed_info_c14n=C14N)
_ENVELOPING = Layout(packaging="enveloping", signature_id="id-7f", properties_id="xades-id-7f")
LAYOUTS = {
    "enveloped": _OFFICIAL,
    "podpis-zaufany": Layout(selection="xpath", signature_id="id-0", properties_id="xades-id-0"),
    "szafir": Layout(
        selection="xpath",
        content_c14n=None,
        properties_c14n=None,
        signed_info_c14n=C14N,
        signature_id="ID-6a3cbb3e-2f0d-4a1c-9c55-0d4a5f6f5f10",
        properties_id="ID-0bb2b1a0-71f9-4f0e-8a25-bf2c3d9e1c22",
        details=True,
        newline="\r\n",
        wrap=64,
    ),
    "go": Layout(content_c14n=None, properties_c14n=None, signature_id="signature-1"),
    "filter2": Layout(selection="filter2", details=True),
    "three-references": replace(_OFFICIAL, key_info_signed=True),
    "enveloping": _ENVELOPING,
    "enveloping-base64": replace(_ENVELOPING, packaging="enveloping-base64", content_c14n=None),
}


def digest_mark(number: int) -> str:
    """Return what stands in the text where the digest of the numbered reference belongs."""
    return f"@digest-{number}@"


VALUE_MARK = "@signature-value@"


class Writer:
    """Writes one signature.

    :param method: the signature algorithm's URI
    :param certificates: the signer's certificate first, then its chain
    :param signing_certificate: "v1", "v2" or None for none
    :param roles: XML of the claimed role, "" for none
    :param at: the signing time, aware
    """

    def __init__(
        self,
        layout: Layout,
        method: str,
        certificates: list[x509.Certificate],
        signing_certificate: str | None,
        roles: str,
        at: datetime,
    ):
        self.layout = layout
        self._method = method
        self._certificates = certificates
        self._signing_certificate = signing_certificate
        self._roles = roles
        self._at = at.astimezone(timezone.utc)
        self._colon = f"{layout.prefix}:" if layout.prefix else ""

    def enveloped(self, document: bytes) -> bytes:
        """Put the signature into the document as its root's last child."""
        end = document.rindex(b"</")
        return document[:end] + self.signature().encode() + document[end:]

    def enveloping(self, document: bytes) -> bytes:
        """Put the document into an Object of the signature."""
        if self.layout.packaging == "enveloping-base64":
            content = base64.b64encode(document).decode()
            inner = self._element("Object", content, f'Id="data" Encoding="{_BASE64}"')
        else:
            text = re.sub(r"^<\?xml.*?\?>\s*", "", document.decode())
            inner = self._element("Object", text, 'Id="data"')
        return ('<?xml version="1.0" encoding="UTF-8"?>' + self.signature(inner)).encode()

    def signature(self, content: str = "") -> str:
        """Return the Signature element with its marks; `content` is an Object with the document."""
        name = self.layout.prefix
        namespace = f'xmlns:{name}="{DS}"' if name else f'xmlns="{DS}"'
        certificates = "".join(
            self._element("X509Certificate", self._base64(item.public_bytes(Encoding.DER)))
            for item in self._certificates
        )
        key_info_id = 'Id="KeyInfo-1"' if self.layout.key_info_signed else ""
        parts = (
            self._signed_info(),
            self._element("SignatureValue", VALUE_MARK),
            self._element("KeyInfo", self._element("X509Data", certificates), key_info_id),
            self._element("Object", self._qualifying_properties()),
            content,
        )
        newline = self.layout.newline
        inner = newline + newline.join(part for part in parts if part) + newline
        return self._element("Signature", inner, f'{namespace} Id="{self.layout.signature_id}"')

    def _element(self, name: str, content: str, attributes: str = "") -> str:
        space = " " if attributes else ""
        return f"<{self._colon}{name}{space}{attributes}>{content}</{self._colon}{name}>"

    def _algorithm(self, name: str, algorithm: str, content: str = "") -> str:
        return self._element(name, content, f'Algorithm="{algorithm}"')

    def _base64(self, data: bytes) -> str:
        text = base64.b64encode(data).decode()
        wrap = self.layout.wrap
        if not wrap:
            return text
        newline = self.layout.newline or "\n"
        return newline.join(text[start : start + wrap] for start in range(0, len(text), wrap))

    def _signed_info(self) -> str:
        layout = self.layout
        references = [
            self._content_reference(),
            self._reference(
                1,
                f'URI="#{layout.properties_id}" Type="http://uri.etsi.org/01903#SignedProperties"',
                self._canonicalisation(layout.properties_c14n),
            ),
        ]
        if layout.key_info_signed:
            transforms = self._canonicalisation(EXC_C14N)
            references.append(self._reference(2, 'URI="#KeyInfo-1"', transforms))
        parts = (
            self._algorithm("CanonicalizationMethod", layout.signed_info_c14n),
            self._algorithm("SignatureMethod", self._method),
            *references,
        )
        return self._element("SignedInfo", layout.newline.join(parts))

    def _content_reference(self) -> str:
        layout = self.layout
        canonical = self._canonicalisation(layout.content_c14n)
        if layout.packaging == "enveloped":
            return self._reference(0, 'URI=""', self._selection() + canonical)
        if layout.packaging == "enveloping-base64":
            canonical = self._algorithm("Transform", _BASE64)
        return self._reference(0, f'URI="#data" Type="{DS}Object"', canonical)

    def _reference(self, number: int, attributes: str, transforms: str) -> str:
        chosen = self._element("Transforms", transforms) if transforms else ""
        method = self._algorithm("DigestMethod", self.layout.digest)
        value = self._element("DigestValue", digest_mark(number))
        identifier = f' Id="r-{self.layout.signature_id}"' if number == 0 else ""
        return self._element("Reference", chosen + method + value, attributes + identifier)

    def _canonicalisation(self, algorithm: str | None) -> str:
        return self._algorithm("Transform", algorithm) if algorithm else ""

    def _selection(self) -> str:
        if self.layout.selection == "enveloped":
            return self._algorithm("Transform", DS + "enveloped-signature")
        if self.layout.selection == "filter2":
            xpath = (
                f'<dsig-xpath:XPath xmlns:dsig-xpath="{_FILTER2}" xmlns:s="{DS}" '
                'Filter="subtract">/descendant::s:Signature</dsig-xpath:XPath>'
            )
            return self._algorithm("Transform", _FILTER2, xpath)
        attributes = f'xmlns:s="{DS}"'
        xpath = self._element("XPath", "not(ancestor-or-self::s:Signature)", attributes)
        return self._algorithm("Transform", _XPATH, xpath)

    def _qualifying_properties(self) -> str:
        layout = self.layout
        time = self._at.strftime("%Y-%m-%dT%H:%M:%SZ")
        signed = (
            "<xades:SignedSignatureProperties>"
            f"<xades:SigningTime>{time}</xades:SigningTime>{self._cert()}{self._roles}"
            "</xades:SignedSignatureProperties>"
        )
        return (
            f'<xades:QualifyingProperties xmlns:xades="{XADES}" Target="#{layout.signature_id}">'
            f'<xades:SignedProperties Id="{layout.properties_id}">{signed}{self._data_properties()}'
            "</xades:SignedProperties></xades:QualifyingProperties>"
        )

    def _data_properties(self) -> str:
        if not self.layout.details:
            return ""
        return (
            "<xades:SignedDataObjectProperties>"
            f'<xades:DataObjectFormat ObjectReference="#r-{self.layout.signature_id}">'
            "<xades:Description>Dokument XML</xades:Description>"
            "<xades:MimeType>text/xml</xades:MimeType></xades:DataObjectFormat>"
            "<xades:CommitmentTypeIndication><xades:CommitmentTypeId><xades:Identifier>"
            "http://uri.etsi.org/01903/v1.2.2#ProofOfApproval"
            "</xades:Identifier></xades:CommitmentTypeId><xades:AllSignedDataObjects/>"
            "</xades:CommitmentTypeIndication></xades:SignedDataObjectProperties>"
        )

    def _cert(self) -> str:
        if not self._signing_certificate:
            return ""
        certificate = self._certificates[0]
        der = certificate.public_bytes(Encoding.DER)
        digest = hashlib.new(_HASHES.get(self.layout.digest, "sha256"), der).digest()
        method = self.layout.digest if self.layout.digest in _HASHES else SHA256
        cert_digest = (
            "<xades:CertDigest>"
            + self._algorithm("DigestMethod", method)
            + self._element("DigestValue", base64.b64encode(digest).decode())
            + "</xades:CertDigest>"
        )
        if self._signing_certificate == "v2":
            return (
                f"<xades:SigningCertificateV2><xades:Cert>{cert_digest}</xades:Cert>"
                "</xades:SigningCertificateV2>"
            )
        issuer = self._element("X509IssuerName", escape(certificate.issuer.rfc4514_string()))
        serial = self._element("X509SerialNumber", str(certificate.serial_number))
        return (
            f"<xades:SigningCertificate><xades:Cert>{cert_digest}<xades:IssuerSerial>"
            f"{issuer}{serial}</xades:IssuerSerial></xades:Cert></xades:SigningCertificate>"
        )
