"""Every operation of the simulator called once, successfully, as a client would."""

from __future__ import annotations

import sys
from pathlib import Path

from ksef_simulator import DEMO_NIP, identities

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))
from invoice_kit import encrypt, invoice, opened  # noqa: E402 - found in the folder named above
from kit import Caller, ec_key  # noqa: E402, F401 - found in the folder named above


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
    wanted = {"certificateSerialNumber": serial, "type": "Authentication", "status": "Active",
              "name": "Certyfikat", "expiresAfter": "2026-01-01T00:00:00Z"}  # fmt: skip
    ksef.call("POST", "/certificates/query", tokens.access, json=wanted)
    reason = {"revocationReason": "Superseded"}
    ksef.call("POST", f"/certificates/{serial}/revoke", tokens.access, json=reason)
    limits = {"enrollment": {"maxEnrollments": 5}, "certificate": {"maxCertificates": 5}}
    ksef.call("POST", "/testdata/limits/subject/certificate", tokens.access, json=limits)
    ksef.call("DELETE", "/testdata/limits/subject/certificate", tokens.access)
    _limits(ksef, tokens.access)
    _test_data(ksef)
    _invoices(ksef)
    _ksef_tokens(ksef)
    other = ksef.login()
    ksef.call("GET", "/auth/sessions", other.access)
    ksef.call("DELETE", f"/auth/sessions/{tokens.reference}", other.access)
    ksef.call("DELETE", "/auth/sessions/current", other.access)


def _limits(ksef, bearer):
    for path in ("/limits/context", "/limits/subject", "/rate-limits"):
        ksef.call("GET", path, bearer)
    rates = {"rateLimits": ksef.call("GET", "/rate-limits", bearer).json()}
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
    company = {"subjectNip": "1111111111", "subjectType": "JST", "description": "Gmina",
               "subunits": [unit], "createdDate": "2026-01-01T00:00:00Z"}  # fmt: skip
    person = {"nip": "1111111111", "pesel": identities.STRANGER.pesel, "isBailiff": False,
              "description": "Osoba"}  # fmt: skip
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
