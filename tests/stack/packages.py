"""Commands whose work is a package of tests/: benchmarks, soak, fuzz."""

from __future__ import annotations

import os
import subprocess

from . import venvs
from .places import ROOT, TESTS
from .programs import isolated


def run(name: str, words: list[str]) -> int:
    """Run `python -m name` on the lock file's packages with the addon's plain Python at hand."""
    path = os.pathsep.join(map(str, (TESTS, ROOT / "l10n_pl_ksef_auth")))
    command = [str(venvs.python()), "-m", name, *words]
    return subprocess.call(command, cwd=ROOT, env=isolated() | {"PYTHONPATH": path})
