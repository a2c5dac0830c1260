"""The parts of a table of states; plain Python, so that a command can draw it without Odoo.

States and groups are written as words in one string: "active blocked".
"""

from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True)
class State:
    """One state: the name in the database, the label that people read, the groups it belongs to."""

    name: str
    label: str
    groups: str = ""


@dataclass(frozen=True)
class Row:
    """A method, the states in which it applies (or ANY), and the states that it may store."""

    states: str
    method: str
    leads_to: str = ""

    def covers(self, state):
        """Return True if the row applies in a state."""
        return self.states == ANY or state in self.states.split()


@dataclass(frozen=True)
class Step(Row):
    """A step that the walker takes by itself, if a condition (a method or field) holds.

    The first row whose state and condition apply is the next step.
    """

    when: str = ""


class Look(Step):
    """A step that only looks whether KSeF still says the same; nobody waits for it."""


class Refusal(Row):
    """What happens in these states when KSeF says its final no to a step."""


class Event(Row):
    """What a person, another record or the database's owner does to a record in these states."""


class Table:
    """All states of a model and all ways between them."""

    def __init__(self, states, rows):
        """Make a table.

        :param states: of State, in the order of a record's life
        :param rows: of Step, Refusal and Event; the order of the steps counts
        """
        self.states, self.rows = states, rows
        self.steps = [row for row in rows if isinstance(row, Step)]

    @property
    def selection(self):
        """The states as a selection field takes them."""
        return [(state.name, state.label) for state in self.states]

    def group(self, groups):
        """Return the names of the states that belong to at least one of some groups.

        :param str groups: names of groups
        :raises ValueError: a group has no state
        """
        wanted = set(groups.split())
        if unknown := wanted - {name for state in self.states for name in state.groups.split()}:
            raise ValueError(f"no state belongs to {unknown}")
        return tuple(state.name for state in self.states if wanted & set(state.groups.split()))

    def refusal(self, state):
        """Return the row for KSeF's final no in a state, or None."""
        refusals = (row for row in self.rows if isinstance(row, Refusal))
        return next((row for row in refusals if row.covers(state)), None)

    def only_looks(self, method):
        """Return True if a method is a step that nobody waits for.

        :param str method: the method that runs; None for none that the table knows
        """
        return any(isinstance(row, Look) and row.method == method for row in self.rows)

    def allows(self, method, old, new):
        """Return True if a row of this method leads from one state to the other.

        :param str method: the method that runs; None for none that the table knows
        """
        return any(
            row.method == method and row.covers(old) and new in row.leads_to.split()
            for row in self.rows
        )
