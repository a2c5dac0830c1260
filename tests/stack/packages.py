"""Commands whose work is a package of tests/: benchmarks, soak, fuzz."""

from __future__ import annotations

import os
import subprocess

from . import venvs
from .places import ROOT, TESTS
from .programs import isolated


def run(name: str, words: list[str]) -> int:
    """Run the package `name` with its own options; return the exit code."""
    return subprocess.call(command(name, words), cwd=ROOT, env=environment())


def command(name: str, words: list[str]) -> list[str]:
    """Return the command line of `python -m name` on the lock file's packages."""
    return [str(venvs.python()), "-m", name, *words]


def environment() -> dict[str, str]:
    """Return the environment of such a package, with the addon's plain Python on its path."""
    path = os.pathsep.join(map(str, (TESTS, ROOT / "l10n_pl_ksef_auth")))
    return isolated() | {"PYTHONPATH": path}
