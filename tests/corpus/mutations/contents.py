"""Changes to the request that was signed, and forgeries around it."""

from __future__ import annotations

import base64
import re

from lxml import etree

from .base import (
    in_request,
    is_encoded,
    is_enveloped,
    mutation,
    other_request,
    tree_of,
    unsigned_object,
    written,
)


@mutation("other_company")
def nip_is_changed(data: bytes) -> bytes | None:
    return in_request(data, rb"<Nip>\d+", b"<Nip>1111111111")


@mutation("changed")
def nip_is_changed_after_signing(data: bytes) -> bytes | None:
    return in_request(data, rb"<Nip>\d+", b"<Nip>1111111111")


@mutation("other_challenge")
def challenge_is_changed(data: bytes) -> bytes | None:
    return in_request(data, rb"-CR-\d{10}-", b"-CR-AAAAAAAAAA-")


@mutation("changed")
def subject_type_is_changed(data: bytes) -> bytes | None:
    return in_request(data, rb"certificate(?:Subject|Fingerprint)<", b"certificateOther<")


@mutation("changed")
def attribute_is_added_to_the_request(data: bytes) -> bytes | None:
    return in_request(data, rb"<Challenge>", b'<Challenge lang="pl">')


@mutation("invalid_request")
def second_nip_is_added(data: bytes) -> bytes | None:
    return in_request(data, rb"<Nip>", b"<Nip>1111111111</Nip><Nip>")


@mutation("invalid_request")
def second_challenge_is_added(data: bytes) -> bytes | None:
    forged = b"<Challenge>20261122-CR-FFFFFFFFFF-FFFFFFFFFF-FF</Challenge>"
    return in_request(data, rb"<ContextIdentifier>", forged + b"<ContextIdentifier>")


@mutation("incomplete_request")
def challenge_is_removed(data: bytes) -> bytes | None:
    return in_request(data, rb"<Challenge>.*?</Challenge>", b"")


@mutation("unknown_schema")
def schema_is_another(data: bytes) -> bytes | None:
    return in_request(data, rb"auth/token/2\.[01]", b"auth/token/7.0")


@mutation("edited")
def indented_by_an_editor(data: bytes) -> bytes | None:
    """Base64 shows an editor nothing to indent but the signature's own properties."""
    root, _signature = tree_of(data)
    etree.indent(root, space="\t")
    return written(root)


@mutation("edited", "changed")
def blanks_are_added_to_the_request(data: bytes) -> bytes | None:
    """It can only be proved where the request was one of ours."""
    return None if is_encoded(data) else in_request(data, rb"<Challenge>", b"   <Challenge>")


@mutation("unsigned")
def signature_is_removed(data: bytes) -> bytes | None:
    if not is_enveloped(data):
        return None
    root, signature = tree_of(data)
    root.remove(signature)
    return written(root)


@mutation("container")
def request_is_wrapped_in_another_element(data: bytes) -> bytes:
    root, _signature = tree_of(data)
    wrapper = etree.Element("Wrapper")
    wrapper.append(root)
    return written(wrapper)


@mutation("not_covered")
def signed_request_is_hidden_in_a_forged_one(data: bytes) -> bytes | None:
    """Signature wrapping: the valid signature covers another request than the one read."""
    if is_enveloped(data):
        return None
    signature = re.sub(rb"^<\?xml.*?\?>\s*", b"", data, flags=re.DOTALL)
    return other_request().replace(b"</AuthTokenRequest>", signature + b"</AuthTokenRequest>")


@mutation("stray_request")
def forged_request_is_put_beside_the_signed_one(data: bytes) -> bytes | None:
    return unsigned_object(data, other_request())


@mutation("stray_request")
def forged_request_in_base64_is_put_beside_the_signed_one(data: bytes) -> bytes | None:
    return unsigned_object(data, base64.b64encode(other_request()))


@mutation()
def comment_is_put_into_the_nip(data: bytes) -> bytes | None:
    """Canonicalisation leaves comments out, so the digest still fits."""
    return None if is_encoded(data) else in_request(data, rb"<Nip>5", b"<Nip>5<!-- -->")


@mutation("edited", "changed")
def instruction_is_put_before_the_document(data: bytes) -> bytes | None:
    if not is_enveloped(data):
        return None
    return data.replace(b"<AuthTokenRequest", b"<?editor note?><AuthTokenRequest", 1)


@mutation("too_complex", own_rule=True)
def deep_nesting_is_added(data: bytes) -> bytes | None:
    return unsigned_object(data, b"<a>" * 150 + b"</a>" * 150)


@mutation("too_complex", own_rule=True)
def thousands_of_elements_are_added(data: bytes) -> bytes | None:
    return unsigned_object(data, b"<a/>" * 10_001)


@mutation("too_complex", own_rule=True)
def hundreds_of_attributes_are_added(data: bytes) -> bytes | None:
    attributes = b" ".join(b'a%d=""' % number for number in range(201))
    return unsigned_object(data, b"<a " + attributes + b"/>")
