"""Short fuzzing: what was found before, seeded changes, and a few seconds guided by coverage."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest
from corpus.index import representatives

from .__main__ import REGRESSIONS, run
from .mutator import mutate
from .oracle import check


@pytest.mark.parametrize("file", sorted(REGRESSIONS.glob("*.input")), ids=lambda file: file.name)
def test_what_was_found_before_stays_mended(file):
    check(file.read_bytes(), with_simulator=True)


@pytest.mark.parametrize("item", representatives(), ids=lambda item: item.file)
def test_seeded_changes_break_nothing(item):
    data = item.data
    for seed in range(12):
        data = mutate(data, seed) if seed % 4 else mutate(item.data, seed)
        check(data, with_simulator=seed % 6 == 0)


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris has no wheel for this Python or platform; the seeded changes run all the same",
)
def test_a_few_seconds_of_coverage_guided_fuzzing_find_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    assert run(tmp_path, seconds=4) == 0
    assert list(tmp_path.glob("found-*")) == []
