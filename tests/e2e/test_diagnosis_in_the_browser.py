"""Support's screen in a real browser: one button checks, the result can be copied."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, expect

from stack.demo import DemoStack


def test_an_accountant_checks_the_way_to_ksef(
    demo: DemoStack, polish_browser: BrowserContext
) -> None:
    page = polish_browser.new_page()
    page.goto(f"{demo.odoo_url}/web/login?redirect=/odoo/ksef-diagnosis")
    page.fill("input[name=login]", "ksiegowa")
    page.fill("input[name=password]", "ksiegowa")
    page.click("button[type=submit]")
    page.get_by_role("button", name="Sprawdź teraz").click()
    rows = page.locator(".o_ksef_diagnosis tr")
    expect(rows.filter(has_text="KSeF odpowiada")).to_contain_text("ms", timeout=30_000)
    expect(rows.filter(has_text="Nasz adres widziany przez KSeF")).to_contain_text("127.0.0.1")
    expect(page.get_by_role("button", name="Kopiuj dla pomocy technicznej")).to_be_visible()
