"""The keyboard alone leads an office from its list to a link, and the signer to the end."""

from __future__ import annotations

import pytest
from clients import LINK, Clients
from playwright.sync_api import Page, expect
from test_keyboard import press, tab_to
from tour import OFFICE, USUAL, Tour

from ksef_simulator.office import CLIENTS

#: By the signer's name: who that is at the simulator.
SIGNERS = {"Róża Żółć-Źdźbło": "owner", "Jan Maria Wiśniewski": "qualified"}


@pytest.mark.long
def test_from_the_list_to_the_signature_the_keyboard_is_enough(tour: Tour) -> None:
    tour.forget()
    Clients(tour).set_link_address()
    name = ask_the_first(the_list(tour))
    (client,) = [one for one in CLIENTS if one.name == name]
    tour.follow_link(LINK.findall(tour.demo.mailbox.html_for(client.email)[-1])[0])
    sign(tour, SIGNERS[client.signer.name])
    expect(tour.page.locator("body")).to_contain_text("Gotowe")


def the_list(tour: Tour) -> Page:
    """Open the list of companies, and wait for a panel that may open by itself."""
    tour.resize(*USUAL)
    page = tour.go("/odoo/ksef-companies", OFFICE)
    expect(page.locator(".o_data_row").first).to_be_visible()
    page.wait_for_timeout(600)
    page.keyboard.press("Escape")
    return page


def ask_the_first(page: Page) -> str:
    """Select the first client, send its signer a link, and return the company's name.

    The office's own company, for which nobody signs by a link, stands above.
    """
    # From Odoo's search box into the list.
    page.locator(".o_searchview_input").focus()
    page.keyboard.press("ArrowDown")
    row = page.locator(".o_data_row").nth(1)
    tab_to(row.locator(".o_list_record_selector input"))
    page.keyboard.press("Space")
    expect(row.locator(".o_list_record_selector input")).to_be_checked()
    name = row.locator("[name=name]").inner_text()
    press(page.get_by_role("button", name="Poproś o podpisy"))
    batch = page.locator(".o_ksef_batch")
    expect(batch.locator(".o_ksef_send_links")).to_be_visible()
    press(batch.locator(".o_ksef_send_links"))
    expect(batch.locator("[data-state=done]")).to_have_count(1)
    return name


def sign(tour: Tour, signer: str) -> None:
    """Download, sign, choose, answer and send on the signer's page."""
    page = tour.page
    with page.expect_download() as download:
        press(page.locator("#download"))
    signed = tour.signed(download.value.path().read_bytes(), signer)
    with page.expect_file_chooser() as chooser:
        press(page.locator("input[type=file]"))
    file = {"name": "podpisany.xml", "mimeType": "text/xml", "buffer": signed}
    chooser.value.set_files(file)
    answers = page.locator("input[type=radio]")
    expect(answers).to_have_count(2)
    tab_to(answers.first)
    page.keyboard.press("Space")
    expect(answers.first).to_be_checked()
    press(page.locator(".send"))
