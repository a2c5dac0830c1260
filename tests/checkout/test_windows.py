"""Odoo has an installer for Windows: no code of the addons' needs what only POSIX has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from tracked_files import tracked
from windows import MODULES, NAMES

from stack.places import ROOT, addons

POSIX_NAMES = {module.__name__: names for module, names in NAMES.items()}
#: Folders of POSIX systems, and Unix' way of leaving zeros out of a date.
POSIX_TEXTS = re.compile(r"/(bin|dev|etc|home|proc|tmp|usr|var)/|.*(?<!%)%-[a-zA-Z]")


def sources() -> list[str]:
    """Return the addons' own Python, without their tests."""
    found = [name for addon in addons() for name in tracked(f"{addon}/*.py")]
    return [name for name in found if "/tests/" not in name]


def posix_only(text: str) -> Iterator[str]:
    """Yield what a module needs that Python for Windows does not have."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from MODULES & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            yield from MODULES & {(node.module or "").partition(".")[0]}
            names = POSIX_NAMES.get(node.module or "", frozenset())
            yield from names & {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in POSIX_NAMES.get(node.value.id, ()):
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if POSIX_TEXTS.match(node.value):
                yield node.value


@pytest.mark.parametrize("name", sources())
def test_nothing_of_ours_needs_what_only_posix_has(name):
    assert not list(posix_only((ROOT / name).read_text()))


@pytest.mark.parametrize(
    "text",
    [
        "import fcntl",
        "from pwd import getpwnam",
        "from os import fork",
        "import os\nos.geteuid()",
        "import signal\nsignal.alarm(3)",
        "import select\nselect.poll()",
        "open('/tmp/x')",
        "f'{day:%-d}'",
        "day.strftime('%d.%-m.')",
    ],
)
def test_what_only_posix_has_is_found(text):
    assert list(posix_only(text))


def test_what_windows_has_too_is_left_alone():
    assert not list(posix_only("import os\nos.replace(a, b)\nos.urandom(3)\nday.strftime('%d')"))
