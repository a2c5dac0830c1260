"""The question mark opens the Polish manual in a tab of its own, on a phone too."""

from __future__ import annotations

from journey import Journey
from playwright.sync_api import expect

WIDTHS = "([...document.images].map(image => (image.loading = 'eager', image.naturalWidth)))"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_the_question_mark_opens_the_manual_beside_the_window(journey: Journey) -> None:
    page = journey.log_in()
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef")
    with journey.context.expect_page() as opened:
        page.locator(".o_ksef_page .o_ksef_help").click()
    manual = opened.value
    expect(manual).to_have_title("KSeF w Odoo: pomoc")
    assert manual.url.endswith("/l10n_pl_ksef/help#stage-1")
    expect(manual.locator("#messages-file ~ dl").first).to_contain_text("Nieprawidłowy podpis:")
    manual.wait_for_function(f"{WIDTHS}.every(width => width)")
    manual.set_viewport_size({"width": 390, "height": 844})
    assert manual.evaluate(OVERFLOW) == 0


def test_window_and_konto_have_a_question_mark_which_leads_to_their_own_part(
    journey: Journey,
) -> None:
    page = journey.log_in()
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef-account")
    assert _opened_by(journey, ".o_ksef_page .o_ksef_help").endswith("/help#account")
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef")
    page.locator(".o_action_manager .o_ksef_connect").click()
    assert _opened_by(journey, ".o_ksef_authorization .o_ksef_help").endswith("/help#step-download")


def _opened_by(journey: Journey, selector: str) -> str:
    """Press a question mark, and return the address of the page that opens."""
    with journey.context.expect_page() as opened:
        journey.page.locator(selector).click()
    return opened.value.url
