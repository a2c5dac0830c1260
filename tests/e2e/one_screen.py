"""What a screen of ours is, and how it is opened; the lists of all screens are made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import expect
from tour import ACCOUNTANT, USUAL, Tour

#: Width and height in CSS pixels: a laptop, a desktop, a tablet, a phone.
SIZES = (USUAL, (1920, 1080), (768, 1024), (390, 844))
#: What a zoomed browser has left of a screen, in CSS pixels, by what its user says.
ZOOMED = {
    "150 % on 1366×768": (911, 512),
    "200 % on 1366×768": (683, 384),
    "200 % on 1920×1080": (960, 540),
}

BAR = ".o_ksef_systray"
DASHBOARD, POPOVER = ".o_ksef_dashboard", ".o_ksef_popover"
NOTICE = ".o_ksef_notice"
PAGE, SETTINGS = ".o_ksef_page", "[id^=l10n_pl_ksef]"
WINDOW = ".modal-content:has(.o_ksef_authorization)"
DIALOG = ".modal-content"
#: Of Odoo's own lists and forms, what our views say.
VIEW = ".o_data_cell, .o_column_title, .o_form_sheet, .o_kanban_record"
#: Odoo shows cards instead of a list on a phone.
RECORDS, ONE_RECORD = ".o_list_view, .o_kanban_view", ".o_data_cell, .o_kanban_record"
FOOTER = ".modal-footer button"
#: What a panel says first, and the buttons that it offers for it.
OF_PANEL = ".o_ksef_popover .o_ksef_tick, .o_ksef_popover .o_ksef_actions .btn"
OF_CARD = ".o_ksef_dashboard .o_ksef_tick, .o_ksef_dashboard .o_ksef_panel .btn"
#: Why an invoice does not go to KSeF, and what to do about it.
OF_NOTICE = ".o_ksef_notice_text:visible, .o_ksef_notice button:visible"
OF_SENDING = (
    ".modal .o_ksef_notice_text:visible, .modal .o_ksef_notice button:visible,"
    " .modal-footer button:visible"
)
#: What a page of ours has to be pressed, chosen, filled in.
OF_PAGE = ":is(.o_ksef_page, #main) :is(button, select, input:not([type=file]), a.button):visible"
OF_SETTINGS = f":is({SETTINGS}) :is(button, select, input):visible"
#: Milliseconds that a page has to come to rest.
REST = 400


@dataclass(frozen=True)
class Screen:
    """One screen in one state.

    :param show: opens it, as often as it is called
    :param ours: a CSS selector: what lies within is ours, not Odoo's
    :param prepare: brings Odoo and KSeF into the state, once
    :param decisions: a CSS selector of what a user has to see when the browser is zoomed
    :param further: one of what a user may have to scroll a long page down to, and then sees whole
    """

    name: str
    show: Callable[[Tour], object]
    ours: str
    prepare: Callable[[Tour], object] = lambda tour: None
    decisions: str = ""
    further: str = ""


def at(path: str, visible: str, login: str = ACCOUNTANT) -> Callable[[Tour], object]:
    """Return what opens an address and waits for something on it."""

    def show(tour: Tour) -> None:
        page = tour.go(path, login)
        expect(page.locator(visible).first).to_be_visible()
        # What is being drawn anew is replaced while Playwright waits for it to stand still.
        page.locator(visible).first.evaluate(
            "element => element.scrollIntoView({block: 'nearest'})"
        )

    return show


def dialog(name: str, show: Callable[[Tour], object], *prepare: Callable[[Tour], object]) -> Screen:
    """Return the screen that is a dialog, whose buttons are its decisions."""
    return Screen(name, show, DIALOG, *prepare, decisions=FOOTER)
