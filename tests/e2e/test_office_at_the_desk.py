"""An accounting office connects its clients at one desk: from the list to green, by clicking."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from journey import Journey
from playwright.sync_api import Browser, Page, expect
from test_signer_elsewhere import PHONE
from web_client import log_in

from ksef_simulator.control import Control
from ksef_simulator.office import CLIENTS
from ksef_simulator.signers import sign
from stack.demo import DemoStack
from stack.fixtures import polish_context

# One signer's clients, not of whoever signs for the demo's own company.
CHOSEN, SIGNER = CLIENTS[8:11], "qualified"
LIST, ROW = "/odoo/ksef-companies", ".o_data_row"
DESK = ".o_ksef_batch[data-kind=sign]"
#: A finger on a card; where it touches does not matter.
TOUCH: dict[str, list[int]] = {"touches": [], "changedTouches": [], "targetTouches": []}


def open_list(page: Page, demo: DemoStack) -> None:
    """Open the list of the office's companies."""
    page.goto(f"{demo.odoo_url}{LIST}")
    # The office's own company is among them.
    expect(page.locator(ROW)).to_have_count(1 + len(CLIENTS))


def select(page: Page, button: str) -> None:
    """Select the chosen clients in the list, and press a button above it."""
    for client in CHOSEN:
        page.locator(ROW, has_text=client.name).locator(".o_list_record_selector input").click()
    page.get_by_role("button", name=button).click()


def signed_files(page: Page, simulator: Control, folder: Path) -> list[Path]:
    """Download the ZIP, sign every file in it, and return the signed files."""
    with page.expect_download() as download:
        page.locator(".o_ksef_files").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        unsigned = {name: archive.read(name) for name in archive.namelist()}
    assert set(unsigned) == {f"AuthTokenRequest {client.nip}.xml" for client in CHOSEN}
    files = []
    for number, document in enumerate(unsigned.values()):
        # As signing programs name them: nothing in the name tells the company.
        files.append(folder / f"podpisany ({number}).xml")
        files[-1].write_bytes(sign(document, SIGNER, at=simulator.clock.now()))
    return files


def test_an_office_signs_for_its_clients_at_one_desk(
    demo: DemoStack, journey: Journey, tmp_path: Path
) -> None:
    simulator = Control(demo.simulator_url)
    page = journey.log_in("biuro")
    open_list(page, demo)
    journey.picture("office_list")

    select(page, "Pliki do podpisu")
    expect(page.locator(DESK)).to_be_visible()
    files = signed_files(page, simulator, tmp_path)
    page.locator(".o_ksef_files_input").set_input_files(files)
    expect(page.locator(f"{DESK} .o_ksef_send_all")).to_contain_text(str(len(CHOSEN)))
    words = page.locator("[data-answer=once]")
    expect(words).to_contain_text(f"za każdą osobę podpisującą ({CHOSEN[0].signer.name})")
    words.locator("input").check()
    journey.picture("office_desk")
    page.locator(".o_ksef_send_all").click()
    expect(page.locator(f"{DESK} [data-state=done]")).to_have_count(len(CHOSEN))
    page.reload()
    expect(page.locator(f"{DESK} [data-state=done]")).to_have_count(len(CHOSEN))
    journey.picture("office_results")

    open_list(page, demo)
    for client in CHOSEN:
        expect(page.locator(ROW, has_text=client.name)).to_contain_text("Połączono")
    journey.picture("office_list_later")


@pytest.mark.long
def test_on_a_phone_the_selected_cards_have_the_buttons_of_the_list(
    demo: DemoStack, chromium: Browser
) -> None:
    context = polish_context(chromium, PHONE)
    page = context.new_page()
    log_in(page, f"{demo.odoo_url}/web/login", "biuro")
    page.goto(f"{demo.odoo_url}{LIST}")
    card = page.locator(".o_kanban_record", has_text=CHOSEN[0].name)
    card.dispatch_event("touchstart", TOUCH)
    expect(page.locator(".o_selection_container")).to_be_visible()
    card.dispatch_event("touchend", TOUCH)
    page.locator(".o_cp_action_menus button").first.click()
    page.get_by_role("button", name="Pliki do podpisu").click()
    expect(page.locator(f"{DESK} tbody tr")).to_have_count(1)
    context.close()
