"""What libxmlsec verifies, what never gets to it, and what is said where it cannot be used."""

from __future__ import annotations

import re
import sys
from importlib.abc import MetaPathFinder

import pytest
import xmlsec
from corpus.generate.people import IDENTITIES, material
from corpus.generate.properties import DSIG, SHA256, qualifying_properties
from corpus.index import representatives
from corpus.mutations.base import unsigned_object
from cryptography.hazmat.primitives import serialization as how
from lxml import etree

from tools.auth_token_request import Context, build
from tools.signed_document import verification

from .shared import CHALLENGE, NOW, REQUEST, codes, reading, signed

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


def test_properties_whose_reference_does_not_say_so_are_xades_all_the_same():
    plain = reference("#p", "").replace(f' Type="{PROPERTIES}"', "")
    document = by_xmlsec(REQUEST, reference("", ENVELOPED), plain)
    assert codes(document) == ("irregular_xades",)


def test_the_signer_is_found_where_the_chain_is_named_before_it():
    """SigningCertificate may name the whole chain, in any order."""
    item = next(i for i in representatives() if i.tool == "java")
    entry = re.search(rb"<xades:Cert>.*?</xades:Cert>", item.data, re.DOTALL)
    assert entry is not None
    issuer = re.sub(rb"(DigestValue>)[^<]*", rb"\1" + b"A" * 43 + b"=", entry[0])
    found = codes(item.data.replace(entry[0], issuer + entry[0]))
    assert "other_signing_certificate" not in found and "changed_properties" in found


def changed(document: bytes) -> bytes:
    """Change what the properties say, so that a check of the signature stops the document."""
    return document.replace(b"14:03:00Z</xades:SigningTime>", b"14:03:01Z</xades:SigningTime>")


XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
ANY_XPATH = (
    f'<ds:Transform Algorithm="{XPATH}"><ds:XPath>not(self::a) or //*</ds:XPath></ds:Transform>'
)
PROPERTIES_BY_ID = reference("#p", "")
WHOLE = reference("", ENVELOPED)


@pytest.fixture
def no_libxmlsec(monkeypatch):
    """Make every use of libxmlsec a fault."""

    def forbidden() -> None:
        raise AssertionError("libxmlsec was used")

    monkeypatch.setattr(xmlsec, "SignatureContext", forbidden)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (reference("", ENVELOPED + ANY_XPATH), PROPERTIES_BY_ID),
        (WHOLE, reference("#xpointer(/*[count(//*)>0])", "")),
        (WHOLE, reference("#p", transform(C14N) + transform(C14N))),
        (reference("", transform(C14N) + ENVELOPED), PROPERTIES_BY_ID),
        (WHOLE + reference("#p", ""), PROPERTIES_BY_ID),
        (WHOLE.replace(SHA256, "urn:x#own"), PROPERTIES_BY_ID),
    ],
    ids=["XPath", "pointer", "twice", "after bytes", "same target", "digest"],
)
def test_what_is_not_known_never_gets_to_libxmlsec(first, second, request):
    usual = by_xmlsec(REQUEST, WHOLE, PROPERTIES_BY_ID)
    template = re.search(rb"<ds:Reference URI=\"\".*</ds:Reference>", usual)
    document = usual.replace(template[0], (first + second).encode())
    request.getfixturevalue("no_libxmlsec")
    assert "unchecked" in codes(changed(document)) and not reading(document).stops


ALL_SIGNATURES_LEFT_OUT = (
    f'<ds:Transform Algorithm="{XPATH}">'
    "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>"
)


@pytest.mark.parametrize(
    ("transforms", "added"),
    [
        (ENVELOPED, f'<ds:Manifest xmlns:ds="{DSIG}"/>'),
        (ENVELOPED, '<x xml:base="http://a/b"/>'),
        (ENVELOPED, "<x y='" + '"' * 1_900_000 + "'/>"),
        (ALL_SIGNATURES_LEFT_OUT, "<x/>" * 1_000),
    ],
    ids=["manifest", "base", "written six times as long", "XPath in a large document"],
)
def test_what_takes_libxmlsec_elsewhere_or_long_never_gets_to_it(transforms, added, request):
    usual = by_xmlsec(REQUEST, reference("", transforms), PROPERTIES_BY_ID)
    document = unsigned_object(usual, added.encode())
    assert document is not None
    request.getfixturevalue("no_libxmlsec")
    found = reading(changed(document))
    assert "unchecked" in found.codes and not found.stops


class Failing(MetaPathFinder):
    """Lets the import of xmlsec fail in a certain way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def find_spec(self, name, path, target=None):
        if name == "xmlsec":
            raise self.error


@pytest.fixture
def xmlsec_fails(monkeypatch):
    """Return a function that makes the import of xmlsec raise an error."""

    def fail(error: Exception) -> None:
        monkeypatch.delitem(sys.modules, "xmlsec")
        monkeypatch.setattr(sys, "meta_path", [Failing(error), *sys.meta_path])
        verification.unusable.cache_clear()

    yield fail
    verification.unusable.cache_clear()


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'xmlsec'"),
        ImportError("libxmlsec1-openssl.so.1: cannot open shared object file"),
        xmlsec.InternalError("lxml & xmlsec libxml2 library version mismatch"),
    ],
    ids=["absent", "without its library", "mismatched"],
)
def test_without_a_usable_xmlsec_the_document_is_sent_unchecked_and_support_learns_why(
    error, xmlsec_fails
):
    document = changed(signed())
    xmlsec_fails(error)
    (finding,) = reading(document).findings
    assert (finding.code, finding.level) == ("no_xmlsec", "info")
    assert str(error)[:30] in finding.evidence and type(error).__name__ in finding.evidence


def test_without_xmlsec_everything_else_is_still_found(xmlsec_fails):
    document = signed(document=build(CHALLENGE, Context("Nip", "1111111111")))
    xmlsec_fails(ImportError("none"))
    assert codes(document) == ("other_company", "no_xmlsec")
    assert codes(REQUEST) == ("unsigned",)


class Incapable(xmlsec.SignatureContext):
    """A libxmlsec that lacks what a signature needs."""

    def verify(self, node):
        raise xmlsec.Error(1, "failed to verify")


def test_what_libxmlsec_itself_cannot_do_is_left_to_ksef(monkeypatch):
    document = signed()
    monkeypatch.setattr(xmlsec, "SignatureContext", Incapable)
    assert codes(document) == ("unchecked",)
