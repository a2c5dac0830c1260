"""The JSON of the calls that give rights and ask for them, by version of KSeF."""

from __future__ import annotations

import re
from typing import Any

from .answers import Refused
from .identities import is_nip
from .shapes import (
    VALIDATION,
    Shape,
    array,
    choice,
    day,
    different,
    flag,
    identifier,
    nip,
    nullable,
    pesel,
    record,
    text,
    wrong,
)
from .verify.schema import VAT_UE
from .versions import by_version, rights

OF_PERSONS = rights(
    "CredentialsManage",
    "CredentialsRead",
    "InvoiceWrite",
    "InvoiceRead",
    "Introspection",
    "SubunitManage",
    "EnforcementOperations",
)
OF_INVOICES = rights("InvoiceWrite", "InvoiceRead")
AUTHORIZATIONS = ("SelfInvoicing", "RRInvoicing", "TaxRepresentative", "PefInvoicing")
EU_RIGHTS = ("VatUeManage", "InvoiceWrite", "InvoiceRead", "Introspection")

DESCRIPTION = text(5, 256)
FINGERPRINT = text(64, 64, "[0-9A-Fa-f]*")
PEPPOL = text(9, 9, "P[A-Z]{2}[0-9]{6}")
NUMBER = text(10, 16)
STATE = choice("Active", "Inactive")
_INTERNAL = re.compile("[0-9]{10}-[0-9]{5}")

NAMES: dict[str, Shape] = {"firstName": text(2, 30), "lastName": text(2, 81)}
DOCUMENT = record({"type": text(0, 20), "number": text(0, 20), "country": text(2, 2, "[A-Z]*")})
WITH_ID = record({**NAMES, "identifier": identifier(Pesel=pesel, Nip=nip)})
WITHOUT_ID = record({**NAMES, "birthDate": day, "idDocument": DOCUMENT})
COMPANY = record({"fullName": text(0, 100), "address": text(0, 512)})
#: Types of details, the member that each needs, and that member's shape.
OF_A_PERSON = {
    "PersonByIdentifier": ("personById", record(NAMES)),
    "PersonByFingerprintWithIdentifier": ("personByFpWithId", WITH_ID),
    "PersonByFingerprintWithoutIdentifier": ("personByFpNoId", WITHOUT_ID),
}
BY_FINGERPRINT = {
    **{name: item for name, item in OF_A_PERSON.items() if name != "PersonByIdentifier"},
    "EntityByFingerprint": ("entityByFp", COMPANY),
}


def described(kinds: dict[str, tuple[str, Shape]]) -> Shape:
    """Return the shape of details whose type says which member there must be."""
    members = {member: nullable(shape) for member, shape in kinds.values()}
    whole = record({"subjectDetailsType": choice(*kinds)}, members)

    def check(value: Any, path: str) -> None:
        whole(value, path)
        member = kinds[value["subjectDetailsType"]][0]
        if value.get(member) is None:
            raise wrong(f"{path}.{member}", "jest wymagane")

    return check


def internal_id(value: Any, path: str) -> None:
    """Check an internal identifier: a NIP, five digits, the last of them a check digit."""
    if not isinstance(value, str) or not _INTERNAL.fullmatch(value) or not is_nip(value[:10]):
        raise wrong(path)
    digits = [int(digit) for digit in value.replace("-", "")]
    total = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits[:-1]))
    if total % 10 != digits[-1]:
        raise wrong(path, "ma nieprawidłową cyfrę kontrolną")


def nip_and_vat_ue(value: Any, path: str) -> None:
    """Check the identifier of an EU entity's context: a NIP and an EU VAT number."""
    number, _dash, foreign = value.partition("-") if isinstance(value, str) else ("", "", "")
    if not is_nip(number) or not re.fullmatch(VAT_UE, foreign):
        raise wrong(path)


def target(value: Any, path: str) -> None:
    """Check which client an indirect right is for; all of them have no value."""
    kinds = ("Nip", "AllPartners", "InternalId")
    record({"type": choice(*kinds)}, {"value": nullable(NUMBER)})(value, path)
    if value["type"] == "AllPartners":
        if value.get("value") is not None:
            raise wrong(f"{path}.value", "musi być puste")
        return
    if value.get("value") is None:
        raise Refused(VALIDATION, "Pole 'value' jest wymagane.")


HUMAN = identifier(Nip=nip, Pesel=pesel, Fingerprint=FINGERPRINT)
ENTITY = record({"fullName": text(5, 90)})
#: Who is searched for: any value of the right length is an answer, if only an empty one.
ANYBODY = identifier(**dict.fromkeys(("Nip", "Pesel", "Fingerprint"), text(10, 64)))
WHERE = identifier(Nip=NUMBER, InternalId=NUMBER)
TARGET = record({"type": choice("Nip", "AllPartners", "InternalId")}, {"value": nullable(NUMBER)})


def _right(item: Any) -> Any:
    """Return the name of a right: some calls say beside it whether it may be passed on."""
    return item["type"] if isinstance(item, dict) else item


def _given(right: Shape, subject: Shape, details: Shape, **optional: Shape) -> Shape:
    members = {
        "subjectIdentifier": subject,
        "permissions": different(array(right, 1), _right),
        "description": DESCRIPTION,
        "subjectDetails": details,
    }
    return record(members, {name: nullable(shape) for name, shape in optional.items()})


TO_PERSON = by_version(OF_PERSONS, lambda right: _given(right, HUMAN, described(OF_A_PERSON)))
TO_ENTITY = by_version(
    OF_INVOICES,
    lambda right: _given(
        record({"type": right}, {"canDelegate": flag}), identifier(Nip=nip), ENTITY
    ),
)
INDIRECT = by_version(
    OF_INVOICES,
    lambda right: _given(right, HUMAN, described(OF_A_PERSON), targetIdentifier=target),
)
TO_SUBUNIT = record(
    {
        "subjectIdentifier": HUMAN,
        "contextIdentifier": identifier(Nip=nip, InternalId=internal_id),
        "description": DESCRIPTION,
        "subjectDetails": described(OF_A_PERSON),
    },
    {"subunitName": nullable(text(5, 256))},
)
TO_EU_ADMINISTRATOR = record(
    {
        "subjectIdentifier": identifier(Fingerprint=FINGERPRINT),
        "contextIdentifier": identifier(NipVatUe=nip_and_vat_ue),
        "description": DESCRIPTION,
        "euEntityName": text(5, 256),
        "subjectDetails": described(BY_FINGERPRINT),
        "euEntityDetails": COMPANY,
    }
)
TO_EU_REPRESENTATIVE = _given(
    choice("InvoiceWrite", "InvoiceRead"),
    identifier(Fingerprint=FINGERPRINT),
    described(BY_FINGERPRINT),
)
AUTHORIZATION = record(
    {
        "subjectIdentifier": identifier(Nip=nip, PeppolId=PEPPOL),
        "permission": choice(*AUTHORIZATIONS),
        "description": DESCRIPTION,
        "subjectDetails": ENTITY,
    }
)

ASKS_PERSONAL = by_version(
    {version: (*known, "VatUeManage") for version, known in OF_PERSONS.items()},
    lambda right: record(
        {},
        {
            "contextIdentifier": nullable(WHERE),
            "targetIdentifier": nullable(TARGET),
            "permissionTypes": nullable(array(right)),
            "permissionState": nullable(STATE),
        },
    ),
)
ASKS_PERSONS = by_version(
    OF_PERSONS,
    lambda right: record(
        {"queryType": choice("PermissionsInCurrentContext", "PermissionsGrantedInCurrentContext")},
        {
            "authorIdentifier": nullable(
                record(
                    {"type": choice("Nip", "Pesel", "Fingerprint", "System")},
                    {"value": nullable(text(10, 64))},
                )
            ),
            "authorizedIdentifier": nullable(ANYBODY),
            "contextIdentifier": nullable(WHERE),
            "targetIdentifier": nullable(TARGET),
            "permissionTypes": nullable(array(right)),
            "permissionState": nullable(STATE),
        },
    ),
)
ASKS_ENTITIES = record({}, {"contextIdentifier": nullable(WHERE)})
ASKS_SUBUNITS = record({}, {"subunitIdentifier": nullable(WHERE)})
ASKS_SUBORDINATES = record(
    {}, {"subordinateEntityIdentifier": nullable(identifier(Nip=text(10, 10)))}
)
ASKS_AUTHORIZATIONS = record(
    {"queryType": choice("Granted", "Received")},
    {
        "authorizingIdentifier": nullable(identifier(Nip=text(10, 10))),
        "authorizedIdentifier": nullable(identifier(Nip=text(9, 10), PeppolId=text(9, 10))),
        "permissionTypes": nullable(array(choice(*AUTHORIZATIONS))),
    },
)
ASKS_EU = record(
    {},
    {
        "vatUeIdentifier": nullable(text(pattern=VAT_UE)),
        "authorizedFingerprintIdentifier": nullable(text()),
        "permissionTypes": nullable(array(choice(*EU_RIGHTS))),
    },
)
