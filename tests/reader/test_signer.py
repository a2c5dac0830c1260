"""Who signed, and how."""

from __future__ import annotations

import pytest
from corpus.index import faulty

from ksef_simulator import identities, keys, signers

from .shared import NOW, REQUEST, reading, signed

MINISTER_NIP = "5252955037"


@pytest.mark.parametrize(
    ("signer", "kind", "name", "masked"),
    [
        ("owner", "trusted_profile", "Róża Żółć-Źdźbło", "•••••••••64"),
        ("qualified", "qualified", "Jan Maria Wiśniewski", "•••••••••13"),
        ("sole-trader", "qualified", "Jan Maria Wiśniewski", "526-587-76-35"),
        ("seal", "seal", "Przykładowa Sp. z o.o.", "526-587-76-35"),
        ("edowod", "personal_id", "Świętosława Ćma", "•••••••••23"),
    ],
)
def test_the_signer_is_recognised_whatever_the_layout(signer, kind, name, masked, layout):
    # RSA, because xmlsec 1.3.14 writes ECDSA values too long; the corpus has both.
    found = reading(signed(signer, layout=layout, algorithm="rsa"))
    assert found.signer is not None and found.signer.identity is not None
    assert (found.signer.kind, found.signer.name) == (kind, name)
    assert found.signer.identity.masked == masked
    assert found.signed_at == NOW
    assert found.codes == ()


@pytest.mark.parametrize("role", ["PodpisZP", "EPSignature"])
def test_both_forms_of_profil_zaufany_name_the_person_and_never_the_minister(role):
    found = reading(signed("owner", role=role)).signer
    assert found is not None and found.identity is not None
    assert (found.kind, found.identity.kind) == ("trusted_profile", "pesel")
    assert found.identity.value != MINISTER_NIP


def test_a_certificate_without_an_identifier_is_known_by_its_fingerprint():
    found = reading(signed("foreign")).signer
    assert found is not None and found.identity is not None
    assert (found.kind, found.identity.kind, found.name) == (
        "other",
        "fingerprint",
        "Jürgen Müller",
    )


def test_no_personal_number_is_in_what_can_be_shown_or_logged():
    found = reading(signed("owner"))
    assert found.signer is not None and found.signer.identity is not None
    assert found.signer.identity.value not in repr(found)


def test_the_seal_of_this_company_never_signs_for_profil_zaufany():
    """Whoever holds a company's seal could write any person's name into the role."""
    certificate = signers.certificate_of("seal", NOW, "rsa")
    role = signers.claimed_role(identities.STRANGER)
    document = signers.sign_with_certificate(
        REQUEST, keys.rsa_key("seal"), certificate, at=NOW, roles=role
    )
    found = reading(document)
    assert found.signer is not None and found.signer.kind == "seal"
    assert found.codes == ("unused_role",)


def in_the_corpus(name: str) -> bytes:
    (item,) = (item for item in faulty() if item.file == f"{name}.xml")
    return item.data


def test_a_signing_time_without_a_zone_says_nothing_about_the_clock():
    found = reading(in_the_corpus("signing_time_without_a_zone"))
    assert found.codes == () and found.signed_at is None


def test_a_second_person_in_the_signed_role_is_named():
    (finding,) = reading(in_the_corpus("profil_zaufany_with_two_people")).findings
    assert finding.values == {"found": f"{identities.OWNER.name}, {identities.STRANGER.name}"}


@pytest.mark.parametrize(
    "beside", ["a_person_beside_the_signed_one", "second_properties_beside_the_signed_ones"]
)
def test_whoever_is_named_beside_the_signed_role_is_not_the_signer(beside):
    found = reading(in_the_corpus(f"profil_zaufany_with_{beside}"))
    assert found.signer is not None and found.signer.name == identities.OWNER.name
    assert "ignored_role" in found.codes and "not_xades" not in found.codes
