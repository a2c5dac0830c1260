"""What a certificate application must say about its subject, from what the signer signed with."""

from __future__ import annotations

import uuid
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from .releases import ORGANIZATION_IDENTIFIER
from .settings import Settings

UNIQUE_IDENTIFIER = x509.ObjectIdentifier("2.5.4.45")
OIDS: dict[str, x509.ObjectIdentifier] = {
    "commonName": NameOID.COMMON_NAME,
    "countryName": NameOID.COUNTRY_NAME,
    "givenName": NameOID.GIVEN_NAME,
    "surname": NameOID.SURNAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "uniqueIdentifier": UNIQUE_IDENTIFIER,
    "organizationName": NameOID.ORGANIZATION_NAME,
    "organizationIdentifier": ORGANIZATION_IDENTIFIER,
}


def subject_of(verified: Any, settings: Settings) -> dict[str, Any]:
    """The enrollment data for a login (docs/ksef.md A2-19, A2-22): what the CSR has to repeat.

    :param verified: the signature verifier's finding
    :param settings: whether several given names come as one text or as a list
    """
    if verified.method == "TrustedProfile":
        return _of_person(verified.identity, f"PNOPL-{verified.identity.value}", settings)
    name = verified.certificate.subject
    if _one(name, ORGANIZATION_IDENTIFIER) and not _one(name, NameOID.SURNAME):
        return _of_seal(name, verified.identity, settings)
    serial = _one(name, NameOID.SERIAL_NUMBER)
    if verified.identity.kind == "fingerprint":
        data = _of_certificate(name, settings)
        return {**data, "uniqueIdentifier": verified.identity.value}
    prefixes = {"pesel": "PNOPL", "nip": "TINPL"}
    number = (
        serial
        if serial and serial[:5] in prefixes.values()
        else (f"{prefixes[verified.identity.kind]}-{verified.identity.value}")
    )
    return {**_of_certificate(name, settings), "serialNumber": number}


def _of_person(identity: Any, number: str, settings: Settings) -> dict[str, Any]:
    return {
        "commonName": identity.name,
        "countryName": "PL",
        "givenName": _given([identity.given_names], settings),
        "surname": identity.surname,
        "serialNumber": number,
    }


def _of_seal(name: x509.Name, identity: Any, settings: Settings) -> dict[str, Any]:
    prefix = "VATPL-" if settings.company_number == "prefixed" else ""
    return {
        "commonName": _one(name, NameOID.COMMON_NAME) or identity.name,
        "countryName": "PL",
        "organizationName": _one(name, NameOID.ORGANIZATION_NAME) or identity.name,
        "organizationIdentifier": f"{prefix}{identity.value}",
        "uniqueIdentifier": _one(name, UNIQUE_IDENTIFIER)
        or str(uuid.uuid5(uuid.NAMESPACE_OID, identity.value)),
    }


def _of_certificate(name: x509.Name, settings: Settings) -> dict[str, Any]:
    data: dict[str, Any] = {"commonName": "", "countryName": "PL"}
    for member, oid in OIDS.items():
        values = _all(name, oid)
        if member == "givenName" and values:
            data[member] = _given(values, settings)
        elif values:
            data[member] = values[0]
    return data


def _given(values: list[str], settings: Settings) -> Any:
    joined = " ".join(values)
    return joined.split() if settings.given_names == "list" else joined


def _all(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(item.value) for item in name.get_attributes_for_oid(oid)]


def _one(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    return next(iter(_all(name, oid)), None)


def pairs(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Enrollment data as (OID, value) pairs in a fixed order, to compare with a CSR's subject."""
    found = []
    for member, value in data.items():
        for item in value if isinstance(value, list) else [value]:
            found.append((OIDS[member].dotted_string, item))
    return sorted(found)
