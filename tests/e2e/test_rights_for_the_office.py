"""The office is set, and a client gives it rights by one signature, by clicking."""

from __future__ import annotations

import re

import pytest
from journey import Journey
from odoo_user import OdooUser, first_login
from playwright.sync_api import expect

from ksef_simulator.control import Control
from ksef_simulator.office import CLIENTS
from stack.demo import DemoStack

BUREAU, CLIENT = CLIENTS[0], CLIENTS[11]
SIGNER = "qualified"


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
    row = page.locator(".o_data_row", has_text=re.compile("PESEL"))
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
