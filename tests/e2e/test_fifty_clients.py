"""An office gets rights from its clients without seeing their signers; the list turns green."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from odoo_user import OdooUser, sign_in, wait_for_certificate
from playwright.sync_api import Browser, Locator, Page, expect
from test_signer_elsewhere import PHONE, set_address
from web_client import log_in

from ksef_simulator.control import Control
from ksef_simulator.identities import EDOWOD, OWNER, QUALIFIED, Person, invented_nips
from ksef_simulator.own_seals import sign_as_company
from ksef_simulator.signers import sign
from stack import sizes
from stack.demo import DemoStack
from stack.fixtures import polish_context

#: By the signer's name at the signing site: the person, and for how many clients he signs.
SHORT = {"owner": (OWNER, 2), "qualified": (QUALIFIED, 1)}
ALL = {"qualified": (QUALIFIED, 38), "owner": (OWNER, 11), "edowod": (EDOWOD, 1)}
LINK = re.compile(r"http[^\s\"<]*/ksef/podpis#[\w-]{43}")
NAME, LOGIN, ROW = "Klient biura", "beata", ".o_data_row"
MOST_CLICKS = 12
#: Another one than the demo's: one NIP is one company's.
OFFICE_NIP, OFFICE_NAME = "7010002004", "Biuro na Rogu Sp. z o.o."
# Companies that are imported in one go, as Odoo's import does in batches. Odoo makes a chart of
# accounts for each with a country, which takes seconds: the first batch alone has one.
AT_ONCE = 10
# What is kept here of those who signed: open logins of theirs, and certificates
# that are not the office's own, also those that have left a client and keep their key.
SECRETS_LEFT = """
    SELECT (SELECT count(*) FROM l10n_pl_ksef_session
             WHERE method = 'signature' AND company_id IN ({clients})
               AND concat(document_secret, authentication_token_secret,
                          access_token_secret, refresh_token_secret) <> '')
         + (SELECT count(DISTINCT certificate.id) FROM l10n_pl_ksef_certificate AS certificate
              JOIN (SELECT l10n_pl_ksef_certificate_id AS certificate_id,
                           res_company_id AS company_id
                      FROM l10n_pl_ksef_certificate_res_company_rel
                     UNION
                    SELECT former.certificate_id, former.company_id
                      FROM l10n_pl_ksef_certificate_former_company_rel AS former
                      JOIN l10n_pl_ksef_certificate AS keyed ON keyed.id = former.certificate_id
                       AND keyed.private_key_secret IS NOT NULL) AS served
                ON served.certificate_id = certificate.id
             WHERE served.company_id IN ({clients})
               AND certificate.identity_digest NOT IN (
                   SELECT own.identity_digest FROM l10n_pl_ksef_certificate AS own
                     JOIN l10n_pl_ksef_office AS office ON office.certificate_id = own.id))
"""


@dataclass
class Hand:
    """Clicks on a page, and counts them."""

    page: Page
    clicks: int = field(default=0)

    def click(self, what: Locator) -> None:
        """Click once."""
        what.click()
        self.clicks += 1


def import_companies(demo: DemoStack, cast: dict[str, tuple[Person, int]]) -> list[int]:
    """Have the administrator import office and clients, and let the office's accountant use them.

    :return: the companies' numbers, the office's own first
    """
    admin = OdooUser(demo.odoo_url, demo.database, "admin")
    columns = ["name", "vat", "country_id", "l10n_pl_ksef_environment"]
    columns += ["l10n_pl_ksef_signer_name", "l10n_pl_ksef_signer_email"]
    own = [OFFICE_NAME, f"PL{OFFICE_NIP}", "PL", "test", "", ""]
    rows, companies = [own, *clients_of(demo, cast)], list[int]()
    for begin in range(0, len(rows), AT_ONCE):
        imported = admin.call("res.company", "load", columns, rows[begin : begin + AT_ONCE])
        assert imported["ids"], imported["messages"]
        companies += imported["ids"]
    values = {"company_ids": [(6, 0, companies)]}
    values |= {"user_ids": [(4, accountant(admin, companies[0]))]}
    (window,) = admin.call("l10n_pl_ksef.company.users", "create", [values])
    admin.call("l10n_pl_ksef.company.users", "action_give", [window])
    return companies


def clients_of(demo: DemoStack, cast: dict[str, tuple[Person, int]]) -> list[list[str]]:
    """Let KSeF know office and clients, and return the clients' rows to be imported."""
    world = Control(demo.simulator_url).world
    world.add_company(OFFICE_NIP, OFFICE_NAME)
    people = [(key, person) for key, (person, count) in cast.items() for _one in range(count)]
    rows = []
    for (key, person), nip in zip(people, invented_nips(len(people)), strict=True):
        world.add_company(nip, f"{NAME} {nip}")
        world.grant(person.pesel, nip)
        country = "PL" if len(rows) < AT_ONCE else ""
        client = [f"{NAME} {nip}", f"PL{nip}", country, "test"]
        rows.append([*client, person.name, f"{key}@example.com"])
    return rows


def accountant(admin: OdooUser, company: int) -> int:
    """Create an accountant who has one of the companies so far, and return the user's id."""
    wanted = [("login", "=", "biuro")]
    (office,) = admin.call("res.users", "search_read", wanted, ["group_ids"])
    values = {"name": "Beata Biurowa", "login": LOGIN, "password": LOGIN, "lang": "pl_PL"}
    values |= {"company_id": company, "company_ids": [(4, company)]}
    values |= {"group_ids": [(6, 0, office["group_ids"])], "email": "beata@example.com"}
    return int(admin.call("res.users", "create", [values])[0])


def connect_itself(demo: DemoStack, simulator: Control, own: int) -> None:
    """Have the accountant connect the office's own company with its seal."""

    def sealed(document: bytes, _signer: str, *, at: datetime) -> bytes:
        return sign_as_company(document, at=at, nip=OFFICE_NIP, name=OFFICE_NAME)

    user = OdooUser(demo.odoo_url, demo.database, LOGIN)
    assert sign_in(user, simulator, "seal", own, sign=sealed)
    wait_for_certificate(user, own)


def become_office(page: Page, demo: DemoStack) -> int:
    """Make the owner of that certificate the office, and return how often that was clicked."""
    page.goto(f"{demo.odoo_url}/odoo/ksef-office")
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Ustaw biuro"))
    hand.click(page.get_by_role("dialog").get_by_role("button", name="Ustaw biuro"))
    page.locator("input[type=password]").fill(LOGIN)
    hand.click(page.locator(".modal-footer .btn-primary").last)
    expect(page.locator(ROW, has_text=OFFICE_NAME)).to_be_visible()
    return hand.clicks


def open_list(page: Page, demo: DemoStack, count: int) -> None:
    """Open the list of companies."""
    page.goto(f"{demo.odoo_url}/odoo/ksef-companies")
    expect(page.locator(ROW)).to_have_count(count)


def ask_all(page: Page, count: int) -> int:
    """Ask all clients for rights for the office, and return how often that was clicked."""
    hand = Hand(page)
    hand.click(page.locator("thead .o_list_record_selector input"))
    hand.click(page.locator("button[name=action_ask]"))
    expect(page.locator("input[value=grant]")).to_be_checked()
    send = page.locator(".o_ksef_send_links")
    expect(send).to_contain_text(f"({count})")
    hand.click(send)
    expect(page.locator("[data-state=done]")).to_have_count(count)
    return hand.clicks


def sign_at_page(page: Page, simulator: Control, signer: str, count: int, folder: Path) -> int:
    """Sign for all companies behind a link, and return the clicks that it took."""
    hand = Hand(page)
    hand.click(page.get_by_role("button", name="Pokaż, o co chodzi"))
    files = []
    for number in range(count):
        if count > 1:
            hand.click(page.locator("li[data-request]").nth(number).get_by_role("button"))
        with page.expect_download() as download:
            hand.click(page.get_by_role("button", name="Pobierz AuthTokenRequest.xml"))
        content = Path(download.value.path()).read_bytes()
        files.append(folder / f"{signer}-{number}.xml")
        files[-1].write_bytes(sign(content, signer, at=simulator.clock.now()))
        if count > 1:
            hand.click(page.get_by_role("button", name="Wróć do listy"))
    page.locator("input[type=file]").set_input_files(files)
    send = page.get_by_role("button", name="Wyślij do KSeF")
    for left in range(count - 1, -1, -1):
        hand.click(send.first)
        expect(send).to_have_count(left)
    return hand.clicks


def sign_elsewhere(
    demo: DemoStack, chromium: Browser, signer: str, count: int, folder: Path
) -> int:
    """Have somebody without an account follow his one mail, and return the clicks of his."""
    (mail,) = demo.mailbox.html_for(f"{signer}@example.com")
    (link,) = set(LINK.findall(mail))
    context = polish_context(chromium, PHONE)
    page = context.new_page()
    page.goto(link)
    clicks = sign_at_page(page, Control(demo.simulator_url), signer, count, folder)
    context.close()
    return clicks


def watch(page: Page, demo: DemoStack, count: int) -> None:
    """Look at the list until all companies are green."""
    connected = page.locator(ROW, has_text="Połączono")
    for _look in range(60):
        open_list(page, demo, count)
        if connected.count() == count:
            break
        page.wait_for_timeout(2000)
    expect(connected).to_have_count(count)


def logging_in(simulator: Control) -> int:
    """Return how many certificates KSeF has issued that log somebody in."""
    issued = simulator.state()["certificates"]
    return sum(one["type"] == "Authentication" for one in issued)


def secrets_left(demo: DemoStack, clients: list[int]) -> int:
    """Return how much of the clients' signers is still kept in Odoo."""
    return int(demo.sql(SECRETS_LEFT.format(clients=",".join(map(str, clients)))))


def test_fifty_clients_give_the_office_rights_by_signers_without_accounts(
    demo: DemoStack,
    chromium: Browser,
    tmp_path: Path,
    pictures: Path,
    record_property: Callable[[str, object], None],
) -> None:
    cast = ALL if sizes.wide() else SHORT
    count, simulator = sum(number for _person, number in cast.values()), Control(demo.simulator_url)
    issued = logging_in(simulator)
    own, *clients = import_companies(demo, cast)
    set_address(demo, chromium)
    connect_itself(demo, simulator, own)
    office = polish_context(chromium, (1366, 768))
    page = office.new_page()
    log_in(page, f"{demo.odoo_url}/web/login", LOGIN)
    setting = become_office(page, demo)
    open_list(page, demo, count + 1)
    simulator.requests.clear()
    asking = ask_all(page, count)
    page.screenshot(path=pictures / "office_asked.png")
    by_signer = {
        number: sign_elsewhere(demo, chromium, signer, number, tmp_path)
        for signer, (_person, number) in cast.items()
    }
    watch(page, demo, count + 1)
    page.screenshot(path=pictures / "office_green.png")
    office.close()

    requests = sum(simulator.requests.counts().values()) / count
    issued = logging_in(simulator) - issued
    left = secrets_left(demo, clients)
    # Other tests set an office of their own.
    demo.sql("DELETE FROM l10n_pl_ksef_office")
    each = ", ".join(f"{taken} with {number}" for number, taken in by_signer.items())
    record_property(
        "figures",
        f"fifty clients: {count} gave the office rights, by {len(cast)} signers without accounts;"
        f" the office's clicks: {asking}, and {setting} once to be set; clicks of a signer by"
        f" companies: {each}; certificates issued to log in: {issued}; clients' secrets left:"
        f" {left}; requests to KSeF per client: {requests:.1f}",
    )
    assert setting + asking <= MOST_CLICKS
    assert (issued, left) == (1, 0)
