"""Whom KSeF believes: issuers, validity, and the identifier that a certificate has to carry."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest
from cryptography import x509
from verify_builders import (
    AUTHORITY,
    CHALLENGE,
    NOW,
    PRODUCTION,
    judged,
    later,
    refusal,
    request,
    signed,
)

from ksef_simulator import identities, keys, pki
from ksef_simulator.signers import (
    certificate_of,
    claimed_role,
    personal_subject,
    sign_with_certificate,
)
from ksef_simulator.verify import ChainProblem, verify

UNTRUSTED = "Niezaufany łańcuch certyfikatów"


def issued(
    subject: x509.Name, issuer: str = "qualified", document: bytes | None = None, roles: str = ""
) -> bytes:
    """Sign a request with a certificate that one of the authorities issued for a subject."""
    key = keys.ec_key("somebody")
    certificate = getattr(AUTHORITY, issuer).issue(
        subject, key.public_key(), NOW - timedelta(days=1), NOW + timedelta(days=1)
    )
    return sign_with_certificate(document or request(), key, certificate, at=NOW, roles=roles)


def person(**changes: str) -> x509.Name:
    attributes = {
        "country_name": "PL",
        "common_name": "Jan Testowy",
        "given_name": "Jan",
        "surname": "Testowy",
        "serial_number": f"PNOPL-{identities.QUALIFIED.pesel}",
    }
    kept = {**attributes, **changes}
    return pki.name(**{name: value for name, value in kept.items() if value})


@pytest.mark.parametrize(
    ("part", "odd"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08"),
        (b"\x55\x04\x06\x13", b"\x55\x04\x06\x38"),
    ],
)
def test_a_certificate_too_odd_to_be_read_is_refused(part, odd):
    document = signed()
    text = re.search(rb"X509Certificate>([^<]+)<", document)[1]
    broken = base64.b64decode(text).replace(part, odd)
    assert broken != base64.b64decode(text)
    assert refusal(document.replace(text, base64.b64encode(broken)))[0] == 21115


@pytest.mark.parametrize("signer", ["expired", "future"])
def test_a_certificate_outside_its_validity_is_found_out_later(signer):
    assert later(signed(signer)) == "Nieważny certyfikat"


def test_what_is_found_out_later_comes_with_what_is_known():
    with pytest.raises(ChainProblem) as caught:
        judged(signed("expired"))
    assert caught.value.verified.challenge == CHALLENGE
    assert caught.value.verified.identity.value == identities.QUALIFIED.pesel


def test_a_self_signed_certificate_only_passes_on_test():
    assert judged(signed("self-signed")).method == "QualifiedSignature"
    assert refusal(signed("self-signed"), self_signed_allowed=False) == (21115, "")


def test_the_forced_check_of_the_chain_finds_a_self_signed_certificate():
    assert later(signed("self-signed"), verify_chain=True) == UNTRUSTED


def test_an_unknown_issuer_is_found_out_later_on_production():
    assert judged(signed("unknown-issuer"))
    assert later(signed("unknown-issuer"), PRODUCTION) == UNTRUSTED


@pytest.mark.parametrize(
    ("collection", "detail"),
    [("revoked", "Certyfikat odwołany"), ("suspended", "Certyfikat zawieszony")],
)
def test_a_withdrawn_certificate_is_found_out_later(collection, detail):
    authority = pki.Authority(NOW, "production")
    serial = certificate_of("qualified", NOW).serial_number
    getattr(authority.trust, collection).add(serial)
    assert later(signed("qualified"), authority) == detail


def _own_certificate(authority: pki.Authority, type: str = "Authentication") -> bytes:
    key = keys.ec_key("a user of KSeF")
    certificate = authority.issue_ksef_certificate(
        key.public_key(),
        personal_subject(identities.OWNER),
        type,
        NOW - timedelta(days=1),
        NOW + timedelta(days=1),
        7,
    )
    return sign_with_certificate(request(), key, certificate, at=NOW)


def test_a_ksef_certificate_of_another_environment_is_refused_at_once():
    assert judged(_own_certificate(AUTHORITY)).ksef_serial
    assert refusal(_own_certificate(PRODUCTION)) == (21115, "")


def test_a_ksef_certificate_for_offline_invoices_does_not_log_in():
    assert later(_own_certificate(AUTHORITY, "Offline")) == "Niepoprawny certyfikat"


@pytest.mark.parametrize(
    ("number", "kind", "value"),
    [
        ("PNOPL-76021155712", "pesel", "76021155712"),
        ("PESEL: 76021155712", "pesel", "76021155712"),
        ("TINPL-5265877635", "nip", "5265877635"),
        ("NIP 5265877635", "nip", "5265877635"),
    ],
)
def test_each_spelling_of_the_number_in_a_subject_is_read(number, kind, value):
    identity = judged(issued(person(serial_number=number))).identity
    assert (identity.kind, identity.value) == (kind, value)


@pytest.mark.parametrize("number", ["", "PNOPL-7602115571", "PNODE-76021155712", "IDCPL-ABC123456"])
def test_a_certificate_without_the_claimed_identifier_is_a_conflict(number):
    assert refusal(issued(person(serial_number=number))) == (21406, "")


@pytest.mark.parametrize("missing", ["common_name", "country_name", "given_name", "surname"])
def test_a_personal_subject_without_an_attribute_is_refused(missing):
    assert refusal(issued(person(**{missing: ""}))) == (21115, "")


def test_a_human_named_beside_an_organisation_is_no_seal():
    subject = person(organization_identifier="VATPL-5265877635", organization_name="Firma")
    assert judged(issued(subject)).identity.value == identities.QUALIFIED.pesel
    without = person(serial_number="", organization_identifier="VATPL-5265877635")
    assert refusal(issued(without)) == (21406, "")


def test_the_seal_of_a_foreign_company_has_no_polish_number():
    subject = pki.name(
        country_name="DE",
        common_name="Firma GmbH",
        organization_name="Firma GmbH",
        organization_identifier="VATDE-123456789",
    )
    assert refusal(issued(subject)) == (21406, "")


MINISTER = certificate_of("owner", NOW).subject


def test_the_number_of_the_minister_is_never_the_signers():
    assert refusal(issued(MINISTER, "minister")) == (21406, "")


def test_a_claimed_role_under_somebody_elses_certificate_is_not_believed():
    role = claimed_role(identities.OWNER)
    found = judged(issued(person(), roles=role))
    assert found.identity.value == identities.QUALIFIED.pesel
    self_made = judged(issued(MINISTER, "qualified", roles=role))
    assert (self_made.identity.kind, self_made.method) == ("nip", "QualifiedSeal")


OTHER_KEY = keys.ec_key("somebody")


def lookalike(issuer: x509.Name, issuer_key: keys.PrivateKey) -> bytes:
    """A request under a seal that says it is the Minister's, naming a person in its role."""
    certificate = pki.certificate(
        subject=MINISTER,
        public_key=OTHER_KEY.public_key(),
        issuer=issuer,
        issuer_key=issuer_key,
        valid_from=NOW - timedelta(days=1),
        valid_to=NOW + timedelta(days=1),
    )
    role = claimed_role(identities.OWNER)
    return sign_with_certificate(request(), OTHER_KEY, certificate, at=NOW, roles=role)


LOOKALIKES = {
    "self-signed": lambda: lookalike(MINISTER, OTHER_KEY),
    "the issuer's name without its key": lambda: lookalike(AUTHORITY.minister.subject, OTHER_KEY),
    "another issuer": lambda: lookalike(AUTHORITY.personal_id.subject, AUTHORITY.personal_id.key),
    "an unknown issuer": lambda: lookalike(pki.name(common_name="Nieznane CA"), OTHER_KEY),
}


@pytest.mark.parametrize("kind", LOOKALIKES)
def test_a_seal_that_only_looks_like_the_ministers_speaks_for_its_own_number(kind):
    found = judged(LOOKALIKES[kind]())
    assert (found.identity.kind, found.identity.value) == ("nip", "5252955037")
    assert found.method != "TrustedProfile"


@pytest.mark.parametrize(
    ("kind", "code"), [("self-signed", 21115), ("the issuer's name without its key", None)]
)
def test_on_production_it_gets_nowhere(kind, code):
    if code:
        assert refusal(LOOKALIKES[kind](), self_signed_allowed=False) == (code, "")
    else:
        assert later(LOOKALIKES[kind](), PRODUCTION) == UNTRUSTED


def test_podpis_zaufany_cannot_claim_a_fingerprint():
    document = signed(document=request(subject="certificateFingerprint"))
    assert refusal(document) == (21406, "")


def test_a_role_with_a_broken_number_or_two_people_is_a_conflict():
    short = claimed_role(identities.OWNER).replace(identities.OWNER.pesel, "8504174216")
    assert refusal(issued(MINISTER, "minister", roles=short)) == (21406, "")
    role = claimed_role(identities.OWNER)
    start = role.index("<xades:ClaimedRole>")
    end = role.index("</xades:ClaimedRoles>")
    two = role[:end] + role[start:end] + role[end:]
    assert refusal(issued(MINISTER, "minister", roles=two)) == (21406, "")


def test_the_clock_decides_about_validity():
    document = signed("qualified")
    with pytest.raises(ChainProblem):
        verify(document, AUTHORITY.trust, NOW + timedelta(days=5 * 365))
