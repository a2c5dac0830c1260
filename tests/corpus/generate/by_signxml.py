"""Signs with signxml, a pure Python library."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import CanonicalizationMethod, methods
from signxml.xades import XAdESDataObjectFormat, XAdESSigner

from .job import Job
from .people import AT, material, request_of, role_of
from .properties import DSIG, XADES

_C14N = CanonicalizationMethod.CANONICAL_XML_1_0
METHODS = {"enveloped": methods.enveloped, "enveloping": methods.enveloping}


class _Signer(XAdESSigner):
    """Signs at the corpus's own time, with the role of Profil Zaufany where there is one."""

    role = ""

    def add_signing_time(self, properties: Any, sig_root: Any, signing_settings: Any) -> None:
        element = etree.SubElement(properties, f"{{{XADES}}}SigningTime")
        element.text = AT.strftime("%Y-%m-%dT%H:%M:%SZ")

    def add_signer_role(self, properties: Any, sig_root: Any, signing_settings: Any) -> None:
        if self.role:
            wrapped = f'<r xmlns:xades="{XADES}" xmlns:ds="{DSIG}">{self.role}</r>'
            properties.append(etree.fromstring(wrapped)[0])


def sign(job: Job) -> bytes:
    """Sign one document."""
    key, certificate = material(job.identity, job.algorithm)
    signer = _Signer(
        method=METHODS[job.layout],
        signature_algorithm={"rsa": "rsa-sha256", "ec": "ecdsa-sha256"}[job.algorithm],
        digest_algorithm="sha256",
        c14n_algorithm=_C14N,
        data_object_format=XAdESDataObjectFormat("AuthTokenRequest", "text/xml"),
    )
    signer.role = role_of(job.identity)
    pem = certificate.public_bytes(Encoding.PEM).decode()
    root = etree.fromstring(request_of(job.identity))
    signed = signer.sign(root, key=key, cert=pem, always_add_key_value=False)
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
