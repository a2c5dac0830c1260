"""The tables of states: what the documentation shows is what the code has, and they fit."""

import ast

import pytest

from stack import drawing
from stack.places import ROOT

TABLES = {name: drawing.load(name) for name in drawing.TABLES}
EVERY_TABLE = pytest.mark.parametrize("name", TABLES)


def methods(name):
    """Return the names of the methods that a model's room and the mixin define."""
    files = [*(ROOT / f"l10n_pl_ksef_auth/models/{name}").glob("*.py")]
    trees = [ast.parse(file.read_text()) for file in files]
    return {
        node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
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
    table = TABLES[name]
    named = {row.method for row in table.rows} | {row.when for row in table.steps if row.when}
    assert named <= methods(name)


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
