"""axe-core finds nothing grave of ours on any screen, in any state."""

from __future__ import annotations

from collections import Counter

import pytest
from every_screen import OFTEN, SCREENS
from one_screen import Screen
from walk import Walk

LONG = pytest.mark.long
ALL = [pytest.param(one, marks=() if one.name in OFTEN else LONG, id=one.name) for one in SCREENS]


@pytest.mark.parametrize("screen", ALL)
def test_axe_finds_nothing_critical_or_serious_of_ours(walk: Walk, screen: Screen) -> None:
    look = walk.look(screen)
    assert not look.error, look.error
    # The same fault at several widths is told once.
    grave = {
        str(found): width
        for width, findings in look.findings.items()
        for found in findings
        if found.is_ours and found.is_grave
    }
    if grave:
        pytest.fail("\n".join(f"{width} px: {found}" for found, width in grave.items()))


def test_axe_found_what_is_odoos_own(walk: Walk, record_property) -> None:
    looks = list(walk.looks.values())
    found = [one for look in looks for findings in look.findings.values() for one in findings]
    odoos = Counter(one.rule for one in found if one.is_grave and not one.is_ours)
    lighter = Counter(one.rule for one in found if one.is_ours and not one.is_grave)
    record_property(
        "figures",
        f"axe: {len(looks)} screens; ours, lighter than serious: {_told(lighter)};"
        f" Odoo's own, critical or serious: {_told(odoos)}",
    )
    # The menu above each page is Odoo's: who finds nothing there did not look.
    assert odoos


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in counts.most_common()) or "none"
