"""The office is set, a client gives it rights, and takes them away, by clicking."""

from __future__ import annotations

import re

import pytest
from journey import Journey
from odoo_user import OdooUser, first_login, give_rights, sign_in, wait_for_certificate, wait_until
from playwright.sync_api import Browser, Page, expect
from test_signer_elsewhere import set_address

from ksef_simulator.control import Control
from ksef_simulator.office import CLIENTS, OFFICE_NAME, OFFICE_NIP
from stack.demo import DemoStack

BUREAU, CLIENT = CLIENTS[0], CLIENTS[11]
SIGNER = "qualified"
TAKES_AWAY = CLIENTS[10]
ASK_AGAIN = "Poproś klienta o uprawnienia"


def company_id(user: OdooUser, name: str) -> int:
    """Return the number of a company in Odoo."""
    found = user.call("res.company", "search", [("name", "=", name)])
    assert len(found) == 1
    return int(found[0])


def choose_company(journey: Journey, number: int) -> None:
    """Make a company the active one, as the menu of companies does."""
    cookie = {"name": "cids", "value": str(number), "url": journey.demo.odoo_url}
    journey.page.context.add_cookies([cookie])


def set_office(journey: Journey, bureau: int) -> None:
    """Set the office in the company whose certificate it logs in with."""
    page = journey.page
    choose_company(journey, bureau)
    page.goto(f"{journey.demo.odoo_url}/odoo/ksef-office")
    page.get_by_role("button", name="Ustaw biuro").click()
    journey.picture("office_setup")
    page.get_by_role("dialog").get_by_role("button", name="Ustaw biuro").click()
    page.locator("input[type=password]").fill("biuro")
    page.locator(".modal-footer .btn-primary").last.click()
    row = page.locator(".o_data_row", has_text=re.compile("PESEL|NIP"))
    expect(row).to_be_visible()


@pytest.mark.long
def test_a_client_gives_the_office_rights(demo: DemoStack, journey: Journey) -> None:
    user = OdooUser(demo.odoo_url, demo.database, "biuro")
    bureau, client = (company_id(user, one.name) for one in (BUREAU, CLIENT))
    first_login(user, Control(demo.simulator_url), bureau)
    # No certificate that serves companies of others makes an office, and other tests connect some.
    served = "l10n_pl_ksef_certificate_res_company_rel"
    demo.sql(f"DELETE FROM {served} WHERE res_company_id != {bureau}")
    page = journey.log_in("biuro")
    set_office(journey, bureau)

    choose_company(journey, client)
    page.goto(f"{demo.odoo_url}/odoo/ksef-office")
    # The panel may have opened by itself, above the list.
    page.locator(".o_data_row .o_data_cell").first.dispatch_event("click")
    ask = page.get_by_role("button", name="Poproś aktywną firmę o uprawnienia")
    expect(ask).to_be_visible()
    journey.picture("office_form")
    ask.click()
    window = page.locator(".o_ksef_authorization")
    expect(window.locator(".o_ksef_errand")).to_contain_text("nadaje uprawnienia")
    journey.picture("office_rights_window")
    document = journey.download()
    signed = journey.sign(document, SIGNER)
    page.locator(".o_ksef_next").click()
    journey.choose(signed)
    expect(page.locator(".o_ksef_answer")).to_have_count(0)
    journey.picture("office_rights_file")
    page.get_by_role("button", name="Uwierzytelnij").click()
    expect(window.locator(".o_ksef_errand_done")).to_contain_text("KSeF nadał uprawnienia")
    journey.picture("office_rights_given")
    page.get_by_role("button", name="Zamknij").last.click()

    page.goto(f"{demo.odoo_url}/odoo/ksef-rights")
    expect(page.locator(".o_data_row")).to_contain_text("Nadane")
    journey.picture("office_rights_list")
    page.goto(f"{demo.odoo_url}/odoo/ksef")
    told = page.locator(".o_ksef_stands_on").first
    expect(told).to_contain_text("uprawnienia od klienta")
    journey.picture("office_panel")


def take_away(demo: DemoStack, user: OdooUser, nip: str) -> None:
    """Have a client take the office's rights away, and the office hear of it."""
    Control(demo.simulator_url).world.revoke(OFFICE_NIP, nip)
    # KSeF's list may lack what was given just now.
    demo.sql("UPDATE l10n_pl_ksef_grant SET given_at = given_at - interval '3 days'")
    office = user.call("l10n_pl_ksef.office", "search", [])
    user.call("l10n_pl_ksef.office", "action_check", office)
    told = demo.mailbox.html_for
    wait_until(lambda: ASK_AGAIN in "".join(told("biuro@example.com")), "the mail", 90)


def from_mail(demo: DemoStack, journey: Journey) -> Page:
    """Press the button of the newest mail that has it, and return the page that it opens."""
    mailbox = journey.context.new_page()
    mailbox.goto(demo.mailbox.url)
    mail = mailbox.frame_locator(f"iframe[srcdoc*='{ASK_AGAIN}']").first
    with journey.context.expect_page() as opened:
        mail.get_by_role("link", name=ASK_AGAIN).click()
    return opened.value


@pytest.mark.long
def test_who_took_the_rights_away_is_asked_again_from_the_mail(
    demo: DemoStack, chromium: Browser, journey: Journey
) -> None:
    simulator = Control(demo.simulator_url)
    user = OdooUser(demo.odoo_url, demo.database, "biuro")
    bureau, client = (company_id(user, name) for name in (OFFICE_NAME, TAKES_AWAY.name))
    set_address(demo, chromium)
    demo.sql("DELETE FROM l10n_pl_ksef_office")
    assert sign_in(user, simulator, "office-seal", bureau)
    wait_for_certificate(user, bureau)
    journey.log_in("biuro")
    set_office(journey, bureau)
    give_rights(user, simulator, SIGNER, client)
    take_away(demo, user, TAKES_AWAY.nip)

    page = from_mail(demo, journey)
    window = page.get_by_role("dialog").filter(has_text="Poproś o podpis")
    expect(window.locator(".o_ksef_lead")).to_contain_text(TAKES_AWAY.name)
    expect(window.locator("input[value=grant]")).to_be_checked()
    window.get_by_role("button", name="Wyślij link e-mailem").click()
    expect(window.locator(".o_ksef_requests [data-state=open]")).to_have_count(1)
    asked = user.call(
        "l10n_pl_ksef.request", "search_read", [("company_id", "=", client)], ["purpose", "state"]
    )
    assert [(one["purpose"], one["state"]) for one in asked] == [("grant", "open")]
    # Other tests set an office of their own.
    demo.sql("DELETE FROM l10n_pl_ksef_office")
