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
# Of ruff's security rules those that would be wrong here:
# S101: a type checker needs it; S105: names of settings that hold the word "secret";
# S303: old signatures are recognised as such; S311: chance only spreads work over time;
# S608: pylint-odoo's own rule knows Odoo's SQL objects.
NO_RISK = "S101,S105,S303,S311,S608"


@dataclass(frozen=True)
class Check:
    """One linter: its name for the reader, its command line, the folder that it runs in."""

    name: str
    command: list[str]
    folder: Path = ROOT


def main() -> int:
    """Run all linters, show what they found, and say which ones are content; the exit code."""
    programs = venvs.python().parent
    unhappy = [check.name for check in checks() if not _passes(check, programs)]
    say(f"lint: {', '.join(unhappy)} found something" if unhappy else "lint: all is well")
    return 1 if unhappy else 0


def checks() -> list[Check]:
    """The linters in the order of their speed."""
    ours, oca = addons(), f"--config={CONFIGURATION}"
    protocol = [
        Check(
            f"mypy {addon}/tools",
            ["mypy", "--config-file", CONFIGURATION, "-p", "tools"],
            ROOT / addon,
        )
        for addon in ours
        if (ROOT / addon / "tools").is_dir()
    ]
    return [
        Check("ruff", ["ruff", "check", "."]),
        Check("ruff format", ["ruff", "format", "--check", "."]),
        Check(
            "security rules",
            ["ruff", "check", "--select=S", f"--ignore={NO_RISK}", "--exclude=*/tests/*", *ours],
        ),
        Check("licences of dependencies", ["python", "-m", "stack.licences"]),
        Check("check-xml", ["check-xml", *_files("*.xml")]),
        Check("OCA's module checks", ["oca-checks-odoo-module", oca, *ours]),
        Check(
            "OCA's translation checks",
            ["oca-checks-po", oca, *_files("*.po", "*.pot")],
        ),
        *protocol,
        Check(
            "mypy stack", ["mypy", "--config-file", CONFIGURATION, "-p", "stack"], ROOT / "tests"
        ),
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
        cwd=check.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    say(f"{check.name}: {'ok' if done.returncode == 0 else 'FAILED'}")
    if done.returncode:
        say(done.stdout)
    return done.returncode == 0


def _files(*patterns: str) -> list[str]:
    """The addons' files whose names fit `patterns`."""
    found = [
        path for addon in addons() for pattern in patterns for path in (ROOT / addon).rglob(pattern)
    ]
    return sorted(str(path.relative_to(ROOT)) for path in found)
