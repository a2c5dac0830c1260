"""Invoices for the simulator's tests: the smallest document that it takes, and its encryption."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from kit import Caller, Tokens

from ksef_simulator import DEMO_NIP

FORM = {"systemCode": "FA (3)", "schemaVersion": "1-0E", "value": "FA"}
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def text(data: bytes) -> str:
    """Return data in base64."""
    return base64.b64encode(data).decode()


def digest(data: bytes) -> str:
    """Return the SHA-256 of data in base64."""
    return text(hashlib.sha256(data).digest())


def invoice(number: str = "FV/1", nip: str = DEMO_NIP, form: str = "FA (3)") -> bytes:
    """Return an invoice with the parts that the simulator looks at."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<Faktura xmlns="http://crd.gov.pl/wzor/2025/06/25/13775/"><Naglowek>'
        f'<KodFormularza kodSystemowy="{form}" wersjaSchemy="1-0E">FA</KodFormularza></Naglowek>'
        f"<Podmiot1><DaneIdentyfikacyjne><NIP>{nip}</NIP></DaneIdentyfikacyjne></Podmiot1>"
        f"<Fa><P_1>2026-11-22</P_1><P_2>{number}</P_2><RodzajFaktury>VAT</RodzajFaktury></Fa>"
        "</Faktura>"
    ).encode()


def encrypt(ksef: Caller, usage: str, data: bytes) -> str:
    """Encrypt (RSA-OAEP) with KSeF's public key for one usage."""
    found = ksef.call("GET", "/security/public-key-certificates").json()
    item = next(item for item in found if usage in item["usage"])
    certificate = x509.load_der_x509_certificate(base64.b64decode(item["certificate"]))
    return text(certificate.public_key().encrypt(data, OAEP))


@dataclass
class Sender:
    """One open session of sending invoices."""

    ksef: Caller
    bearer: str
    key: bytes
    iv: bytes
    reference: str = ""

    def body(self, content: bytes, **changed: Any) -> dict[str, Any]:
        """Return the request body that sends an invoice."""
        padder = PKCS7(128).padder()
        padded = padder.update(content) + padder.finalize()
        cipher = Cipher(algorithms.AES(self.key), modes.CBC(self.iv)).encryptor()
        encrypted = cipher.update(padded) + cipher.finalize()
        return {
            "invoiceHash": digest(content),
            "invoiceSize": len(content),
            "encryptedInvoiceHash": digest(encrypted),
            "encryptedInvoiceSize": len(encrypted),
            "encryptedInvoiceContent": text(encrypted),
            **changed,
        }

    def send(self, content: bytes, **changed: Any) -> requests.Response:
        """Send one invoice."""
        path = f"/sessions/online/{self.reference}/invoices"
        return self.ksef.call("POST", path, self.bearer, json=self.body(content, **changed))

    def sent(self, content: bytes, **changed: Any) -> dict[str, Any]:
        """Send one invoice and return its status."""
        ref = self.send(content, **changed).json()["referenceNumber"]
        return self.get(f"/invoices/{ref}").json()

    def get(self, path: str = "") -> requests.Response:
        """Call an address below this session's own."""
        return self.ksef.call("GET", f"/sessions/{self.reference}{path}", self.bearer)

    def close(self) -> requests.Response:
        """Close the session."""
        return self.ksef.call("POST", f"/sessions/online/{self.reference}/close", self.bearer)


def open_request(ksef: Caller, key: bytes, iv: bytes, **changed: Any) -> dict[str, Any]:
    """Return the request body that opens a session."""
    encryption = {
        "encryptedSymmetricKey": encrypt(ksef, "SymmetricKeyEncryption", key),
        "initializationVector": text(iv),
    }
    return {"formCode": FORM, "encryption": {**encryption, **changed}}


def opened(ksef: Caller, tokens: Tokens) -> Sender:
    """Open a session of sending invoices for a login."""
    sender = Sender(ksef, tokens.access, os.urandom(32), os.urandom(16))
    body = open_request(ksef, sender.key, sender.iv)
    answer = ksef.call("POST", "/sessions/online", tokens.access, json=body)
    assert answer.status_code == 201, answer.text
    sender.reference = answer.json()["referenceNumber"]
    return sender
