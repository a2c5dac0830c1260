"""An office connects clients without seeing their signers: mails go out, the list turns green."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from odoo_user import OdooUser
from playwright.sync_api import Browser, Locator, Page, expect
from test_signer_elsewhere import PHONE, set_address
from web_client import log_in

from ksef_simulator.control import Control
from ksef_simulator.identities import OWNER, QUALIFIED, Person, invented_nips
from ksef_simulator.signers import sign
from stack import sizes
from stack.demo import DemoStack
from stack.fixtures import polish_context

#: By the signer's name at the signing site: the person, and for how many clients he signs.
SHORT = {"owner": (OWNER, 2), "qualified": (QUALIFIED, 1)}
ALL = {"owner": (OWNER, 49), "qualified": (QUALIFIED, 1)}
LINK = re.compile(r"http[^\s\"<]*/ksef/podpis#[\w-]{43}")
NAME, LOGIN, ROW = "Klient biura", "beata", ".o_data_row"
MOST_CLICKS = 12


@dataclass
class Hand:
    """Clicks on a page, and counts them."""

    page: Page
    clicks: int = field(default=0)

    def click(self, what: Locator) -> None:
        """Click once."""
        what.click()
        self.clicks += 1


def import_clients(demo: DemoStack, cast: dict[str, tuple[Person, int]]) -> None:
    """Have the administrator import the clients, and let the office's accountant use them."""
    admin = OdooUser(demo.odoo_url, demo.database, "admin")
    world = Control(demo.simulator_url).world
    people = [(key, person) for key, (person, count) in cast.items() for _one in range(count)]
    columns = ["name", "vat", "country_id", "l10n_pl_ksef_signer_name"]
    columns += ["l10n_pl_ksef_signer_email", "l10n_pl_ksef_environment"]
    rows = []
    for (key, person), nip in zip(people, invented_nips(len(people)), strict=True):
        world.add_company(nip, f"{NAME} {nip}")
        world.grant(person.pesel, nip)
        rows.append([f"{NAME} {nip}", f"PL{nip}", "PL", person.name, f"{key}@example.com", "test"])
    imported = admin.call("res.company", "load", columns, rows)
    assert imported["ids"], imported["messages"]
    clients = imported["ids"]
    values = {"company_ids": [(6, 0, clients)], "user_ids": [(4, accountant(admin, clients[0]))]}
    (window,) = admin.call("l10n_pl_ksef.company.users", "create", [values])
    admin.call("l10n_pl_ksef.company.users", "action_give", [window])


def accountant(admin: OdooUser, company: int) -> int:
    """Create an accountant who has one of the clients so far, and return the user's id."""
    wanted = [("login", "=", "biuro")]
    (office,) = admin.call("res.users", "search_read", wanted, ["group_ids"])
    values = {"name": "Beata Biurowa", "login": LOGIN, "password": LOGIN, "lang": "pl_PL"}
    values |= {"company_id": company, "company_ids": [(4, company)]}
    values |= {"group_ids": [(6, 0, office["group_ids"])], "email": "beata@example.com"}
    return int(admin.call("res.users", "create", [values])[0])


def open_list(page: Page, demo: DemoStack, count: int) -> None:
    """Open the list of companies."""
    page.goto(f"{demo.odoo_url}/odoo/ksef-companies")
    expect(page.locator(ROW)).to_have_count(count)


def ask_all(page: Page, count: int) -> int:
    """Ask for all clients in the list, and return how often that was clicked."""
    hand = Hand(page)
    hand.click(page.locator("thead .o_list_record_selector input"))
    hand.click(page.locator("button[name=action_ask]"))
    expect(page.locator(".o_ksef_batch_asked tbody tr")).to_have_count(count)
    hand.click(page.locator(".o_ksef_send_links"))
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
    for left in range(count - 1, -1, -1):
        hand.click(page.get_by_text("Co 7 dni", exact=True).first)
        send = page.get_by_role("button", name="Wyślij do KSeF")
        hand.click(send.first)
        expect(send).to_have_count(left)
    return hand.clicks


def test_fifty_clients_are_connected_by_signers_without_accounts(
    demo: DemoStack,
    chromium: Browser,
    tmp_path: Path,
    pictures: Path,
    record_property: Callable[[str, object], None],
) -> None:
    cast = ALL if sizes.wide() else SHORT
    count, simulator = sum(number for _person, number in cast.values()), Control(demo.simulator_url)
    import_clients(demo, cast)
    set_address(demo, chromium)
    office = polish_context(chromium, (1366, 768))
    page = office.new_page()
    log_in(page, f"{demo.odoo_url}/web/login", LOGIN)
    open_list(page, demo, count)
    simulator.requests.clear()
    clicks = ask_all(page, count)
    page.screenshot(path=pictures / "office_asked.png")

    by_signer = {}
    for signer, (_person, number) in cast.items():
        (mail,) = demo.mailbox.html_for(f"{signer}@example.com")
        (link,) = set(LINK.findall(mail))
        context = polish_context(chromium, PHONE)
        elsewhere = context.new_page()
        elsewhere.goto(link)
        by_signer[number] = sign_at_page(elsewhere, simulator, signer, number, tmp_path)
        context.close()

    open_list(page, demo, count)
    connected = page.locator(ROW, has_text="Połączono")
    for _look in range(30):
        if connected.count() == count:
            break
        page.wait_for_timeout(2000)
        open_list(page, demo, count)
    expect(connected).to_have_count(count)
    page.screenshot(path=pictures / "office_green.png")
    office.close()
    requests = sum(simulator.requests.counts().values()) / count
    each = ", ".join(f"{taken} with {number}" for number, taken in by_signer.items())
    record_property(
        "figures",
        f"fifty clients: {count} connected by {len(cast)} signers without accounts; the office's"
        f" clicks: {clicks}; clicks of a signer by companies: {each};"
        f" requests to KSeF per client: {requests:.1f}",
    )
    assert clicks <= MOST_CLICKS
