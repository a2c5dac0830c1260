"""Documents that are wrong in a way that only a signer can make, and their codes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import XMLSigner

from ksef_simulator import identities, keys, layouts, pki, signers
from ksef_simulator.layouts import LAYOUTS
from tools.auth_token_request import Context, build

from .people import AT, CHALLENGE, CONTEXT

REQUEST = build(CHALLENGE, CONTEXT)
_OTHER_CHALLENGE = "20261122-CR-0000000000-0000000000-00"
_OTHER_NIP = "1111111111"
_SHA1 = layouts.DS + "sha1"
_ZP = LAYOUTS["podpis-zaufany"]
_PERSON = signers.personal_subject(identities.QUALIFIED)

Made = tuple[bytes, tuple[str, ...]]


@dataclass(frozen=True)
class Faulty:
    """A document and the codes that a reader must find in it, no more and no less."""

    file: str
    document: bytes
    codes: tuple[str, ...]


def documents() -> list[Faulty]:
    """Make all faulty documents, each by the function that has its name."""
    return [Faulty(f"{make.__name__}.xml", *make()) for make in _MAKERS]


_MAKERS: list[Callable[[], Made]] = []


def _faulty(make: Callable[[], Made]) -> Callable[[], Made]:
    _MAKERS.append(make)
    return make


def _authority() -> pki.Authority:
    return pki.Authority(datetime(AT.year, 1, 1))


def _qualified(
    key: keys.PrivateKey, subject: x509.Name = _PERSON, number: int = 7
) -> x509.Certificate:
    return _authority().qualified.issue(
        subject, key.public_key(), datetime(2025, 12, 1), datetime(2027, 12, 1), number
    )


def _signed(request: bytes = REQUEST, **how: object) -> bytes:
    """Sign with a key of the person with the qualified certificate, by default on P-256."""
    key = how.pop("key", None) or keys.ec_key("other")
    certificate = how.pop("certificate", None) or _qualified(key)
    return signers.sign_with_certificate(
        request, key, certificate, **{"layout": _ZP, "at": AT, **how}
    )


@_faulty
def sha1_digests() -> Made:
    return _signed(layout=replace(_ZP, digest=_SHA1)), ("weak_algorithm",)


@_faulty
def sha1_signature() -> Made:
    return _signed(key=keys.rsa_key("other"), method=layouts.DS + "rsa-sha1"), ("weak_algorithm",)


@_faulty
def rsa_pss() -> Made:
    method = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    return _signed(key=keys.rsa_key("other"), method=method), ("weak_algorithm",)


@_faulty
def curve_p521() -> Made:
    return _signed(key=ec.derive_private_key(12345, ec.SECP521R1())), ("weak_algorithm",)


@_faulty
def rsa_with_1024_bits() -> Made:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return _signed(key=key), ("short_key",)


@_faulty
def sha384_and_p384_are_fine() -> Made:
    layout = replace(_ZP, digest="http://www.w3.org/2001/04/xmldsig-more#sha384")
    return _signed(layout=layout, key=ec.derive_private_key(12345, ec.SECP384R1())), ()


@_faulty
def without_signing_certificate() -> Made:
    return _signed(signing_certificate=None), ("no_signing_certificate",)


@_faulty
def signed_key_info_replaces_signing_certificate() -> Made:
    return _signed(layout="three-references", signing_certificate=None), ()


@_faulty
def plain_xml_signature() -> Made:
    key = keys.ec_key("other")
    signer = XMLSigner(signature_algorithm="ecdsa-sha256", digest_algorithm="sha256")
    pem = _qualified(key).public_bytes(Encoding.PEM).decode()
    signed = signer.sign(etree.fromstring(REQUEST), key=key, cert=pem)
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8"), ("not_xades",)


@_faulty
def signed_twice() -> Made:
    return _signed(_signed()), ("two_signatures",)


@_faulty
def signed_document_signed_again_around_it() -> Made:
    return _signed(_signed(), layout="enveloping"), ("two_signatures",)


@_faulty
def signed_document_signed_again_as_base64() -> Made:
    return _signed(_signed(), layout="enveloping-base64"), ("two_signatures",)


@_faulty
def expired_certificate() -> Made:
    return signers.sign(REQUEST, "expired", at=AT), ("certificate_expired",)


@_faulty
def certificate_from_the_future() -> Made:
    return signers.sign(REQUEST, "future", at=AT), ("certificate_not_yet_valid",)


@_faulty
def signing_time_in_the_future() -> Made:
    return _signed(at=AT + timedelta(hours=1)), ("future_signature",)


@_faulty
def earlier_download() -> Made:
    return _signed(build(_OTHER_CHALLENGE, CONTEXT)), ("other_challenge",)


@_faulty
def other_company() -> Made:
    return _signed(build(CHALLENGE, Context("Nip", _OTHER_NIP))), ("other_company",)


@_faulty
def earlier_download_of_another_company() -> Made:
    request = build(_OTHER_CHALLENGE, Context("Nip", _OTHER_NIP))
    return _signed(request), ("other_company", "other_challenge")


@_faulty
def certificate_without_identifier() -> Made:
    return signers.sign(REQUEST, "foreign", at=AT), ("no_identifier",)


@_faulty
def profil_zaufany_by_fingerprint() -> Made:
    request = build(CHALLENGE, CONTEXT, "certificateFingerprint")
    return signers.sign(request, "owner", at=AT), ("shared_fingerprint",)


@_faulty
def profil_zaufany_without_a_person() -> Made:
    certificate = signers.certificate_of("owner", AT, "rsa")
    signed = _signed(key=keys.rsa_key("minister"), certificate=certificate)
    return signed, ("no_personal_number",)


@_faulty
def profil_zaufany_with_an_unsigned_person() -> Made:
    signed, _codes = profil_zaufany_without_a_person()
    role = signers.claimed_role(identities.STRANGER)
    forged = (
        "<xades:UnsignedProperties><xades:SignedSignatureProperties>"
        f"{role}</xades:SignedSignatureProperties></xades:UnsignedProperties>"
    )
    end = b"</xades:QualifyingProperties>"
    return signed.replace(end, forged.encode() + end), ("no_personal_number", "ignored_role")


@_faulty
def profil_zaufany_with_a_wrong_pesel() -> Made:
    role = signers.claimed_role(replace(identities.OWNER, pesel="85041742165"))
    certificate = signers.certificate_of("owner", AT, "rsa")
    signed = _signed(key=keys.rsa_key("minister"), certificate=certificate, roles=role)
    return signed, ("invalid_personal_number",)


@_faulty
def role_of_profil_zaufany_beside_a_personal_certificate() -> Made:
    return _signed(roles=signers.claimed_role(identities.OWNER)), ("unused_role",)


@_faulty
def seal_of_another_company() -> Made:
    subject = pki.name(
        country_name="PL",
        organization_name="Biuro Rachunkowe Bilans S.A.",
        organization_identifier=f"VATPL-{_OTHER_NIP}",
        common_name="Biuro Rachunkowe Bilans S.A.",
    )
    key = keys.ec_key("seal")
    return _signed(key=key, certificate=_qualified(key, subject)), ("other_seal",)


@_faulty
def offline_certificate() -> Made:
    key = keys.ec_key("other")
    start, end = datetime(2025, 12, 1), datetime(2027, 12, 1)
    certificate = _authority().issue_ksef_certificate(
        key.public_key(), _PERSON, "Offline", start, end, 9
    )
    return _signed(key=key, certificate=certificate), ("offline_certificate",)


@_faulty
def another_certificate_of_the_same_key() -> Made:
    key = keys.ec_key("other")
    old, new = (_qualified(key, number=number) for number in (7, 8))
    signed = _signed(key=key, certificate=old)
    return signed.replace(_text(old), _text(new)), ("other_signing_certificate",)


@_faulty
def issuer_before_the_signer_in_key_info() -> Made:
    key = keys.ec_key("other")
    own, issuer = _qualified(key), _authority().qualified.certificate
    signed = _signed(key=key, certificate=own, chain=(issuer,))
    first, second = _text(own), _text(issuer)
    turned = signed.replace(first, b"@").replace(second, first).replace(b"@", second)
    return turned, ()


@_faulty
def two_challenges() -> Made:
    twice = re.sub(rb"(<Challenge>.*?</Challenge>)", rb"\1\1", REQUEST)
    return _signed(twice), ("invalid_request",)


@_faulty
def no_challenge() -> Made:
    return _signed(re.sub(rb"<Challenge>.*?</Challenge>", b"", REQUEST)), ("incomplete_request",)


@_faulty
def unknown_schema() -> Made:
    return _signed(REQUEST.replace(b"token/2.1", b"token/9.9")), ("unknown_schema",)


@_faulty
def signed_invoice() -> Made:
    invoice = b'<Faktura xmlns="http://crd.gov.pl/wzor/2023/06/29/12648/"><Podmiot1/></Faktura>'
    return _signed(invoice), ("other_document",)


@_faulty
def signed_pdf() -> Made:
    return _signed(b"%PDF-1.7\n%%EOF\n", layout="enveloping-base64"), ("other_document",)


def _text(certificate: x509.Certificate) -> bytes:
    return base64.b64encode(certificate.public_bytes(Encoding.DER))
