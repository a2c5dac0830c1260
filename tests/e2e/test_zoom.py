"""Who reads with a zoomed browser has every decision and its button in sight."""

from __future__ import annotations

import pytest
from every_screen import SCREENS, Screen
from walk import Walk

WITH_DECISIONS = [screen for screen in SCREENS if screen.decisions]


@pytest.mark.parametrize("screen", WITH_DECISIONS, ids=lambda screen: screen.name)
def test_zoomed_every_decision_is_in_sight(walk: Walk, screen: Screen) -> None:
    look = walk.look(screen)
    assert not look.error, look.error
    hidden = {zoom: names for zoom, names in look.hidden.items() if names}
    assert not hidden
