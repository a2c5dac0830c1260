"""A fact known of KSeF that can be seen from outside, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .life import Life

See = Callable[["Life"], str]


class NotSeen(Exception):
    """Something that this fact needs is not there: another one went another way than expected."""


class Refused(Exception):
    """KSeF refused the call that a fact is about; the text is its answer in short."""


@dataclass(frozen=True)
class Fact:
    """One row of the table.

    :param cite: where the page on KSeF has it
    :param expected: what is seen where the fact holds
    :param see: does the one thing at KSeF, and returns what was seen
    :param is_open: the page on KSeF does not know; `expected` is what the simulator does
    :param blocks: it blocks a context for a while, and is done only on demand
    """

    name: str
    cite: str
    expected: str
    see: See
    is_open: bool = False
    blocks: bool = False

    @property
    def text(self) -> str:
        """Return the fact in one sentence."""
        return (self.see.__doc__ or "").split("\n\n")[0].strip().rstrip(".")


FACTS: list[Fact] = []


def fact(
    cite: str, expected: str, *, is_open: bool = False, blocks: bool = False
) -> Callable[[See], See]:
    """Put a function on the list of facts, in the order in which it is written."""

    def listed(see: See) -> See:
        FACTS.append(Fact(see.__name__, cite, expected, see, is_open, blocks))
        return see

    return listed
