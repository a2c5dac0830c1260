"""Everybody who signs in the simulated world, and the signing itself.

`sign` makes documents as the government's service and the qualified programs do; the digests and
the signature come from libxmlsec, the bytes around them from layouts.py, nothing from the addon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from . import identities, keys, pki
from .layouts import DS, LAYOUTS, VALUE_MARK, Layout, Writer, digest_mark
from .office import OFFICE_NAME, OFFICE_NIP

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"


@dataclass(frozen=True)
class Signer:
    """One way to sign.

    :param label: what the signing site shows
    :param issuer: which authority issued the certificate, "self" when it is self-signed
    :param key_name: whose keys (keys.py)
    :param person: who stands in the claimed role of Podpis zaufany
    :param layout: how the program of this signer lays out an enveloped signature
    """

    label: str
    issuer: str
    key_name: str
    subject: x509.Name
    algorithm: str = "rsa"
    layout: str = "enveloped"
    person: identities.Person | None = None
    validity: str = "valid"
    usages: tuple[str, ...] = ("content_commitment",)


_MINISTER = pki.name(
    country_name="PL",
    organization_name="Ministerstwo Cyfryzacji",
    organization_identifier=identities.MINISTER_NUMBER,
    common_name="Minister do spraw informatyzacji - pieczęć podpisu zaufanego",
)


def personal_subject(person: identities.Person, number: str = "") -> x509.Name:
    """Return the subject of a person's certificate.

    :param number: the serialNumber attribute, PNOPL with the PESEL when empty
    """
    return pki.name(
        country_name="PL",
        serial_number=number or f"PNOPL-{person.pesel}",
        given_name=person.given_names,
        surname=person.surname,
        common_name=person.name,
    )


def _trusted_profile(person: identities.Person) -> Signer:
    label = f"Profil Zaufany: {person.name}"
    return Signer(label, "minister", "minister", _MINISTER, "rsa", "podpis-zaufany", person)


def _qualified(label: str, subject: x509.Name, key_name: str = "other", **rest: Any) -> Signer:
    return Signer(label, "qualified", key_name, subject, **rest)


def _personal(label: str, person: identities.Person, number: str = "", **rest: str) -> Signer:
    return _qualified(label, personal_subject(person, number), **rest)


_SEAL = pki.name(
    country_name="PL",
    organization_name=identities.DEMO_COMPANY.name,
    organization_identifier=f"VATPL-{identities.DEMO_NIP}",
    common_name=identities.DEMO_COMPANY.name,
)
_OFFICE = pki.name(
    country_name="PL",
    organization_name=OFFICE_NAME,
    organization_identifier=f"VATPL-{OFFICE_NIP}",
    common_name=OFFICE_NAME,
)
_FOREIGN = pki.name(
    country_name="DE", given_name="Jürgen", surname="Müller", common_name="Jürgen Müller"
)
_Q = identities.QUALIFIED
SIGNERS: dict[str, Signer] = {
    "owner": _trusted_profile(identities.OWNER),
    "stranger": _trusted_profile(identities.STRANGER),
    "reader": _trusted_profile(identities.READER),
    "qualified": _personal(
        f"Podpis kwalifikowany: {_Q.name}", _Q, key_name="qualified", layout="szafir"
    ),
    "seal": _qualified(f"Pieczęć firmy: {identities.DEMO_COMPANY.name}", _SEAL, "seal"),
    "office-seal": _qualified(f"Pieczęć biura: {OFFICE_NAME}", _OFFICE, "other"),
    "edowod": Signer(
        f"E-dowód: {identities.EDOWOD.name}",
        "personal_id",
        "personal-id",
        personal_subject(identities.EDOWOD),
        algorithm="ec",
        layout="podpis-zaufany",
    ),
    "foreign": _qualified("Podpis zagraniczny: Jürgen Müller", _FOREIGN, "foreign"),
    "sole-trader": _personal("Podpis kwalifikowany z NIP", _Q, f"TINPL-{identities.DEMO_NIP}"),
    "expired": _personal("Podpis kwalifikowany nieważny", _Q, validity="expired"),
    "future": _personal("Podpis kwalifikowany z przyszłości", _Q, validity="future"),
    "self-signed": Signer("Certyfikat własny", "self", "other", personal_subject(_Q)),
    "unknown-issuer": Signer("Nieznany wystawca", "unknown", "other", personal_subject(_Q)),
}


def _validity(kind: str, year: int) -> tuple[datetime, datetime]:
    years = {"valid": (-1, 2), "expired": (-4, -1), "future": (1, 4)}[kind]
    return datetime(year + years[0], 1, 1), datetime(year + years[1], 1, 1)


@cache
def _certificate(signer: str, algorithm: str, year: int) -> x509.Certificate:
    who = SIGNERS[signer]
    key = keys.key(who.key_name, algorithm)
    valid_from, valid_to = _validity(who.validity, year)
    authority = pki.Authority(datetime(year, 1, 1))
    if who.issuer == "self":
        issuer, issuer_key = who.subject, key
    elif who.issuer == "unknown":
        issuer, issuer_key = pki.name(common_name="Nieznane CA"), keys.ec_key("ca/unknown")
    else:
        issuer = getattr(authority, who.issuer).subject
        issuer_key = getattr(authority, who.issuer).key
    return pki.certificate(
        subject=who.subject,
        public_key=key.public_key(),
        issuer=issuer,
        issuer_key=issuer_key,
        valid_from=valid_from,
        valid_to=valid_to,
        serial=int.from_bytes(f"{signer} {algorithm}".encode()[:18], "big"),
        usages=who.usages,
    )


def certificate_of(signer: str, at: datetime, algorithm: str | None = None) -> x509.Certificate:
    """Return a signer's certificate, valid (where it is valid) around the time `at`."""
    return _certificate(signer, algorithm or SIGNERS[signer].algorithm, at.year)


def forget_certificates() -> None:
    """Make all certificates anew, as another process would."""
    _certificate.cache_clear()


def claimed_role(person: identities.Person, form: str = "PodpisZP") -> str:
    """Return the SignerRole by which Podpis zaufany names the person (docs/ksef.md B-2).

    :param form: "PodpisZP" or "EPSignature"
    """
    given, surname = escape(person.given_names), escape(person.surname)
    if form == "PodpisZP":
        role = (
            '<ppZP:PodpisZP xmlns:ppZP="http://crd.gov.pl/xml/schematy/ppzp/"'
            ' xmlns:os="http://crd.gov.pl/xml/schematy/osoba/2009/03/06/">'
            "<ppZP:DaneZP><ppZP:DaneZPOsobyFizycznej>"
            f'<os:Nazwisko rodzajCzlonu="pierwszy">{surname}</os:Nazwisko>'
            f"<os:Imie>{given}</os:Imie>"
            f"<os:PESEL>{person.pesel}</os:PESEL>"
            "<ppZP:IdKontaUzytkownikaEpuap>testowe</ppZP:IdKontaUzytkownikaEpuap>"
            "</ppZP:DaneZPOsobyFizycznej></ppZP:DaneZP></ppZP:PodpisZP>"
        )
    else:
        role = (
            '<EPSignature xmlns="http://crd.gov.pl/xml/schematy/podpis_zaufany/"><NaturalPerson>'
            f"<CurrentFamilyName>{surname}</CurrentFamilyName><FirstName>{given}</FirstName>"
            f"<PersonalIdentifier>{person.pesel}</PersonalIdentifier></NaturalPerson>"
            "<SignatureData><IdentityIssuer>TEST</IdentityIssuer></SignatureData></EPSignature>"
        )
    return (
        "<xades:SignerRole><xades:ClaimedRoles><xades:ClaimedRole>"
        f"{role}</xades:ClaimedRole></xades:ClaimedRoles></xades:SignerRole>"
    )


def sign(
    document: bytes,
    signer: str,
    *,
    layout: str | Layout = "enveloped",
    algorithm: str | None = None,
    signing_certificate: str | None = "v1",
    at: datetime,
    role: str = "PodpisZP",
) -> bytes:
    """Sign a document as one of `SIGNERS`.

    :param layout: a name of `layouts.LAYOUTS`; "enveloped" means as the signer's program does it
    :param algorithm: "rsa" or "ec"; the signer's own when None
    :param signing_certificate: "v1", "v2" or None for a signature without that property
    :param at: the signing time, aware
    :param role: "PodpisZP" or "EPSignature", the form of Podpis zaufany
    """
    who = SIGNERS[signer]
    algorithm = algorithm or who.algorithm
    return sign_with_certificate(
        document,
        keys.key(who.key_name, algorithm),
        certificate_of(signer, at, algorithm),
        layout=who.layout if layout == "enveloped" else layout,
        signing_certificate=signing_certificate,
        at=at,
        roles=claimed_role(who.person, role) if who.person else "",
    )


def sign_with_certificate(
    document: bytes,
    key: keys.PrivateKey,
    certificate: x509.Certificate,
    *,
    layout: str | Layout = "enveloped",
    signing_certificate: str | None = "v1",
    at: datetime,
    roles: str = "",
    chain: tuple[x509.Certificate, ...] = (),
    method: str = "",
    change: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """Sign a document with any key and certificate.

    :param roles: the SignerRole element, see `claimed_role`
    :param chain: further certificates for KeyInfo
    :param method: the signature algorithm's URI; by the key when empty
    :param change: how this signer's program writes the document and the signature otherwise
    """
    shape = LAYOUTS[layout] if isinstance(layout, str) else layout
    algorithm = method or signature_method(key)
    certificates = [certificate, *chain]
    writer = Writer(shape, algorithm, certificates, signing_certificate, roles, at)
    write = writer.enveloped if shape.packaging == "enveloped" else writer.enveloping
    return fill(change(write(document)), key)


def signature_method(key: keys.PrivateKey) -> str:
    """Choose the algorithm as KSeF's official clients do: SHA-256, for longer curves theirs."""
    if isinstance(key, rsa.RSAPrivateKey):
        return _MORE + "rsa-sha256"
    return _MORE + {256: "ecdsa-sha256", 384: "ecdsa-sha384", 521: "ecdsa-sha512"}[key.key_size]


def fill(marked: bytes, key: keys.PrivateKey) -> bytes:
    """Compute digests and signature of a text from layouts.py and put them where its marks are."""
    numbers = [number for number in range(3) if digest_mark(number).encode() in marked]
    marks = [*(digest_mark(number) for number in numbers), VALUE_MARK]
    template = marked
    for mark in marks:
        template = template.replace(mark.encode(), b"")
    root = etree.fromstring(template)
    (value,) = (item for item in root.iter(f"{{{DS}}}SignatureValue") if not item.text)
    signature = value.getparent()
    context = xmlsec.SignatureContext()
    context.key = _xmlsec_key(key)
    xmlsec.tree.add_ids(root, ["Id"])
    context.sign(signature)
    info = signature.find(f"{{{DS}}}SignedInfo")
    values = [item.text for item in info.iter(f"{{{DS}}}DigestValue")]
    values.append(signature.findtext(f"{{{DS}}}SignatureValue"))
    # Digests are signed as libxmlsec wrote them, line breaks included.
    values[-1] = "".join(values[-1].split())
    for mark, value in zip(marks, values, strict=True):
        marked = marked.replace(mark.encode(), value.encode())
    return marked


def _xmlsec_key(key: keys.PrivateKey) -> xmlsec.Key:
    der = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return xmlsec.Key.from_memory(der, xmlsec.KeyFormat.DER)
