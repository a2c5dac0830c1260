"""The screen "Diagnosis" in a real browser, as an accountant and as an administrator see it."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Locator, Page, expect
from web_client import log_in

from stack.demo import DemoStack


def test_an_accountant_reads_the_connection_and_an_administrator_the_server(
    demo: DemoStack, polish_browser: BrowserContext
) -> None:
    page = polish_browser.new_page()
    rows = _checked(page, demo, "ksiegowa")
    expect(rows.filter(has_text="Serwer Odoo")).to_be_visible(timeout=30_000)
    expect(rows.filter(has_text="127.0.0.1")).to_have_count(0)
    expect(page.get_by_role("button", name="Kopiuj dla pomocy technicznej")).to_be_visible()
    page.goto(f"{demo.odoo_url}/web/session/logout")
    rows = _checked(page, demo, "admin")
    address = rows.filter(has_text="Nasz adres widziany przez KSeF")
    expect(address).to_contain_text("127.0.0.1", timeout=30_000)


def _checked(page: Page, demo: DemoStack, user: str) -> Locator:
    log_in(page, f"{demo.odoo_url}/web/login?redirect=/odoo/ksef-diagnosis", user)
    page.get_by_role("button", name="Sprawdź teraz").click()
    return page.locator(".o_ksef_diagnosis tr")
