"""Probes of the way to KSeF: host name, proxy, TLS. No secret is sent or shown."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import requests

from .meanings.meaning import _lt

#: Seconds for each probe.
PATIENCE = 10.0


@dataclass(frozen=True)
class Probed:
    """The result of one probe: ``ok`` is None if the probe does not apply.

    ``text`` is English, for translation, with placeholders for ``values``.
    """

    ok: bool | None
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


def _plain(ok: bool, detail: str) -> Probed:
    """Return a result without anything to translate."""
    return Probed(ok, "%(detail)s", {"detail": detail})


def resolve(url: str) -> Probed:
    """Look the address's host name up."""
    host = urlsplit(url).hostname or ""
    found: list[str] = []
    # The system's resolver has no time limit, so another thread waits for it.
    thread = threading.Thread(target=_resolve_into, args=(host, found), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not found:
        values = {"host": host, "seconds": f"{PATIENCE:.0f}"}
        return Probed(False, _lt("%(host)s: no answer within %(seconds)s s"), values)
    if found[0].startswith("!"):
        values = {"host": host, "detail": found[0].lstrip("!")}
        return Probed(
            False, _lt("%(host)s: this server does not know the name (%(detail)s)"), values
        )
    return _plain(True, f"{host}: {', '.join(found)}")


def _resolve_into(host: str, found: list[str]) -> None:
    try:
        answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        found.extend(sorted({str(answer[4][0]) for answer in answers}))
    except OSError as error:
        found.append(f"!{error.strerror or error}")


def proxy(url: str) -> Probed:
    """Show the proxy that the environment names for this address, without its password."""
    chosen = _chosen_proxy(url)
    if not chosen:
        return Probed(None, _lt("none"))
    try:
        parts = urlsplit(chosen if "://" in chosen else f"http://{chosen}")
        shown = f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}"
    except ValueError:  # the exception's text may quote an unescaped password
        return Probed(False, _lt("the environment names a proxy whose address cannot be read"))
    return _plain(bool(parts.hostname), shown)


def _chosen_proxy(url: str) -> str | None:
    return requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))


def tls(url: str) -> Probed:
    """Make a TLS connection with the server as requests would, unless there is a proxy."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return Probed(None, _lt("not used: the address is on this machine"))
    if _chosen_proxy(url):
        return Probed(None, _lt("through the proxy: see whether KSeF answers"))
    try:
        return _handshake(parts.hostname or "", parts.port or 443)
    except OSError as error:
        detail = f"{type(error).__name__}: {getattr(error, 'reason', error)}"
        return Probed(False, _lt("no secure connection (%(detail)s)"), {"detail": detail})


def _handshake(host: str, port: int) -> Probed:
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or requests.utils.DEFAULT_CA_BUNDLE_PATH
    folder = os.path.isdir(authorities)
    context = ssl.create_default_context(
        cafile=None if folder else authorities, capath=authorities if folder else None
    )
    with (
        socket.create_connection((host, port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        certificate: dict[str, Any] = dict(secured.getpeercert() or {})
        version = secured.version()
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), timezone.utc)
    values = {"version": version, "issuer": _issuer(certificate), "date": f"{ends:%Y-%m-%d}"}
    return Probed(True, _lt("%(version)s, issued by %(issuer)s, valid until %(date)s"), values)


def _issuer(certificate: dict[str, Any]) -> str:
    parts = dict(pair for part in certificate.get("issuer", ()) for pair in part)
    return str(parts.get("organizationName") or parts.get("commonName") or "?")
