"""The tables of states: what the documentation shows is what the code has, and they fit."""

import ast
import re

import pytest
from tracked_files import tracked

from stack import drawing
from stack.places import ROOT, addons

TABLES = {name: drawing.load(name) for name in drawing.TABLES}
# What a list in SQL holds, and a state in it.
LISTED, WORD = re.compile(r"\bIN \(([^()]*)\)"), re.compile(r"'(\w+)'")
EVERY_TABLE = pytest.mark.parametrize("name", TABLES)


def nodes(name):
    """Yield the parts of the code in a model's room."""
    for file in (ROOT / f"l10n_pl_ksef_auth/models/{name}").glob("*.py"):
        yield from ast.walk(ast.parse(file.read_text()))


def methods(name):
    """Return the names of the methods that a model's room defines."""
    return {node.name for node in nodes(name) if isinstance(node, ast.FunctionDef)}


def fields(name):
    """Return the names of the fields that a model's room defines."""
    return {
        node.targets[0].id
        for node in nodes(name)
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("fields.")
    }


def test_the_drawing_is_what_run_draw_makes_of_the_tables():
    page = drawing.PAGE.read_text()
    assert drawing.drawn(page) == page, "./run draw brings the page up to date"


def test_a_changed_table_makes_the_drawing_outdated(monkeypatch):
    page = drawing.PAGE.read_text()
    table = TABLES["session"]
    monkeypatch.setattr(table, "rows", table.rows[1:])
    assert drawing.drawn(page) != page


@EVERY_TABLE
def test_a_row_names_states_that_there_are(name):
    known = {state.name for state in TABLES[name].states}
    named = [word for row in TABLES[name].rows for word in f"{row.states} {row.leads_to}".split()]
    assert set(named) - {"*"} <= known


@EVERY_TABLE
def test_a_row_names_methods_that_there_are(name):
    assert {row.method for row in TABLES[name].rows} <= methods(name)


@EVERY_TABLE
def test_the_condition_of_a_step_is_a_method_or_a_field_that_there_is(name):
    conditions = {row.when for row in TABLES[name].steps if row.when}
    assert conditions <= methods(name) | fields(name)


@EVERY_TABLE
def test_each_method_of_a_step_or_refusal_stands_in_the_table(name):
    steps = {method for method in methods(name) if method.startswith("_step_")}
    assert steps == {row.method for row in TABLES[name].steps}


@EVERY_TABLE
def test_each_state_can_be_reached_from_the_first(name):
    table = TABLES[name]
    reached, new = set(), {table.states[0].name}
    while new:
        reached |= new
        ways = [row.leads_to.split() for row in table.rows if any(map(row.covers, reached))]
        new = {state for way in ways for state in way} - reached
    assert reached == {state.name for state in table.states}


@EVERY_TABLE
def test_no_step_stands_behind_one_that_always_applies(name):
    table = TABLES[name]
    for number, row in enumerate(table.steps):
        always = {
            state
            for earlier in table.steps[:number]
            if not earlier.when
            for state in earlier.states.split()
        }
        assert not set(row.states.split()) <= always, row


def test_a_group_without_a_state_is_an_error():
    with pytest.raises(ValueError, match="nobody"):
        TABLES["session"].group("live nobody")


def names(name):
    """Return the names of a table's states."""
    return {state.name for state in TABLES[name].states}


def groups_by_hand(code):
    """Yield what in a module names two states of one table together, beside the table's groups.

    A collection with names of states in it, or of groups; or SQL that lists states.
    """
    groups = {f"*{name}" for name in groups_of_tables()}
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            words = {getattr(one, "value", None) for one in node.elts if as_constant(one)}
            words |= {ast.unparse(one) for one in node.elts if isinstance(one, ast.Starred)}
        elif as_constant(node):
            words = {word for one in LISTED.findall(node.value) for word in WORD.findall(one)}
        else:
            continue
        if any(len(words & (names(name) | groups)) > 1 for name in TABLES):
            yield ast.unparse(node)


def groups_of_tables():
    """Return the names that the modules of the tables give to groups of states."""
    for name in TABLES:
        text = (ROOT / f"l10n_pl_ksef_auth/models/{name}/states.py").read_text()
        yield from re.findall(r"^([A-Z_]+) = [A-Z]+\.group\(", text, re.M)


def as_constant(node):
    """Return True if a part of the code is a text."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_groups_of_states_stand_beside_the_table_and_nowhere_else():
    found = {}
    for addon in addons():
        for file in tracked(f"{addon}/*.py"):
            # A migration speaks of the states as they were.
            if not re.search(r"/(tests|migrations)/|/states\.py$", file):
                found[file] = list(groups_by_hand((ROOT / file).read_text()))
    assert len(found) > 100
    assert not {file: groups for file, groups in found.items() if groups}


@pytest.mark.parametrize(
    "code",
    [
        'state in ("opened", "ordered")',
        '[*ERRAND, "active"]',
        "(*LOGGING_IN, *ERRAND)",
        "query = \"SELECT 1 WHERE state IN ('waiting', 'submitted')\"",
    ],
)
def test_a_group_by_hand_is_found(code):
    assert list(groups_by_hand(code))


def test_what_only_sounds_like_a_group_is_none():
    assert not list(groups_by_hand('("revoked", "Revoked"), ("todo", "failed"), (*LIVE, 1)'))
