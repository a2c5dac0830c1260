"""Documents whose signer does not fit the request, and their codes."""

from __future__ import annotations

from dataclasses import replace

from ksef_simulator import identities, keys, pki, signers
from tools.auth_token_request import build

from .making import OTHER_NIP, REQUEST, Made, faulty, qualified, signed
from .people import AT, CHALLENGE, CONTEXT

_BY_FINGERPRINT = build(CHALLENGE, CONTEXT, "certificateFingerprint")


@faulty
def certificate_without_identifier() -> Made:
    return signers.sign(REQUEST, "foreign", at=AT), ("no_identifier",)


@faulty
def profil_zaufany_by_fingerprint() -> Made:
    return signers.sign(_BY_FINGERPRINT, "owner", at=AT), ("shared_fingerprint",)


@faulty
def profil_zaufany_without_a_person() -> Made:
    certificate = signers.certificate_of("owner", AT, "rsa")
    document = signed(key=keys.rsa_key("minister"), certificate=certificate)
    return document, ("no_personal_number",)


@faulty
def profil_zaufany_with_an_unsigned_person() -> Made:
    document, _codes = profil_zaufany_without_a_person()
    role = signers.claimed_role(identities.STRANGER)
    forged = (
        "<xades:UnsignedProperties><xades:SignedSignatureProperties>"
        f"{role}</xades:SignedSignatureProperties></xades:UnsignedProperties>"
    )
    end = b"</xades:QualifyingProperties>"
    return document.replace(end, forged.encode() + end), ("no_personal_number", "ignored_role")


@faulty
def profil_zaufany_with_a_wrong_pesel() -> Made:
    role = signers.claimed_role(replace(identities.OWNER, pesel="85041742165"))
    certificate = signers.certificate_of("owner", AT, "rsa")
    document = signed(key=keys.rsa_key("minister"), certificate=certificate, roles=role)
    return document, ("invalid_personal_number",)


@faulty
def role_of_profil_zaufany_beside_a_personal_certificate() -> Made:
    return signed(roles=signers.claimed_role(identities.OWNER)), ("unused_role",)


def _by_profil_zaufany(roles: str, **how: object) -> bytes:
    certificate = signers.certificate_of("owner", AT, "rsa")
    return signed(key=keys.rsa_key("minister"), certificate=certificate, roles=roles, **how)


@faulty
def profil_zaufany_with_two_people() -> Made:
    first, second = map(signers.claimed_role, (identities.OWNER, identities.STRANGER))
    inner = second.partition("<xades:ClaimedRoles>")[2].partition("</xades:ClaimedRoles>")[0]
    end = "</xades:ClaimedRoles>"
    return _by_profil_zaufany(first.replace(end, inner + end)), ("second_person",)


@faulty
def profil_zaufany_with_two_numbers() -> Made:
    number = f"<os:PESEL>{identities.STRANGER.pesel}</os:PESEL>"
    role = signers.claimed_role(identities.OWNER)
    end = "<ppZP:IdKonta"
    return _by_profil_zaufany(role.replace(end, number + end)), ("second_person",)


@faulty
def profil_zaufany_with_a_person_beside_the_signed_one() -> Made:
    forged = (
        "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>"
        f"{signers.claimed_role(identities.STRANGER)}"
        "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"
    )
    end = b"</xades:QualifyingProperties>"
    document = _by_profil_zaufany(signers.claimed_role(identities.OWNER))
    return document.replace(end, forged.encode() + end), ("ignored_role",)


@faulty
def profil_zaufany_with_second_properties_beside_the_signed_ones() -> Made:
    forged = (
        '<ds:Object><xades:QualifyingProperties xmlns:xades="http://uri.etsi.org/01903/v1.3.2#" '
        'Target="#id-0"><xades:SignedProperties><xades:SignedSignatureProperties>'
        f"{signers.claimed_role(identities.STRANGER)}"
        "</xades:SignedSignatureProperties></xades:SignedProperties></xades:QualifyingProperties>"
        "</ds:Object>"
    )
    end = b"</ds:Signature>"
    document = _by_profil_zaufany(signers.claimed_role(identities.OWNER))
    codes = ("irregular_xades", "ignored_role")
    return document.replace(end, forged.encode() + end), codes


@faulty
def seal_of_another_company() -> Made:
    subject = pki.name(
        country_name="PL",
        organization_name="Biuro Rachunkowe Bilans S.A.",
        organization_identifier=f"VATPL-{OTHER_NIP}",
        common_name="Biuro Rachunkowe Bilans S.A.",
    )
    key = keys.ec_key("seal")
    return signed(key=key, certificate=qualified(key, subject)), ("other_seal",)


@faulty
def person_by_fingerprint() -> Made:
    return signed(_BY_FINGERPRINT), ("unneeded_fingerprint",)


@faulty
def seal_by_fingerprint() -> Made:
    return signers.sign(_BY_FINGERPRINT, "seal", at=AT), ("unneeded_fingerprint",)


@faulty
def sole_trader_by_fingerprint() -> Made:
    return signers.sign(_BY_FINGERPRINT, "sole-trader", at=AT), ("unneeded_fingerprint",)


@faulty
def unknown_subject_type() -> Made:
    request = REQUEST.replace(b"certificateSubject", b"certificateOther")
    return signed(request), ("invalid_request",)
