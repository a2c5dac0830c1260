"""Which KSeF is played: 2.9 as it runs today, or 2.6, which answers in older shapes.

Additions between the two (docs/ksef.md E): ``ownerPermissions``, the right to collective
identifiers, limits for them, for closing sessions and for an address, 21001 for unreadable JSON,
21184, three details of status 450, and a 403 without a timestamp.
"""

from __future__ import annotations

from collections.abc import Callable

from .shapes import Shape, choice

OLD, NEW = "2.6", "2.9"
COLLECTIVE = "CollectiveIdentifierManage"


def rights(*names: str) -> dict[str, tuple[str, ...]]:
    """Return the rights that one call knows, by version."""
    return {OLD: names, NEW: (*names, COLLECTIVE)}


def by_version(
    names: dict[str, tuple[str, ...]], make: Callable[[Shape], Shape]
) -> dict[str, Shape]:
    """Return a shape for each version.

    :param names: the rights that each version knows
    :param make: builds the shape, given that of one right
    """
    return {version: make(choice(*known)) for version, known in names.items()}
