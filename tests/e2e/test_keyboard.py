"""The keyboard alone leads from the bar to everything in the panel, and through the window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tour import USUAL, Tour

MOST_TABS = 60


@pytest.fixture
def page(tour: Tour) -> Page:
    """Give a page of an accountant whose company was never connected."""
    tour.forget()
    tour.resize(*USUAL)
    # Odoo's search box, which other pages begin in, keeps the Tab key to itself.
    page = tour.go("/odoo/ksef-diagnosis")
    expect(page.locator(".o_ksef_diagnosis")).to_be_visible()
    # A panel that opens by itself has done so.
    page.wait_for_timeout(600)
    page.keyboard.press("Escape")
    return page


def tab_to(wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _tab in range(MOST_TABS):
        if is_focused(wanted):
            return
        wanted.page.keyboard.press("Tab")
    raise AssertionError(f"{MOST_TABS} times Tab do not lead to {wanted}")


def is_focused(element: Locator) -> bool:
    """Whether an element has the focus now."""
    return bool(element.evaluate("(one) => one === document.activeElement"))


def focused_within(page: Page, selector: str) -> bool:
    """Whether the focus lies within what fits a selector."""
    return bool(page.evaluate("(one) => !!document.activeElement.closest(one)", selector))


def test_every_button_of_the_panel_is_reached_from_the_bar_and_escape_leads_back(page: Page):
    dot, panel = page.locator(".o_ksef_systray"), page.locator(".o_ksef_popover")
    tab_to(dot)
    page.keyboard.press("Enter")
    expect(panel.locator(".o_ksef_connect")).to_be_visible()
    assert focused_within(page, ".o_ksef_popover")
    buttons = panel.locator("button:visible, a[href]:visible").all()
    assert len(buttons) >= 2
    for button in buttons:
        tab_to(button)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(dot).to_be_focused()


def test_the_window_leads_to_a_connection_by_keyboard_alone(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.demo.odoo_url}/odoo/ksef")
    press(page.locator(".o_action_manager .o_ksef_connect"))
    window = page.locator(".o_ksef_authorization")
    expect(window).to_be_visible()
    with page.expect_download() as download:
        press(page.locator(".o_ksef_way[data-way=site] .o_ksef_download"))
    expect(page.locator(".o_ksef_signing_link")).to_be_visible()
    # Not lost on the page behind: the next Tab goes on in the window.
    assert focused_within(page, ".modal-content")
    signed = tour.signed(download.value.path().read_bytes())

    press(page.locator(".o_ksef_next"))
    choose(page, signed)
    answer_the_consent(page)
    press(page.locator(".o_ksef_authenticate"))
    expect(window).to_be_hidden(timeout=60_000)
    expect(page.locator(".o_action_manager .o_ksef_tick.o_ksef_green")).to_be_visible()


def press(button: Locator) -> None:
    """Go to a button by Tab, and press Enter."""
    expect(button).to_be_visible()
    tab_to(button)
    button.page.keyboard.press("Enter")


def choose(page: Page, document: bytes) -> None:
    """Choose a file by keyboard; the system's own dialog is not part of the page."""
    with page.expect_file_chooser() as chooser:
        press(page.locator(".o_ksef_choose"))
    file = {"name": "AuthTokenRequest (1).xml", "mimeType": "text/xml", "buffer": document}
    chooser.value.set_files(file)


def answer_the_consent(page: Page) -> None:
    """Choose an answer by keyboard: none is chosen beforehand."""
    answers = page.locator(".o_ksef_answer input")
    expect(answers).to_have_count(2)
    tab_to(answers.first)
    page.keyboard.press("Space")
    expect(answers.first).to_be_checked()
