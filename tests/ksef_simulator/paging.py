"""Continuation tokens: opaque to clients, the place of the next page to KSeF."""

from __future__ import annotations

import base64
import binascii
import json

from .answers import Refused


def continuation(start: int) -> str:
    """The token of the page that begins at item ``start``."""
    return base64.b64encode(json.dumps([{"start": start}]).encode()).decode()


def position(token: str | None) -> int:
    """Where the page begins; 0 without a token.

    :raises Refused: 21418 for a token that is not one of ours
    """
    if not token:
        return 0
    try:
        return int(json.loads(base64.b64decode(token, validate=True))[0]["start"])
    except (binascii.Error, ValueError, LookupError, TypeError):
        raise Refused(21418) from None
