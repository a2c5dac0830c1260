"""The XAdES part: which certificate signed, and whom the signer claims to act for."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from .. import odd_certificates
from ..identities import Identity
from ..releases import validity
from . import algorithms
from .algorithms import DS
from .document import elements, local, text
from .outcome import PROFILE, PROFILE_WARNING, Refusal, Settings
from .references import Covered
from .signature import XADES

# Both forms of Podpis zaufany: surname, given name, number (docs/ksef.md B-2).
_ROLE_FORMS = {
    "PodpisZP": ("Nazwisko", "Imie", "PESEL"),
    "EPSignature": ("CurrentFamilyName", "FirstName", "PersonalIdentifier"),
}

_UNREADABLE = (binascii.Error, ValueError, TypeError, KeyError, x509.InvalidVersion)


@dataclass(frozen=True)
class Profile:
    """What the XAdES properties say.

    :param warning: the value for X-System-Warning, None for none
    """

    certificate: x509.Certificate
    warning: str | None


def read(signature: etree._Element, covered: Covered, settings: Settings) -> Profile:
    """Choose the signer's certificate and check the profile.

    :raises Refusal: 21115 without a readable certificate; 9105 when the properties do not fit
    """
    certificates = _certificates(signature)
    properties = covered.properties
    if properties is None or not _belongs(properties, signature):
        raise Refusal(9105, PROFILE)
    named = elements(
        properties, f"{{{XADES}}}SigningCertificate", f"{{{XADES}}}SigningCertificateV2"
    )
    entries = [cert for item in named for cert in item.iterchildren(f"{{{XADES}}}Cert")]
    if entries:
        for certificate in certificates:
            if any(_names(entry, certificate, settings) for entry in entries):
                return Profile(certificate, None)
        raise Refusal(9105, PROFILE)
    if covered.key_info:
        return Profile(certificates[0], None)
    if settings.profile_enforced:
        raise Refusal(9105, PROFILE)
    return Profile(certificates[0], PROFILE_WARNING)


def _belongs(properties: etree._Element, signature: etree._Element) -> bool:
    """Tell whether these are the one set of properties, and of this signature."""
    holder = properties.getparent()
    if len(elements(signature, f"{{{XADES}}}QualifyingProperties")) != 1:
        return False
    target, identifier = holder.get("Target"), signature.get("Id")
    return local(holder) == "QualifyingProperties" and target == f"#{identifier}"


def _certificates(signature: etree._Element) -> list[x509.Certificate]:
    path = f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate"
    try:
        found = [
            _readable(base64.b64decode("".join(text(item).split())))
            for item in signature.findall(path)
        ]
    except _UNREADABLE:
        raise Refusal(21115) from None
    if not found:
        raise Refusal(21115)
    return found


def _readable(der: bytes) -> x509.Certificate:
    certificate: x509.Certificate = odd_certificates.read(der)
    # Read only when asked for; what is broken is found out here.
    _ = certificate.subject, certificate.issuer, validity(certificate)
    return certificate


def _names(entry: etree._Element, certificate: x509.Certificate, settings: Settings) -> bool:
    """Tell whether a Cert entry stands for this certificate, by digest and by serial number."""
    digest = entry.find(f"{{{XADES}}}CertDigest")
    if digest is None:
        return False
    method = digest.find(f"{{{DS}}}DigestMethod")
    value = digest.find(f"{{{DS}}}DigestValue")
    if method is None or value is None:
        return False
    hasher = algorithms.hasher(method.get("Algorithm"), settings)
    der = certificate.public_bytes(Encoding.DER)
    expected = base64.b64encode(hasher(der).digest()).decode()
    if "".join(text(value).split()) != expected:
        return False
    serials = elements(entry, f"{{{DS}}}X509SerialNumber")
    return all(text(item).strip() == str(certificate.serial_number) for item in serials)


def claimed_person(properties: etree._Element) -> Identity | None:
    """Read the person whom Podpis zaufany names, from signed properties only.

    :raises Refusal: 21406 when the role names several people or no valid number
    """
    found = [
        item
        for role in elements(properties, f"{{{XADES}}}ClaimedRole")
        for item in elements(role)
        if local(item) in _ROLE_FORMS
    ]
    if not found:
        return None
    if len(found) > 1:
        raise Refusal(21406)
    surname, given, number = (_only(found[0], name) for name in _ROLE_FORMS[local(found[0])])
    if not re.fullmatch(r"[0-9]{11}", number):
        raise Refusal(21406)
    return Identity("pesel", number, f"{given} {surname}", given, surname)


def _only(element: etree._Element, name: str) -> str:
    values = [text(item).strip() for item in elements(element) if local(item) == name]
    if len(values) != 1:
        raise Refusal(21406)
    return values[0]
