"""Drives a browser as an accountant does, in the words of the screens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import manual
from odoo_user import OdooUser, first_login, wait_for_certificate
from playwright.sync_api import BrowserContext, Locator, Page, expect
from web_client import log_in

from ksef_simulator.control import Control
from stack.demo import DemoStack

PANEL = "Połączenie z KSeF"
PANEL_LABELS = ["Czy aktywne połączenie z KSeF", "Data wygaśnięcia", "Certyfikat KSeF"]
BUTTON = "Odśwież połączenie (podpis)"
RED = ("fa-times", "rgb(198, 40, 40)")
GREEN = ("fa-check", "rgb(27, 125, 53)")
FILE = "AuthTokenRequest.xml"
SIGNED = "AuthTokenRequest (1).xml"
# A press of the mouse is one, whatever events it becomes.
NOTE_CLICKS = """
    addEventListener("mousedown", (ev) => {
        const pressed = ev.target.closest("button, a, label, input") || ev.target;
        noteClick((pressed.querySelector?.("strong") || pressed).innerText || pressed.name || "");
    }, true);
"""


def expect_tick(panel: Locator, label: str, sign: tuple[str, str]) -> None:
    """Check the panel's first row: its word, its icon, and the colour of both."""
    icon, colour = sign
    tick = panel.locator(".o_ksef_tick")
    expect(tick).to_have_text(label)
    expect(tick).to_have_css("color", colour)
    expect(tick.locator("i")).to_have_class(re.compile(rf"\b{icon}\b"))


def expect_labels(panel: Locator) -> None:
    """Check that the panel's words are those of docs/journey.md 1."""
    expect(panel.locator("dt")).to_contain_text(PANEL_LABELS)
    expect(panel.locator(".o_ksef_connect")).to_have_text(BUTTON)


class Clicks:
    """What was pressed with the mouse, by its label; the signing site's are counted apart."""

    def __init__(self, context: BrowserContext) -> None:
        self.odoo: Page | None = None
        self.in_odoo: list[str] = []
        self.at_site: list[str] = []
        context.expose_binding("noteClick", self._note)
        context.add_init_script(NOTE_CLICKS)

    def _note(self, source: dict[str, Any], label: str) -> None:
        (self.in_odoo if source["page"] is self.odoo else self.at_site).append(label.strip())


class Journey:
    """One accountant at a fresh browser."""

    def __init__(self, demo: DemoStack, context: BrowserContext, folder: Path, pictures: Path):
        self.demo, self.context, self.folder, self.pictures = demo, context, folder, pictures
        self.clicks = Clicks(context)
        self.page = self.clicks.odoo = context.new_page()
        self.outdated: list[str] = []

    def log_in(self, login: str = "ksiegowa") -> Page:
        """Log in to Odoo and wait for the menu."""
        log_in(self.page, f"{self.demo.odoo_url}/web/login", login)
        return self.page

    def be_connected(self) -> None:
        """Connect the company without the browser, unless an earlier test has done so."""
        accountant = OdooUser(self.demo.odoo_url, self.demo.database, "ksiegowa")
        panel = accountant.call("res.company", "l10n_pl_ksef_panel", [1])
        if panel["color"] != "green":
            first_login(accountant, Control(self.demo.simulator_url))
        elif panel["certificate"]["state"] == "issuing":
            wait_for_certificate(accountant)

    def picture(self, name: str) -> None:
        """Save a screenshot of what the accountant sees, and compare the manual's picture of it."""
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=self.pictures / f"{name}.png")
        if outdated := manual.look(self.page, name):
            self.outdated.append(outdated)

    def card(self) -> Locator:
        """Return the panel on the accounting dashboard, where an accountant lands."""
        return self.page.locator(".o_ksef_dashboard .o_ksef_panel")

    def open_panel(self) -> Locator:
        """Open the panel behind the dot, unless it has opened by itself, and return it."""
        panel = self.page.locator(".o_ksef_popover .o_ksef_panel")
        dot = self.page.locator(".o_ksef_systray")
        expect(dot).to_be_visible()
        # By itself it opens when the first screen is drawn: a click just then would close it.
        self.page.wait_for_timeout(1000)
        if dot.get_attribute("aria-expanded") == "false":
            dot.click()
        expect(panel).to_be_visible()
        return panel

    def download(self, way: str = "site") -> Path:
        """Press the dark blue button of a way of signing, and return the saved file."""
        with self.page.expect_download() as download:
            chosen = self.page.locator(f".o_ksef_way[data-way={way}]")
            chosen.get_by_role("button", name=f"Pobierz {FILE}").click()
        assert download.value.suggested_filename == FILE
        target = self.folder / FILE
        download.value.save_as(target)
        return target

    def sign(self, document: Path, signer: str) -> Path:
        """Sign on the signing site, as on moj.gov.pl, and return the saved file."""
        with self.context.expect_page() as opened:
            self.page.get_by_role("link", name="moj.gov.pl").click()
        site = opened.value
        site.set_input_files("input[type=file]", document)
        site.get_by_role("button", name="Podpisz").click()
        site.locator(f"button[value={signer}]").click()
        with site.expect_download() as download:
            site.get_by_role("link", name="POBIERZ").click()
        assert download.value.suggested_filename == SIGNED
        target = self.folder / SIGNED
        download.value.save_as(target)
        site.close()
        return target

    def answer(self, answer: str) -> None:
        """Answer the window's question how often to sign: Tylko raz, or Co 7 dni."""
        self.page.locator(".o_ksef_answer").filter(has_text=answer).click()

    def footer_button_at(self) -> float:
        """Return how far from the top the window's right button has its middle, in pixels."""
        box = self.page.locator(".o_ksef_buttons > button").last.bounding_box()
        assert box
        return box["y"] + box["height"] / 2

    def choose(self, document: Path) -> None:
        """Choose a file on the third screen."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=re.compile("Wybierz plik|zmień")).click()
        chooser.value.set_files(document)
