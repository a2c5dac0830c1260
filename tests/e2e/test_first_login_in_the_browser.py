"""The five stages of the first login, lived by an accountant in Polish in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from stack.demo import DemoStack

PANEL = "Połączenie z KSeF"
BUTTON = "Odśwież połączenie (podpis)"
FILE = "AuthTokenRequest.xml"
SIGNED = "AuthTokenRequest (1).xml"
UNSIGNED = (
    "Nieprawidłowy podpis: to jest plik pobrany z Odoo, jeszcze bez podpisu; "
    "wybierz najnowszy plik, pobrany z gov.pl"
)

# Two cores may be busy with other tests beside this one.
expect.set_options(timeout=30_000)


class Journey:
    """What the accountant does, in the words of the screens."""

    def __init__(self, demo: DemoStack, context: BrowserContext, folder: Path, pictures: Path):
        self.demo, self.context, self.folder, self.pictures = demo, context, folder, pictures
        self.page = context.new_page()

    def log_in(self, login: str = "ksiegowa") -> Page:
        """Log in to Odoo and wait for the menu."""
        self.page.goto(f"{self.demo.odoo_url}/web/login")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", login)
        self.page.click("button[type=submit]")
        expect(self.page.locator(".o_main_navbar")).to_be_visible()
        return self.page

    def picture(self, name: str) -> None:
        """Keep a screenshot of what the accountant sees."""
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=self.pictures / f"{name}.png")

    def open_panel(self):
        """The panel behind the dot at the top right."""
        self.page.locator(".o_menu_systray").get_by_text("KSeF", exact=True).click()
        panel = self.page.locator(".o_ksef_panel", has_text=PANEL)
        expect(panel).to_be_visible()
        return panel

    def download(self) -> Path:
        """Press the dark blue button; the saved file."""
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=f"Pobierz {FILE}").click()
        assert download.value.suggested_filename == FILE
        target = self.folder / FILE
        download.value.save_as(target)
        return target

    def sign(self, document: Path, signer: str) -> Path:
        """Sign on the signing site, as on moj.gov.pl; the saved file."""
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

    def choose(self, document: Path) -> None:
        """Choose a file on the third screen."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name=re.compile("Wybierz plik|zmień")).click()
        chooser.value.set_files(document)


@pytest.fixture
def journey(demo: DemoStack, polish_browser: BrowserContext, tmp_path: Path, pictures: Path):
    """An accountant at a fresh browser."""
    return Journey(demo, polish_browser, tmp_path, pictures)


def test_an_accountant_gets_from_red_to_green_by_reading_the_screen(journey: Journey) -> None:
    page = journey.log_in()
    panel = journey.open_panel()
    expect(panel).to_contain_text("Czy aktywne połączenie z KSeF")
    expect(panel).to_contain_text("Nie")
    journey.picture("stage_1_disconnected")

    panel.get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window).to_contain_text("Nie otwieraj tego pliku")
    document = journey.download()
    journey.picture("stage_2_download")
    window.get_by_role("button", name="Dalej").click()

    journey.picture("stage_3_sign")
    signed = journey.sign(document, "owner")
    window.get_by_role("button", name="Dalej").click()

    expect(window).to_contain_text("Dołącz podpisany dokument")
    journey.choose(document)
    expect(window).to_contain_text(UNSIGNED)
    expect(window.get_by_role("button", name="Uwierzytelnij")).to_be_disabled()
    journey.picture("stage_4_unsigned")

    journey.choose(signed)
    expect(window).to_contain_text("Róża Żółć-Źdźbło")
    window.get_by_label(re.compile("certyfikat", re.IGNORECASE)).first.check()
    journey.picture("stage_4_signed")
    window.get_by_role("button", name="Uwierzytelnij").click()

    expect(window).to_be_hidden(timeout=30_000)
    panel = page.locator(".o_ksef_panel", has_text=PANEL)
    expect(panel).to_contain_text("Tak", timeout=30_000)
    expect(panel).to_contain_text(re.compile("za [67] dni"))
    expect(panel).to_contain_text(re.compile(r"ważny do \d"), timeout=90_000)
    journey.picture("stage_5_connected")
