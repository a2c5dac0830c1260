"""Konto on a laptop and on a phone; what the clock tells opens where something can be done."""

from __future__ import annotations

import re

import pytest
from journey import BUTTON, RED, Journey
from odoo_user import OdooUser, another_company, wait_until
from playwright.sync_api import Page, expect

LAPTOP, PHONE = (1366, 768), (390, 844)
COMPANY, OTHERS_NIP = "Gabinet Uśmiech", "1234563218"
OUTSIDE = """() => [...document.querySelectorAll('.o_ksef_account_page *')]
    .filter((item) => item.getBoundingClientRect().right > document.documentElement.clientWidth)
    .map((item) => item.outerHTML)"""


def open_account(journey: Journey, width: int, height: int) -> Page:
    """Open Konto at a size of the window; nothing may stick out of it."""
    page = journey.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef-account", timeout=90_000)
    # A new company makes Odoo prepare the page's files anew.
    expect(page.locator(".o_ksef_sessions tbody tr").first).to_be_visible(timeout=90_000)
    assert page.evaluate(OUTSIDE) == []
    return page


def test_konto_fits_a_phone_and_asks_before_invoices_stop(journey: Journey) -> None:
    journey.be_connected()
    page = journey.log_in()
    for width, height in (PHONE, LAPTOP):
        open_account(journey, width, height)
        page.locator(".o_ksef_certificates .o_ksef_more").first.click()
        revoke = page.get_by_role("menuitem", name="Unieważnij…")
        expect(revoke).to_have_css("border-color", RED[1])
        journey.picture(f"konto_{width}")
        page.keyboard.press("Escape")

    options = page.locator(".o_ksef_options")
    options.locator("select[name=environment]").select_option("production")
    options.get_by_role("button", name="Zapisz").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("Faktury staną")
    journey.picture("konto_what_stops")
    question.get_by_role("button", name=re.compile("Anuluj|Odrzuć|Zamknij")).first.click()
    page.locator(".o_menu_brand").click()
    expect(question).to_contain_text("nie są jeszcze zapisane")
    question.get_by_role("button", name="Zostań").click()
    expect(options).to_be_visible()


@pytest.mark.long
def test_a_company_connected_in_vain_is_told_at_the_clock_where_it_can_be_mended(
    journey: Journey,
) -> None:
    journey.be_connected()
    page = journey.log_in()
    admin = OdooUser(journey.demo.odoo_url, journey.demo.database, "admin")
    # The certificate's owner has no rights to it.
    with another_company(admin, COMPANY, OTHERS_NIP):
        open_account(journey, *LAPTOP)
        row = page.locator(".o_ksef_companies li").filter(has_text=COMPANY)
        expect(row.get_by_role("checkbox")).to_be_checked()
        page.get_by_role("button", name="Połącz wybrane").click()
        page.locator("input[type=password]").fill("ksiegowa")
        page.get_by_role("button", name="Potwierdź hasło").click()
        expect(row).to_contain_text("uprawnień")
        page.reload()
        expect(row).to_contain_text("uprawnień")
        journey.picture("konto_companies")

        told = "SELECT count(*) FROM mail_activity WHERE res_model = 'l10n_pl_ksef.alert'"
        wait_until(lambda: journey.demo.sql(told) != "0", "the alert", 90)
        page.reload()
        page.locator(".o_menu_systray .fa-clock-o").click()
        page.locator(".o-mail-ActivityGroup").filter(has_text="Połączenie z KSeF").click()
        expect(page.locator(".o_menu_brand")).to_have_text("Fakturowanie")
        page.locator(".o_data_row").filter(has_text=COMPANY).first.click()
        panel = page.locator(".o_form_view .o_ksef_panel")
        expect(panel).to_contain_text(COMPANY)
        expect(panel.get_by_role("button", name=BUTTON)).to_be_enabled()
        journey.picture("konto_notice")
