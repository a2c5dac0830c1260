"""Environments, lifetimes and limits of KSeF 2.0 (docs/ksef.md A0)."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True)
class Environment:
    """One KSeF installation; accounts, rights and certificates of one mean nothing in another."""

    base_url: str
    self_signed_allowed: bool


ENVIRONMENTS = {
    "production": Environment("https://api.ksef.mf.gov.pl/v2", self_signed_allowed=False),
    "demo": Environment("https://api-demo.ksef.mf.gov.pl/v2", self_signed_allowed=False),
    "test": Environment("https://api-test.ksef.mf.gov.pl/v2", self_signed_allowed=True),
}

#: Seconds that one silent wait for KSeF may last; one number, as Odoo's test classes need.
TIMEOUT = 20
#: Seconds that a whole exchange may last, unless its headers drip (docs/design.md 23).
EXCHANGE_TIMEOUT = 45
#: Seconds after which the server may have closed a kept connection.
IDLE_LIMIT = 5
#: Every answer of KSeF to a login is far smaller.
MAX_ANSWER_BYTES = 4 * 1024 * 1024

#: Where an address that names no port leads.
STANDARD_PORTS = {"https": 443, "http": 80}

CHALLENGE_LIFETIME = timedelta(minutes=10)

#: In place of the rights' names, where KSeF says that a login has none at all.
NO_RIGHTS = "none"


def check_base_url(url: str) -> str:
    """Return ``url`` without a trailing slash, if secrets may be sent to it.

    :param url: base address of a KSeF API, for instance of a simulator
    :raises ValueError: unless it is https, or http on this machine (docs/design.md 16)
    """
    parts = urlsplit(url.strip())
    host = parts.hostname or ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not (host and safe):
        raise ValueError("A KSeF address must be https, or http on this machine only.")
    if not can_be_reached(parts):
        raise ValueError("A KSeF address names a host, and perhaps a port.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("A KSeF address holds no user, no query and no fragment.")
    return url.strip().rstrip("/")


def check_local_url(url: str, own_ports: Collection[int]) -> str:
    """Return ``url`` without a trailing slash, if it leads to another program on this machine.

    :param url: base address, from where code that was typed into Odoo can write it
    :param own_ports: that lead to Odoo itself, whose pages may be typed code too
    :raises ValueError: unless secrets stay on this machine and out of Odoo
    """
    checked = check_base_url(url)
    parts = urlsplit(checked)
    port = parts.port or STANDARD_PORTS[parts.scheme]
    if not is_loopback(parts.hostname or "") or port in own_ports:
        raise ValueError("A system parameter may name another program on this machine only.")
    return checked


def can_be_reached(parts: SplitResult) -> bool:
    """Return True if the host of an address, and its port, can exist."""
    try:
        return bool(parts.port != 0 and (parts.hostname or "").encode("idna"))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Return True if a host is this machine: by its number, or as "localhost"."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
