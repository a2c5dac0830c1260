"""One panel behind the dot, in the settings and in the KSeF menu, in the journey's words."""

from __future__ import annotations

from journey import PANEL, Journey, expect_labels
from playwright.sync_api import expect


def test_the_dot_the_settings_and_the_menu_show_the_same_panel(journey: Journey) -> None:
    page = journey.log_in("admin")
    panel = journey.open_panel()
    expect_labels(panel)
    state = panel.locator(".o_ksef_tick").inner_text()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    # The address of the menu's screen.
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef")
    screen = page.locator(".o_action_manager .o_ksef_panel")
    expect_labels(screen)
    expect(screen.locator("h3")).to_have_text(PANEL)
    expect(screen.locator(".o_ksef_tick")).to_have_text(state)

    page.goto(f"{journey.demo.odoo_url}/odoo/action-account.action_account_config")
    setting = page.locator("#l10n_pl_ksef_connection")
    expect(setting).to_contain_text(PANEL)
    expect_labels(setting.locator(".o_ksef_panel"))
    expect(setting.locator(".o_ksef_tick")).to_have_text(state)
