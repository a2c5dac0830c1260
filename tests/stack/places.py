"""Where things are: the checkout, its cache, the addons; ports that are free."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from .say import StackError, announce

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("CACHE_DIR") or ROOT / ".cache").resolve()
TESTS = ROOT / "tests"
LOOPBACK = "127.0.0.1"


def addons() -> list[str]:
    """Names of the addons in this checkout that Odoo may install, in alphabetical order."""
    return sorted(manifest.parent.name for manifest in ROOT.glob("*/__manifest__.py"))


def cache(*parts: str) -> Path:
    """The folder `parts` inside the cache, made when it is missing."""
    folder = CACHE.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A TCP port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def chosen_port(variable: str, default: int) -> int:
    """The port that the environment `variable` names, else `default`, else any free one.

    Raises StackError when the named port is taken: another one than the chosen would surprise.
    """
    named = os.environ.get(variable)
    if named and not named.isdigit():
        raise StackError(
            f"{variable}={named} is not a port number; set it to a number like {default}."
        )
    port = int(named or default)
    if _is_free(port):
        return port
    if named:
        raise StackError(f"Port {port} ({variable}) is taken; set {variable} to a free port.")
    other = free_port()
    announce(f"port {port} is taken, {other} is used instead ({variable} chooses another)")
    return other


def _is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
