"""The fuzzing target; its arguments are libFuzzer's."""

from __future__ import annotations

import random
import sys

import atheris

with atheris.instrument_imports(include=["tools.signed_document"]):
    import tools.signed_document  # noqa: F401 - instruments it before the oracle imports it

from .mutator import mutate
from .oracle import check


def change(data: bytes, max_size: int, seed: int) -> bytes:
    """Mutate as XML most of the time, else as libFuzzer does."""
    if random.Random(seed).random() < 0.2:
        return bytes(atheris.Mutate(data, max_size))
    return mutate(data, seed)[:max_size]


def target(data: bytes) -> None:
    """Check one input; every hundredth also with the simulator."""
    check(data, with_simulator=hash(data) % 100 == 0)


if __name__ == "__main__":
    atheris.Setup(sys.argv, target, custom_mutator=change)
    atheris.Fuzz()
