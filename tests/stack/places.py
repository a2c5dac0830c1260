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
    """Return the folder `parts` inside the cache; make it if it is missing."""
    folder = CACHE.joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A TCP port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def environment_without(*prefixes: str) -> dict[str, str]:
    """The caller's environment less the variables whose names begin with one of `prefixes`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def require_sound_paths() -> None:
    """Raise StackError when Odoo or Python could not find what lies in our folders."""
    for path in (ROOT, CACHE):
        if {",", os.pathsep} & set(str(path)):
            raise StackError(
                f"The folder {path} has a comma or a colon in its name, which separate folders in "
                "Odoo's and Python's settings: use one without (CACHE_DIR names the cache)."
            )


def chosen_port(variable: str, default: int, neighbour: str) -> int:
    """The port that the environment `variable` names, else `default`, else any free one.

    Raises StackError when the named port is taken, or the one that the variable `neighbour` names:
    another one than the chosen would surprise.
    """
    named, neighbours = _named_port(variable, default), _named_port(neighbour, default)
    port = named or default
    if named and named == neighbours:
        raise StackError(f"{variable} and {neighbour} name the same port: change one of them.")
    if port != neighbours and _is_free(port):
        return port
    if named:
        raise StackError(
            f"Port {port} ({variable}) is taken, or only root may use it; "
            f"set {variable} to a free port."
        )
    other = free_port()
    announce(f"port {port} is taken, {other} is used instead ({variable} chooses another)")
    return other


def _named_port(variable: str, example: int) -> int:
    """The port that the environment `variable` names, 0 when it names none."""
    named = os.environ.get(variable) or "0"
    port = int(named) if named.isdecimal() and len(named) <= 5 else -1
    if not 0 <= port < 65536:
        raise StackError(
            f"{variable}={named} is not a port number; set it to a number like {example}."
        )
    return port


def _is_free(port: int) -> bool:
    """Return True if a server could listen on `port` of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
