"""What KSeF says about its limits, and the test environment's calls that change them."""

from __future__ import annotations

from typing import Any

from .answers import Answer, Refused
from .call import Call, Endpoint
from .certificates import limits_of
from .limits import OTHER
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


def context_limits(call: Call) -> Answer:
    """GET /limits/context."""
    own = call.state.context_limits.get(call.session.context, {})
    names = ("onlineSession", "batchSession")
    return Answer(body={name: own.get(name, SESSION_LIMITS) for name in names})


def set_context_limits(call: Call) -> Answer:
    """POST /testdata/limits/context/session."""
    body = call.json(("onlineSession", "batchSession"))
    call.state.context_limits[call.session.context] = body
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
    given: Any = call.json(("rateLimits",))["rateLimits"]
    if not isinstance(given, dict) or set(given) != set(RATE_LIMITS):
        raise Refused(21405, "Pole 'rateLimits' musi zawierać wszystkie grupy.")
    for values in given.values():
        if not all(isinstance(values.get(window), int) for window in WINDOWS):
            raise Refused(21405, "Limity muszą być liczbami.")
    call.state.rate_limits[call.session.context] = given
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
