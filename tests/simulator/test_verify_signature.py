"""Broken and unwelcome signatures get KSeF's 9105 with its reason."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from verify_builders import (
    ALGORITHM,
    NEGATIVE,
    NOW,
    PROFILE,
    judged,
    refusal,
    replaced,
    request,
    signed,
)

from ksef_simulator import identities, keys
from ksef_simulator.identities import DEMO_NIP
from ksef_simulator.layouts import DS, LAYOUTS
from ksef_simulator.pki import certificate as make_certificate
from ksef_simulator.signers import certificate_of, personal_subject, sign_with_certificate

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
PSS = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"


def changed_digest(target: str) -> tuple[int, str]:
    return 9105, f"Nieprawidłowa wartość skrótu dla referencji wskazującej na element '{target}'."


def value_of(document: bytes) -> bytes:
    return re.search(rb"SignatureValue>([^<]+)<", document)[1]


@pytest.mark.parametrize("layout", ["enveloped", "szafir", "filter2", "go"])
def test_another_nip_after_signing_names_the_changed_document(layout):
    document = replaced(signed(layout=layout), f"<Nip>{DEMO_NIP}", "<Nip>1111111111")
    assert refusal(document) == changed_digest("")


def test_a_pretty_printed_document_is_a_changed_document():
    assert refusal(replaced(signed(), "\n    <Challenge>", "\n\t<Challenge>")) == changed_digest("")


def test_another_signing_time_after_signing_names_the_signed_properties():
    document = replaced(signed("seal"), "T12:00:00Z", "T12:00:01Z")
    assert refusal(document) == changed_digest("SignedProperties")


def test_another_person_in_the_claimed_role_names_the_signed_properties():
    document = replaced(signed(), identities.OWNER.pesel, identities.READER.pesel)
    assert refusal(document) == changed_digest("xades-id-0")


@pytest.mark.parametrize("layout", ["enveloping", "enveloping-base64"])
def test_a_changed_object_is_named(layout):
    document = signed(layout=layout)
    other = request(context="<Nip>1111111111</Nip>")
    if layout == "enveloping":
        document = replaced(document, DEMO_NIP, "1111111111")
    else:
        old = base64.b64encode(request()).decode()
        document = replaced(document, old, base64.b64encode(other).decode())
    assert refusal(document) == changed_digest("data")


def test_a_changed_signature_value_is_negative():
    document = signed("seal")
    value = base64.b64decode(value_of(document))
    other = base64.b64encode(bytes([value[0] ^ 1]) + value[1:])
    assert refusal(document.replace(value_of(document), other)) == (9105, NEGATIVE)


def test_ecdsa_in_der_is_negative():
    document = signed("seal", algorithm="ec")
    raw = base64.b64decode(value_of(document))
    numbers = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:]))
    der = base64.b64encode(utils.encode_dss_signature(*numbers))
    assert refusal(document.replace(value_of(document), der)) == (9105, NEGATIVE)


def test_rsa_pss_is_negative_unless_the_switch_follows_the_documents():
    document = _signed_by("seal", method=PSS)
    assert refusal(document) == (9105, NEGATIVE)
    assert judged(document, pss_accepted=True).method == "QualifiedSeal"


@pytest.mark.parametrize("method", [DS + "rsa-sha1", DS + "dsa-sha1", MORE + "hmac-sha256"])
def test_methods_outside_the_list_are_unsupported(method):
    document = signed("seal").replace(f"{MORE}rsa-sha256".encode(), method.encode())
    assert refusal(document) == (9105, ALGORITHM)


def test_sha_1_is_unsupported_unless_the_switch_follows_the_documents():
    layout = replace(LAYOUTS["enveloped"], digest=DS + "sha1")
    document = _signed_by("seal", layout=layout)
    assert refusal(document) == (9105, ALGORITHM)
    assert judged(document, sha1_accepted=True).method == "QualifiedSeal"


def test_a_method_for_another_kind_of_key_is_negative():
    document = replaced(signed("seal"), f"{MORE}rsa-sha256", f"{MORE}ecdsa-sha256")
    assert refusal(document) == (9105, NEGATIVE)


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP224R1())],
    ids=["RSA 1024", "P-224"],
)
def test_short_keys_are_unsupported(key):
    subject = personal_subject(identities.QUALIFIED)
    own = make_certificate(
        subject=subject,
        public_key=key.public_key(),
        issuer=subject,
        issuer_key=key,
        valid_from=NOW.replace(year=2025),
        valid_to=NOW.replace(year=2027),
    )
    kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa"
    document = sign_with_certificate(request(), key, own, at=NOW, method=f"{MORE}{kind}-sha256")
    assert refusal(document) == (9105, ALGORITHM)


@pytest.mark.parametrize("signer", ["owner", "seal"])
def test_without_signing_certificate_the_profile_is_refused_or_by_the_switch_warned_of(signer):
    document = signed(signer, signing_certificate=None)
    assert refusal(document) == (9105, PROFILE)
    assert judged(document, profile_enforced=False).warning == f"[sig-001]: {PROFILE}"


def test_a_signed_key_info_stands_in_for_the_signing_certificate():
    document = signed("seal", layout="three-references", signing_certificate=None)
    assert judged(document).warning is None


def test_the_certificate_of_somebody_else_in_key_info_does_not_fit_the_profile():
    def body(who):
        text = signed(who, algorithm="ec")
        return re.search(rb"X509Certificate>([^<]+)<", text)[1]

    document = signed("seal", algorithm="ec").replace(body("seal"), body("foreign"))
    assert refusal(document) == (9105, PROFILE)


def test_another_serial_number_in_the_properties_does_not_fit_the_profile():
    serial = certificate_of("seal", NOW).serial_number
    document = sign_with_certificate(
        request(), keys.rsa_key("seal"), certificate_of("seal", NOW), at=NOW
    )
    assert judged(document)
    assert refusal(replaced(document, f">{serial}<", f">{serial + 1}<")) == (9105, PROFILE)


def test_properties_aimed_at_another_signature_do_not_fit_the_profile():
    assert refusal(replaced(signed(), 'Target="#id-0"', 'Target="#id-1"')) == (9105, PROFILE)


def test_an_identifier_that_starts_with_a_digit_breaks_the_schema():
    layout = replace(LAYOUTS["enveloped"], signature_id="7-signature")
    code, detail = refusal(_signed_by("seal", layout=layout))
    assert (code, detail[:49]) == (9105, "Błąd walidacji XSD: cvc-datatype-valid.1.2.1: '7-")


def test_properties_in_the_wrong_order_break_the_schema():
    time = re.search(rb"<xades:SigningTime>.*?</xades:SigningTime>", signed("seal"))[0]
    end = b"</xades:SignedSignatureProperties>"
    document = signed("seal").replace(time, b"").replace(end, time + end)
    code, detail = refusal(document)
    assert (code, detail[:43]) == (9105, "Błąd walidacji XSD: cvc-complex-type.2.4.a:")


def test_a_signature_without_certificate_is_a_certificate_problem():
    document = re.sub(rb"<X509Data>.*</X509Data>", b"<KeyName>x</KeyName>", signed("seal"))
    assert refusal(document) == (21115, "")


def test_a_garbled_certificate_is_a_certificate_problem():
    document = re.sub(rb"(<X509Certificate>)....", rb"\1AAAA", signed("seal"))
    assert refusal(document) == (21115, "")


def _signed_by(signer: str, **options) -> bytes:
    return sign_with_certificate(
        request(), keys.rsa_key(signer), certificate_of(signer, NOW), at=NOW, **options
    )
