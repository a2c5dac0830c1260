"""The page docs/testing.md lists every verb and builder that the tests share, and no other."""

import ast
import re

import pytest
from tracked_files import tracked

from stack.places import ROOT

PAGE = "docs/testing.md"
# Folders whose modules beside the tests are shared by them; where a program of ./run has its home,
# the modules are its own, and the tests share what conftest gives.
FOLDERS = (
    "l10n_pl_edi_ksef_auth/tests",
    "l10n_pl_ksef_auth/tests",
    "tests/checkout",
    "tests/conformance",
    "tests/e2e",
    "tests/live",
    "tests/pictures",
    "tests/protocol",
    "tests/reader",
    "tests/simulator",
)
#: unittest calls these by itself.
OF_UNITTEST = ("setUp", "setUpClass", "tearDown")


def shared() -> list[str]:
    """Return the names of the modules that tests share."""
    python = [
        name
        for folder in FOLDERS
        for name in tracked(f"{folder}/*.py")
        if re.fullmatch(rf"{folder}/{words_of(folder)}\.py", name)
    ]
    return [*python, *tracked("l10n_pl_ksef_auth/static/tests/*_builders.js")]


def words_of(folder: str) -> str:
    """Return, as a regular expression, which modules of a folder are shared by its tests."""
    has_program = (ROOT / folder / "__main__.py").is_file()
    return "conftest" if has_program else r"(?!test_|__init__)\w+"


def verbs(text: str) -> set[str]:
    """Return the public functions, classes and methods of a module, but no test methods."""
    found = set()
    for node in ast.parse(text).body:
        inside = node.body if isinstance(node, ast.ClassDef) else []
        for item in (node, *inside):
            if isinstance(item, ast.FunctionDef | ast.ClassDef):
                found.add(item.name)
    return {
        name for name in found if not name.startswith(("_", "test_")) and name not in OF_UNITTEST
    }


def exported(text: str) -> set[str]:
    """Return the names that a JavaScript module exports."""
    return set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", text, re.M))


def told(page: str) -> dict[str, list[str]]:
    """Return the words that the page lists, by the module that a heading names."""
    lists: dict[str, list[str]] = {}
    words: list[str] = []
    for line in page.splitlines():
        if heading := re.match(r"#+ `([\w./]+)`", line):
            words = lists.setdefault(heading[1], [])
        elif line.startswith("#"):
            words = []
        elif row := re.match(r"\| (`.+?`) \|", line):
            words += re.findall(r"`(\w+)", row[1])
    return lists


def test_the_page_lists_the_shared_modules():
    listed = told((ROOT / PAGE).read_text())
    assert set(listed) == set(shared())


@pytest.mark.parametrize("name", shared())
def test_the_page_lists_each_verb_of_a_module_once(name):
    listed = told((ROOT / PAGE).read_text()).get(name, [])
    read = exported if name.endswith(".js") else verbs
    assert sorted(listed) == sorted(read((ROOT / name).read_text()))


def test_verbs_are_found_in_functions_classes_and_methods():
    methods = ("settle", "_wait", "setUp", "test_it")
    module = "class Case:\n" + "".join(f"  def {name}(self): ...\n" for name in methods)
    module += "def builder(): ...\nNOTHING = 1\n"
    assert verbs(module) == {"Case", "settle", "builder"}


def test_words_are_read_under_the_heading_of_their_module():
    page = "# Words\n| `none` | x |\n### `a/b.py`\n| `settle`, `travel` | x |\n"
    page += "## More\n| `no` | x |\n"
    assert told(page) == {"a/b.py": ["settle", "travel"]}
