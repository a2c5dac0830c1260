"""The addresses of an AuthorizationPolicy, as both the XSD and KSeF's contract write them."""

from __future__ import annotations

from collections.abc import Iterable

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])"
_IP = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
SINGLE, RANGE, MASK = _IP, f"{_IP}-{_IP}", f"{_IP}/(?:[0-9]|[12][0-9]|3[0-2])"
#: Of each kind.
MOST = 10


def backwards(addresses: Iterable[str]) -> str:
    """Return KSeF's words about the first range that ends before it begins; "" without one."""
    for value in addresses:
        first, _dash, last = value.partition("-")
        if last and _number(first) > _number(last):
            return f"Zakres adresów '{value}' kończy się przed początkiem."
    return ""


def _number(address: str) -> list[int]:
    return [int(octet) for octet in address.split(".")]
