"""What KSeF says about its limits, and the test environment's calls that change them."""

from __future__ import annotations

from typing import Any

from .answers import Answer
from .call import Call, Endpoint
from .certificates import limits_of
from .limits import OTHER
from .shapes import record, whole
from .state import ACCESS

SESSION_LIMITS = {
    "maxInvoiceSizeInMB": 1, "maxInvoiceWithAttachmentSizeInMB": 3, "maxInvoices": 10000,
}  # fmt: skip
RATE_LIMITS: dict[str, tuple[int, int, int]] = {
    "onlineSession": (10, 30, 120),
    "batchSession": (10, 20, 60),
    "invoiceSend": (10, 30, 180),
    "invoiceStatus": (30, 120, 1200),
    "sessionList": (5, 10, 60),
    "sessionInvoiceList": (10, 20, 200),
    "sessionMisc": (10, 120, 1200),
    "invoiceMetadata": (8, 16, 20),
    "invoiceExport": (8, 16, 20),
    "invoiceExportStatus": (10, 60, 600),
    "invoiceDownload": (8, 16, 64),
    "other": (10, 30, 120),
}
WINDOWS = ("perSecond", "perMinute", "perHour")
SESSIONS = ("onlineSession", "batchSession")
SESSION = record(
    {
        "maxInvoiceSizeInMB": whole(0, 5),
        "maxInvoiceWithAttachmentSizeInMB": whole(0, 10),
        "maxInvoices": whole(0, 100_000),
    }
)
CONTEXT_LIMITS = record(dict.fromkeys(SESSIONS, SESSION))
RATE = record(dict.fromkeys(WINDOWS, whole()))
RATES = record({"rateLimits": record(dict.fromkeys(RATE_LIMITS, RATE))})


def session_limits(call: Call, kind: str) -> dict[str, int]:
    """What a session of one kind may hold in the context of the login."""
    own: dict[str, dict[str, int]] = call.state.context_limits.get(call.session.context, {})
    return own.get(kind, SESSION_LIMITS)


def context_limits(call: Call) -> Answer:
    """GET /limits/context."""
    return Answer(body={name: session_limits(call, name) for name in SESSIONS})


def set_context_limits(call: Call) -> Answer:
    """POST /testdata/limits/context/session."""
    body = call.json(CONTEXT_LIMITS)
    kept = {name: {item: body[name][item] for item in SESSION_LIMITS} for name in SESSIONS}
    call.state.context_limits[call.session.context] = kept
    return Answer()


def clear_context_limits(call: Call) -> Answer:
    """DELETE /testdata/limits/context/session."""
    call.state.context_limits.pop(call.session.context, None)
    return Answer()


def subject_limits(call: Call) -> Answer:
    """GET /limits/subject."""
    enrollment, certificate = limits_of(call, call.session.who)
    body = {
        "enrollment": {"maxEnrollments": enrollment},
        "certificate": {"maxCertificates": certificate},
    }
    return Answer(body=body)


def rate_limits(call: Call) -> Answer:
    """GET /rate-limits."""
    own = call.state.rate_limits.get(call.session.context, {})
    usual = {name: dict(zip(WINDOWS, values, strict=True)) for name, values in RATE_LIMITS.items()}
    return Answer(body={**usual, **own})


def set_rate_limits(call: Call) -> Answer:
    """POST /testdata/rate-limits: for the context of the login."""
    given = call.json(RATES)["rateLimits"]
    kept = {name: {window: given[name][window] for window in WINDOWS} for name in RATE_LIMITS}
    call.state.rate_limits[call.session.context] = kept
    return Answer()


def clear_rate_limits(call: Call) -> Answer:
    """DELETE /testdata/rate-limits, and POST …/production: the usual limits again."""
    call.state.rate_limits.pop(call.session.context, None)
    return Answer()


def _endpoint(operation: str, method: str, path: str, handler: Any) -> Endpoint:
    return Endpoint(operation, method, path, handler, (ACCESS,), OTHER)


ENDPOINTS = (
    _endpoint("context-limits", "GET", "/limits/context", context_limits),
    _endpoint("subject-limits", "GET", "/limits/subject", subject_limits),
    _endpoint("rate-limits", "GET", "/rate-limits", rate_limits),
    _endpoint("testdata", "POST", "/testdata/limits/context/session", set_context_limits),
    _endpoint("testdata", "DELETE", "/testdata/limits/context/session", clear_context_limits),
    _endpoint("testdata", "POST", "/testdata/rate-limits", set_rate_limits),
    _endpoint("testdata", "DELETE", "/testdata/rate-limits", clear_rate_limits),
    _endpoint("testdata", "POST", "/testdata/rate-limits/production", clear_rate_limits),
)
