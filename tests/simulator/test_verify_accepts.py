"""The verifier takes every signature that KSeF takes, and recognises its signer."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from verify_builders import (
    AUTHORITY,
    CHALLENGE,
    NEGATIVE,
    NOW,
    PRODUCTION,
    judged,
    refusal,
    request,
    signed,
)

from ksef_simulator import identities, keys, pki
from ksef_simulator.layouts import LAYOUTS
from ksef_simulator.signers import (
    certificate_of,
    claimed_role,
    personal_subject,
    sign_with_certificate,
)

METHODS = {
    "owner": ("TrustedProfile", identities.OWNER.identity),
    "qualified": ("QualifiedSignature", identities.QUALIFIED.identity),
    "seal": ("QualifiedSeal", identities.DEMO_COMPANY.identity),
    "edowod": ("PersonalSignature", identities.EDOWOD.identity),
}
EVERY_KIND = list(itertools.product(LAYOUTS, METHODS, ("rsa", "ec"), ("v1", "v2")))


@pytest.mark.parametrize(("layout", "signer", "algorithm", "version"), EVERY_KIND)
def test_each_layout_of_each_signer_is_accepted(layout, signer, algorithm, version):
    document = signed(signer, layout=layout, algorithm=algorithm, signing_certificate=version)
    found = judged(document, PRODUCTION if signer == "owner" else AUTHORITY)
    method, identity = METHODS[signer]
    assert found.method == method
    assert (found.identity.kind, found.identity.value) == (identity.kind, identity.value)
    assert found.identity.name == identity.name
    assert found.warning is None


@pytest.mark.parametrize("version", ["2.0", "2.1"])
@pytest.mark.parametrize("layout", ["enveloped", "enveloping", "enveloping-base64"])
def test_the_request_is_read_in_both_versions_of_the_schema(version, layout):
    found = judged(signed(document=request(version=version), layout=layout))
    assert found.challenge == CHALLENGE
    assert (found.context_type, found.context_value) == ("Nip", identities.DEMO_NIP)
    assert found.subject_type == "certificateSubject"


def test_both_forms_of_podpis_zaufany_name_the_same_person():
    for form in ("PodpisZP", "EPSignature"):
        assert judged(signed(role=form)).identity == identities.OWNER.identity


def test_the_seal_under_podpis_zaufany_is_an_rsa_certificate_of_the_minister():
    found = judged(signed())
    assert "pieczęć podpisu zaufanego" in found.certificate.subject.rfc4514_string()
    assert found.certificate.public_key().key_size == 2048


def test_the_nip_of_a_sole_trader_is_read_from_the_serial_number():
    identity = judged(signed("sole-trader")).identity
    assert (identity.kind, identity.value) == ("nip", identities.DEMO_NIP)


def test_a_foreign_certificate_is_known_by_its_fingerprint():
    document = signed("foreign", request(subject="certificateFingerprint"))
    found = judged(document)
    assert found.identity.value == identities.fingerprint(found.certificate)
    assert found.identity.kind == "fingerprint"


def test_an_ip_policy_is_handed_over():
    addresses = (
        "<Ip4Address>10.0.0.1</Ip4Address><Ip4Range>10.0.0.2-10.0.0.9</Ip4Range>"
        "<Ip4Mask>192.168.0.0/24</Ip4Mask>"
    )
    policy = f"<AuthorizationPolicy><AllowedIps>{addresses}</AllowedIps></AuthorizationPolicy>"
    found = judged(signed(document=request(policy=policy)))
    assert found.allowed_ips == ("10.0.0.1", "10.0.0.2-10.0.0.9", "192.168.0.0/24")


def _ksef_certificate(type="Authentication", **subject):
    key = keys.ec_key("a user of KSeF")
    name = pki.name(**subject) if subject else personal_subject(identities.OWNER)
    valid = (NOW - timedelta(days=1), NOW + timedelta(days=730))
    return key, AUTHORITY.issue_ksef_certificate(key.public_key(), name, type, *valid, 0xABC)


def test_a_certificate_of_ksef_logs_its_owner_in():
    found = judged(sign_with_certificate(request(), *_ksef_certificate(), at=NOW))
    assert found.method == "InternalCertificate"
    assert found.identity == identities.OWNER.identity
    assert found.ksef_serial == "0000000000000ABC"


def test_a_certificate_of_ksef_for_a_seal_logs_the_company_in():
    certificate = _ksef_certificate(
        common_name="Przykładowa Sp. z o.o.",
        country_name="PL",
        organization_identifier=f"VATPL-{identities.DEMO_NIP}",
    )
    found = judged(sign_with_certificate(request(), *certificate, at=NOW))
    assert (found.identity.kind, found.identity.value) == ("nip", identities.DEMO_NIP)


def test_a_certificate_of_ksef_keeps_the_fingerprint_it_was_issued_for():
    original = "AB" * 32
    certificate = _ksef_certificate(
        common_name="Jürgen Müller", country_name="DE", x500_unique_identifier=original
    )
    document = request(subject="certificateFingerprint")
    found = judged(sign_with_certificate(document, *certificate, at=NOW))
    assert (found.identity.kind, found.identity.value) == ("fingerprint", original)


def _on_curve(curve):
    key = ec.derive_private_key(2**200 + 1, curve)
    certificate = AUTHORITY.qualified.issue(
        personal_subject(identities.QUALIFIED),
        key.public_key(),
        NOW - timedelta(days=1),
        NOW + timedelta(days=1),
    )
    return sign_with_certificate(request(), key, certificate, at=NOW)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_each_curve_with_its_own_hash_is_accepted(curve):
    assert judged(_on_curve(curve)).method == "QualifiedSignature"


def test_p521_is_negative_unless_the_switch_follows_the_documents():
    document = _on_curve(ec.SECP521R1())
    assert refusal(document) == (9105, NEGATIVE)
    assert judged(document, p521_accepted=True).method == "QualifiedSignature"


def test_the_signers_certificate_is_found_behind_its_issuers():
    key, issuer = keys.rsa_key("minister"), AUTHORITY.minister.certificate
    document = sign_with_certificate(
        request(),
        key,
        certificate_of("owner", NOW),
        at=NOW,
        roles=claimed_role(identities.OWNER),
        chain=(issuer,),
    )
    first, second = document.split(b"</X509Certificate><X509Certificate>")
    head, own = first.rsplit(b"<X509Certificate>", 1)
    issuers, tail = second.split(b"</X509Certificate>", 1)
    swapped = b"".join(
        (head, b"<X509Certificate>", issuers, b"</X509Certificate><X509Certificate>", own)
    )
    assert judged(swapped + b"</X509Certificate>" + tail).identity == identities.OWNER.identity


def test_white_space_as_the_jdk_writes_it_is_no_obstacle():
    document = signed()
    value = document.split(b"SignatureValue>")[1].split(b"</")[0]
    broken = value[:64] + b"&#13;\n" + value[64:]
    assert judged(document.replace(value, broken)).method == "TrustedProfile"
