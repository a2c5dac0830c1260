"""The link for a signer without an account: ``https://odoo.example/ksef/podpis#TOKEN``.

The token is the only authority. It stands in the fragment, which no browser sends: so no log, no
referrer and no scanner of mails sees it (docs/design.md 22). Here are the parts that need no Odoo.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from .const import STANDARD_PORTS, can_be_reached, is_loopback

PATH = "/ksef/podpis"
#: Random bytes of a token, and how it is written.
_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: Ends of names that lead nowhere outside the own network (RFC 6762, RFC 8375, RFC 6761 and use).
_INTERNAL_ENDS = (".local", ".internal", ".intranet", ".lan", ".corp", ".home.arpa", ".test")

Reason = Literal["host", "https", "extra"]
AddressWarning = Literal["loopback", "private", "differs", "databases"]


class InvalidAddress(ValueError):
    """``reason``: host (no host that can exist), https, or extra (more than host and port)."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"Not an address for links: {reason}")
        self.reason = reason


def new_token() -> str:
    """Return a new token: 256 random bits in letters of which an address may consist."""
    return secrets.token_urlsafe(_BYTES)


def is_token(text: str) -> bool:
    """Return True if a text is written like a token: none other is one."""
    return bool(_TOKEN.fullmatch(text))


def digest(token: str) -> str:
    """Return what is stored of a token: SHA-256 in hex.

    No salt and no slow hash is needed: nobody tries 256 random bits.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def link(address: str, token: str) -> str:
    """Return the link for a token.

    :param address: as :func:`check_address` returns it
    """
    return f"{address}{PATH}#{token}"


def check_address(text: str) -> str:
    """Return the address at which links begin: scheme, host, and a port that is not the usual one.

    :param text: what an administrator has written, such as ``https://odoo.firma.pl/``
    :raises InvalidAddress: unless it is https, or http on this machine, and nothing but an address
    """
    parts = _parts(text)
    host = parts.hostname or ""
    if not host or not can_be_reached(parts):
        raise InvalidAddress("host")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise InvalidAddress("https")
    extra = (parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/"))
    if any(extra):
        raise InvalidAddress("extra")
    return f"{parts.scheme}://{_with_port(parts)}"


def warnings(address: str, web_base_url: str, databases: int) -> list[AddressWarning]:
    """Return why a signer elsewhere may not reach an address, or reach something else there.

    No name is looked up: a name outside that leads into the own network is not noticed.

    :param address: as :func:`check_address` returns it
    :param web_base_url: Odoo's own system parameter
    :param databases: how many of them this server offers under this address
    """
    host = urlsplit(address).hostname or ""
    found: list[AddressWarning] = []
    if is_loopback(host):
        found.append("loopback")
    elif _is_private(host):
        found.append("private")
    if not _is_same(address, web_base_url):
        found.append("differs")
    if databases > 1:
        found.append("databases")
    return found


def is_asked_at(address: str, host: str, scheme: str | None = None) -> bool:
    """Return True if a request came to the address of the links, and to no other name.

    :param address: as :func:`check_address` returns it
    :param host: the request's header Host, which anybody may forge
    :param scheme: http or https; None where the server cannot tell how the browser asked
    """
    return _is_same(address, f"{scheme or urlsplit(address).scheme}://{host}")


def known_address(address: str, knows_proxy: bool) -> str:
    """Return a browser's address if it tells the browser from others; else nothing.

    Behind a proxy that the server does not know of, everybody has the proxy's.

    :param address: from which the connection came, or what a known proxy says
    :param knows_proxy: whether the server takes the word of the proxy before it
    """
    try:
        tells = ipaddress.ip_address(address).is_global or knows_proxy
    except ValueError:
        return ""
    return address if tells else ""


def _parts(text: str) -> SplitResult:
    plain = text.strip()
    if not plain.isascii() or not plain.isprintable() or " " in plain or "\\" in plain:
        raise InvalidAddress("host")
    try:
        return urlsplit(plain)
    except ValueError:
        raise InvalidAddress("host") from None


def _with_port(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    usual = parts.port in (None, STANDARD_PORTS[parts.scheme])
    return host if usual else f"{host}:{parts.port}"


def _is_same(address: str, other: str) -> bool:
    try:
        return check_address(other) == address
    except InvalidAddress:
        return False


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        name = host.rstrip(".")
        return "." not in name or name.endswith(_INTERNAL_ENDS)
