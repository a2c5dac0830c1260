"""What KSeF says about its limits, and the test environment's calls that change them."""

from __future__ import annotations

from typing import Any

from .answers import Answer
from .call import Call, Endpoint
from .certificates import limits_of
from .limits import OTHER
from .shapes import record, whole
from .state import ACCESS
from .versions import NEW, OLD

SESSION_LIMITS = {
    "maxInvoiceSizeInMB": 1,
    "maxInvoiceWithAttachmentSizeInMB": 3,
    "maxInvoices": 10000,
}
COLLECTIVE_LIMITS = {"maxInvoices": 500}
#: Those that a test may set, see `TOLD` for what KSeF tells besides.
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
COLLECTIVE = {"collectiveIdentifier": (20, 120, 240)}
#: What KSeF tells about itself besides; -1 is no limit (docs/ksef.md E6, E11).
TOLD = {
    "onlineSessionClose": (20, 60, 240),
    "batchSessionClose": (20, 40, 120),
    "anonymous": (60, -1, -1),
    "global": (75, -1, -1),
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
COLLECTIVE_SESSION = record({"maxInvoices": whole(2, 5000)})
RATE = record(dict.fromkeys(WINDOWS, whole()))
SETTABLE = {OLD: tuple(RATE_LIMITS), NEW: (*RATE_LIMITS, *COLLECTIVE)}
RATES = {
    version: record({"rateLimits": record(dict.fromkeys(names, RATE))})
    for version, names in SETTABLE.items()
}
CONTEXT_LIMITS = {
    OLD: record(dict.fromkeys(SESSIONS, SESSION)),
    NEW: record({**dict.fromkeys(SESSIONS, SESSION), "collectiveIdentifier": COLLECTIVE_SESSION}),
}


def session_limits(call: Call, kind: str) -> dict[str, int]:
    """What a session of one kind may hold in the context of the login."""
    own: dict[str, dict[str, int]] = call.state.context_limits.get(call.session.context, {})
    return own.get(kind, SESSION_LIMITS)


def context_limits(call: Call) -> Answer:
    """GET /limits/context."""
    body = {name: session_limits(call, name) for name in SESSIONS}
    if call.is_new:
        own = call.state.context_limits.get(call.session.context, {})
        body["collectiveIdentifier"] = own.get("collectiveIdentifier", COLLECTIVE_LIMITS)
    return Answer(body=body)


def set_context_limits(call: Call) -> Answer:
    """POST /testdata/limits/context/session."""
    body = call.json(CONTEXT_LIMITS)
    kept = {name: {item: body[name][item] for item in SESSION_LIMITS} for name in SESSIONS}
    if call.is_new:
        most = body["collectiveIdentifier"]["maxInvoices"]
        kept["collectiveIdentifier"] = {"maxInvoices": most}
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
    known = {**RATE_LIMITS, **COLLECTIVE, **TOLD} if call.is_new else RATE_LIMITS
    usual = {name: dict(zip(WINDOWS, values, strict=True)) for name, values in known.items()}
    return Answer(body={**usual, **own})


def set_rate_limits(call: Call) -> Answer:
    """POST /testdata/rate-limits: for the context of the login."""
    given = call.json(RATES)["rateLimits"]
    names = SETTABLE[call.sim.settings.version]
    kept = {name: {window: given[name][window] for window in WINDOWS} for name in names}
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
