"""Who may send invoices with attachments: the test environment's calls, and the question."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .answers import Answer, stamp
from .call import Call, Endpoint
from .limits import AUTH, OTHER
from .shapes import day, nip, nullable, record
from .state import ACCESS


def allow(call: Call) -> Answer:
    """POST /testdata/attachment: without an end."""
    call.state.attachments[call.json(record({"nip": nip}))["nip"]] = None
    return Answer()


def revoke(call: Call) -> Answer:
    """POST /testdata/attachment/revoke: at once, or from the day that is named."""
    body = call.json(record({"nip": nip}, {"expectedEndDate": nullable(day)}))
    end = call.now
    if body.get("expectedEndDate"):
        named = datetime.strptime(body["expectedEndDate"], "%Y-%m-%d")
        end = named.replace(tzinfo=timezone.utc)
    if body["nip"] in call.state.attachments:
        call.state.attachments[body["nip"]] = end
    return Answer()


def state(call: Call) -> Answer:
    """GET /permissions/attachments/status: of the login's context."""
    known, number = call.state.attachments, call.session.context.nip
    end = known.get(number)
    body: dict[str, Any] = {
        "isAttachmentAllowed": number in known and (end is None or call.now < end)
    }
    if end is not None:
        body["revokedDate"] = stamp(end)
    return Answer(body=body)


ENDPOINTS = (
    Endpoint("testdata", "POST", "/testdata/attachment", allow, limit=AUTH),
    Endpoint("testdata", "POST", "/testdata/attachment/revoke", revoke, limit=AUTH),
    Endpoint(
        "attachments",
        "GET",
        "/permissions/attachments/status",
        state,
        (ACCESS,),
        OTHER,
        ("CredentialsManage", "CredentialsRead"),
    ),
)
