"""Commands whose work is a package of tests/: benchmarks, soak, pictures, fuzz, live, texts."""

from __future__ import annotations

import os
import subprocess
from typing import NoReturn

from . import venvs
from .places import ROOT, TESTS
from .programs import at_home, isolated


def run(name: str, words: list[str]) -> int:
    """Run the package `name` with its own options; return the exit code."""
    return subprocess.call(command(name, words), cwd=ROOT, env=environment())


def become(name: str, words: list[str]) -> NoReturn:
    """Go on as the package `name`, which reaches the internet and takes its time to end.

    Nobody stands above it who would kill it while it cleans up after a Ctrl-C.
    """
    program, *rest = command(name, words)
    surroundings = at_home(os.environ) | {"PYTHONPATH": _path()}
    os.execve(program, [program, *rest], surroundings)


def command(name: str, words: list[str]) -> list[str]:
    """Return the command line of `python -m name` on the lock file's packages."""
    return [str(venvs.python()), "-m", name, *words]


def environment() -> dict[str, str]:
    """Return the environment of such a package: on its path are tests/ and what it drives.

    That is the addon's plain Python, and the list of screens, which the browser's tests share.
    """
    return isolated() | {"PYTHONPATH": _path()}


def _path() -> str:
    return os.pathsep.join(map(str, (TESTS, ROOT / "l10n_pl_ksef_auth", TESTS / "e2e")))
