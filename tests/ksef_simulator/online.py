"""Interactive sessions: open, send, close."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import invoice_file
from .answers import Answer, Refused, stamp
from .call import Call, Endpoint
from .invoice_file import Invoice, Rejected
from .limits import Limit
from .limits_api import session_limits
from .public_keys import SYMMETRIC, check_key_id, decrypt
from .shapes import data, digest, flag, nullable, record, text, whole
from .state import ACCESS, LoginContext, Who, reference

FORMS = {
    ("FA (2)", "1-0E", "FA"),
    ("FA (3)", "1-0E", "FA"),
    ("PEF (3)", "2-1", "PEF"),
    ("PEF_KOR (3)", "2-1", "PEF"),
    ("FA_RR (1)", "1-1E", "FA_RR"),
}
STATUS = {
    100: "Sesja interaktywna otwarta",
    170: "Sesja interaktywna zamknięta",
    200: "Sesja interaktywna przetworzona pomyślnie",
    415: "Błąd odszyfrowania dostarczonego klucza",
    440: "Sesja anulowana",
    445: "Błąd weryfikacji, brak poprawnych faktur",
}
LIFE = timedelta(hours=12)
MEGABYTE = 1_000_000
CODE = record(dict.fromkeys(("systemCode", "schemaVersion", "value"), text()))
ENCRYPTION = record(
    {"encryptedSymmetricKey": data, "initializationVector": data},
    {"publicKeyId": nullable(digest)},
)
OPENED = record({"formCode": CODE, "encryption": ENCRYPTION})
SIZE = whole(1, 2**63 - 1)
SENT = record(
    {
        "invoiceHash": digest,
        "invoiceSize": SIZE,
        "encryptedInvoiceHash": digest,
        "encryptedInvoiceSize": SIZE,
        "encryptedInvoiceContent": data,
    },
    {"offlineMode": flag, "hashOfCorrectedInvoice": nullable(digest)},
)
SENDERS = ("InvoiceWrite", "PefInvoiceWrite", "EnforcementOperations")
OPENING = Limit(10, 30, 120, "onlineSession")
SENDING = Limit(10, 30, 180, "invoiceSend")
CLOSING = Limit(20, 60, 240, "onlineSessionClose")


@dataclass
class Online:
    """One interactive session."""

    reference: str
    context: LoginContext
    who: Who
    form: dict[str, Any]
    key: bytes | None = field(repr=False)
    iv: bytes = field(repr=False)
    created: datetime
    updated: datetime
    closed: datetime | None = None
    upo_reference: str = ""
    unavailable: bool = False
    invoices: dict[str, Invoice] = field(default_factory=dict)

    @property
    def valid_until(self) -> datetime:
        """When KSeF closes it by itself."""
        return self.created + LIFE

    def code(self, now: datetime, delay: float) -> int:
        """The session's status now."""
        if self.key is None:
            return 415
        end = self.closed or (self.valid_until if now >= self.valid_until else None)
        if end is None:
            return 100
        if not self.invoices:
            return 440
        if now < end + timedelta(seconds=delay):
            return 170
        return 200 if any(item.code == 200 for item in self.invoices.values()) else 445


def session(call: Call) -> Online:
    """The session of the path.

    :raises Refused: 21173 when there is none in this context
    """
    ref = call.params["ref"]
    found = call.state.online.get(ref)
    if found is None or found.context != call.session.context:
        raise Refused(21173, f"Sesja o numerze referencyjnym {ref} nie została znaleziona.")
    settle(call, found)
    return found


def open_session(call: Call) -> Answer:
    """POST /sessions/online."""
    body = call.json(OPENED)
    form, encryption = body["formCode"], body["encryption"]
    values = tuple(form.get(name) for name in ("systemCode", "schemaVersion", "value"))
    if values not in FORMS:
        raise Refused(21405, "Wskazany kod formularza nie jest wspierany.")
    check_key_id(SYMMETRIC, encryption.get("publicKeyId"))
    key = decrypt(SYMMETRIC, encryption["encryptedSymmetricKey"])
    iv = base64.b64decode(encryption["initializationVector"])
    if len(iv) != 16:
        raise Refused(21405, "Wektor inicjalizujący musi mieć 16 bajtów.")
    now, login = call.now, call.session
    ref = reference("SO", now)
    # A key that cannot be decrypted is told by the session's status.
    usable = key if key and len(key) == 32 else None
    made = Online(ref, login.context, login.who, form, usable, iv, now, now)
    call.state.online[ref] = made
    return Answer(201, {"referenceNumber": ref, "validUntil": stamp(made.valid_until)})


def send(call: Call) -> Answer:
    """POST /sessions/online/{ref}/invoices."""
    found = session(call)
    code = found.code(call.now, 0)
    if code != 100:
        raise Refused(21180, f"Status sesji {code} uniemożliwia wysyłkę faktur.")
    if found.unavailable and call.is_new:
        raise Refused(
            21184,
            f"Trwają prace serwisowe i sesja {found.reference} jest tymczasowo niedostępna. "
            "Spróbuj ponownie później lub otwórz nową sesję, aby wysłać kolejne faktury.",
        )
    most = session_limits(call, "onlineSession")["maxInvoices"]
    if len(found.invoices) >= most:
        limit = f"osiągnęła dozwolony limit liczby faktur {most}."
        raise Refused(21155, f"Sesja o numerze referencyjnym {found.reference} {limit}")
    invoice = _received(call, found)
    found.invoices[invoice.reference] = invoice
    found.updated = call.now
    settle(call, found)
    return Answer(202, {"referenceNumber": invoice.reference})


def _received(call: Call, found: Online) -> Invoice:
    body = call.json(SENT)
    encrypted = base64.b64decode(body["encryptedInvoiceContent"])
    if len(encrypted) != body["encryptedInvoiceSize"]:
        raise Refused(21402, "Długość treści nie zgadza się z rozmiarem pliku.")
    if invoice_file.digest(encrypted) != body["encryptedInvoiceHash"]:
        raise Refused(21403, "Skrót treści nie zgadza się ze skrótem pliku.")
    most = session_limits(call, "onlineSession")["maxInvoiceSizeInMB"]
    if body["invoiceSize"] > most * MEGABYTE:
        raise Refused(21405, "Rozmiar faktury przekracza dozwolony limit.")
    due = call.now + timedelta(seconds=call.sim.settings.invoice_delay)
    return Invoice(
        reference=reference("EE", call.now),
        session=found.reference,
        ordinal=len(found.invoices) + 1,
        digest=body["invoiceHash"],
        size=body["invoiceSize"],
        received=call.now,
        due=due,
        encrypted=encrypted,
        offline=bool(body.get("offlineMode")),
    )


def settle(call: Call, found: Online) -> None:
    """Process the invoices that are due; KSeF does it in the background."""
    for invoice in found.invoices.values():
        if invoice.code == 100 and call.now >= invoice.due:
            _process(call, found, invoice)


def _process(call: Call, found: Online, invoice: Invoice) -> None:
    forced = call.sim.take_forced("force_invoice_status")
    try:
        content = invoice_file.decrypted(invoice, found.key or b"", found.iv)
        invoice_file.read(invoice, content, found.form, found.context.nip)
        if forced and forced[0] != 200:
            raise Rejected(forced[0], *(forced[1] or ()))
        _refuse_duplicate(call, found, invoice)
    except Rejected as rejected:
        invoice.code, invoice.details = rejected.code, rejected.details
        invoice.extensions = rejected.extensions
        return
    invoice.code, invoice.acquired = 200, max(invoice.due, invoice.received)
    invoice.ksef_number = invoice_file.ksef_number(invoice.seller, invoice.received)


def _refuse_duplicate(call: Call, found: Online, invoice: Invoice) -> None:
    for other in call.state.online.values():
        for known in other.invoices.values():
            same = (known.seller, known.kind, known.number) == (
                invoice.seller,
                invoice.kind,
                invoice.number,
            )
            if known.code == 200 and same:
                text = (
                    f"Duplikat faktury. Faktura o numerze KSeF: {known.ksef_number} została już "
                    f"prawidłowo przesłana do systemu w sesji: {other.reference}"
                )
                raise Rejected(
                    440,
                    text,
                    originalSessionReferenceNumber=other.reference,
                    originalKsefNumber=str(known.ksef_number),
                )


def close(call: Call) -> Answer:
    """POST /sessions/online/{ref}/close."""
    found = session(call)
    code = found.code(call.now, 0)
    if code != 100:
        raise Refused(21180, f"Status sesji {code} uniemożliwia jej zamknięcie.")
    found.closed = found.updated = call.now
    found.upo_reference = reference("EU", call.now)
    return Answer(204)


ENDPOINTS = (
    Endpoint("online-open", "POST", "/sessions/online", open_session, (ACCESS,), OPENING, SENDERS),
    Endpoint(
        "online-send",
        "POST",
        "/sessions/online/<ref>/invoices",
        send,
        (ACCESS,),
        SENDING,
        SENDERS,
    ),
    Endpoint(
        "online-close",
        "POST",
        "/sessions/online/<ref>/close",
        close,
        (ACCESS,),
        CLOSING,
        SENDERS,
    ),
)
