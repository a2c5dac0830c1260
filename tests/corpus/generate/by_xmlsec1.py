"""Signs with the command xmlsec1, which fills in a template."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding

from .job import Job
from .people import AT, material, request_of, role_of
from .properties import DSIG, SHA256, qualifying_properties

_EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_METHODS = {
    "rsa": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "ec": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
}
_HERE = (
    "count(ancestor-or-self::ds:Signature | here()/ancestor::ds:Signature[1])"
    " &gt; count(ancestor-or-self::ds:Signature)"
)
#: Transforms of the reference to the request.
LAYOUTS = {
    "enveloped": f'<ds:Transform Algorithm="{DSIG}enveloped-signature"/>'
    f'<ds:Transform Algorithm="{_EXC}"/>',
    "xpath-here": '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    f"<ds:XPath>{_HERE}</ds:XPath></ds:Transform>",
    "enveloping-base64": f'<ds:Transform Algorithm="{DSIG}base64"/>',
}


def sign(job: Job) -> bytes:
    """Sign one document."""
    key, certificate = material(job.identity, job.algorithm)
    template = _template(job)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        private = key.private_bytes(
            Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (path / "key.pem").write_bytes(private)
        (path / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        (path / "template.xml").write_bytes(template)
        arguments = ["--privkey-pem", "key.pem,certificate.pem", "--output", "signed.xml"]
        for name in ("SignedProperties", "Object"):
            arguments += ["--id-attr:Id", name]
        command = ["xmlsec1", "--sign", *arguments, "template.xml"]
        subprocess.run(command, cwd=path, check=True, capture_output=True)
        return (path / "signed.xml").read_bytes()


def _template(job: Job) -> bytes:
    request = request_of(job.identity).decode()
    if job.layout.startswith("enveloping"):
        content = base64.encodebytes(request.encode()).decode()
        holder = f'<ds:Object Id="data" Encoding="{DSIG}base64">{content}</ds:Object>'
        signature = _signature(job, "#data", holder)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{signature}'.encode()
    end = request.rindex("</")
    return (request[:end] + _signature(job, "", "") + request[end:]).encode()


def _signature(job: Job, uri: str, holder: str) -> str:
    _key, certificate = material(job.identity, job.algorithm)
    properties = qualifying_properties(
        certificate, role_of(job.identity), AT, signature_id="sig-1", properties_id="props-1"
    )
    exclusive = f'<ds:Transform Algorithm="{_EXC}"/>'
    type_ = ' Type="http://uri.etsi.org/01903#SignedProperties"'
    return (
        f'<ds:Signature xmlns:ds="{DSIG}" Id="sig-1"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{_METHODS[job.algorithm]}"/>'
        f"{_reference(uri, LAYOUTS[job.layout])}"
        f"{_reference('#props-1', exclusive, type_)}</ds:SignedInfo><ds:SignatureValue/>"
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo>"
        f"<ds:Object>{properties}</ds:Object>{holder}</ds:Signature>"
    )


def _reference(uri: str, transforms: str, attributes: str = "") -> str:
    return (
        f'<ds:Reference URI="{uri}"{attributes}><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
    )
