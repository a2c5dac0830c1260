"""Takes out of a text what must not leave this machine: whom it is about, and every secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

#: Members of KSeF's JSON whose values say what happened; of all others only the shape is kept.
KEPT = frozenset(
    {
        "code",
        "description",
        "details",
        "exceptionCode",
        "exceptionDescription",
        "title",
        "status",
        "detail",
        "reasonCode",
        "type",
        "permissionScope",
        "permissionState",
        "ownerPermissions",
        "canDelegate",
        "isCurrent",
        "isTokenRedeemed",
        "hasMore",
        "category",
        "authenticationMethod",
        "canRequest",
        "remaining",
        "limit",
        "perSecond",
        "perMinute",
        "perHour",
        "certificateType",
        "requiredAnyOfPermissions",
        "presentPermissions",
        "authenticationMethodCategory",
        "contextIdentifierType",
    }
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_NUMBER_BLOCK = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
#: In this order: what is found first is replaced before a part of it could be taken for another.
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(?s)<\?xml.*|<[A-Za-z][\w:.-]*[ >].*", "[document]"),
    (r"(?s)-----BEGIN [^-]+-----.*?-----END [^-]+-----", "[certificate]"),
    (r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?", "[token]"),
    (r"\b\d{8}-[A-Z]{2}-[0-9A-F]{10}-[0-9A-F]{10}-[0-9A-F]{2}\b", "[reference]"),
    (r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "[id]"),
    (r"[A-Za-z0-9+/_=-]{40,}", "[data]"),
    (r"\b[0-9A-F]{16}\b", "[serial]"),
    (r"(?<!\d)\d{11}(?!\d)", "[PESEL]"),
    (r"(?<!\d)\d{3}-?\d{3}-?\d{2}-?\d{2}(?!\d)|(?<!\d)\d{3}-\d{2}-\d{2}-\d{3}(?!\d)", "[NIP]"),
    (rf"(?<![\d.]){_NUMBER_BLOCK}(?:\.{_NUMBER_BLOCK}){{3}}(?![\d.])", "[address]"),
    (r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])", "[address]"),
    (r"[\w.+-]+@[\w-]+\.[\w.-]+", "[address]"),
)
_COMPILED = tuple((re.compile(pattern), label) for pattern, label in _PATTERNS)


class Redactor:
    """Replaces values that were learnt, and what looks like a secret, by what they are."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def learn(self, value: str | None, label: str) -> None:
        """Remember a value that must not be told, and what is written instead.

        :param label: for instance "PESEL of the owner"
        """
        if value and len(value) >= 2:
            self._known[value] = f"[{label}]"

    def text(self, text: str) -> str:
        """Return a text without any of it."""
        for value in sorted(self._known, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", self._known[value], text)
        for pattern, label in _COMPILED:
            text = pattern.sub(label, text)
        return text

    def shape(self, value: Any, name: str = "") -> Any:
        """Return the shape of a JSON value: names, kinds, and what the members of KEPT say."""
        if isinstance(value, dict):
            return {self.text(key): self.shape(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return self._list(value, name)
        if name in KEPT:
            return self.text(value) if isinstance(value, str) else value
        return _kind(value)

    def _list(self, values: list[Any], name: str) -> list[Any]:
        """Return each shape of a list once: how long a list is says how much somebody has."""
        found: list[Any] = []
        for item in values:
            shape = self.shape(item, name)
            if shape not in found:
                found.append(shape)
        return found


_KINDS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (lambda value: value is None, "null"),
    (lambda value: isinstance(value, bool), "yes or no"),
    (lambda value: isinstance(value, (int, float)), "number"),
    (lambda value: bool(_TIME.match(value)), "time"),
)


def _kind(value: Any) -> str:
    return next((name for fits, name in _KINDS if fits(value)), "text")
