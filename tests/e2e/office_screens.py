"""The screens of an accounting office and of its clients' signers, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients import Clients
from one_screen import PAGE, RECORDS, REST, VIEW, Screen, at, dialog
from playwright.sync_api import expect
from tour import OFFICE, USUAL, Tour


def _cards(tour: Tour) -> None:
    COMPANIES(tour)
    # A phone shows cards in any case.
    switch = tour.page.locator(".o_switch_view.o_kanban")
    if switch.is_visible():
        switch.click()
    expect(tour.page.locator(".o_kanban_record:not(.o_kanban_ghost)").first).to_be_visible()


def _select(button: str) -> Callable[[Tour], object]:
    """Return what selects all companies of the list and presses a button above it."""

    def prepare(tour: Tour) -> None:
        tour.resize(*USUAL)
        _all_selected(tour)
        tour.page.locator(f"button[name={button}]").click()
        expect(tour.page.locator(".o_ksef_batch")).to_be_visible()

    return prepare


def _office_day(tour: Tour) -> None:
    """Some clients are connected, one was refused, some signers were asked, one has looked."""
    tour.forget()
    clients = Clients(tour)
    for place, signer in ((0, "owner"), (8, "qualified"), (9, "stranger")):
        clients.connect(place, signer)
    clients.set_link_address()
    tour.follow_link(clients.ask(10, 11))
    clients.ask(1)


def _with_clients(method: str, *args: Any) -> Callable[[Tour], object]:
    return lambda tour: getattr(Clients(tour), method)(*args)


def _all_selected(tour: Tour) -> None:
    COMPANIES(tour)
    # What is selected while the list is still being drawn is lost.
    tour.page.wait_for_timeout(REST)
    everything = tour.page.locator("thead .o_list_record_selector input")
    if everything.is_visible():
        everything.check()
        expect(tour.page.locator("button[name=action_ask]")).to_be_visible()


def _signer(prepare: Callable[[Clients], str]) -> Callable[[Tour], object]:
    """Return what opens the page of a signer; it asks for the link once."""
    links: list[str] = []

    def show(tour: Tour) -> None:
        if not links:
            links.append(prepare(Clients(tour)))
        tour.follow_link(links[0])

    return show


def _signed_file(tour: Tour) -> None:
    SIGNER_OF_ONE(tour)
    with tour.page.expect_download() as download:
        tour.page.locator("#download").click()
    # Not by whom the office asked: the page asks about that.
    signed = tour.signed(download.value.path().read_bytes(), "qualified")
    file = {"name": "podpisany.xml", "mimeType": "text/xml", "buffer": signed}
    tour.page.locator("input[type=file]").set_input_files(file)
    expect(tour.page.locator(".send")).to_be_visible()


def _ask_for_office(tour: Tour) -> None:
    tour.go("/odoo/ksef-office", OFFICE)
    tour.press("button:has-text('Ustaw biuro')")


COMPANIES = at("/odoo/ksef-companies", ".o_data_row, .o_kanban_record", OFFICE)
# It stays there whatever the size of the window.
LAST_BATCH = at("/odoo/ksef-many", ".o_ksef_batch h3", OFFICE)
SIGNER_OF_ONE = _signer(lambda clients: clients.ask(5))
OFFICES = [
    Screen("companies", COMPANIES, ".o_data_cell, .o_kanban_record", _office_day),
    Screen("companies_cards", _cards, ".o_kanban_record"),
    Screen("companies_selected", _all_selected, ".o_data_cell, .o_kanban_record"),
    Screen("companies_files_to_be_signed", LAST_BATCH, PAGE, _select("action_sign")),
    Screen("companies_signed_files", LAST_BATCH, PAGE, _with_clients("drop_signed_files")),
    Screen("companies_results", LAST_BATCH, PAGE, _with_clients("send_signed_files")),
    Screen("companies_who_is_asked", LAST_BATCH, PAGE, _select("action_ask")),
    Screen("companies_environment", LAST_BATCH, PAGE, _select("action_environment")),
    Screen("requests_of_an_office", at("/odoo/ksef-requests", RECORDS, OFFICE), VIEW),
    Screen("signer_of_one_company", SIGNER_OF_ONE, "body"),
    Screen("signer_signed_file", _signed_file, "body"),
    Screen("signer_of_two_companies", _signer(lambda clients: clients.ask(10, 11)), "body"),
    dialog("office_to_be_set", _ask_for_office, _with_clients("connect_office")),
    Screen("office", at("/odoo/ksef-office", RECORDS, OFFICE), VIEW, _with_clients("set_office")),
    Screen("office_form", at("/odoo/ksef-office/1", ".o_form_sheet", OFFICE), VIEW),
    Screen("companies_two_prices", LAST_BATCH, PAGE, _select("action_ask")),
    Screen(
        "signer_gives_rights", _signer(lambda clients: clients.ask(10, purpose="grant")), "body"
    ),
    Screen(
        "rights_from_clients",
        at("/odoo/ksef-rights", RECORDS, OFFICE),
        VIEW,
        _with_clients("give_rights", 11, "qualified"),
    ),
]
