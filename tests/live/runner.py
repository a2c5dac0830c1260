"""Works off the list of facts, and cleans up after itself, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import requests

from tools.errors import KsefError

from . import facts
from .fact import FACTS, Fact, NotSeen, Refused
from .life import Life

__all__ = ["AS_EXPECTED", "DIFFERENT", "NOT_SEEN", "Row", "facts", "rows", "see", "wanted"]

AS_EXPECTED, DIFFERENT, NOT_SEEN = "as expected", "DIFFERENT", "not seen"


@dataclass(frozen=True)
class Row:
    """A fact, and what was seen of it."""

    fact: Fact
    seen: str
    verdict: str


def wanted(with_blocks: bool) -> list[Fact]:
    """Return the facts that are to be seen.

    :param with_blocks: those that block a context too
    """
    return [fact for fact in FACTS if with_blocks or not fact.blocks]


def see(life: Life, fact: Fact) -> Row:
    """See one fact."""
    life.door.fact = fact.name
    try:
        return _row(life, fact)
    finally:
        life.door.fact = ""


def rows(
    life: Life, chosen: Iterable[Fact], before: Callable[[Fact], None] | None = None
) -> Iterator[Row]:
    """See the facts one after the other, and yield a row for each.

    :param before: is called before each; a test moves a switch of the simulator there
    :raises Stopped: when KSeF, or a wall before it, wants nothing more of us
    """
    for fact in chosen:
        if before:
            before(fact)
        yield see(life, fact)


def _row(life: Life, fact: Fact) -> Row:
    try:
        seen = fact.see(life)
    except NotSeen as missing:
        return Row(fact, life.redactor.text(str(missing)), NOT_SEEN)
    except (KsefError, Refused) as error:
        return Row(fact, life.redactor.text(str(error)), DIFFERENT)
    except requests.RequestException as error:
        return Row(fact, type(error).__name__, NOT_SEEN)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        # KSeF's answer has another shape than the fact reads.
        return Row(fact, f"another shape ({type(error).__name__})", DIFFERENT)
    return Row(fact, life.redactor.text(seen), AS_EXPECTED if seen == fact.expected else DIFFERENT)
