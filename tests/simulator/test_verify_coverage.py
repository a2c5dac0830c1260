"""Only what the signature covers counts, and nothing outside the document is ever opened."""

from __future__ import annotations

import re
import socket

import pytest
from verify_builders import ALGORITHM, NOW, PROFILE, judged, refusal, replaced, request, signed

from ksef_simulator import identities, keys
from ksef_simulator.identities import DEMO_NIP
from ksef_simulator.layouts import DS, LAYOUTS, XADES, Writer
from ksef_simulator.signers import (
    certificate_of,
    claimed_role,
    fill,
    signature_method,
)

OTHER = request(context="<Nip>1111111111</Nip>")


def resigned(change, layout: str = "podpis-zaufany", document: bytes | None = None) -> bytes:
    """Return a document whose signature was changed before signing: wrong, but truly signed."""
    key = keys.rsa_key("minister")
    shape = LAYOUTS[layout]
    roles = claimed_role(identities.OWNER)
    certificates = [certificate_of("owner", NOW)]
    writer = Writer(shape, signature_method(key), certificates, "v1", roles, NOW)
    write = writer.enveloped if shape.packaging == "enveloped" else writer.enveloping
    return fill(change(write(document or request())), key)


def test_an_unsigned_object_with_another_request_is_ignored():
    body = OTHER.partition(b"?>")[2].decode()
    extra = f"<ds:Object>{body}</ds:Object></ds:Signature>"
    for layout in ("podpis-zaufany", "enveloping"):
        document = replaced(signed(layout=layout), "</ds:Signature>", extra)
        assert judged(document).context_value == DEMO_NIP


def test_a_claimed_role_outside_the_signed_properties_is_ignored():
    role = claimed_role(identities.READER).replace("xades:", "")
    extra = f'<ds:Object><x xmlns="{XADES}">{role}</x>'
    document = replaced(signed(), "</ds:Signature>", f"{extra}</ds:Object></ds:Signature>")
    assert judged(document).identity == identities.OWNER.identity


def test_a_second_set_of_properties_does_not_fit_the_profile():
    found = re.search(rb"<ds:Object>.*</ds:Object>", signed())[0].decode()
    again = found.replace("xades-id-0", "xades-id-1")
    document = replaced(signed(), "</ds:Signature>", f"{again}</ds:Signature>")
    assert refusal(document) == (9105, PROFILE)


def test_two_elements_of_one_identifier_break_the_schema():
    extra = '<ds:Object Id="xades-id-0"/></ds:Signature>'
    code, detail = refusal(replaced(signed(), "</ds:Signature>", extra))
    assert (code, detail[:30]) == (9105, "Błąd walidacji XSD: cvc-id.2: ")


def test_a_request_wrapped_into_another_document_is_no_request():
    document = signed().partition(b"?>")[2]
    assert refusal(b"<Wrapper>" + document + b"</Wrapper>") == (9101, "")


def test_a_signature_further_down_is_refused():
    document = replaced(signed(), "<SubjectIdentifierType>", "<SubjectIdentifierType><x>")
    moved = replaced(document, "</AuthTokenRequest>", "")
    signature = re.search(rb"<ds:Signature .*</ds:Signature>", moved)[0]
    moved = moved.replace(signature, b"").replace(b"<x>", b"<x>" + signature + b"</x>")
    assert refusal(moved + b"</AuthTokenRequest>")[0] == 9101


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/hostname",
        "AuthTokenRequest.xml",
        "http://127.0.0.1:9/x",
        "#xpointer(//*)",
        "#nowhere",
        "#id-0",
    ],
)
def test_references_to_anything_but_the_request_are_refused_unopened(uri, monkeypatch):
    def opened(*_):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", opened)
    document = replaced(signed(), 'URI=""', f'URI="{uri}"')
    assert refusal(document) == (9105, PROFILE)


def test_a_reference_without_uri_is_refused():
    assert refusal(replaced(signed(), 'URI="" ', "")) == (9105, PROFILE)


@pytest.mark.parametrize(
    "element",
    [
        "<ds:Manifest/>",
        '<ds:RetrievalMethod URI="file:///etc/hostname"/>',
    ],
)
def test_what_libxmlsec_would_follow_elsewhere_is_refused(element):
    extra = f"<ds:Object>{element}</ds:Object></ds:Signature>"
    assert refusal(replaced(signed(), "</ds:Signature>", extra)) == (9105, PROFILE)


@pytest.mark.parametrize(
    "expression",
    [
        "not(ancestor-or-self::s:Signature) and not(ancestor-or-self::*[local-name()='Nip'])",
        "false()",
        "self::*",
    ],
)
def test_an_expression_that_leaves_out_more_than_the_signature_is_refused(expression):
    document = resigned(lambda text: replaced(text, _OLD, expression))
    assert refusal(document) == (9105, PROFILE)


_OLD = "not(ancestor-or-self::s:Signature)"


@pytest.mark.parametrize(
    "expression",
    [
        " not ( ancestor-or-self::s:Signature ) ",
        "count(ancestor-or-self::s:Signature | here()/ancestor::s:Signature[1]) > "
        "count(ancestor-or-self::s:Signature)",
    ],
)
def test_other_spellings_of_leaving_out_the_signature_are_accepted(expression):
    escaped = expression.replace(">", "&gt;")
    assert judged(resigned(lambda text: replaced(text, _OLD, escaped)))


@pytest.mark.parametrize("filtered", ["/descendant::s:Signature", "//s:Signature"])
def test_filter_2_may_only_subtract_the_signature(filtered):
    def change(text):
        return replaced(text, "/descendant::s:Signature", filtered)

    assert judged(resigned(change, "filter2"))
    document = resigned(lambda text: replaced(change(text), "subtract", "intersect"), "filter2")
    assert refusal(document) == (9105, PROFILE)


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#unknown",
    ],
)
def test_unknown_transforms_are_refused(algorithm):
    document = replaced(
        signed("seal"),
        'Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
        f'Transform Algorithm="{algorithm}"',
    )
    assert refusal(document) == (9105, PROFILE)


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_each_canonicalisation_of_the_list_is_accepted(algorithm):
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    assert judged(resigned(lambda text: replaced(text, f'"{exclusive}"', f'"{algorithm}"')))


def test_an_unknown_canonicalisation_of_the_signature_is_unsupported():
    old = f'CanonicalizationMethod Algorithm="{LAYOUTS["podpis-zaufany"].signed_info_c14n}"'
    document = replaced(signed(), old, 'CanonicalizationMethod Algorithm="urn:x"')
    assert refusal(document) == (9105, ALGORITHM)


def test_a_signature_that_leaves_the_document_out_does_not_fit_the_profile():
    document = re.sub(rb'<ds:Reference URI="".*?</ds:Reference>', b"", signed(), count=1)
    assert refusal(document) == (9105, PROFILE)


def test_a_signature_without_signed_properties_does_not_fit_the_profile():
    reference = rb'<ds:Reference URI="#xades-id-0".*?</ds:Reference>'

    def drop(text):
        return re.sub(reference, b"", text)

    assert refusal(resigned(drop)) == (9105, PROFILE)


def test_signed_properties_without_their_type_do_not_fit_the_profile():
    old = ' Type="http://uri.etsi.org/01903#SignedProperties"'
    assert refusal(resigned(lambda text: replaced(text, old, ""))) == (9105, PROFILE)


def test_four_references_are_too_many():
    reference = re.search(rb'<ds:Reference URI="#xades.*?</ds:Reference>', signed())[0].decode()
    document = replaced(signed(), reference, reference * 3)
    assert refusal(document) == (9105, PROFILE)


def test_a_comment_inside_a_number_does_not_shorten_it():
    commented = replaced(request(), "<Nip>526", "<Nip>526<!-- not signed -->")
    assert judged(signed(document=commented)).context_value == DEMO_NIP
    added_later = replaced(signed(), "<Nip>526", "<Nip>526<!-- not signed -->")
    assert judged(added_later).context_value == DEMO_NIP


def test_an_enveloping_signature_may_not_refer_to_the_whole_document():
    document = replaced(signed(layout="enveloping"), 'URI="#data"', 'URI=""')
    assert refusal(document) == (9105, PROFILE)


def test_an_object_that_is_neither_xml_nor_base64_is_unreadable():
    document = re.sub(
        rb'(<ds:Object Id="data"[^>]*>)[^<]*', rb"\1@@@", signed(layout="enveloping-base64")
    )
    assert refusal(document) == (21001, "")


def test_base64_without_its_transform_is_read_all_the_same():
    transform = (
        f'<ds:Transforms><ds:Transform Algorithm="{DS}base64"></ds:Transform></ds:Transforms>'
    )
    document = resigned(lambda text: replaced(text, transform, ""), "enveloping-base64")
    assert judged(document).context_value == DEMO_NIP
