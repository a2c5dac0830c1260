"""No text that users read hides from the export of texts, which `./run i18n` compares.

Odoo's export reads literals: neither what an f-string or a template literal holds, nor what the
expressions of a component's template do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.places import ROOT, addons

#: Two words one after the other are a text; names, numbers and addresses are none.
WORDS = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}")
#: Whose texts reach a browser; elsewhere they go to logs, to KSeF, or to an exception for us.
SHOWN = ("screens", "wizard", "controllers", "models")
#: What is told by a call of these is no text of a screen.
FOR_PROGRAMMERS = {"RuntimeError", "ValueError", "TypeError", "UnlistedTransition", "__init__"}
#: A log, and the database.
FOR_PROGRAMMERS |= {"error", "warning", "info", "debug", "Index", "UniqueIndex", "execute", "SQL"}
LITERAL = re.compile(r"`(?:[^`\\]|\\.)*`")
INSERTED, TAG = re.compile(r"\$\{[^}]*\}"), re.compile(r"<[^>]*>")
EXPRESSION = re.compile(r"""\bt-(?:esc|out|value|attf?-(?:title|aria-label|alt))="([^"]*)\"""")
QUOTED = re.compile(r"'([^']*)'")


def hidden_in_python(source: str) -> Iterator[str]:
    """Yield the texts of a Python file that the export would not find."""
    tree = ast.parse(source)
    for call in filter(_is_translation, ast.walk(tree)):
        # A name stands for a text of a table, which is exported from there.
        if not isinstance(call.args[0], ast.Constant | ast.Name):
            yield ast.unparse(call)
    told = {id(node) for call in ast.walk(tree) for node in _of_programmers(call)}
    for text in ast.walk(tree):
        if isinstance(text, ast.JoinedStr):
            said = "…".join(part.value for part in text.values if isinstance(part, ast.Constant))
            has_words = bool(WORDS.search(said)) and id(text) not in told
            if has_words or any(map(_is_translation, ast.walk(text))):
                yield ast.unparse(text)


def _is_translation(node: ast.AST) -> bool:
    """Return True for a call of _() or env._()."""
    called = node.func if isinstance(node, ast.Call) else None
    return getattr(called, "attr", getattr(called, "id", "")) in ("_", "_lt")


def _of_programmers(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is within a call that speaks to programmers or to the database."""
    called = node.func if isinstance(node, ast.Call) else None
    name = getattr(called, "attr", getattr(called, "id", ""))
    if name in FOR_PROGRAMMERS:
        yield from ast.walk(node)


def hidden_in_javascript(source: str) -> Iterator[str]:
    """Yield the template literals that hold words, or a text to be translated."""
    for literal in LITERAL.findall(source):
        if WORDS.search(TAG.sub("", INSERTED.sub("…", literal))) or "_t(" in literal:
            yield literal
    yield from re.findall(r"\b_t\(\s*(?![\"'])\S+", source)


def hidden_in_template(source: str) -> Iterator[str]:
    """Yield the words that a template's expressions hold."""
    for expression in EXPRESSION.findall(source):
        yield from filter(WORDS.search, QUOTED.findall(expression))


CHECKS = {".py": hidden_in_python, ".js": hidden_in_javascript, ".xml": hidden_in_template}
HIDDEN = [
    (".py", "told = f\"{host}: {self.env._('not used yet')}\""),
    (".py", 'told = self.env._(f"It ends on {day}.")'),
    (".py", 'told = _("It ends on " + day)'),
    (".py", 'told = f"It ends on {day}."'),
    (".js", "const told = `It ends on ${day}.`;"),
    (".js", 'const told = `${_t("Yes")}: ${day}`;'),
    (".js", "const told = _t(`It ends.`);"),
    (".xml", "<p t-esc=\"day or 'not used yet'\"/>"),
]


def files() -> Iterator[Path]:
    """Yield the files of both addons whose texts reach users."""
    for addon in addons():
        for folder in SHOWN:
            yield from (ROOT / addon / folder).rglob("*.py")
        for ending in ("js", "xml"):
            yield from (ROOT / addon / "static/src").rglob(f"*.{ending}")


@pytest.mark.parametrize(("kind", "source"), HIDDEN)
def test_a_text_that_hides_from_the_export_is_found(kind: str, source: str) -> None:
    assert list(CHECKS[kind](source))


def test_no_text_hides_from_the_export() -> None:
    found = {
        str(path.relative_to(ROOT)): texts
        for path in files()
        if (texts := list(CHECKS[path.suffix](path.read_text(encoding="utf-8"))))
    }
    assert not found
