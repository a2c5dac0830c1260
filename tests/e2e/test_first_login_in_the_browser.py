"""The five stages of the first login, lived by an accountant in Polish in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from journey import BUTTON, GREEN, RED, Journey, expect_labels, expect_tick
from playwright.sync_api import expect

UNSIGNED = (
    "Nieprawidłowy podpis: to jest plik pobrany z Odoo, jeszcze bez podpisu; "
    "wybierz najnowszy plik, pobrany z gov.pl"
)
NAVY, BLUE = "rgb(23, 63, 115)", "rgb(26, 111, 196)"
SEVEN = [
    BUTTON,
    "Pobierz AuthTokenRequest.xml",
    "Otwórz moj.gov.pl",
    "Dalej",
    "+ Wybierz plik",
    "Tylko raz",
    "Uwierzytelnij",
]


def test_an_accountant_gets_from_red_to_green_by_reading_the_screen(
    journey: Journey, record_property: Callable[[str, object], None]
) -> None:
    page = journey.log_in()
    panel = journey.card()
    expect_labels(panel)
    expect(page.locator(".o_ksef_systray")).to_contain_text("KSeF: podpisz")
    expect_tick(panel, "Nie", RED)
    expect(panel.locator(".o_ksef_certificate")).to_have_text("brak")
    journey.picture("stage_1_disconnected")

    # Opening the panel costs no click: it is there.
    journey.clicks.in_odoo.clear()
    began, heights = time.monotonic(), []
    panel.get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window).to_contain_text("Nie otwieraj tego pliku")
    expect(window.get_by_role("button", name="Dalej")).to_be_disabled()
    heights.append(journey.footer_button_at())
    journey.picture("stage_2_download")
    expect(window.locator(".o_ksef_download").first).to_have_css("background-color", NAVY)
    document = journey.download()
    expect(window.locator(".o_ksef_way[data-way=site] .o_ksef_signing li")).to_have_count(5)
    # What to press next is the one dark blue button of the screen; Next is grey, and not blocked.
    expect(window.get_by_role("link", name="Otwórz moj.gov.pl")).to_have_css(
        "background-color", NAVY
    )
    following = window.get_by_role("button", name="Dalej")
    expect(following).to_be_enabled()
    for color in (NAVY, BLUE):
        expect(following).not_to_have_css("background-color", color)
    heights.append(journey.footer_button_at())
    journey.picture("stage_3_sign")
    signed = journey.sign(document, "owner")
    window.get_by_role("button", name="Dalej").click()

    expect(window).to_contain_text("Dołącz podpisany dokument")
    heights.append(journey.footer_button_at())
    journey.choose(signed)
    expect(window).to_contain_text("Róża Żółć-Źdźbło")
    expect(window.get_by_role("radio", checked=True)).to_have_count(0)
    expect(window.get_by_role("button", name="Uwierzytelnij")).to_be_disabled()
    journey.answer("Tylko raz")
    heights.append(journey.footer_button_at())
    journey.picture("stage_4_signed")
    window.get_by_role("button", name="Uwierzytelnij").click()

    expect(window).to_be_hidden(timeout=30_000)
    clicks, seconds = journey.clicks, time.monotonic() - began
    assert clicks.in_odoo == SEVEN
    assert max(heights) - min(heights) < 1, heights
    expect(journey.card()).to_contain_text("Aktywne do")
    panel = journey.open_panel()
    expect_labels(panel)
    expect_tick(panel, "Tak", GREEN)
    expect(panel).to_contain_text(re.compile("za [67] dni"))
    valid = re.compile(r"ważny do \d")
    expect(panel.locator(".o_ksef_certificate")).to_contain_text(valid, timeout=90_000)
    until_certificate = time.monotonic() - began - seconds
    record_property(
        "figures",
        f"red to green: {len(SEVEN)} clicks in Odoo, {seconds:.0f} s by script; apart:"
        f" {len(clicks.at_site)} clicks at the signing site, 2 file dialogs, 0 to open the panel;"
        f" the certificate {until_certificate:.0f} s later",
    )
    # The second certificate comes after the first.
    expect(panel.locator(".o_ksef_offline")).to_contain_text(valid, timeout=90_000)
    journey.picture("stage_5_connected")


def test_the_unsigned_file_is_explained_and_cannot_be_sent(journey: Journey) -> None:
    page = journey.log_in()
    journey.open_panel().get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    document = journey.download()
    window.get_by_role("button", name="Dalej").click()
    journey.choose(document)
    expect(window).to_contain_text(UNSIGNED)
    expect(window.get_by_role("button", name="Uwierzytelnij")).to_be_disabled()
    journey.picture("stage_4_unsigned")
    # The next window begins at its beginning.
    window.get_by_role("button", name="Wstecz").click()
    expect(window.get_by_role("link", name="moj.gov.pl")).to_be_visible()
    window.get_by_role("button", name="Wstecz").click()
    expect(window).to_contain_text("Nie otwieraj tego pliku")
