"""Reads a document that has the shape of a signed request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from ..auth_token_request import Context
from .certificates import key_info
from .document import Document
from .findings import ordered
from .model import Finding, KnownChallenge, Reading
from .properties import person, signed_properties, signing_time
from .request import read_request, request_findings
from .signer import signer_of


@dataclass(frozen=True)
class Expected:
    """What the document is compared with; see :func:`.reader.read` for the members."""

    challenges: Collection[KnownChallenge]
    context: Context | None
    unsigned: Collection[bytes]
    now: datetime
    environment: str | None


def read_signed(document: Document, expected: Expected, size: int) -> Reading:
    """Return all that is known of a signed request."""
    request = read_request(document.candidates[0].request)
    properties = signed_properties(document.signature)
    keys = key_info(document.signature, properties)
    found: list[Finding] = request_findings(
        request, expected.challenges, expected.context, expected.now
    )
    return Reading(
        ordered(found),
        signer=signer_of(keys.chosen, person(properties)),
        challenge=request.challenge,
        context=request.context,
        packaging=document.packaging,
        signed_at=signing_time(properties),
        size=size,
    )
