"""`./run lint`: every linter over the whole checkout; .pre-commit-config.yaml has the same."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import venvs
from .places import CACHE, ROOT, addons
from .programs import at_home
from .say import say

CONFIGURATION = str(ROOT / "setup.cfg")
LENGTHS = "tests/stack/lengths.py"
# Files that are others', kept unchanged.
FOREIGN = "tests/oca_maintainer_tools/"
# Of ruff's security rules those that would be wrong here:
# S101: a type checker needs it; S105: names of settings that hold the word "secret";
# S303: old signatures are recognised as such; S311: chance only spreads work over time;
# S608: pylint-odoo's own rule knows Odoo's SQL objects.
NO_RISK = "S101,S105,S303,S311,S608"


@dataclass(frozen=True)
class Check:
    """One linter: its name for the reader, its command line."""

    name: str
    command: list[str]


def main() -> int:
    """Run all linters, show what they found, say how each went; return the exit code."""
    programs = venvs.python().parent
    unhappy = [check.name for check in checks() if not _passes(check, programs)]
    say(f"lint: {', '.join(unhappy)} found something" if unhappy else "lint: all is well")
    return 1 if unhappy else 0


def checks() -> list[Check]:
    """The linters in the order of their speed."""
    ours, oca = addons(), f"--config={CONFIGURATION}"
    return [
        Check("ruff", ["ruff", "check", "."]),
        Check("ruff format", ["ruff", "format", "--check", "."]),
        Check(
            "security rules",
            ["ruff", "check", "--select=S", f"--ignore={NO_RISK}", "--exclude=*/tests/*", *ours],
        ),
        Check("licences of dependencies", ["python", "-m", "stack.licences"]),
        Check("length of files", ["python", LENGTHS, *_files("*.py", "*.js", "*.xml", tests=True)]),
        Check("read-mes", ["python", "-m", "stack.readmes", "--check"]),
        Check("check-xml", ["check-xml", *_files("*.xml")]),
        Check("OCA's module checks", ["oca-checks-odoo-module", oca, *ours]),
        Check(
            "OCA's translation checks",
            ["oca-checks-po", oca, *_files("*.po", "*.pot")],
        ),
        Check("mypy", ["mypy"]),
        Check("pylint-odoo", ["pylint", f"--rcfile={CONFIGURATION}", *ours]),
    ]


def _passes(check: Check, programs: Path) -> bool:
    """Run one linter; its findings are shown only when there are any."""
    program, *arguments = check.command
    environment = at_home(os.environ) | {
        "RUFF_CACHE_DIR": str(CACHE / "ruff"),
        "MYPY_CACHE_DIR": str(CACHE / "mypy"),
    }
    done = subprocess.run(
        [str(programs / program), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    say(f"{check.name}: {'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


def _files(*patterns: str, tests: bool = False) -> list[str]:
    """The files of the addons, with `tests` those of tests/ too, whose names fit `patterns`."""
    folders = [*addons(), "tests"] if tests else addons()
    found = [
        path
        for folder in folders
        for pattern in patterns
        for path in (ROOT / folder).rglob(pattern)
    ]
    names = sorted(str(path.relative_to(ROOT)) for path in found)
    return [name for name in names if not name.startswith(FOREIGN)]
