"""Changes to the signature: its references, values, certificates and properties."""

from __future__ import annotations

import base64
import copy
import re

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from .base import (
    DS,
    in_request,
    is_encoded,
    is_enveloped,
    mutation,
    other_request,
    replaced,
    tree_of,
    unsigned_object,
    written,
)

_VALUE = rb"(<(?:\w+:)?%s(?: [^>]*)?>\s*)([^<]{4})"
_REQUEST_URI = rb'URI="(?:|#data|#SignXMLObject[^"]*|#object)"'


def _other_letters(text: bytes) -> bytes:
    return b"AAAA" if text != b"AAAA" else b"BBBB"


def _changed_value(data: bytes, name: bytes, which: int = 0) -> bytes | None:
    found = list(re.finditer(_VALUE % name, data))
    if len(found) <= which:
        return None
    match = found[which]
    return data[: match.start(2)] + _other_letters(match[2]) + data[match.end(2) :]


@mutation("bad_signature")
def signature_value_is_changed(data: bytes) -> bytes | None:
    return _changed_value(data, b"SignatureValue")


@mutation("changed", "changed_properties")
def digest_is_changed_in_signed_info(data: bytes) -> bytes | None:
    """The content that the digest no longer fits seems to be what was changed."""
    return _changed_value(data, b"DigestValue")


@mutation("changed")
def digest_of_the_request_is_changed(data: bytes) -> bytes | None:
    """The reference to the request is not always the first."""
    uris = re.findall(rb"<(?:\w+:)?Reference [^>]*URI=\"([^\"]*)\"", data)
    for number, uri in enumerate(uris):
        if uri in (b"", b"#data", b"#object"):
            return _changed_value(data, b"DigestValue", number)
    return None


@mutation("signature_der")
def signature_value_is_written_as_der(data: bytes) -> bytes | None:
    root, signature = tree_of(data)
    element = signature.find(f"{{{DS}}}SignatureValue")
    raw = base64.b64decode(element.text)
    if len(raw) != 64:
        return None
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    der = base64.b64encode(encode_dss_signature(r, s))
    return replaced(data, rb"(SignatureValue[^>]*>)[^<]*", rb"\g<1>" + der)


@mutation("incomplete_signature")
def signature_value_is_emptied(data: bytes) -> bytes | None:
    return replaced(data, rb"(<(?:\w+:)?SignatureValue[^>]*>)[^<]*", rb"\1")


@mutation("incomplete_signature")
def references_are_removed(data: bytes) -> bytes:
    root, signature = tree_of(data)
    info = signature.find(f"{{{DS}}}SignedInfo")
    for reference in info.findall(f"{{{DS}}}Reference"):
        info.remove(reference)
    return written(root)


@mutation("incomplete_signature")
def signature_method_is_removed(data: bytes) -> bytes:
    root, signature = tree_of(data)
    info = signature.find(f"{{{DS}}}SignedInfo")
    info.remove(info.find(f"{{{DS}}}SignatureMethod"))
    return written(root)


@mutation("incomplete_signature")
def digest_value_is_removed(data: bytes) -> bytes:
    root, signature = tree_of(data)
    value = next(signature.iter(f"{{{DS}}}DigestValue"))
    value.getparent().remove(value)
    return written(root)


@mutation("not_covered")
def reference_to_the_request_is_removed(data: bytes) -> bytes | None:
    root, signature = tree_of(data)
    info = signature.find(f"{{{DS}}}SignedInfo")
    for reference in info.findall(f"{{{DS}}}Reference"):
        if re.fullmatch(_REQUEST_URI, f'URI="{reference.get("URI")}"'.encode()):
            info.remove(reference)
            return written(root)
    return None


@mutation("not_xades")
def reference_to_the_properties_is_removed(data: bytes) -> bytes | None:
    root, signature = tree_of(data)
    info = signature.find(f"{{{DS}}}SignedInfo")
    for reference in info.findall(f"{{{DS}}}Reference"):
        if reference.get("Type", "").endswith("#SignedProperties"):
            info.remove(reference)
            return written(root)
    return None


@mutation("ambiguous_request")
def second_request_is_referred_to_as_well(data: bytes) -> bytes | None:
    """Signature wrapping: which of two signed requests is read would be anybody's guess."""
    if is_enveloped(data):
        return None
    root, signature = tree_of(data)
    holder = etree.SubElement(signature, f"{{{DS}}}Object", Id="second")
    holder.append(etree.fromstring(other_request()))
    info = signature.find(f"{{{DS}}}SignedInfo")
    reference = copy.deepcopy(info.find(f"{{{DS}}}Reference"))
    reference.set("URI", "#second")
    for transforms in reference.findall(f"{{{DS}}}Transforms"):
        reference.remove(transforms)
    info.append(reference)
    return written(root)


@mutation("unknown_algorithm")
def algorithm_is_one_that_nobody_knows(data: bytes) -> bytes | None:
    return replaced(data, rb'(<(?:\w+:)?SignatureMethod Algorithm=)"[^"]*"', rb'\1"urn:x#own"')


@mutation("not_xades")
def properties_are_removed(data: bytes) -> bytes | None:
    root, signature = tree_of(data)
    for holder in signature.findall(f"{{{DS}}}Object"):
        if any("QualifyingProperties" in str(child.tag) for child in holder):
            signature.remove(holder)
            return written(root)
    return None


@mutation("changed_properties")
def signing_time_is_changed(data: bytes) -> bytes | None:
    return replaced(data, rb"(SigningTime>)2026-11-22T14:0", rb"\g<1>2026-11-22T13:0")


@mutation("changed_properties")
def name_of_the_signing_certificate_is_removed(data: bytes) -> bytes | None:
    return replaced(data, rb"<(\w+:SigningCertificate(?:V2)?)[ >].*?</\1>", b"")


@mutation("changed_properties")
def pesel_of_profil_zaufany_is_changed(data: bytes) -> bytes | None:
    pattern = rb"((?:PESEL|PersonalIdentifier)>)\d{11}"
    return replaced(data, pattern, rb"\g<1>79092316379")


@mutation()
def another_person_is_named_outside_the_signed_properties(data: bytes) -> bytes | None:
    role = (
        b'<ClaimedRole><PodpisZP xmlns="http://crd.gov.pl/xml/schematy/ppzp/"><DaneZP>'
        b"<Nazwisko>Obcy</Nazwisko><Imie>Tomasz</Imie><PESEL>79092316379</PESEL>"
        b"</DaneZP></PodpisZP></ClaimedRole>"
    )
    return unsigned_object(data, role)


@mutation("no_certificate")
def certificates_are_removed(data: bytes) -> bytes | None:
    return replaced(data, rb"<(?:(\w+):)?X509Data>.*?</(?:\w+:)?X509Data>", b"")


@mutation("unreadable_certificate")
def certificate_is_damaged(data: bytes) -> bytes | None:
    return replaced(data, rb"(X509Certificate>)\s*[^<]{40}", rb"\1" + b"A" * 40)


@mutation("external_reference")
def reference_points_to_the_network(data: bytes) -> bytes | None:
    return replaced(data, _REQUEST_URI, b'URI="http://127.0.0.1:9/request.xml"')


@mutation("external_reference")
def reference_points_to_a_file(data: bytes) -> bytes | None:
    return replaced(data, _REQUEST_URI, b'URI="file:///etc/passwd"')


@mutation("missing_target")
def properties_lose_their_identifier(data: bytes) -> bytes | None:
    return replaced(data, rb"(<\w+:SignedProperties[^>]*?) Id=\"[^\"]*\"", rb"\1")


@mutation("duplicate_id")
def identifier_of_the_properties_is_used_twice(data: bytes) -> bytes | None:
    found = re.search(rb"<\w+:SignedProperties[^>]*? Id=\"([^\"]*)\"", data)
    return unsigned_object(data, b'<x Id="' + found[1] + b'"/>') if found else None


def _value_marked(data: bytes, identifier: bytes) -> bytes | None:
    """Give the SignatureValue, which nothing covers, another identifier."""
    return replaced(
        data, rb"<((?:\w+:)?SignatureValue)(?: [^>]*)?>", rb'<\1 Id="' + identifier + rb'">'
    )


@mutation(left_to_ksef=True)
def identifier_begins_with_a_digit(data: bytes) -> bytes | None:
    return _value_marked(data, b"1f7c3a52-90e1")


@mutation(left_to_ksef=True)
def identifier_that_nothing_refers_to_is_used_twice(data: bytes) -> bytes | None:
    found = re.search(rb"<(?:\w+:)?Signature [^>]*?Id=\"([^\"]*)\"", data)
    return _value_marked(data, found[1]) if found else None


@mutation(left_to_ksef=True)
def part_that_no_signature_has_is_added(data: bytes) -> bytes:
    root, signature = tree_of(data)
    etree.SubElement(signature, f"{{{DS}}}Remark")
    return written(root)


@mutation("unchecked")
def transform_is_one_that_nobody_knows(data: bytes) -> bytes | None:
    """KSeF refuses it, but the reader cannot know that."""
    pattern = rb'(<(?:\w+:)?Transform Algorithm=)"[^"]*"'
    return replaced(data, pattern, rb'\1"http://www.w3.org/TR/1999/REC-xslt-19991116"')


@mutation("two_signatures")
def signature_is_there_twice(data: bytes) -> bytes | None:
    if not is_enveloped(data):
        return None
    root, signature = tree_of(data)
    root.append(etree.fromstring(etree.tostring(signature)))
    return written(root)


@mutation("detached")
def only_the_signature_is_left(data: bytes) -> bytes | None:
    if not is_enveloped(data):
        return None
    _root, signature = tree_of(data)
    signature.tail = None
    reference = next(signature.iter(f"{{{DS}}}Reference"))
    reference.set("URI", "AuthTokenRequest.xml")
    return written(signature)


@mutation()
def letter_of_the_challenge_is_written_as_its_number(data: bytes) -> bytes | None:
    return (
        None
        if is_encoded(data)
        else in_request(data, rb"<Challenge>20261122", b"<Challenge>2026112&#x32;")
    )
