"""The card on the accounting dashboard, and the panel that opens by itself, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from odoo_user import OdooUser, another_company, sign_in
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect
from tour import ACCOUNTANT, ADMINISTRATOR, forget_here
from web_client import log_in

from ksef_simulator.control import Control
from stack.demo import DemoStack
from stack.fixtures import polish_context

CARD, JOURNAL = ".o_ksef_dashboard", ".o_kanban_record:not(.o_kanban_ghost)"
POPOVER = ".o_ksef_popover .o_ksef_panel"
PANEL_CALL, FIGURES_CALL = "**/l10n_pl_ksef_panel", "**/l10n_pl_ksef_figures"
MESSAGE = """() => odoo.__WOWL_DEBUG__.root.env.services.notification.add(
    "Gotowe", { type: "success", sticky: true }
)"""
ERROR = ".o_error_dialog, .o_notification"
STEPS = [
    "NIP firmy jest wpisany.",
    "Połącz firmę: jeden podpis, około 3 minut.",
    "Wyślij fakturę testową.",
]
#: Neither the dashboard nor another screen that holds the panel.
ELSEWHERE = "/odoo/ksef-diagnosis"
LAPTOP, PHONE = (1366, 768), (390, 844)
#: Milliseconds after which a panel that opens by itself would be there.
PATIENCE = 2500


@pytest.fixture(autouse=True)
def red(demo: DemoStack) -> Iterator[None]:
    """A company that never was connected, and an accountant to whom the panel never opened."""
    forget_here(demo)
    forget_the_day(demo)
    yield
    simulator = Control(demo.simulator_url)
    simulator.reset()
    simulator.watch_contract()
    forget_here(demo)


def forget_the_day(demo: DemoStack) -> None:
    """Let the panel open by itself as on another day."""
    demo.sql("UPDATE res_users_settings SET l10n_pl_ksef_panel_day = NULL")


@pytest.fixture
def browsers(chromium: Browser) -> Iterator[Browsers]:
    """Give as many browsers as a test asks for."""
    made = Browsers(chromium)
    yield made
    made.close()


class Browsers:
    """Fresh Polish browsers, each as another device."""

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._contexts: list[BrowserContext] = []

    def page(self, size: tuple[int, int] = LAPTOP) -> Page:
        """Return the page of a browser that knows nothing of the others."""
        self._contexts.append(polish_context(self._chromium, size))
        return self._contexts[-1].new_page()

    def close(self) -> None:
        """Close all of them."""
        for context in self._contexts:
            context.close()


def at(demo: DemoStack, page: Page, path: str = "/odoo", login: str = ACCOUNTANT) -> Page:
    """Log in at an address of Odoo."""
    log_in(page, f"{demo.odoo_url}/web/login?redirect={path}", login)
    return page


def box_of(place: Locator) -> dict[str, float]:
    """Return where something lies on its page."""
    box = place.first.bounding_box()
    assert box
    return dict(box)


# ----------------------------------------------------------------------
# The card
# ----------------------------------------------------------------------
def test_the_card_is_beside_the_journals_from_1200_pixels_and_above_them_below(
    demo: DemoStack, browsers: Browsers
) -> None:
    page = at(demo, browsers.page((1200, 900)))
    expect(page.locator(f"{CARD} dl")).to_be_visible()
    for width in (1920, 1366, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        card, journal = box_of(page.locator(CARD)), box_of(page.locator(JOURNAL))
        assert card["x"] >= journal["x"] + journal["width"], width
        assert abs(card["y"] - journal["y"]) < 40, width
        assert card["x"] + card["width"] <= width
    for width in (1199, 768):
        page.set_viewport_size({"width": width, "height": 900})
        card, journal = box_of(page.locator(CARD)), box_of(page.locator(JOURNAL))
        assert card["y"] + card["height"] <= journal["y"], width


def test_on_a_phone_the_card_is_above_the_journals(demo: DemoStack, browsers: Browsers) -> None:
    page = at(demo, browsers.page(PHONE))
    expect(page.locator(f"{CARD} dl")).to_be_visible()
    card, journal = box_of(page.locator(CARD)), box_of(page.locator(JOURNAL))
    assert card["y"] + card["height"] <= journal["y"]


def test_the_card_is_there_without_any_journal(demo: DemoStack, browsers: Browsers) -> None:
    admin = OdooUser(demo.odoo_url, demo.database, ADMINISTRATOR)
    with another_company(admin, "Bez Dzienników sp. z o.o.", "8567346215") as company:
        page = at(demo, browsers.page())
        page.context.add_cookies([{"name": "cids", "value": str(company), "url": demo.odoo_url}])
        page.goto(f"{demo.odoo_url}/odoo")
        expect(page.locator(f"{CARD} .o_ksef_company")).to_contain_text("Bez Dzienników")
        expect(page.locator(f"{CARD} .o_ksef_connect")).to_be_visible()
        expect(page.locator("[name=journal_kanban], .o_dashboard_card_journal")).to_have_count(0)


def test_the_dashboard_is_drawn_before_its_card_has_an_answer(
    demo: DemoStack, browsers: Browsers
) -> None:
    page, held = browsers.page(), []
    page.route(PANEL_CALL, lambda route: held.append(route))
    at(demo, page)
    expect(page.locator(JOURNAL).first).to_be_visible()
    assert held, "nobody asked for the panel"
    expect(page.locator(f"{CARD} dl")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.locator(f"{CARD} dl")).to_be_visible()


@pytest.mark.parametrize("failure", ["cut", "status", "nonsense"])
def test_the_dashboard_does_without_its_card_and_without_a_word_when_the_server_fails(
    demo: DemoStack, browsers: Browsers, failure: str
) -> None:
    def fail(route: Route) -> None:
        if failure == "cut":
            route.abort()
        elif failure == "status":
            route.fulfill(status=502, body="Bad Gateway")
        else:
            refused = '{"jsonrpc": "2.0", "error": {"code": 0, "message": "x", "data": {}}}'
            route.fulfill(status=200, content_type="application/json", body=refused)

    page = browsers.page()
    page.route(PANEL_CALL, fail)
    page.route(FIGURES_CALL, fail)
    at(demo, page)
    expect(page.locator(JOURNAL).first).to_be_visible()
    page.wait_for_timeout(PATIENCE)
    expect(page.locator(JOURNAL).first).to_be_visible()
    expect(page.locator(f"{ERROR}, {CARD} dl")).to_have_count(0)


def test_a_company_that_never_was_connected_reads_three_things_in_order(
    demo: DemoStack, browsers: Browsers
) -> None:
    page = at(demo, browsers.page())
    steps = page.locator(f"{CARD} .o_ksef_first_steps li")
    expect(steps).to_have_text(STEPS)
    expect(steps.first).to_have_attribute("data-done", "1")
    # In production no invoice is sent as a test.
    change = "UPDATE res_company SET l10n_pl_ksef_environment = '{}' WHERE id = 1"
    demo.sql(change.format("production"))
    try:
        page.reload()
        expect(steps).to_have_text(STEPS[:2])
    finally:
        demo.sql(change.format("test"))


def test_a_message_hides_neither_the_card_nor_the_panel(
    demo: DemoStack, browsers: Browsers
) -> None:
    page = at(demo, browsers.page())
    expect(page.locator(f"{CARD} dl")).to_be_visible()
    page.evaluate(MESSAGE)
    message = page.locator(".o_notification")
    expect(message).to_be_visible()
    assert not overlap(message, page.locator(f"{CARD} .o_ksef_rows"))
    page.locator(".o_ksef_systray").click()
    expect(page.locator(f"{POPOVER} dl")).to_be_visible()
    assert not overlap(message, page.locator(f"{POPOVER} .o_ksef_rows"))


def overlap(one: Locator, other: Locator) -> bool:
    """Return True if two parts of a page lie above each other."""
    a, b = box_of(one), box_of(other)
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


# ----------------------------------------------------------------------
# The panel that opens by itself
# ----------------------------------------------------------------------
def expect_no_panel(page: Page) -> None:
    """Check that the panel has not opened when it would have."""
    expect(page.locator(".o_ksef_systray")).to_be_visible()
    page.wait_for_timeout(PATIENCE)
    expect(page.locator(POPOVER)).to_have_count(0)


def test_the_panel_opens_by_itself_once_a_day_whatever_the_browser(
    demo: DemoStack, browsers: Browsers
) -> None:
    page = at(demo, browsers.page(), ELSEWHERE)
    expect(page.locator(POPOVER)).to_be_visible()
    page.reload()
    expect_no_panel(page)
    expect_no_panel(at(demo, browsers.page(), ELSEWHERE))
    # Somebody else's day is another one.
    other = at(demo, browsers.page(), ELSEWHERE, ADMINISTRATOR)
    expect(other.locator(POPOVER)).to_be_visible()
    demo.sql("UPDATE res_users_settings SET l10n_pl_ksef_panel_day = '2026-01-01'")
    page.reload()
    expect(page.locator(POPOVER)).to_be_visible()


def test_the_panel_never_opens_by_itself_on_a_phone_which_leaves_the_day_to_the_desk(
    demo: DemoStack, browsers: Browsers
) -> None:
    expect_no_panel(at(demo, browsers.page(PHONE), ELSEWHERE))
    expect(at(demo, browsers.page(), ELSEWHERE).locator(POPOVER)).to_be_visible()


def test_the_panel_never_opens_by_itself_while_all_is_well(
    demo: DemoStack, browsers: Browsers
) -> None:
    user = OdooUser(demo.odoo_url, demo.database, ACCOUNTANT)
    assert sign_in(user, Control(demo.simulator_url), "owner")
    page = at(demo, browsers.page(), ELSEWHERE)
    expect_no_panel(page)
    page.goto(f"{demo.odoo_url}/odoo")
    expect(page.locator(f"{CARD} .o_ksef_slim")).to_have_text(re.compile("Aktywne do"))
    expect(page.locator(f"{CARD} dl")).to_have_count(0)


def held_back(demo: DemoStack, page: Page, path: str) -> list[Route]:
    """Open a page whose panel's data is on its way for as long as the test wants."""
    held: list[Route] = []
    page.route(PANEL_CALL, lambda route: held.append(route))
    with page.expect_request(PANEL_CALL):
        at(demo, page, path)
    return held


def let_go(page: Page, held: list[Route]) -> None:
    """Let the panel's data come."""
    assert held, "nobody asked for the panel"
    for route in held:
        route.continue_()
    page.unroute(PANEL_CALL)


def test_the_panel_never_opens_by_itself_over_a_dialog(demo: DemoStack, browsers: Browsers) -> None:
    page = browsers.page()
    held = held_back(demo, page, ELSEWHERE)
    page.keyboard.press("Control+k")
    dialog = page.locator(".modal")
    expect(dialog).to_be_visible()
    let_go(page, held)
    expect_no_panel(page)
    # The day is not used up.
    page.reload()
    expect(page.locator(POPOVER)).to_be_visible()


def test_the_panel_never_opens_by_itself_over_a_form_that_nobody_has_saved(
    demo: DemoStack, browsers: Browsers
) -> None:
    user = OdooUser(demo.odoo_url, demo.database, ACCOUNTANT)
    (entry,) = user.call("account.move", "create", [{"move_type": "entry"}])
    page = browsers.page()
    held = held_back(demo, page, f"/odoo/action-account.action_move_journal_line/{entry}")
    reference = page.locator(".o_form_view .o_field_widget[name=ref] input:visible")
    reference.fill("jeszcze nie zapisane")
    expect(page.locator(".o_form_button_save")).to_be_visible()
    let_go(page, held)
    expect_no_panel(page)
    expect(reference).to_have_value("jeszcze nie zapisane")
