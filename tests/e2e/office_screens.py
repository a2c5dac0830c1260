"""The screens of an accounting office and of its clients' signers, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients import Clients
from odoo_user import wait_for_certificate
from one_screen import (
    BAR,
    OF_PAGE,
    OF_PANEL,
    PAGE,
    POPOVER,
    RECORDS,
    REST,
    VIEW,
    WINDOW,
    Screen,
    at,
    dialog,
)
from playwright.sync_api import FilePayload, expect
from tour import ADMINISTRATOR, OFFICE, USUAL, Tour


def _cards(tour: Tour) -> None:
    COMPANIES(tour)
    # A phone shows cards in any case.
    switch = tour.page.locator(".o_switch_view.o_kanban")
    if switch.is_visible():
        switch.click()
    expect(tour.page.locator(".o_kanban_record:not(.o_kanban_ghost)").first).to_be_visible()


def _certified(tour: Tour) -> None:
    clients = Clients(tour)
    wait_for_certificate(clients.user, clients.ids[0])


def _first(*columns: str) -> str:
    """Return a selector of what a list has to show of its columns, or of its first card."""
    heads = ", ".join(f"th[data-name={column}]" for column in columns)
    return f"{heads}, .o_kanban_record:first-child .fw-bold"


def _find_no_company(tour: Tour) -> None:
    at(KONTO, FILTER, OFFICE)(tour)
    tour.page.locator(f"{FILTER} input").fill("Żadna taka")
    expect(tour.page.locator(".o_ksef_none_found")).to_be_visible()


def _select(button: str) -> Callable[[Tour], object]:
    """Return what selects all companies of the list and presses a button above it."""

    def prepare(tour: Tour) -> None:
        tour.resize(*USUAL)
        _all_selected(tour)
        tour.page.get_by_role("button", name=button, exact=True).click()
        expect(tour.page.locator(".o_ksef_batch")).to_be_visible()
        expect(tour.page.locator(".o_ksef_looking")).to_have_count(0)

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
        expect(tour.page.get_by_role("button", name="Poproś o podpisy")).to_be_visible()


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
    # Not by whom the office asked: the page asks about that.
    _sign_on_page(tour, "qualified")


def _two_signed_files(tour: Tour) -> None:
    SIGNER_OF_TWO(tour)
    page, files = tour.page, []
    for row in range(2):
        page.locator("li[data-request]").nth(row).get_by_role("button").click()
        with page.expect_download() as download:
            page.locator("#download").click()
        signed = tour.signed(download.value.path().read_bytes(), "qualified")
        name = f"podpisany-{row}.xml"
        files.append(FilePayload(name=name, mimeType="text/xml", buffer=signed))
        page.get_by_role("button", name="Wróć do listy").click()
    page.locator("input[type=file]").set_input_files(files)
    expect(page.locator(".send")).to_have_count(2)


def _sign_on_page(tour: Tour, signer: str) -> None:
    """Download the file on the page, have somebody sign it, and choose the signed one."""
    with tour.page.expect_download() as download:
        tour.page.locator("#download").click()
    _choose_on_page(tour, tour.signed(download.value.path().read_bytes(), signer))
    expect(tour.page.locator(".send")).to_be_visible()


def _choose_on_page(tour: Tour, content: bytes) -> None:
    file = {"name": "podpisany.xml", "mimeType": "text/xml", "buffer": content}
    with tour.page.expect_response("**/podpis/check"):
        tour.page.locator("input[type=file]").set_input_files(file)


def _sent(place: int, seconds: float, shown: str) -> Callable[[Tour], object]:
    """Return what shows a signer's page after the file was sent, which KSeF checks for so long."""
    links: list[str] = []

    def show(tour: Tour) -> None:
        if links:
            tour.follow_link(links[0])
        else:
            links.append(Clients(tour).ask(place))
            tour.follow_link(links[0])
            _sign_on_page(tour, "owner")
            tour.page.locator("input[value=weekly]").check()
            tour.simulator.settings.auth_delay = seconds
            with tour.page.expect_response("**/podpis/send"):
                tour.page.locator(".send").click()
            tour.simulator.settings.auth_delay = 0
        expect(tour.page.locator(shown)).to_be_visible()

    return show


def _first_view(tour: Tour) -> None:
    tour.open_link(f"{tour.demo.odoo_url}{UNKNOWN}")


def _gone(tour: Tour) -> None:
    _first_view(tour)
    tour.page.locator("#begin").click()
    expect(tour.page.locator(".note.stop")).to_be_visible()


def _paused(tour: Tour) -> None:
    SIGNER_WITH_WRONG_FILES(tour)
    # The tenth wrong one begins the pause; the next is not read.
    while not tour.page.get_by_text("Wybrano zbyt wiele").is_visible():
        _choose_on_page(tour, b"%PDF-1.7")
        expect(tour.page.locator("input[type=file]")).to_be_enabled()


def _link_and_code(tour: Tour) -> None:
    tour.open_panel().locator(".o_ksef_ask_signature").click()
    tour.page.locator(".o_ksef_signer_name").fill("Róża Żółć-Źdźbło")
    tour.page.locator(".o_ksef_ask_by_link").click()
    expect(tour.page.locator(".o_ksef_qr")).to_be_visible()


def _administrators(action: str, button: str) -> Callable[[Tour], object]:
    """Return what opens a window of the administrator's."""

    def show(tour: Tour) -> None:
        tour.go(f"/odoo/action-l10n_pl_ksef_auth.{action}", ADMINISTRATOR)
        expect(tour.page.locator(f"button[name={button}]")).to_be_visible()

    return show


def _void(tour: Tour) -> None:
    SIGNER_OF_RIGHTS(tour)
    tour.demo.sql("UPDATE l10n_pl_ksef_request SET state = 'void' WHERE purpose = 'grant'")
    SIGNER_OF_RIGHTS(tour)
    expect(tour.page.locator(".note.stop")).to_be_visible()


def _panel_of_client(tour: Tour) -> None:
    expect(tour.open_panel(OFFICE).locator(".o_ksef_stands_on")).to_contain_text("od klienta")


def _rights(tour: Tour) -> None:
    # The newest ones may only have been asked for.
    given = "SELECT max(id) FROM l10n_pl_ksef_grant WHERE state IN ('given', 'received')"
    tour.go(f"/odoo/ksef-rights/{tour.demo.sql(given)}", OFFICE)
    expect(tour.page.locator(".o_form_sheet")).to_be_visible()


def _window_of(show: Callable[[Tour], object], button: str) -> Callable[[Tour], object]:
    """Return what opens a form and presses the button that opens the window for a signature."""

    def press(tour: Tour) -> None:
        show(tour)
        expect(tour.page.locator(".o_statusbar_buttons button").first).to_be_visible()
        # On a phone Odoo keeps a form's buttons, but for the first, in a menu.
        pressed = tour.page.locator(f"button[name={button}]:visible")
        if not pressed.count():
            tour.page.locator(".o_statusbar_buttons .dropdown-toggle").click()
        pressed.first.click()
        expect(tour.page.locator(".o_ksef_authorization")).to_be_visible()

    return press


def _ask_for_office(tour: Tour) -> None:
    tour.go("/odoo/ksef-office", OFFICE)
    tour.press("button:has-text('Ustaw biuro')")


KONTO = "/odoo/ksef-account"
#: Konto has it where the user has more than seven companies beside the one in view.
FILTER = ".o_ksef_companies_filter"
COMPANIES = at("/odoo/ksef-companies", ".o_data_row, .o_kanban_record", OFFICE)
# It stays there whatever the size of the window.
LAST_BATCH = at("/odoo/ksef-many", ".o_ksef_batch h3", OFFICE)
SIGNER_OF_ONE = _signer(lambda clients: clients.ask(5))
SIGNER_OF_TWO = _signer(lambda clients: clients.ask(10, 11))
SIGNER_WITH_WRONG_FILES = _signer(lambda clients: clients.ask(4))
SIGNER_OF_RIGHTS = _signer(lambda clients: clients.ask(10, purpose="grant"))
#: Like a link's end, and none.
UNKNOWN = "/ksef/podpis#" + "A" * 43
OFFICES = [
    Screen(
        "companies",
        COMPANIES,
        ".o_data_cell, .o_kanban_record",
        _office_day,
        _first("name", "state", "problem"),
    ),
    Screen("companies_cards", _cards, ".o_kanban_record"),
    Screen(
        "account_of_many_companies", at(KONTO, FILTER, OFFICE), PAGE, _certified, further=OF_PAGE
    ),
    Screen("account_finds_no_company", _find_no_company, PAGE),
    Screen("companies_selected", _all_selected, ".o_data_cell, .o_kanban_record"),
    Screen(
        "companies_files_to_be_signed",
        LAST_BATCH,
        PAGE,
        _select("Pliki do podpisu"),
        further=OF_PAGE,
    ),
    Screen(
        "companies_signed_files",
        LAST_BATCH,
        PAGE,
        _with_clients("drop_signed_files"),
        further=OF_PAGE,
    ),
    Screen(
        "companies_results", LAST_BATCH, PAGE, _with_clients("send_signed_files"), further=OF_PAGE
    ),
    Screen(
        "companies_who_is_asked", LAST_BATCH, PAGE, _select("Poproś o podpisy"), further=OF_PAGE
    ),
    Screen("companies_environment", LAST_BATCH, PAGE, _select("Środowisko"), further=OF_PAGE),
    Screen("companies_renewed", LAST_BATCH, PAGE, _select("Odnów certyfikat"), further=OF_PAGE),
    Screen("companies_reminded", LAST_BATCH, PAGE, _select("Przypomnij"), further=OF_PAGE),
    Screen(
        "companies_connected",
        LAST_BATCH,
        PAGE,
        _select("Połącz bez podpisu"),
        further=OF_PAGE,
    ),
    Screen(
        "companies_who_is_told",
        LAST_BATCH,
        PAGE,
        _select("Kto dostaje powiadomienia"),
        further=OF_PAGE,
    ),
    Screen("requests_of_an_office", at("/odoo/ksef-requests", RECORDS, OFFICE), VIEW),
    Screen("signer_of_one_company", SIGNER_OF_ONE, "body", further=OF_PAGE),
    Screen("signer_signed_file", _signed_file, "body", further=OF_PAGE),
    Screen("signer_of_two_companies", SIGNER_OF_TWO, "body", further=OF_PAGE),
    Screen("signer_files_of_two_companies", _two_signed_files, "body", further=OF_PAGE),
    Screen("signer_first", _first_view, "body", further=OF_PAGE),
    Screen("signer_gone", _gone, "body", further=OF_PAGE),
    Screen("signer_verifying", _sent(3, 10**6, ".note.info"), "body"),
    Screen("signer_done", _sent(6, 0, ".note.good"), "body"),
    Screen("signer_paused", _paused, "body", further=OF_PAGE),
    dialog("ask_link_and_code", _link_and_code),
    dialog("link_address", _administrators("action_link_address", "action_save")),
    dialog("accountants_of_companies", _administrators("action_company_users", "action_give")),
    dialog("office_to_be_set", _ask_for_office, _with_clients("connect_office")),
    Screen("office", at("/odoo/ksef-office", RECORDS, OFFICE), VIEW, _with_clients("set_office")),
    Screen("office_form", at("/odoo/ksef-office/1", ".o_form_sheet", OFFICE), VIEW),
    Screen("companies_two_prices", LAST_BATCH, PAGE, _select("Poproś o podpisy"), further=OF_PAGE),
    Screen("signer_gives_rights", SIGNER_OF_RIGHTS, "body", further=OF_PAGE),
    Screen("signer_of_a_void_link", _void, "body"),
    Screen(
        "rights_from_clients",
        at("/odoo/ksef-rights", RECORDS, OFFICE),
        VIEW,
        _with_clients("give_rights", 11, "qualified"),
        _first("company_id", "state", "problem_text"),
    ),
    Screen(
        "panel_by_rights_of_a_client",
        _panel_of_client,
        f"{POPOVER}, {BAR}",
        _with_clients("choose", 11),
        OF_PANEL,
    ),
    Screen(
        "account_by_rights_of_a_client",
        at(KONTO, f"{PAGE} dl", OFFICE),
        PAGE,
        further=OF_PAGE,
    ),
    Screen("rights_of_a_client", _rights, ".o_form_sheet, .o_form_statusbar"),
    Screen("window_takes_rights_back", _window_of(_rights, "action_take_back"), WINDOW),
    Screen(
        "signer_takes_rights_back",
        _signer(lambda clients: clients.ask(11, purpose="take_back")),
        "body",
        further=OF_PAGE,
    ),
    Screen(
        "window_gives_rights",
        _window_of(at("/odoo/ksef-office/1", ".o_form_sheet", OFFICE), "action_ask"),
        WINDOW,
        _with_clients("choose", 2),
    ),
]
