"""The accountant sends invoices with Odoo's own wizard; the connection takes care of itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journey import BUTTON
from odoo_user import OdooUser, first_login, sign_in
from office import Office
from playwright.sync_api import BrowserContext, Locator, expect
from token_ends import outdate_access_token, revoke_at_ksef

from ksef_simulator.control import Control
from stack.demo import DemoStack, demo_stack

REASONS = {
    "never": "Firma nigdy nie była połączona z KSeF.",
    "ended": "Połączenie z KSeF wygasło.",
    "disconnected": "Firmę rozłączono z KSeF.",
    "refused": "Logowanie do KSeF się nie udało.",
}
KSEF_RED = "rgb(198, 40, 40)"
NUMBER = "5265877635-20260401-0100001AF629-11"


@pytest.fixture(scope="module")
def own_demo() -> Iterator[DemoStack]:
    """Give a demo of its own, whose clock is moved."""
    with demo_stack() as demo:
        yield demo


@pytest.fixture
def newcomer(own_demo: DemoStack, polish_browser: BrowserContext, pictures: Path) -> Office:
    """Give an accountant of a company that was never connected: for the first test only."""
    return Office(own_demo, polish_browser, pictures)


@pytest.fixture(scope="module")
def connected_demo(own_demo: DemoStack) -> DemoStack:
    """Give the demo after its company has signed once."""
    user = OdooUser(own_demo.odoo_url, own_demo.database, "ksiegowa")
    first_login(user, Control(own_demo.simulator_url))
    return own_demo


@pytest.fixture
def office(connected_demo: DemoStack, polish_browser: BrowserContext, pictures: Path) -> Office:
    """Give an accountant of that company."""
    return Office(connected_demo, polish_browser, pictures)


def expect_not_in_ksef(office: Office, state: str) -> Locator:
    """Check an invoice's form and the window that sends it; return the window."""
    page, reason = office.page, REASONS[state]
    banner = page.locator(".o_form_view .o_ksef_notice.alert-danger")
    expect(banner).to_contain_text(f"Tej faktury nie ma w KSeF. {reason}")
    expect(banner.get_by_role("button", name=BUTTON)).to_be_visible()
    expect(page.locator(".ribbon:visible")).to_have_text("Nie w KSeF")
    office.picture(f"{state}_invoice")
    wizard = office.open_wizard()
    expect(wizard.locator("#pl_ksef")).to_be_disabled()
    expect(wizard.locator("#pl_ksef")).not_to_be_checked()
    expect(wizard.locator("label[for=pl_ksef]")).to_have_css("color", KSEF_RED)
    expect(wizard.locator(".o_ksef_notice")).to_contain_text(reason)
    expect(wizard.get_by_role("button", name=BUTTON)).to_be_visible()
    office.picture(f"{state}_window")
    return wizard


def test_what_never_went_to_ksef_never_looks_sent(newcomer: Office) -> None:
    page = newcomer.page
    newcomer.posted()
    address = newcomer.posted()
    wizard = expect_not_in_ksef(newcomer, "never")
    newcomer.picture("send_window")
    wizard.locator("button[name=action_send_and_print]:visible").click()
    expect(wizard).to_be_hidden()
    page.goto(address)
    expect(page.locator(".ribbon:visible")).to_have_text("Nie w KSeF")
    newcomer.picture("not_in_ksef")
    newcomer.open_wizard().get_by_role("button", name=BUTTON).click()
    window = page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window).to_be_visible()
    window.get_by_role("button", name="Zamknij").first.click()

    page.goto(f"{newcomer.demo.odoo_url}/odoo")
    figure = page.locator(".o_ksef_dashboard .o_ksef_figure")
    expect(figure).to_have_text("Niewysłane do KSeF: 2")
    newcomer.picture("figure")
    figure.get_by_role("button").click()
    expect(page.locator(".o_facet_value")).to_have_text("Niewysłane do KSeF")
    rows = page.locator(".o_data_row")
    expect(rows).to_have_count(2)
    newcomer.picture("not_sent_list")
    page.locator("thead .o_list_record_selector input").check()
    page.locator("button[name=action_send_and_print]:visible").click()
    batch = page.get_by_role("dialog")
    expect(batch.locator(".o_ksef_notice")).to_contain_text("Faktury, które nie trafią do KSeF: 2.")
    newcomer.picture("batch")
    batch.get_by_role("button", name="Anuluj").click()

    page.goto(address)
    page.get_by_role("button", name="Oznacz jako wysłaną poza Odoo").click()
    mark = page.get_by_role("dialog")
    mark.locator("div[name=number] input").fill(NUMBER)
    newcomer.picture("mark")
    mark.get_by_role("button", name="Oznacz jako wysłaną").click()
    expect(page.locator(".o_ksef_notice.alert-info")).to_be_visible()
    expect(page.locator(".ribbon:visible").first).to_have_text("Wysłane")
    expect(page.locator(".o-mail-Message").first).to_contain_text(NUMBER)
    newcomer.picture("marked")


def test_an_accountant_sends_invoices_whatever_happens_to_the_token(
    office: Office, record_property
) -> None:
    requests = office.simulator.requests
    numbers = [office.send("first")]

    outdate_access_token(office.demo, office.simulator)
    requests.clear()
    numbers.append(office.send("outdated"))
    refreshes = requests.count("refresh")

    revoke_at_ksef(office.simulator)
    outdate_access_token(office.demo, office.simulator)
    requests.clear()
    numbers.append(office.send("revoked"))
    logins = requests.count("xades-signature")

    record_property(
        "figures",
        f"sends invoices: {len(set(numbers))} KSeF numbers; token outdated: {refreshes} refresh; "
        f"login revoked: {logins} silent login with the certificate, 0 signatures",
    )
    assert (len(set(numbers)), refreshes, logins) == (3, 1, 1)


@pytest.mark.long
def test_when_only_a_signature_helps_the_accountant_is_led_to_it(office: Office) -> None:
    revoke_at_ksef(office.simulator)
    outdate_access_token(office.demo, office.simulator)
    office.demo.sql("UPDATE l10n_pl_ksef_certificate SET state = 'revoked'")
    office.press_send("disconnected")
    office.page.get_by_role("button", name="Odśwież połączenie (podpis)").click()
    window = office.page.get_by_role("dialog").filter(has_text="Autoryzacja konta")
    expect(window).to_be_visible()
    office.picture("disconnected_window")


@pytest.mark.long
def test_ended_disconnected_and_refused_are_told_on_invoice_and_window(office: Office) -> None:
    sql, newest = office.demo.sql, "id = (SELECT max(id) FROM l10n_pl_ksef_session)"
    sql("UPDATE l10n_pl_ksef_certificate SET state = 'revoked'")
    sql(f"UPDATE l10n_pl_ksef_session SET state = 'expired', problem = NULL WHERE {newest}")
    address = office.posted()
    expect_not_in_ksef(office, "ended")

    sql(f"UPDATE l10n_pl_ksef_session SET closed_by_user = true WHERE {newest}")
    office.page.goto(address)
    expect_not_in_ksef(office, "disconnected")

    assert not sign_in(office.accountant, office.simulator, "stranger")
    office.page.goto(address)
    expect_not_in_ksef(office, "refused")

    for status, ribbon in (("sent", "Czeka na KSeF"), ("rejected", "Nie w KSeF")):
        sql(f"UPDATE account_move SET l10n_pl_edi_status = '{status}' WHERE id = {_id(address)}")
        office.page.goto(address)
        expect(office.page.locator(".ribbon:visible")).to_have_text(ribbon)
        office.picture(f"{status}_invoice")
    expect(office.page.locator(".o_ksef_notice")).to_contain_text("KSeF ją odrzucił.")


def _id(address: str) -> int:
    return int(address.rsplit("/", 1)[1])
