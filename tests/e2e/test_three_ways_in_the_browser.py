"""Who has a KSeF certificate already connects with its files, in Polish, in a real browser."""

from __future__ import annotations

from journey import BUTTON, GREEN, RED, Journey, expect_tick
from ministry import account
from playwright.sync_api import expect

from ksef_simulator.control import Control

WAYS = ["moj.gov.pl", "Własny program do podpisu", "Mam już certyfikat KSeF"]
PASSWORD = "zażółć gęślą"


def test_a_window_on_a_page_that_is_narrowed_holds_all_that_is_in_it(journey: Journey) -> None:
    page = journey.log_in()
    journey.open_panel().get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window.locator(".o_ksef_way")).to_have_count(len(WAYS))
    page.set_viewport_size({"width": 390, "height": 844})
    inner, outer = (
        window.locator(part).bounding_box() for part in (".modal-footer", ".modal-content")
    )
    assert inner and outer
    assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]


def test_a_certificate_of_the_ministry_leads_from_red_to_green_without_a_signature(
    journey: Journey,
) -> None:
    # A company that never was connected, whatever other tests have done here.
    journey.demo.sql("TRUNCATE l10n_pl_ksef_session, l10n_pl_ksef_certificate CASCADE")
    with account(Control(journey.demo.simulator_url)) as owner:
        files = owner.certificate_files(journey.folder, PASSWORD)

    page = journey.log_in()
    panel = journey.open_panel()
    expect_tick(panel, "Nie", RED)
    panel.get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window.locator(".o_ksef_way strong")).to_have_text(WAYS)
    journey.picture("ways_1_choice")

    window.get_by_role("button", name="Wczytaj certyfikat").click()
    page.locator("input[type=password]").fill("ksiegowa")
    page.get_by_role("button", name="Potwierdź hasło").click()

    with page.expect_file_chooser() as chooser:
        window.get_by_role("button", name="Wybierz pliki").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files(files)
    window.get_by_label("Hasło do klucza").fill("pomyłka")
    window.get_by_role("button", name="Połącz").click()
    expect(window.locator(".o_ksef_note_stop")).to_contain_text("Hasło")
    window.get_by_label("Hasło do klucza").fill(PASSWORD)
    journey.picture("ways_2_certificate")
    window.get_by_role("button", name="Połącz").click()

    expect(window).to_be_hidden()
    panel = journey.open_panel()
    expect_tick(panel, "Tak", GREEN)
    expect(panel.locator(".o_ksef_certificate")).to_contain_text("ważny do")
    journey.picture("ways_3_connected")
