"""Digests that libxmlsec computes and this reader has to reach with lxml alone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import xmlsec
from corpus.generate.people import IDENTITIES, material
from corpus.generate.properties import DSIG, SHA256, qualifying_properties
from corpus.index import representatives
from cryptography.hazmat.primitives import serialization as how
from lxml import etree

from .shared import NOW, REQUEST, codes, signed

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
PROPERTIES = "http://uri.etsi.org/01903#SignedProperties"
ENVELOPED = f'<ds:Transform Algorithm="{DSIG}enveloped-signature"/>'
INCLUSIVE_PREFIXES = (
    f'<ds:Transform Algorithm="{EXCLUSIVE}">'
    f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="xsi #default"/></ds:Transform>'
)
PERSON = next(identity for identity in IDENTITIES if identity.slug == "qualified-pnopl")


def reference(uri: str, transforms: str) -> str:
    """Return a reference without its digest, to the whole document or to the properties."""
    chosen = f"<ds:Transforms>{transforms}</ds:Transforms>" if transforms else ""
    method = f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/>'
    kind = f' Type="{PROPERTIES}"' if uri else ""
    return f'<ds:Reference URI="{uri}"{kind}>{chosen}{method}</ds:Reference>'


def transform(algorithm: str) -> str:
    """Return one transform without parameters."""
    return f'<ds:Transform Algorithm="{algorithm}"/>'


def by_xmlsec(request: bytes, document_reference: str, properties_reference: str) -> bytes:
    """Put a signature that libxmlsec fills in at the end of the request."""
    key, certificate = material(PERSON, "rsa")
    properties = qualifying_properties(
        certificate, "", NOW, signature_id="s", properties_id="p", version="v2"
    )
    template = (
        f'<ds:Signature xmlns:ds="{DSIG}" Id="s"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{C14N}#WithComments"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        f"<!-- kept -->{document_reference}{properties_reference}</ds:SignedInfo>"
        "<ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data>"
        f"</ds:KeyInfo><ds:Object>{properties}</ds:Object></ds:Signature>"
    )
    end = request.rindex(b"</")
    root = etree.fromstring(request[:end] + template.encode() + request[end:])
    return _filled(root, key, certificate)


def _filled(root, key, certificate) -> bytes:
    context = xmlsec.SignatureContext()
    private = key.private_bytes(how.Encoding.DER, how.PrivateFormat.PKCS8, how.NoEncryption())
    context.key = xmlsec.Key.from_memory(private, xmlsec.KeyFormat.DER)
    pem = certificate.public_bytes(how.Encoding.PEM)
    context.key.load_cert_from_memory(pem, xmlsec.KeyFormat.PEM)
    xmlsec.tree.add_ids(root, ["Id"])
    context.sign(root.find(f"{{{DSIG}}}Signature"))
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=True)


WITH_LANGUAGE = REQUEST.replace(
    b"<AuthTokenRequest", b'<AuthTokenRequest xml:lang="pl" xml:space="preserve"'
)
WITH_NAMESPACES = REQUEST.replace(
    b"<AuthTokenRequest",
    b'<AuthTokenRequest xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="urn:a"',
)
WITH_COMMENTS = REQUEST.replace(b"<Challenge>", b"<!-- a --><?b c?><Challenge>")


@pytest.mark.parametrize("request_", [REQUEST, WITH_LANGUAGE, WITH_NAMESPACES, WITH_COMMENTS])
@pytest.mark.parametrize("algorithm", [C14N, C14N11, EXCLUSIVE, C14N + "#WithComments"])
def test_every_canonicalisation_gives_the_same_bytes_as_libxmlsec(request_, algorithm):
    document = by_xmlsec(
        request_,
        reference("", ENVELOPED + transform(algorithm)),
        reference("#p", transform(algorithm)),
    )
    assert codes(document) == ()


@pytest.mark.parametrize("uri", ["#xpointer(id('p'))", "#p"])
def test_properties_may_be_pointed_at_in_both_ways(uri):
    document = by_xmlsec(REQUEST, reference("", ENVELOPED), reference(uri, ""))
    assert codes(document) == ()


def test_prefixes_that_exclusive_canonicalisation_keeps_are_kept():
    document = by_xmlsec(
        WITH_NAMESPACES, reference("", ENVELOPED + INCLUSIVE_PREFIXES), reference("#p", "")
    )
    assert codes(document) == ()


def test_properties_whose_reference_does_not_say_so_are_not_xades():
    plain = reference("#p", "").replace(f' Type="{PROPERTIES}"', "")
    document = by_xmlsec(REQUEST, reference("", ENVELOPED), plain)
    assert codes(document) == ("not_xades",)


def test_what_cannot_be_decided_is_left_to_ksef():
    based = REQUEST.replace(b"<AuthTokenRequest", b'<AuthTokenRequest xml:base="http://a/b"')
    document = by_xmlsec(
        based, reference("", ENVELOPED), reference("#p", transform(C14N11))
    ).replace(b"14:03:00Z</xades:SigningTime>", b"14:03:01Z</xades:SigningTime>")
    assert codes(document) == ("unchecked",)


def test_the_signer_is_found_where_the_chain_is_named_before_it():
    """SigningCertificate may name the whole chain, in any order."""
    item = next(i for i in representatives() if i.tool == "java")
    entry = re.search(rb"<xades:Cert>.*?</xades:Cert>", item.data, re.DOTALL)
    assert entry is not None
    issuer = re.sub(rb"(DigestValue>)[^<]*", rb"\1" + b"A" * 43 + b"=", entry[0])
    found = codes(item.data.replace(entry[0], issuer + entry[0]))
    assert "other_signing_certificate" not in found and "changed_properties" in found


def test_the_reader_needs_no_xmlsec(tmp_path):
    """A mismatched pair of lxml and xmlsec leaves the login with Profil Zaufany alone."""
    path = tmp_path / "signed.xml"
    path.write_bytes(signed())
    script = (
        "import datetime, pathlib, sys; sys.modules['xmlsec'] = None;"
        "from tools.signed_document import read;"
        "now = datetime.datetime(2026, 11, 22, 14, 3, tzinfo=datetime.timezone.utc);"
        "print(read(pathlib.Path(sys.argv[1]).read_bytes(), now=now).fits)"
    )
    addon = Path(__file__).parents[2] / "l10n_pl_ksef_auth"
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(path)],
        env={"PYTHONPATH": str(addon)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "True\n"
