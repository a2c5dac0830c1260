"""The demo's accounting office and its clients, brought into the states that screens show."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from typing import Any

from odoo_user import give_rights, sign_in, wait_for_certificate, wait_until
from playwright.sync_api import Page, expect
from tour import ADMINISTRATOR, OFFICE, USUAL, Tour

from ksef_simulator.office import CLIENTS, OFFICE_NAME

LINK = re.compile(r"http[^\s\"<]*/ksef/podpis#[\w-]{43}")
BATCH = "l10n_pl_ksef.batch"
OFFICES_OWN = ("owner_name", "=", OFFICE_NAME)


def confirm(page: Page, password: str) -> None:
    """Give the user's own password in Odoo's window that asks for it."""
    page.locator("input[type=password]").fill(password)
    page.locator(".modal-footer .btn-primary").last.click()
    expect(page.locator("input[type=password]")).to_be_hidden()


class Clients:
    """The office's twelve clients, by their places in the simulator's list."""

    def __init__(self, tour: Tour) -> None:
        """Look up the companies; nothing is changed."""
        self.tour, self.user = tour, tour.user(OFFICE)
        found = self.user.call("res.company", "search_read", [], ["name"])
        ids = {company["name"]: int(company["id"]) for company in found}
        self.ids = [ids[client.name] for client in CLIENTS]
        self.office = ids[OFFICE_NAME]

    def connect(self, place: int, signer: str) -> None:
        """Have somebody sign for a client; KSeF may refuse it."""
        sign_in(self.user, self.tour.simulator, signer, self.ids[place])

    def set_link_address(self) -> None:
        """Have the administrator set where links point: the address that is proposed."""
        page = self.tour.go("/odoo/action-l10n_pl_ksef_auth.action_link_address", ADMINISTRATOR)
        page.locator("button[name=action_save]").click()
        confirm(page, ADMINISTRATOR)

    def ask(self, *places: int, purpose: str = "connect") -> str:
        """Ask the clients' signer by mail, and return the link in the mail."""
        client = CLIENTS[places[0]]
        asked = {"signer_name": client.signer.name, "signer_email": client.email}
        asked |= {"lang": "pl_PL", "hours": 72, "purpose": purpose}
        rows = [{"company_id": self.ids[place], **asked} for place in places]
        results = self.user.call("l10n_pl_ksef.request", "ask_for_signatures", rows)
        assert all(row["ok"] for row in results), results
        return LINK.findall(self.tour.demo.mailbox.html_for(client.email)[-1])[0]

    def connect_office(self) -> None:
        """Connect the office's own company with its seal, unless that was done."""
        if not self.user.call("l10n_pl_ksef.certificate", "search_count", [OFFICES_OWN]):
            assert sign_in(self.user, self.tour.simulator, "office-seal", self.office)
            wait_for_certificate(self.user, self.office)

    def set_office(self) -> None:
        """Set the office by the certificate of its own company."""
        self.connect_office()
        self.tour.resize(*USUAL)
        page = self.tour.go("/odoo/ksef-office", OFFICE)
        page.get_by_role("button", name="Ustaw biuro").click()
        page.locator("button[name=action_set]").click()
        confirm(page, OFFICE)
        expect(page.locator(".o_data_row")).to_have_count(1)

    def give_rights(self, place: int, signer: str) -> None:
        """Have a client's signer give the office rights."""
        give_rights(self.user, self.tour.simulator, signer, self.ids[place])

    def choose(self, place: int) -> None:
        """Make a client the active company in the office's browser, as the menu does."""
        page = self.tour.go("/odoo/ksef-companies", OFFICE)
        cookie = {"name": "cids", "value": str(self.ids[place]), "url": self.tour.demo.odoo_url}
        page.context.add_cookies([cookie])

    def drop_signed_files(self) -> None:
        """Sign what the last list of files wants, drop it, and a file of no company."""
        batch = [self.user.call(BATCH, "latest")]
        archive = self.user.get(self.user.call(BATCH, "prepare_files", batch)["download_url"])
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            for number, name in enumerate(files.namelist()):
                signed = self.tour.signed(files.read(name), "qualified")
                content = base64.b64encode(signed).decode()
                self.user.call(BATCH, "attach", batch, f"podpisany ({number}).xml", content)
        self.user.call(BATCH, "attach", batch, "umowa.pdf", base64.b64encode(b"%PDF-1.7").decode())

    def send_signed_files(self) -> None:
        """Send the files that were dropped, and wait until KSeF has decided about all."""
        batch = [self.user.call(BATCH, "latest")]
        for line in self.user.call(BATCH, "view", batch)["lines"]:
            if line["can_send"]:
                self.user.call(BATCH, "answer", batch, line["id"], "weekly")
        wait_until(lambda: not self._running(batch), "KSeF's answers")

    def _running(self, batch: list[int]) -> list[Any]:
        lines = self.user.call(BATCH, "view", batch)["lines"]
        running = [line["id"] for line in lines if line["state"] == "running"]
        return [self.user.call(BATCH, "follow", batch, line) for line in running]
