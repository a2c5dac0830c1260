"""The tables of states: what the documentation shows is what the code has, and they fit."""

import ast

import pytest

from stack import drawing
from stack.places import ROOT

TABLES = {name: drawing.load(name) for name in drawing.TABLES}
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
