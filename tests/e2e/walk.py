"""Walks through the screens once, and looks at each for all tests that ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import axe
from every_screen import SCREENS
from odoo_user import OdooError
from one_screen import REST, ZOOMED, Screen
from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page
from tour import Tour

#: What may go wrong on the way to a screen.
FAILURES = (BrowserError, OdooError, AssertionError)
#: Odoo lays a page out anew below this width: it is opened again.
NARROW = 768
OUT_OF_SIGHT = """(elements, mayScroll) => {
    const isSeen = (element) => {
        if (mayScroll) {
            element.scrollIntoView({ block: "center" });
        }
        const { top, bottom, left, right, width } = element.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const isInside = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
        // A button that is disabled lets what lies below it be hit.
        return width && isInside && (element.contains(hit) || hit?.contains(element));
    };
    const name = (element) => element.innerText || element.className;
    return elements.filter((element) => !isSeen(element)).map(name);
}"""


@dataclass
class Look:
    """What was seen of one screen.

    :param error: why it could not be opened, or empty
    :param findings: axe's, by the width of the page
    :param hidden: the decisions that were out of sight, by what the zoom is called
    """

    error: str = ""
    findings: dict[int, list[axe.Finding]] = field(default_factory=dict)
    hidden: dict[str, list[str]] = field(default_factory=dict)


class Walk:
    """The way through all screens; it goes as far as it is asked to."""

    def __init__(self, tour: Tour, sizes: tuple[tuple[int, int], ...]) -> None:
        """Look at each screen at some sizes of the page (width, height)."""
        self.tour, self._sizes = tour, sizes
        self._left = iter(SCREENS)
        self.looks: dict[str, Look] = {}

    def look(self, screen: Screen) -> Look:
        """Return what is to be seen of a screen; it leads through the states before it."""
        if screen.name not in self.looks:
            passed = list(iter(lambda: next(self._left), screen))
            self.looks[screen.name] = self._look(screen, passed)
        return self.looks[screen.name]

    def _look(self, screen: Screen, passed: list[Screen]) -> Look:
        look = Look()
        try:
            for one in (*passed, screen):
                one.prepare(self.tour)
            for page, width in opened(self.tour, screen, self._sizes):
                look.findings[width] = axe.findings(page, screen.ours)
            if screen.decisions or screen.further:
                self._zoom(screen, look)
        except FAILURES as error:
            look.error = f"{type(error).__name__}: {error}".partition("Aria snapshot")[0]
        return look

    def _zoom(self, screen: Screen, look: Look) -> None:
        """Measure which decisions are out of sight when the browser is zoomed."""
        pages = opened(self.tour, screen, tuple(ZOOMED.values()))
        for name, (page, _width) in zip(ZOOMED, pages, strict=True):
            look.hidden[name] = [
                *_out_of_sight(page, screen.decisions),
                *_out_of_sight(page, screen.further, may_scroll=True),
            ]


def _out_of_sight(page: Page, selector: str, *, may_scroll: bool = False) -> list[str]:
    """Return which of a page's decisions nobody sees, by their words."""
    if not selector:
        return []
    decisions = page.locator(selector)
    assert decisions.count(), f"nothing fits {selector}"
    return list(decisions.evaluate_all(OUT_OF_SIGHT, may_scroll))


def opened(
    tour: Tour, screen: Screen, sizes: tuple[tuple[int, int], ...]
) -> Iterator[tuple[Page, int]]:
    """Open a screen that is prepared, and give the page at each of some sizes, with its width."""
    before = 0
    for width, height in sizes:
        tour.resize(width, height)
        if not before or (before < NARROW) != (width < NARROW):
            screen.show(tour)
        before = width
        tour.page.wait_for_timeout(REST)
        yield tour.page, width
