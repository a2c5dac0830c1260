"""Odoo's web client in the browser, as each of its users meets it first."""

from __future__ import annotations

from playwright.sync_api import Page, expect

# Two cores may be busy with other tests beside this one.
expect.set_options(timeout=60_000)


def log_in(page: Page, address: str, login: str) -> None:
    """Log in on Odoo's page for it, and wait for the menu; a password is the login's name."""
    page.goto(address)
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", login)
    page.click("button[type=submit]")
    expect(page.locator(".o_main_navbar")).to_be_visible()
