"""An accountant who writes invoices and sends them with Odoo's own windows."""

from __future__ import annotations

import re
from pathlib import Path

import manual
from odoo_user import OdooUser, draft_invoice
from playwright.sync_api import BrowserContext, Locator, Page, expect

from ksef_simulator.control import Control
from stack.demo import DemoStack

# Two cores may be busy with other tests beside this one.
expect.set_options(timeout=60_000)
KSEF_NUMBER = re.compile(r"\d{10}-\d{8}-[0-9A-F]{12}-[0-9A-F]{2}")
UPDATE_CALL = "**/action_l10n_pl_edi_update_invoice_status*"
INVOICES = "/odoo/action-account.action_move_out_invoice_type"


class Office:
    """An accountant who writes invoices over RPC and sends them in the browser."""

    def __init__(self, demo: DemoStack, context: BrowserContext, pictures: Path) -> None:
        self.demo, self.pictures = demo, pictures
        self.simulator = Control(demo.simulator_url)
        self.accountant = OdooUser(demo.odoo_url, demo.database, "ksiegowa")
        self.page = self._log_in(context)

    def _log_in(self, context: BrowserContext) -> Page:
        page = context.new_page()
        page.goto(f"{self.demo.odoo_url}/web/login")
        page.fill("input[name=login]", "ksiegowa")
        page.fill("input[name=password]", "ksiegowa")
        page.click("button[type=submit]")
        expect(page.locator(".o_main_navbar")).to_be_visible()
        return page

    def draft(self) -> int:
        """Write an invoice of one service with 23 % VAT, and return its id."""
        return draft_invoice(self.accountant)

    def send(self, picture: str) -> str:
        """Post an invoice, send it by the wizard, and return the KSeF number on its form."""
        address = self.press_send(picture)
        expect(self.page.get_by_role("dialog")).to_be_hidden()
        return self._number(address, picture)

    def press_send(self, picture: str) -> str:
        """Post an invoice, press the wizard's button, and return the invoice's address."""
        address = self.posted()
        wizard = self.open_wizard()
        self.picture(f"{picture}_wizard")
        wizard.locator("button[name=action_send_and_print]:visible").click()
        return address

    def posted(self) -> str:
        """Post an invoice on its form, and return the form's address."""
        address = f"{self.demo.odoo_url}{INVOICES}/{self.draft()}"
        self.page.goto(address)
        post = self.page.locator("button[name=action_post]:visible")
        expect(post).to_be_visible()
        post.click()
        expect(self.page.locator("button[name=action_invoice_sent]:visible").first).to_be_visible()
        return address

    def open_wizard(self) -> Locator:
        """Open the window that sends the invoice on the screen, and return it."""
        self.page.locator("button[name=action_invoice_sent]:visible").first.click()
        wizard = self.page.get_by_role("dialog")
        expect(wizard).to_contain_text("KSeF")
        for email in wizard.locator("#sending_method_checkboxes_email, input[id*=email]").all():
            email.uncheck()
        return wizard

    def _number(self, address: str, picture: str) -> str:
        """Wait for the KSeF number, and return it."""
        page = self.page
        number = page.locator("div[name=l10n_pl_edi_number]").first
        check = page.locator("button[name=action_l10n_pl_edi_update_invoice_status]:visible")
        for _try in range(20):
            page.goto(address)
            expect(page.locator(".o_form_view")).to_be_visible()
            if number.is_visible():
                break
            if check.count():
                with page.expect_response(UPDATE_CALL):
                    check.click()
            page.wait_for_timeout(500)
        expect(number).to_have_text(KSEF_NUMBER)
        self.picture(f"{picture}_number")
        return number.inner_text()

    def picture(self, name: str) -> None:
        """Save a screenshot of what the accountant sees, and compare the addon's picture of it."""
        self.page.screenshot(path=self.pictures / f"sends_{name}.png")
        outdated = manual.look(self.page, name)
        assert not outdated, outdated
