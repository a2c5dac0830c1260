"""Every screen and state of ours, in the order in which one leads to the next: the one list.

axe looks at each, the zoom's test measures those with decisions, and `./run pictures` makes a
picture of each.
"""

from __future__ import annotations

from collections.abc import Callable

from clients import confirm
from invoice_screens import KEPT_AWAY, TO_BE_SENT
from ministry import account, request_of_another
from odoo_user import wait_until
from office_screens import OFFICES
from offline_screens import OFFLINE_INVOICES
from one_screen import (
    BAR,
    DASHBOARD,
    DIALOG,
    FOOTER,
    OF_CARD,
    OF_PAGE,
    OF_PANEL,
    OF_SETTINGS,
    ONE_RECORD,
    PAGE,
    POPOVER,
    RECORDS,
    SETTINGS,
    VIEW,
    WINDOW,
    Screen,
    at,
    dialog,
)
from playwright.sync_api import expect
from tour import ACCOUNTANT, ADMINISTRATOR, CLERK, OTHER_COMPANIES, Tour, forget_here


# ----------------------------------------------------------------------
# How screens are opened
# ----------------------------------------------------------------------
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


DASHBOARD_CARD = at("/odoo", f"{DASHBOARD} .o_ksef_panel")
CONNECTION = at("/odoo/ksef", f"{PAGE} dl")
ACCOUNT = at("/odoo/ksef-account", f"{PAGE} dl")
SETTINGS_BLOCK = at(
    "/odoo/action-account.action_account_config",
    "#l10n_pl_ksef_connection .o_ksef_panel dl",
    ADMINISTRATOR,
)
HISTORY = at("/odoo/action-l10n_pl_ksef_auth.action_session", RECORDS)
NOTICES = at("/odoo/ksef-notices", f"{RECORDS}, .o_view_nocontent")
AUDIT = at("/odoo/ksef-audit", RECORDS)
DIAGNOSIS = at("/odoo/ksef-diagnosis", ".o_ksef_diagnosis")


def _ask(tour: Tour) -> None:
    tour.open_panel().locator(".o_ksef_ask_signature").click()
    expect(tour.page.locator(".o_ksef_ask .o_ksef_lead")).to_be_visible()


REQUESTS = at("/odoo/ksef-requests", ".o_list_view, .o_view_nocontent")


# ----------------------------------------------------------------------
# Never connected, and the window
# ----------------------------------------------------------------------
def _window_without_nip(tour: Tour) -> None:
    """Somebody removes the NIP while the button that opens the window is in sight."""
    tour.give_nip()
    button = tour.go("/odoo/ksef").locator(".o_action_manager .o_ksef_connect")
    expect(button).to_be_visible()
    tour.take_nip()
    button.click()
    expect(tour.page.locator(".o_ksef_authorization .o_ksef_note_stop")).to_be_visible()


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


def _expired(tour: Tour) -> bytes:
    """Download a file, let its ten minutes pass here, and return it."""
    file = tour.download()
    tour.demo.sql("UPDATE l10n_pl_ksef_session SET challenge_expires_at = now() AT TIME ZONE 'utc'")
    return file


def _attached_unsigned(tour: Tour) -> None:
    tour.attach(tour.download(), "AuthTokenRequest.xml")


def _attached_of(nip: str) -> Callable[[Tour], object]:
    """Return what attaches a file that was signed for another company, beside a live one."""

    def prepare(tour: Tour) -> None:
        tour.download()
        tour.attach(tour.signed(request_of_another(tour.simulator, nip)))

    return prepare


def _attached_old(tour: Tour) -> None:
    """Attach a file whose ten minutes are over, while a newer one may still be signed."""
    old = _expired(tour)
    tour.download()
    tour.attach(tour.signed(old))


def _attached_signed(tour: Tour) -> None:
    tour.attach(tour.signed(tour.download()))


def _verifying(tour: Tour) -> None:
    tour.simulator.settings.auth_delay = 10**6
    tour.send("owner")


def _refused(tour: Tour) -> None:
    tour.forget()
    tour.send("stranger")


NEVER = [
    Screen(
        "panel_without_nip", _panel(), f"{POPOVER}, {BAR}", Tour.take_nip, f"{POPOVER} .o_ksef_tick"
    ),
    Screen(
        "panel_without_nip_of_who_may_enter_it",
        _panel(ADMINISTRATOR),
        f"{POPOVER}, {BAR}",
        decisions=OF_PANEL,
    ),
    Screen("window_without_nip", _window_without_nip, WINDOW, decisions=".o_ksef_page_link"),
    Screen(
        "dashboard_never_connected",
        DASHBOARD_CARD,
        f"{DASHBOARD}, {BAR}",
        Tour.forget,
        decisions=OF_CARD,
    ),
    Screen("panel_never_connected", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
    Screen(
        "panel_without_the_right_to_connect", _panel(CLERK), f"{POPOVER}, {BAR}", decisions=OF_PANEL
    ),
    Screen("connection_never_connected", CONNECTION, PAGE, further=OF_PAGE),
    Screen("settings_never_connected", SETTINGS_BLOCK, SETTINGS, further=OF_SETTINGS),
    Screen("account_never_connected", ACCOUNT, PAGE, further=OF_PAGE),
    dialog("ask_for_a_signature", _ask),
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
        "window_file_of_another_company",
        _window("upload"),
        WINDOW,
        _attached_of("1234563218"),
        FILES,
    ),
    Screen("window_old_file_beside_a_live_one", _window("upload"), WINDOW, _attached_old, FILES),
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
    Screen("panel_verifying", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
    Screen("window_refused", _window("download"), WINDOW, _refused, WAYS),
    Screen("panel_refused", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
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


def _leave_without_saving(tour: Tour) -> None:
    ACCOUNT(tour)
    tour.page.locator("select[name=environment]").select_option("production")
    tour.page.locator(".o_ksef_systray").click()
    tour.press(".o_ksef_popover .o_ksef_account")


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


def _uninstalling(tour: Tour) -> None:
    call = tour.user(ADMINISTRATOR).call
    (module,) = call("ir.module.module", "search", [("name", "=", "l10n_pl_ksef_auth")])
    tour.go(f"/odoo/ir.module.module/{module}", ADMINISTRATOR)
    tour.press("button[name=button_uninstall_wizard]")
    expect(tour.page.locator(f"{DIALOG} [name=l10n_pl_ksef_stays]")).to_be_visible()


CONNECTED = [
    Screen(
        "dashboard_connected", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", _connected, decisions=OF_CARD
    ),
    Screen("panel_connected", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
    Screen("settings_connected", SETTINGS_BLOCK, SETTINGS, further=OF_SETTINGS),
    Screen("account_connected", ACCOUNT, PAGE, further=OF_PAGE),
    Screen("account_compared_with_ksef", _compared, PAGE, further=OF_PAGE),
    # The items of a menu are drawn by Odoo, above what else the page has.
    Screen("account_menu", _menu, PAGE, decisions=".o_ksef_revoke"),
    dialog("account_disconnect", _of_account(".o_ksef_disconnect", ".o_ksef_column")),
    dialog("account_revoke", _of_account(".o_ksef_revoke", ".o_ksef_certificates")),
    Screen("account_renewal_is_too_early", _renewed_too_early, PAGE, further=OF_PAGE),
    dialog("account_renew", _of_account(".o_ksef_renew"), _older_certificate),
    dialog("account_take_over", _of_account(".o_ksef_take_over")),
    dialog("account_load_certificate", _of_account(".o_ksef_load")),
    dialog("account_close_login", _close_login),
    dialog("account_settings_ask_first", _save_settings),
    dialog("account_leave_without_saving", _leave_without_saving),
    Screen("window_take_over", _window("download"), WINDOW, _take_over, f"{WAYS}, .o_ksef_forget"),
    Screen("history", HISTORY, VIEW),
    Screen("history_of_one_login", _first_record, VIEW),
    Screen("certificate_form", _certificate_record, VIEW),
    Screen("audit_trail", AUDIT, VIEW),
    Screen("diagnosis", DIAGNOSIS, PAGE, further=OF_PAGE),
    Screen("diagnosis_checked", _diagnosed, PAGE, further=OF_PAGE),
    Screen("help", lambda tour: tour.go("/l10n_pl_ksef/help", frame="h1"), "body"),
    *TO_BE_SENT,
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


def _noticed(tour: Tour) -> None:
    for cron in tour.demo.sql("SELECT id FROM ir_cron WHERE cron_name LIKE 'KSeF: keep%'").split():
        tour.user(ADMINISTRATOR).call("ir.cron", "method_direct_trigger", [int(cron)])
    told = "SELECT count(*) FROM mail_activity WHERE res_model = 'l10n_pl_ksef.alert'"
    wait_until(lambda: tour.demo.sql(told) != "0", "the notice", 90)


def _notice(tour: Tour) -> None:
    NOTICES(tour)
    tour.page.locator(ONE_RECORD).first.click()
    expect(tour.page.locator(".o_form_view .o_ksef_panel dl")).to_be_visible()


def _certificate_elsewhere(tour: Tour) -> None:
    forget_here(tour.demo)
    first = tour.user()
    tour.send("owner")
    first.call("res.company", "l10n_pl_ksef_follow", [1])


def _disconnected(tour: Tour) -> None:
    """Disconnect in Konto; Odoo still has the certificate."""
    _of_account(".o_ksef_disconnect", ".o_ksef_column")(tour)
    tour.page.locator(f"{DIALOG} .btn-danger").click()
    password = tour.page.locator("input[type=password]")
    again = tour.page.locator(f"{PAGE} .o_ksef_by_certificate")
    expect(password.or_(again).first).to_be_visible()
    if password.is_visible():
        confirm(tour.page, ACCOUNTANT)
    expect(again).to_be_visible()


def _without_agreement(tour: Tour) -> None:
    tour.demo.sql("DELETE FROM l10n_pl_ksef_agreement")


def _by_certificate(tour: Tour) -> None:
    tour.open_panel()
    tour.press(".o_ksef_popover .o_ksef_by_certificate")


def _signed_for_a_week(tour: Tour) -> None:
    tour.forget()
    tour.send("owner", "weekly")


def _unlock(tour: Tour) -> None:
    CONNECTION(tour)
    tour.press(".o_action_manager .o_ksef_connect")


DUE = [
    Screen(
        "dashboard_expiring", DASHBOARD_CARD, f"{DASHBOARD}, {BAR}", _expiring, decisions=OF_CARD
    ),
    Screen("panel_expiring", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
    Screen("panel_a_right_is_missing", _panel(), f"{POPOVER}, {BAR}", _limited, decisions=OF_PANEL),
    Screen("panel_ended", _panel(), f"{POPOVER}, {BAR}", _ended, decisions=OF_PANEL),
    Screen("notices", NOTICES, VIEW),
    Screen("notice", _notice, ".o_form_sheet", _noticed),
    *KEPT_AWAY,
    Screen("account_certificate_elsewhere", ACCOUNT, PAGE, _certificate_elsewhere, further=OF_PAGE),
    Screen("panel_certificate_elsewhere", _panel(), f"{POPOVER}, {BAR}", decisions=OF_PANEL),
    Screen(
        "dashboard_several_companies",
        DASHBOARD_CARD,
        f"{DASHBOARD}, {BAR}",
        Tour.add_companies,
        OF_CARD,
    ),
    Screen("account_several_companies", ACCOUNT, PAGE, _connected, further=OF_PAGE),
    Screen(
        "window_file_of_another_company_of_the_user",
        _window("upload"),
        WINDOW,
        _attached_of(next(iter(OTHER_COMPANIES.values()))),
        f"{FILES}, .o_ksef_other_way",
    ),
    Screen("panel_disconnected", _panel(), f"{POPOVER}, {BAR}", _disconnected, decisions=OF_PANEL),
    dialog("connect_by_certificate", _by_certificate, _without_agreement),
    Screen("account_signed_for_a_week", ACCOUNT, PAGE, _signed_for_a_week, further=OF_PAGE),
    Screen(
        "panel_copied_database",
        _panel(),
        f"{POPOVER}, {BAR}",
        Tour.pretend_copy,
        decisions=OF_PANEL,
    ),
    Screen("unlock", _unlock, DIALOG, decisions=FOOTER),
]


SCREENS = [*NEVER, *STEPS, *CONNECTED, *DUE, *OFFLINE_INVOICES, *OFFICES]
#: What `./run test` has the time for; all others are long proofs.
OFTEN = {
    *("dashboard_never_connected", "account_connected", "account_take_over"),
    *("window_ways", "window_sign_on_site", "window_signed_file", "window_certificate"),
}
