"""Who reads with a zoomed browser has every decision and its button in sight."""

from __future__ import annotations

import pytest
from every_screen import OFTEN, SCREENS
from one_screen import Screen
from walk import Walk

LONG = pytest.mark.long
WITH_DECISIONS = [
    pytest.param(one, marks=() if one.name in OFTEN else LONG, id=one.name)
    for one in SCREENS
    if one.decisions or one.further
]


@pytest.mark.parametrize("screen", WITH_DECISIONS)
def test_zoomed_every_decision_is_in_sight(walk: Walk, screen: Screen) -> None:
    look = walk.look(screen)
    assert not look.error, look.error
    hidden = {zoom: names for zoom, names in look.hidden.items() if names}
    assert not hidden
