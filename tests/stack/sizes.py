"""The sizes of a run: `./run test`, and `./run test all` with long proofs and full widths."""

from __future__ import annotations

import os

VARIABLE = "STACK_SIZE"
SHORT, ALL = "short", "all"


def wide() -> bool:
    """Return True in `./run test all`: a test that tries many cases then tries all of them."""
    return os.environ.get(VARIABLE) == ALL
