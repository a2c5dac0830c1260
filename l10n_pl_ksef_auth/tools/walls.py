"""Tells KSeF's own 4xx answers from those of a firewall or gateway before it (docs/ksef.md E17)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

#: KSeF's contract: each of its 4xx bodies has some of these members.
_MEMBERS = frozenset({"title", "status", "detail", "traceId", "errors", "exception", "reasonCode"})
_BLANK = " \t\r\n\ufeff"
_VISIBLE = re.compile("[!-~]{1,80}")
#: Bounded everywhere: the text is a stranger's, and may be long.
_NUMBER = re.compile(
    r"(?:incident|support)[\s_-]{0,3}id\b(?:\s{1,3}is\b)?(?:[^\w\\]|<[^<>]{0,60}>){0,8}"
    r"([0-9A-Za-z-]{0,40}[0-9][0-9A-Za-z-]{0,80})",
    re.IGNORECASE,
)


def is_blank(content: bytes) -> bool:
    """Return True if the body is empty, or nothing but white space and a byte order mark."""
    return not _text(content)


def is_page(content: bytes) -> bool:
    """Return True if the body is a web page, as firewalls and proxies send."""
    return _text(content).startswith("<")


def is_verdict(status: int, body: Mapping[str, Any], has_codes: bool) -> bool:
    """Return True if the JSON of a 4xx answer is KSeF's own.

    :param body: the JSON object; empty where there is none
    :param has_codes: whether it holds error codes of KSeF's
    """
    if has_codes or body.get("reasonCode"):
        return True
    blocked = status == 403 or "security" in body  # which KSeF sends with a reasonCode only
    return not blocked and not _MEMBERS.isdisjoint(body)


def incident(content: bytes, body: Mapping[str, Any]) -> str:
    """Return the number by which support finds a blocked call; empty where none is told.

    :param content: the whole body, of any form
    :param body: its JSON object, or an empty one
    """
    found = None if _told(body) else _NUMBER.search(_text(content))
    return found[1] if found else _told(body)


def _told(body: Mapping[str, Any]) -> str:
    security = body.get("security")
    value = security.get("incidentId") if isinstance(security, Mapping) else None
    return value if isinstance(value, str) and _VISIBLE.fullmatch(value) else ""


def _text(content: bytes) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8", "replace").strip(_BLANK)
