"""The five stages of the first login, lived by an accountant in Polish in a real browser."""

from __future__ import annotations

import re

from journey import BUTTON, GREEN, RED, Journey, expect_labels, expect_tick
from playwright.sync_api import expect

UNSIGNED = (
    "Nieprawidłowy podpis: to jest plik pobrany z Odoo, jeszcze bez podpisu; "
    "wybierz najnowszy plik, pobrany z gov.pl"
)


def test_an_accountant_gets_from_red_to_green_by_reading_the_screen(journey: Journey) -> None:
    page = journey.log_in()
    panel = journey.card()
    expect_labels(panel)
    expect(page.locator(".o_ksef_systray")).to_contain_text("KSeF: podpisz")
    expect_tick(panel, "Nie", RED)
    expect(panel.locator(".o_ksef_certificate")).to_have_text("brak")
    journey.picture("stage_1_disconnected")

    panel.get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window).to_contain_text("Nie otwieraj tego pliku")
    journey.picture("stage_2_download")
    document = journey.download()
    expect(window.locator(".o_ksef_signing li")).to_have_count(5)
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
    expect(journey.card()).to_contain_text("Aktywne do")
    panel = journey.open_panel()
    expect_labels(panel)
    expect_tick(panel, "Tak", GREEN)
    expect(panel).to_contain_text(re.compile("za [67] dni"))
    expect(panel).to_contain_text(re.compile(r"ważny do \d"), timeout=90_000)
    journey.picture("stage_5_connected")
