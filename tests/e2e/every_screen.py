"""Every screen and state of ours, in the order in which one leads to the next: the one list.

axe looks at each, the zoom's test measures those with decisions, and `./run pictures` makes a
picture of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clients import Clients
from ministry import account
from playwright.sync_api import expect
from tour import ACCOUNTANT, ADMINISTRATOR, CLERK, OFFICE, USUAL, Tour

#: Width and height in CSS pixels: a laptop, a desktop, a tablet, a phone.
SIZES = (USUAL, (1920, 1080), (768, 1024), (390, 844))
#: What a zoomed browser has left of a screen, in CSS pixels, by what its user says.
ZOOMED = {
    "150 % on 1366×768": (911, 512),
    "200 % on 1366×768": (683, 384),
    "200 % on 1920×1080": (960, 540),
}

BAR = ".o_ksef_systray"
DASHBOARD, POPOVER = ".o_ksef_dashboard", ".o_ksef_popover"
NOTICE = ".o_ksef_notice"
PAGE, SETTINGS = ".o_ksef_page", "[id^=l10n_pl_ksef]"
WINDOW = ".modal-content:has(.o_ksef_authorization)"
DIALOG = ".modal-content"
#: Of Odoo's own lists and forms, what our views say.
VIEW = ".o_data_cell, .o_column_title, .o_form_sheet, .o_kanban_record"
#: Odoo shows cards instead of a list on a phone.
RECORDS, ONE_RECORD = ".o_list_view, .o_kanban_view", ".o_data_cell, .o_kanban_record"
FOOTER = ".modal-footer button"
#: Milliseconds that a page has to come to rest.
REST = 400


@dataclass(frozen=True)
class Screen:
    """One screen in one state.

    :param show: opens it, as often as it is called
    :param ours: a CSS selector: what lies within is ours, not Odoo's
    :param prepare: brings Odoo and KSeF into the state, once
    :param decisions: a CSS selector of what a user has to see when the browser is zoomed
    """

    name: str
    show: Callable[[Tour], object]
    ours: str
    prepare: Callable[[Tour], object] = lambda tour: None
    decisions: str = ""


# ----------------------------------------------------------------------
# How screens are opened
# ----------------------------------------------------------------------
def _at(path: str, visible: str, login: str = ACCOUNTANT) -> Callable[[Tour], object]:
    """Return what opens an address and waits for something on it."""

    def show(tour: Tour) -> None:
        page = tour.go(path, login)
        expect(page.locator(visible).first).to_be_visible()
        page.locator(visible).first.scroll_into_view_if_needed()

    return show


def _panel(login: str = ACCOUNTANT) -> Callable[[Tour], object]:
    return lambda tour: tour.open_panel(login)


def _window(step: str) -> Callable[[Tour], object]:
    return lambda tour: tour.open_window(step)


def _of_account(button: str, within: str = "") -> Callable[[Tour], object]:
    """Return what opens the account screen and presses a button there.

    :param within: where the menu stands that has the button, if it stands in a menu
    """

    def show(tour: Tour) -> None:
        ACCOUNT(tour)
        if within:
            tour.page.locator(f"{within} .o_ksef_more").first.click()
        tour.press(button)

    return show


DASHBOARD_CARD = _at("/odoo", f"{DASHBOARD} .o_ksef_panel")
CONNECTION = _at("/odoo/ksef", f"{PAGE} dl")
ACCOUNT = _at("/odoo/ksef-account", f"{PAGE} dl")
SETTINGS_BLOCK = _at(
    "/odoo/action-account.action_account_config",
    "#l10n_pl_ksef_connection .o_ksef_panel dl",
    ADMINISTRATOR,
)
HISTORY = _at("/odoo/action-l10n_pl_ksef_auth.action_session", RECORDS)
NOTICES = _at("/odoo/ksef-notices", f"{RECORDS}, .o_view_nocontent")
AUDIT = _at("/odoo/ksef-audit", RECORDS)
DIAGNOSIS = _at("/odoo/ksef-diagnosis", ".o_ksef_diagnosis")


def _ask(tour: Tour) -> None:
    tour.open_panel().locator(".o_ksef_ask_signature").click()
    expect(tour.page.locator(".o_ksef_ask")).to_be_visible()


REQUESTS = _at("/odoo/ksef-requests", ".o_list_view, .o_view_nocontent")


# ----------------------------------------------------------------------
# Never connected, and the window
# ----------------------------------------------------------------------
def _outage(tour: Tour) -> None:
    tour.simulator.faults.add("challenge", "503")
    tour.call_window("prepare_download", "site")
    tour.simulator.faults.clear()


def _certificate_step(tour: Tour) -> None:
    tour.page.locator(".o_ksef_own_certificate").click()
    password = tour.page.locator("input[type=password]")
    step = tour.page.locator(".o_ksef_authorization[data-step=certificate]")
    expect(password.or_(step).first).to_be_visible()
    if not step.is_visible():
        password.fill("ksiegowa")
        tour.page.locator(".modal-footer .btn-primary").click()
    expect(step).to_be_visible()


def _wrong_password(tour: Tour) -> None:
    tour.call_window("go", "download")
    tour.open_window("download")
    _certificate_step(tour)
    with account(tour.simulator) as owner:
        files = owner.certificate_files(tour.folder, "zażółć gęślą")
    tour.page.locator(".o_ksef_certificate_files").set_input_files(files)
    tour.page.locator("#o_ksef_certificate_password").fill("pomyłka")
    tour.page.locator(".o_ksef_connect_with").click()
    expect(tour.page.locator(".o_ksef_note_stop")).to_be_visible()


def _expired(tour: Tour) -> None:
    tour.download()
    tour.demo.sql("UPDATE l10n_pl_ksef_session SET challenge_expires_at = now() AT TIME ZONE 'utc'")


def _attached_unsigned(tour: Tour) -> None:
    tour.attach(tour.download(), "AuthTokenRequest.xml")


def _attached_signed(tour: Tour) -> None:
    tour.attach(tour.signed(tour.download()))


def _verifying(tour: Tour) -> None:
    tour.simulator.settings.auth_delay = 10**6
    tour.send("owner")


def _refused(tour: Tour) -> None:
    tour.forget()
    tour.send("stranger")


NEVER = [
    Screen("dashboard_never_connected", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", Tour.forget),
    Screen("panel_never_connected", _panel(), f"{POPOVER}, {BAR}"),
    Screen("panel_without_the_right_to_connect", _panel(CLERK), f"{POPOVER}, {BAR}"),
    Screen("connection_never_connected", CONNECTION, PAGE),
    Screen("settings_never_connected", SETTINGS_BLOCK, SETTINGS),
    Screen("account_never_connected", ACCOUNT, PAGE),
    Screen("ask_for_a_signature", _ask, DIALOG),
    Screen("requests_for_signatures", REQUESTS, VIEW),
]
WAYS, FILES = ".o_ksef_way .btn", ".o_ksef_choose, .o_ksef_authenticate"
STEPS = [
    Screen("window_ways", _window("download"), WINDOW, decisions=f"{WAYS}, .o_ksef_do_not_open"),
    Screen("window_ksef_is_down", _window("download"), WINDOW, _outage, WAYS),
    Screen(
        "window_sign_on_site",
        _window("sign"),
        WINDOW,
        lambda tour: tour.download("site"),
        ".o_ksef_signing_link, .o_ksef_next",
    ),
    Screen(
        "window_sign_in_own_program",
        _window("sign"),
        WINDOW,
        lambda tour: tour.download("program"),
        ".o_ksef_next",
    ),
    Screen(
        "window_upload",
        _window("upload"),
        WINDOW,
        lambda tour: tour.call_window("go", "upload"),
        FILES,
    ),
    Screen("window_unsigned_file", _window("upload"), WINDOW, _attached_unsigned, FILES),
    Screen(
        "window_not_a_signed_file",
        _window("upload"),
        WINDOW,
        lambda tour: tour.attach(b"%PDF-1.7", "faktura.pdf"),
        FILES,
    ),
    Screen(
        "window_signed_file",
        _window("upload"),
        WINDOW,
        _attached_signed,
        ".o_ksef_consent legend, .o_ksef_answer, .o_ksef_authenticate",
    ),
    Screen("window_file_too_old", _window("sign"), WINDOW, _expired, WAYS),
    Screen(
        "window_certificate",
        _wrong_password,
        WINDOW,
        Tour.forget,
        "#o_ksef_certificate_password, .o_ksef_connect_with",
    ),
    Screen("window_verifying", _window("verify"), WINDOW, _verifying, ".o_ksef_close"),
    Screen("panel_verifying", _panel(), f"{POPOVER}, {BAR}"),
    Screen("window_refused", _window("download"), WINDOW, _refused, WAYS),
    Screen("panel_refused", _panel(), f"{POPOVER}, {BAR}"),
]


# ----------------------------------------------------------------------
# Connected
# ----------------------------------------------------------------------
def _connected(tour: Tour) -> None:
    tour.forget()
    tour.connect()


def _compared(tour: Tour) -> None:
    ACCOUNT(tour)
    tour.page.locator(".o_ksef_ask").click()
    expect(tour.page.locator(".o_ksef_sessions")).to_be_visible()


def _menu(tour: Tour) -> None:
    ACCOUNT(tour)
    tour.page.locator(".o_ksef_certificates .o_ksef_more").first.click()
    expect(tour.page.locator(".o_ksef_revoke")).to_be_visible()


def _close_login(tour: Tour) -> None:
    _compared(tour)
    tour.page.locator(".o_ksef_sessions .o_ksef_more").first.click()
    tour.press(".o_ksef_close_session")


def _save_settings(tour: Tour) -> None:
    ACCOUNT(tour)
    tour.page.locator("select[name=environment]").select_option("production")
    tour.press(".o_ksef_save")


def _take_over(tour: Tour) -> None:
    window = tour.window()
    tour.demo.sql(f"UPDATE l10n_pl_ksef_authorization SET take_over = true WHERE id = {window}")


def _renewed_too_early(tour: Tour) -> None:
    ACCOUNT(tour)
    tour.page.locator(".o_ksef_renew").first.click()
    expect(tour.page.locator(f"{PAGE} .o_ksef_note")).to_be_visible()


def _older_certificate(tour: Tour) -> None:
    tour.demo.sql(
        "UPDATE l10n_pl_ksef_certificate SET valid_from = valid_from - interval '60 days'"
    )


def _dialog(
    name: str, show: Callable[[Tour], object], *prepare: Callable[[Tour], object]
) -> Screen:
    return Screen(name, show, DIALOG, *prepare, decisions=FOOTER)


def _first_record(tour: Tour) -> None:
    HISTORY(tour)
    tour.page.locator(ONE_RECORD).first.click()
    expect(tour.page.locator(".o_form_view")).to_be_visible()


def _certificate_record(tour: Tour) -> None:
    number = tour.demo.sql("SELECT max(id) FROM l10n_pl_ksef_certificate")
    tour.go(f"/odoo/l10n_pl_ksef.certificate/{number}")
    expect(tour.page.locator(".o_form_view")).to_be_visible()


def _diagnosed(tour: Tour) -> None:
    DIAGNOSIS(tour)
    tour.page.locator(".o_ksef_diagnose").click()
    expect(tour.page.locator(".o_ksef_diagnosis tr").first).to_be_visible(timeout=60_000)


def _invoice(tour: Tour) -> None:
    tour.go(f"/odoo/action-account.action_move_out_invoice_type/{tour.post_invoice()}")
    expect(tour.page.locator(f"{NOTICE}:visible").first).to_be_visible()


def _of_invoice(button: str) -> Callable[[Tour], object]:
    def show(tour: Tour) -> None:
        _invoice(tour)
        tour.press(f"button[name={button}]:visible")

    return show


def _uninstalling(tour: Tour) -> None:
    call = tour.user(ADMINISTRATOR).call
    (module,) = call("ir.module.module", "search", [("name", "=", "l10n_pl_ksef_auth")])
    tour.go(f"/odoo/ir.module.module/{module}", ADMINISTRATOR)
    tour.press("button[name=button_uninstall_wizard]")
    expect(tour.page.locator(f"{DIALOG} [name=l10n_pl_ksef_stays]")).to_be_visible()


CONNECTED = [
    Screen("dashboard_connected", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", _connected),
    Screen("panel_connected", _panel(), f"{POPOVER}, {BAR}"),
    Screen("settings_connected", SETTINGS_BLOCK, SETTINGS),
    Screen("account_connected", ACCOUNT, PAGE),
    Screen("account_compared_with_ksef", _compared, PAGE),
    # The items of a menu are drawn by Odoo.
    Screen("account_menu", _menu, PAGE),
    _dialog("account_disconnect", _of_account(".o_ksef_disconnect", ".o_ksef_column")),
    _dialog("account_revoke", _of_account(".o_ksef_revoke", ".o_ksef_certificates")),
    Screen("account_renewal_is_too_early", _renewed_too_early, PAGE),
    _dialog("account_renew", _of_account(".o_ksef_renew"), _older_certificate),
    _dialog("account_take_over", _of_account(".o_ksef_take_over")),
    _dialog("account_load_certificate", _of_account(".o_ksef_load")),
    _dialog("account_close_login", _close_login),
    _dialog("account_settings_ask_first", _save_settings),
    Screen("window_take_over", _window("download"), WINDOW, _take_over, f"{WAYS}, .o_ksef_forget"),
    Screen("history", HISTORY, VIEW),
    Screen("history_of_one_login", _first_record, VIEW),
    Screen("certificate_form", _certificate_record, VIEW),
    Screen("audit_trail", AUDIT, VIEW),
    Screen("diagnosis", DIAGNOSIS, PAGE),
    Screen("diagnosis_checked", _diagnosed, PAGE),
    Screen("help", lambda tour: tour.go("/l10n_pl_ksef/help", frame="h1"), "body"),
    Screen("invoice_to_be_sent", _invoice, NOTICE),
    Screen("invoice_send", _of_invoice("action_invoice_sent"), NOTICE),
    Screen("uninstall", _uninstalling, f"{DIALOG} [name^=l10n_pl_ksef]"),
]


# ----------------------------------------------------------------------
# Something is due
# ----------------------------------------------------------------------
def _expiring(tour: Tour) -> None:
    tour.demo.sql("UPDATE l10n_pl_ksef_certificate SET state = 'revoked'")
    in_two_days = "now() AT TIME ZONE 'utc' + interval '50 hours'"
    tour.change_login(refresh_valid_until=in_two_days, renew_at="NULL")


def _limited(tour: Tour) -> None:
    in_six_days = "now() AT TIME ZONE 'utc' + interval '6 days'"
    tour.change_login(refresh_valid_until=in_six_days, rights="'InvoiceRead'")


def _ended(tour: Tour) -> None:
    tour.change_login(refresh_valid_until="now() AT TIME ZONE 'utc' - interval '1 hour'")


def _certificate_elsewhere(tour: Tour) -> None:
    tour.forget_here()
    first = tour.user()
    tour.send("owner")
    first.call("res.company", "l10n_pl_ksef_follow", [1])


def _unlock(tour: Tour) -> None:
    CONNECTION(tour)
    tour.press(".o_action_manager .o_ksef_connect")


DUE = [
    Screen("dashboard_expiring", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", _expiring),
    Screen("panel_expiring", _panel(), f"{POPOVER}, {BAR}"),
    Screen("panel_a_right_is_missing", _panel(), f"{POPOVER}, {BAR}", _limited),
    Screen("panel_ended", _panel(), f"{POPOVER}, {BAR}", _ended),
    Screen("notices", NOTICES, VIEW),
    Screen("invoice_not_in_ksef", _invoice, NOTICE),
    Screen("invoice_send_not_connected", _of_invoice("action_invoice_sent"), NOTICE),
    _dialog("invoice_sent_outside_odoo", _of_invoice("action_l10n_pl_ksef_edi_sent_outside")),
    Screen("account_certificate_elsewhere", ACCOUNT, PAGE, _certificate_elsewhere),
    Screen("panel_certificate_elsewhere", _panel(), f"{POPOVER}, {BAR}"),
    Screen(
        "dashboard_several_companies", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", Tour.add_companies
    ),
    Screen("account_several_companies", ACCOUNT, PAGE, _connected),
    Screen("panel_copied_database", _panel(), f"{POPOVER}, {BAR}", Tour.pretend_copy),
    Screen("unlock", _unlock, DIALOG, decisions=FOOTER),
]


# ----------------------------------------------------------------------
# An accounting office's companies
# ----------------------------------------------------------------------
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


COMPANIES = _at("/odoo/ksef-companies", ".o_data_row, .o_kanban_record", OFFICE)
# It stays there whatever the size of the window.
LAST_BATCH = _at("/odoo/ksef-many", ".o_ksef_batch h3", OFFICE)
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
    Screen("requests_of_an_office", _at("/odoo/ksef-requests", RECORDS, OFFICE), VIEW),
    Screen("signer_of_one_company", SIGNER_OF_ONE, "body"),
    Screen("signer_signed_file", _signed_file, "body"),
    Screen("signer_of_two_companies", _signer(lambda clients: clients.ask(10, 11)), "body"),
    _dialog("office_to_be_set", _ask_for_office, _with_clients("connect", 2, "owner")),
    Screen("office", _at("/odoo/ksef-office", RECORDS, OFFICE), VIEW, _with_clients("set_office")),
    Screen("office_form", _at("/odoo/ksef-office/1", ".o_form_sheet", OFFICE), VIEW),
    Screen("companies_two_prices", LAST_BATCH, PAGE, _select("action_ask")),
    Screen("signer_gives_rights", _signer(lambda clients: clients.ask(10, purpose="grant")), "body"),
    Screen(
        "rights_from_clients",
        _at("/odoo/ksef-rights", RECORDS, OFFICE),
        VIEW,
        _with_clients("give_rights", 11, "qualified"),
    ),
]

SCREENS = [*NEVER, *STEPS, *CONNECTED, *DUE, *OFFICES]
#: What `./run test` has the time for; all others are long proofs.
OFTEN = {
    *("dashboard_never_connected", "account_connected", "account_take_over"),
    *("window_ways", "window_sign_on_site", "window_signed_file", "window_certificate"),
}
