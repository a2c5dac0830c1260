"""Virtual environments in the cache, one per lock file and Python version."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import apt, children
from .locks import exclusive
from .places import CACHE, ROOT, cache
from .say import StackError, progress, say

LOCK = ROOT / "requirements.lock"
# The lxml that Odoo 19 itself asks for on Python 3.12, with an xmlsec that fits it.
ODOO_PINS = Path(__file__).with_name("odoo-pins.lock")
# What Debian 12, on which Odoo 19 runs, has as a package of its own.
DEBIAN_12 = {"cryptography": "38.0.4"}
DONE = ".complete"


def python(lock: Path = LOCK) -> Path:
    """Return the interpreter of the environment with the packages of `lock`; make it if needed."""
    folder = cache("venv") / f"{lock.stem}-{_key(lock)}"
    if not (folder / DONE).exists():
        with exclusive(f"venv-{lock.stem}"):
            if not (folder / DONE).exists():
                _make(folder, lock)
    return folder / "bin/python"


def mismatched_packages() -> Path:
    """Return a folder for PYTHONPATH: its xmlsec does not fit the lxml of Odoo's pins."""
    return _alone(_pinned("xmlsec"), ODOO_PINS)


def releases(package: str) -> dict[str, Path]:
    """Return the releases of a package beside the lock file's that are tested, oldest first.

    Debian 12's, the one that Odoo asks for, and the newest that pip finds now, if that is another.

    :return: folders for PYTHONPATH, by version
    """
    wanted = [f"{package}=={DEBIAN_12[package]}", _pinned(package, ODOO_PINS)]
    found = {name.rpartition("==")[2]: _alone(name, LOCK) for name in wanted}
    newest = _alone(package, LOCK)
    (told,) = newest.glob(f"{package}-*.dist-info")
    version = told.name.removesuffix(".dist-info").rpartition("-")[2]
    if version == _pinned(package).rpartition("==")[2]:
        say(f"The lock file's {package}, {version}, is the newest.")
    else:
        found[version] = newest
    return found


def _alone(requirement: str, lock: Path) -> Path:
    """Return a folder with one package; a requirement without a version is fetched each time.

    :param lock: whose environment it comes before
    """
    folder = cache("venv") / f"{requirement}-{_key(lock)}"
    pinned = "==" in requirement
    if not (pinned and (folder / DONE).exists()):
        interpreter = python(lock)
        with exclusive(f"venv-{requirement}"):
            if not (pinned and (folder / DONE).exists()):
                shutil.rmtree(folder, ignore_errors=True)
                arguments = ["--no-deps", "--target", str(folder), requirement]
                _pip(interpreter, arguments, requirement, 1)
                (folder / DONE).touch()
    return folder


def _key(lock: Path) -> str:
    """Return a hash of what an environment depends on, its own folder too: programs name it."""
    version = ".".join(map(str, sys.version_info[:3]))
    place = f"{version} {sys.base_prefix} {CACHE}".encode()
    return hashlib.sha256(place + lock.read_bytes()).hexdigest()[:12]


def _pinned(package: str, lock: Path = LOCK) -> str:
    """`package==version` as a lock file has it."""
    for line in lock.read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line.split()[0]
    raise StackError(f"{lock.name} does not name {package}: compile it again from its .in.")


def _make(folder: Path, lock: Path) -> None:
    """Build the environment anew; the marker comes last, so that a half one is never used."""
    if importlib.util.find_spec("ensurepip") is None:
        apt.require("python3-venv", "Python's module for virtual environments")
    shutil.rmtree(folder, ignore_errors=True)
    made = children.run(
        [sys.executable, "-m", "venv", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode:
        raise StackError(
            f"'python3 -m venv' failed ({made.stdout.strip()[-300:]}): "
            "install Debian's python3-venv."
        )
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line.split(" ")[0])
    arguments = ["--require-hashes", "--requirement", str(lock)]
    _pip(folder / "bin/python", arguments, f"Python packages ({lock.name})", total)
    (folder / DONE).touch()


def _pip(interpreter: Path, arguments: list[str], what: str, total: int) -> None:
    """Run pip install; announce how many of `total` packages it has looked at."""
    seen: list[str] = []
    errors: list[str] = []
    command = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--cache-dir", str(cache("pip")), *arguments]
    # A person's own setting to install for themselves does not fit an environment.
    environment = os.environ | {"PIP_USER": "0"}
    with progress(
        what,
        lambda: (
            f"{min(len(seen), total)} of {total}" + (", installing" if len(seen) >= total else "")
        ),
    ):
        with children.started(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            for line in process.stdout or ():
                if line.startswith(("Collecting", "Ignoring")):
                    seen.append(line)
                elif line.startswith(("Could not fetch", "ERROR", "error")):
                    errors.append(line.strip())
            process.wait()
    if process.returncode:
        reason = errors[0][:300] if errors else "no reason given"
        raise StackError(
            f"pip could not install {what}: {reason}. "
            "Check pip's index, the network and the room on the disk, then run this again."
        )
