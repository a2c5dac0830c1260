"""What became of interactive sessions and their invoices: statuses, lists, confirmations."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import upo
from .answers import Answer, Forbidden, Refused, stamp, status
from .call import Call, Endpoint
from .invoice_file import STATUS as INVOICE_STATUS
from .invoice_file import Invoice, digest
from .limits import Limit
from .online import SENDERS, Online, settle
from .online import STATUS as SESSION_STATUS
from .online import session as session_of_context
from .paging import continuation, position
from .state import ACCESS

READERS = ("InvoiceWrite", "Introspection", "PefInvoiceWrite", "EnforcementOperations")
EVERYTHING = ("Introspection", "EnforcementOperations")
MISC = Limit(10, 120, 1200, "sessionMisc")
INVOICE = Limit(30, 120, 1200, "invoiceStatus")
INVOICES = Limit(10, 20, 200, "sessionInvoiceList")
SESSIONS = Limit(5, 10, 60, "sessionList")
DOWNLOADS = Limit(8, 16, 64, "invoiceDownload")
LINK_DAYS = timedelta(days=3)


def session(call: Call) -> Online:
    """The session of the path, for who opened it, an owner, and who may look into all of them.

    :raises Forbidden: insufficient-resource-access (docs/ksef.md G2)
    """
    found, login, world = session_of_context(call), call.session, call.sim.world
    rights = call.token.permissions if call.token else frozenset()
    mine = found.who in world.same_subject(login.who) or world.is_owner(login.who, login.context)
    if not mine and not rights.intersection(EVERYTHING):
        raise Forbidden("insufficient-resource-access")
    return found


def _status(call: Call, found: Online) -> dict[str, Any]:
    code = found.code(call.now, call.sim.settings.session_close_delay)
    details = ("Nie przesłano faktur",) if code == 440 else ()
    return status(code, SESSION_STATUS[code], details)


def _counts(found: Online) -> tuple[int, int, int]:
    codes = [item.code for item in found.invoices.values()]
    done = codes.count(200)
    return len(codes), done, len(codes) - done - codes.count(100)


def session_status(call: Call) -> Answer:
    """GET /sessions/{ref}."""
    found = session(call)
    total, good, bad = _counts(found)
    body: dict[str, Any] = {
        "status": _status(call, found),
        "dateCreated": stamp(found.created),
        "dateUpdated": stamp(found.updated),
        "validUntil": stamp(found.valid_until),
        "invoiceCount": total,
        "successfulInvoiceCount": good,
        "failedInvoiceCount": bad,
    }
    if body["status"]["code"] == 200 and found.upo_reference:
        page = {
            "referenceNumber": found.upo_reference,
            "downloadUrl": _link(call, found.upo_reference),
            "downloadUrlExpirationDate": stamp(call.now + LINK_DAYS),
        }
        body["upo"] = {"pages": [page]}
    return Answer(body=body)


def _link(call: Call, ref: str) -> str:
    return f"{call.request.host_url}storage/upo/{ref}.xml"


def sessions(call: Call) -> Answer:
    """GET /sessions: those of the context; without Introspection only the caller's own."""
    if call.request.args.get("sessionType") not in ("Online", "Batch"):
        raise Refused(21405, "Parametr 'sessionType' ma nieprawidłową wartość.")
    size = call.number("pageSize", 10, 10, 1000)
    start = position(call.request.headers.get("x-continuation-token"))
    found = [item for item in call.state.online.values() if _visible(call, item)]
    found.sort(key=lambda item: item.created, reverse=True)
    body: dict[str, Any] = {
        "sessions": [_session_item(call, item) for item in found[start : start + size]]
    }
    if start + size < len(found):
        body["continuationToken"] = continuation(start + size)
    return Answer(body=body)


def _visible(call: Call, found: Online) -> bool:
    if call.request.args["sessionType"] != "Online" or found.context != call.session.context:
        return False
    rights = call.token.permissions if call.token else frozenset()
    everything = rights.intersection(EVERYTHING)
    return bool(everything) or found.who == call.session.who


def _session_item(call: Call, found: Online) -> dict[str, Any]:
    settle(call, found)
    total, good, bad = _counts(found)
    return {
        "referenceNumber": found.reference,
        "status": _status(call, found),
        "dateCreated": stamp(found.created),
        "dateUpdated": stamp(found.updated),
        "validUntil": stamp(found.valid_until),
        "totalInvoiceCount": total,
        "successfulInvoiceCount": good,
        "failedInvoiceCount": bad,
    }


def invoices(call: Call) -> Answer:
    """GET /sessions/{ref}/invoices."""
    return _page(call, list(session(call).invoices.values()))


def failed(call: Call) -> Answer:
    """GET /sessions/{ref}/invoices/failed."""
    found = session(call).invoices.values()
    return _page(call, [item for item in found if item.code not in (100, 150, 200)])


def _page(call: Call, found: list[Invoice]) -> Answer:
    size = call.number("pageSize", 10, 10, 1000)
    start = position(call.request.headers.get("x-continuation-token"))
    body: dict[str, Any] = {"invoices": [_item(call, item) for item in found[start : start + size]]}
    if start + size < len(found):
        body["continuationToken"] = continuation(start + size)
    return Answer(body=body)


def _invoice(call: Call) -> Invoice:
    ref = call.params["invoice"]
    found = session(call).invoices.get(ref)
    if found is None:
        raise Refused(21405, f"Faktura o numerze referencyjnym {ref} nie została znaleziona.")
    return found


def invoice(call: Call) -> Answer:
    """GET /sessions/{ref}/invoices/{invoice}."""
    return Answer(body=_item(call, _invoice(call)))


def _item(call: Call, found: Invoice) -> dict[str, Any]:
    info = status(found.code, INVOICE_STATUS[found.code], found.details)
    if found.extensions:
        info["extensions"] = found.extensions
    body: dict[str, Any] = {
        "ordinalNumber": found.ordinal,
        "referenceNumber": found.reference,
        "invoiceHash": found.digest,
        "invoicingDate": stamp(found.received),
        "status": info,
    }
    if found.number:
        body["invoiceNumber"] = found.number
    if found.code == 200 and found.acquired:
        body["ksefNumber"] = found.ksef_number
        body["acquisitionDate"] = stamp(found.acquired)
        body["permanentStorageDate"] = stamp(found.acquired + timedelta(seconds=1))
        body["invoicingMode"] = "Offline" if found.offline else "Online"
        body["upoDownloadUrl"] = _link(call, found.reference)
        body["upoDownloadUrlExpirationDate"] = stamp(call.now + LINK_DAYS)
    return body


def invoice_upo(call: Call) -> Answer:
    """GET /sessions/{ref}/invoices/{invoice}/upo."""
    found = _invoice(call)
    if found.code != 200:
        raise Refused(21178, f"UPO faktury {found.reference} nie zostało znalezione.")
    return _xml(upo.document(call.state.online[found.session], [found]))


def number_upo(call: Call) -> Answer:
    """GET /sessions/{ref}/invoices/ksef/{number}/upo."""
    found, number = session(call), call.params["number"]
    for item in found.invoices.values():
        if item.ksef_number == number:
            return _xml(upo.document(found, [item]))
    text = f"UPO o numerze KSeF {number} i numerze referencyjnym sesji {found.reference}"
    raise Refused(21178, f"{text} nie zostało znalezione.")


def session_upo(call: Call) -> Answer:
    """GET /sessions/{ref}/upo/{upo}."""
    found, ref = session(call), call.params["upo"]
    if not found.upo_reference or ref != found.upo_reference:
        raise Refused(21178, f"UPO o numerze referencyjnym {ref} nie zostało znalezione.")
    return _xml(upo.document(found, [item for item in found.invoices.values() if item.code == 200]))


def download(call: Call) -> Answer:
    """GET /invoices/ksef/{number}: the invoice as it was sent, for seller's context."""
    number = call.params["number"]
    for found in call.state.online.values():
        for item in found.invoices.values():
            mine = found.context == call.session.context
            if item.ksef_number == number and mine and item.content is not None:
                return _xml(item.content)
    raise Refused(21164, f"Faktura o numerze KSeF {number} nie została znaleziona.")


def _xml(content: bytes) -> Answer:
    headers = {"x-ms-meta-hash": digest(content)}
    return Answer(200, content, headers, "application/xml")


def _get(operation: str, path: str, handler: Any, limit: Limit, scopes: Any = READERS) -> Endpoint:
    return Endpoint(operation, "GET", path, handler, (ACCESS,), limit, scopes)


ENDPOINTS = (
    _get("online-sessions", "/sessions", sessions, SESSIONS, (*SENDERS, "Introspection")),
    _get("online-status", "/sessions/<ref>", session_status, MISC),
    _get("session-invoices", "/sessions/<ref>/invoices", invoices, INVOICES),
    _get("session-failed", "/sessions/<ref>/invoices/failed", failed, INVOICES),
    _get("invoice-status", "/sessions/<ref>/invoices/<invoice>", invoice, INVOICE),
    _get("upo", "/sessions/<ref>/invoices/<invoice>/upo", invoice_upo, MISC),
    _get("upo", "/sessions/<ref>/invoices/ksef/<number>/upo", number_upo, MISC),
    _get("upo", "/sessions/<ref>/upo/<upo>", session_upo, MISC),
    _get("invoice-download", "/invoices/ksef/<number>", download, DOWNLOADS, ("InvoiceRead",)),
)
