"""Every operation of the simulator called once, successfully, as a client would."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from ksef_simulator import DEMO_NIP, identities
from ksef_simulator.limits_api import SETTABLE
from ksef_simulator.state import LoginContext, Who

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))
from invoice_kit import encrypt, invoice, opened  # noqa: E402 - found in the folder named above
from kit import (  # noqa: E402, F401 - found in the folder named above
    EU_NUMBER,
    FINGERPRINT,
    GROUP,
    MEMBER,
    OFFICE,
    PERSON,
    Caller,
    ec_key,
    to_entity,
    to_eu_administrator,
    to_eu_representative,
    to_person,
    to_subunit,
)

OFFICE_BILLS = {
    "subjectIdentifier": {"type": "Nip", "value": OFFICE},
    "permission": "SelfInvoicing",
    "description": "Biuro wystawia faktury",
    "subjectDetails": {"fullName": "Biuro Rachunkowe"},
}


def everything(ksef):
    """Call each operation of KSeF once, successfully."""
    tokens = ksef.login()
    ksef.status(tokens)
    ksef.call("POST", "/auth/token/refresh", tokens.refresh)
    filters = {
        "contextIdentifier": {"type": "Nip", "value": DEMO_NIP},
        "permissionTypes": ["InvoiceWrite"],
        "permissionState": "Active",
    }
    ksef.call("POST", "/permissions/query/personal/grants", tokens.access, json=filters)
    ksef.call("GET", "/permissions/attachments/status", tokens.access)
    ksef.call("GET", "/certificates/limits", tokens.access)
    serial = f"{ksef.certificate(tokens, ec_key()).serial_number:016X}"
    wanted = {
        "certificateSerialNumber": serial,
        "type": "Authentication",
        "status": "Active",
        "name": "Certyfikat",
        "expiresAfter": "2026-01-01T00:00:00Z",
    }
    ksef.call("POST", "/certificates/query", tokens.access, json=wanted)
    shorter = {"validTo": (ksef.sim.clock.now() + timedelta(days=9)).isoformat()}
    ksef.call("PUT", f"/testdata/certificates/{serial}", tokens.access, json=shorter)
    reason = {"revocationReason": "Superseded"}
    ksef.call("POST", f"/certificates/{serial}/revoke", tokens.access, json=reason)
    limits = {"enrollment": {"maxEnrollments": 5}, "certificate": {"maxCertificates": 5}}
    ksef.call("POST", "/testdata/limits/subject/certificate", tokens.access, json=limits)
    ksef.call("DELETE", "/testdata/limits/subject/certificate", tokens.access)
    _limits(ksef, tokens.access)
    _test_data(ksef)
    _invoices(ksef)
    _ksef_tokens(ksef)
    _rights(ksef)
    other = ksef.login()
    ksef.call("GET", "/auth/sessions", other.access)
    ksef.call("DELETE", f"/auth/sessions/{tokens.reference}", other.access)
    ksef.call("DELETE", "/auth/sessions/current", other.access)


def _limits(ksef, bearer):
    for path in ("/limits/context", "/limits/subject", "/rate-limits"):
        ksef.call("GET", path, bearer)
    told = ksef.call("GET", "/rate-limits", bearer).json()
    names = SETTABLE[ksef.sim.settings.version]
    rates = {"rateLimits": {name: told[name] for name in names}}
    ksef.call("POST", "/testdata/rate-limits", bearer, json=rates)
    ksef.call("POST", "/testdata/rate-limits/production", bearer)
    ksef.call("DELETE", "/testdata/rate-limits", bearer)
    limits = ksef.call("GET", "/limits/context", bearer).json()
    ksef.call("POST", "/testdata/limits/context/session", bearer, json=limits)
    ksef.call("DELETE", "/testdata/limits/context/session", bearer)


def _invoices(ksef):
    sender = opened(ksef, ksef.login())
    state, _bad = sender.sent(invoice()), sender.sent(b"wrong")
    sender.get("/invoices")
    sender.get("/invoices/failed")
    sender.get(f"/invoices/{state['referenceNumber']}/upo")
    sender.get(f"/invoices/ksef/{state['ksefNumber']}/upo")
    ksef.call("GET", f"/invoices/ksef/{state['ksefNumber']}", sender.bearer)
    sender.close()
    page = sender.get().json()["upo"]["pages"][0]["referenceNumber"]
    sender.get(f"/upo/{page}")
    ksef.call("GET", "/sessions?sessionType=Online", sender.bearer)


def _rights(ksef):
    """Everything that gives rights, lists them and takes them back."""
    owner, office = ksef.login().access, ksef.login("seal", nip=DEMO_NIP).access
    orders = [("entities", to_entity()), ("persons", to_person()), ("authorizations", OFFICE_BILLS)]
    for kind, body in orders:
        ref = ksef.call("POST", f"/permissions/{kind}/grants", owner, json=body).json()
        ksef.call("GET", f"/permissions/operations/{ref['referenceNumber']}", owner)
    _indirect_rights(ksef)
    _subunits(ksef)
    _eu_entities(ksef, owner)
    asked = {
        "queryType": "PermissionsInCurrentContext",
        "permissionState": "Active",
        "authorizedIdentifier": {"type": "Nip", "value": OFFICE},
        "permissionTypes": ["InvoiceRead"],
    }
    found = ksef.call("POST", "/permissions/query/persons/grants", owner, json=asked).json()
    right = found["permissions"][0]["id"]
    ksef.call("DELETE", f"/permissions/common/grants/{right}", owner)
    asked = {"queryType": "Granted", "permissionTypes": ["SelfInvoicing"]}
    path = "/permissions/query/authorizations/grants"
    found = ksef.call("POST", path, owner, json=asked).json()["authorizationGrants"]
    ksef.call("DELETE", f"/permissions/authorizations/grants/{found[0]['id']}", office)


def _indirect_rights(ksef):
    """What an office passes on to its employee, as seen from the office."""
    ksef.sim.world.grant(identities.OWNER.identity, OFFICE, "CredentialsManage")
    office = ksef.login(nip=OFFICE).access
    client = {"type": "Nip", "value": DEMO_NIP}
    body = {**to_person(("InvoiceRead",)), "targetIdentifier": client}
    ksef.call("POST", "/permissions/indirect/grants", office, json=body)
    asked = {"contextIdentifier": client}
    ksef.call("POST", "/permissions/query/entities/grants", office, json=asked)


def _subunits(ksef):
    world = ksef.sim.world
    world.add_company(GROUP, "Grupa VAT", kind="VatGroup")
    world.add_company(MEMBER, "Członek grupy", parent=GROUP)
    world.grant(identities.OWNER.identity, GROUP)
    group = ksef.login(nip=GROUP).access
    ksef.call("POST", "/permissions/subunits/grants", group, json=to_subunit())
    unit = {"subunitIdentifier": {"type": "Nip", "value": MEMBER}}
    ksef.call("POST", "/permissions/query/subunits/grants", group, json=unit)
    ksef.call("GET", "/permissions/query/entities/roles", group)
    below = {"subordinateEntityIdentifier": {"type": "Nip", "value": MEMBER}}
    ksef.call("POST", "/permissions/query/subordinate-entities/roles", group, json=below)


def _eu_entities(ksef, owner):
    path = "/permissions/eu-entities/administration/grants"
    ksef.call("POST", path, owner, json=to_eu_administrator())
    where = LoginContext("NipVatUe", f"{DEMO_NIP}-{EU_NUMBER}")
    ksef.sim.world.grant(Who("pesel", identities.OWNER.pesel), where, "VatUeManage")
    within = ksef.login(nip=where.value, context=where.type).access
    ksef.call("POST", "/permissions/eu-entities/grants", within, json=to_eu_representative())
    asked = {
        "vatUeIdentifier": EU_NUMBER,
        "authorizedFingerprintIdentifier": FINGERPRINT,
        "permissionTypes": ["InvoiceRead"],
    }
    ksef.call("POST", "/permissions/query/eu-entities/grants", owner, json=asked)


def _ksef_tokens(ksef):
    bearer = ksef.login().access
    wanted = {"permissions": ["InvoiceRead"], "description": "Token testowy"}
    made = ksef.call("POST", "/tokens", bearer, json=wanted).json()
    challenge = ksef.call("POST", "/auth/challenge").json()
    plain = f"{made['token']}|{challenge['timestampMs']}".encode()
    body = {
        "challenge": challenge["challenge"],
        "contextIdentifier": {"type": "Nip", "value": DEMO_NIP},
        "encryptedToken": encrypt(ksef, "KsefTokenEncryption", plain),
        "authorizationPolicy": {
            "allowedIps": {
                "ip4Addresses": ["127.0.0.1"],
                "ip4Ranges": [],
                "ip4Masks": ["127.0.0.0/8"],
            }
        },
    }
    ksef.call("POST", "/auth/ksef-token", json=body)
    ksef.call("GET", "/tokens", bearer)
    ksef.call("GET", f"/tokens/{made['referenceNumber']}", bearer)
    ksef.call("DELETE", f"/tokens/{made['referenceNumber']}", bearer)


def _test_data(ksef):
    nip = {"type": "Nip", "value": DEMO_NIP}
    pesel = {"type": "Pesel", "value": identities.READER.pesel}
    right = [{"permissionType": "InvoiceWrite", "description": "Uprawnienie"}]
    unit = {"subjectNip": "2222222239", "description": "Szkoła"}
    company = {
        "subjectNip": "1111111111",
        "subjectType": "JST",
        "description": "Gmina",
        "subunits": [unit],
        "createdDate": "2026-01-01T00:00:00Z",
    }
    person = {
        "nip": "1111111111",
        "pesel": identities.STRANGER.pesel,
        "isBailiff": False,
        "description": "Osoba",
    }
    grant = {"contextIdentifier": nip, "authorizedIdentifier": pesel}
    for path, body in [
        ("subject", company),
        ("subject/remove", {"subjectNip": "1111111111"}),
        ("person", person),
        ("person/remove", {"nip": "1111111111"}),
        ("permissions", {**grant, "permissions": right}),
        ("permissions/revoke", grant),
        ("context/block", {"contextIdentifier": nip}),
        ("context/unblock", {"contextIdentifier": nip}),
        ("attachment", {"nip": "1111111111"}),
        ("attachment/revoke", {"nip": "1111111111", "expectedEndDate": "2026-12-31"}),
    ]:
        assert ksef.call("POST", f"/testdata/{path}", json=body).status_code == 200, path
