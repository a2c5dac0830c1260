"""One sent invoice: decrypted, checked, given its KSeF number."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from lxml import etree

STATUS = {
    100: "Faktura przyjęta do dalszego przetwarzania",
    150: "Trwa przetwarzanie",
    200: "Sukces",
    405: "Przetwarzanie anulowane z powodu błędu sesji",
    410: "Nieprawidłowy zakres uprawnień",
    415: "Brak możliwości wysyłania faktury z załącznikiem",
    430: "Błąd weryfikacji pliku faktury",
    435: "Błąd odszyfrowania pliku",
    440: "Duplikat faktury",
    450: "Błąd weryfikacji semantyki dokumentu faktury",
    500: "Nieznany błąd",
}


class Rejected(Exception):
    """What KSeF finds wrong with an invoice after it has taken it."""

    def __init__(self, code: int, *details: str, **extensions: str) -> None:
        self.code = code
        self.details = details
        self.extensions = extensions
        super().__init__(f"{code} {STATUS[code]}")


@dataclass
class Invoice:
    """One invoice in a session."""

    reference: str
    session: str
    ordinal: int
    digest: str
    size: int
    received: datetime
    due: datetime
    content: bytes | None = field(default=None, repr=False)
    encrypted: bytes = field(default=b"", repr=False)
    code: int = 100
    details: tuple[str, ...] = ()
    extensions: dict[str, str] = field(default_factory=dict)
    number: str | None = None
    issued: str = ""
    seller: str = ""
    kind: str = ""
    ksef_number: str | None = None
    acquired: datetime | None = None
    offline: bool = False


def digest(data: bytes) -> str:
    """SHA-256 in Base64, as KSeF writes it."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def decrypted(invoice: Invoice, key: bytes, iv: bytes) -> bytes:
    """The invoice's XML: AES-256-CBC with PKCS#7.

    :raises Rejected: 435 when it cannot be decrypted, 430 when it is not what was announced
    """
    try:
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        padded = cipher.update(invoice.encrypted) + cipher.finalize()
        unpadder = PKCS7(128).unpadder()
        content = unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Rejected(435) from None
    if digest(content) != invoice.digest:
        raise Rejected(430, "Skrót faktury nie zgadza się z przesłanym.")
    if len(content) != invoice.size:
        raise Rejected(430, "Rozmiar faktury nie zgadza się z przesłanym.")
    return content


def read(invoice: Invoice, content: bytes, form: dict[str, Any], nip: str) -> None:
    """Fill in what the invoice says; check its form, seller and obligatory parts.

    :param form: the session's formCode
    :param nip: the NIP of the session's context
    :raises Rejected: 430 for what is no XML or another form, 450 for missing parts, 410 for an
        invoice of another seller
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise Rejected(430, "Nieprawidłowy dokument XML.") from None
    if _attribute(root, "KodFormularza", "kodSystemowy") != form["systemCode"]:
        raise Rejected(430, "Schemat faktury nie zgadza się ze schematem sesji.")
    invoice.number, invoice.issued = _text(root, "P_2"), _text(root, "P_1")
    invoice.kind, invoice.seller = _text(root, "RodzajFaktury"), _text(root, "NIP")
    if not (invoice.number and invoice.issued and invoice.kind and invoice.seller):
        raise Rejected(450, "Brak wymaganych pól faktury.")
    if invoice.seller != nip:
        raise Rejected(410, "Sprzedawca nie jest podmiotem kontekstu uwierzytelnienia.")
    invoice.content = content


def _text(root: etree._Element, name: str) -> str:
    found = root.xpath("(//*[local-name()=$name])[1]", name=name)
    return (found[0].text or "").strip() if found else ""


def _attribute(root: etree._Element, name: str, attribute: str) -> str:
    found = root.xpath("(//*[local-name()=$name])[1]", name=name)
    return found[0].get(attribute, "") if found else ""


def ksef_number(nip: str, now: datetime) -> str:
    """A new KSeF number: NIP, day, twelve characters, CRC-8 (polynomial 7) of all before."""
    body = f"{nip}-{now:%Y%m%d}-{secrets.token_hex(6).upper()}"
    return f"{body}-{checksum(body):02X}"


def checksum(text: str) -> int:
    """CRC-8 with polynomial 0x07 and start value 0."""
    value = 0
    for byte in text.encode("ascii"):
        value ^= byte
        for _bit in range(8):
            value = ((value << 1) ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value
