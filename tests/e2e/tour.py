"""Leads a browser through the screens: brings Odoo and KSeF into a state, and opens a screen."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from odoo_user import OdooUser, add_company, draft_invoice, first_login, wait_until
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from web_client import log_in

from ksef_simulator.control import Control
from ksef_simulator.signers import sign
from stack.demo import DemoStack
from stack.fixtures import polish_context
from stack.say import StackError

#: Width and height of a laptop, in CSS pixels.
USUAL = (1366, 768)
ACCOUNTANT, ADMINISTRATOR, CLERK = "ksiegowa", "admin", "fakturzysta"
#: Looks after the twelve clients of the demo's accounting office.
OFFICE = "biuro"
#: A browser in which nobody has logged in.
NOBODY = ""
WINDOW = "l10n_pl_ksef.authorization"
#: Emptied with all that refers to them.
FORGOTTEN = ("l10n_pl_ksef_session", "l10n_pl_ksef_certificate", "l10n_pl_ksef_authorization")
#: Odoo shows a page without styles when it cannot compile them, and says so at its foot.
STYLE_ERROR = "() => getComputedStyle(document.body, '::before').content"
OTHER_COMPANIES = {"Siostrzana Sp. z o.o.": "7680002466", "Bratnia S.A.": "1111111111"}


def forget_here(demo: DemoStack) -> None:
    """Make Odoo forget all logins and certificates; KSeF keeps what it knows."""
    # The demo's scheduled action may read these tables in another order: a deadlock ends this.
    for left in reversed(range(3)):
        try:
            demo.sql(f"TRUNCATE {', '.join(FORGOTTEN)} CASCADE")
            return
        except StackError:
            if not left:
                raise


class Tour:
    """One browser for several users of a demo of its own; its company is the demo's."""

    def __init__(self, demo: DemoStack, chromium: Browser, folder: Path) -> None:
        """Log nobody in yet; certificates' files are written to `folder`."""
        self.demo, self.folder = demo, folder
        self.simulator = Control(demo.simulator_url)
        self.size = USUAL
        self._chromium = chromium
        self._pages: dict[str, Page] = {}
        self._users: dict[str, OdooUser] = {}
        self._identity, self._nip = "", ""
        self.page: Page

    # ------------------------------------------------------------------
    # The browser
    # ------------------------------------------------------------------
    def resize(self, width: int, height: int) -> None:
        """Let the windows have another size, in CSS pixels; what is open adapts itself."""
        self.size = (width, height)
        for page in self._pages.values():
            page.set_viewport_size({"width": width, "height": height})

    def go(self, path: str, login: str = ACCOUNTANT, frame: str = ".o_main_navbar") -> Page:
        """Open an address of Odoo as a user, and wait for its frame: the menu."""
        if login not in self._pages:
            self._pages[login] = self._log_in(login)
        self.page = self._pages[login]
        self.page.goto(f"{self.demo.odoo_url}{path}")
        expect(self.page.locator(frame)).to_be_visible()
        error = self.page.evaluate(STYLE_ERROR)
        assert "css error" not in error, "Odoo could not compile the styles"
        return self.page

    def _log_in(self, login: str) -> Page:
        self.user(login)
        page = self._context().new_page()
        log_in(page, f"{self.demo.odoo_url}/web/login?redirect=/odoo/ksef-diagnosis", login)
        # The panel opens by itself once a day: not on a later page, above what is looked at there.
        page.wait_for_timeout(600)
        return page

    def _context(self) -> BrowserContext:
        # What moves is measured where it comes to rest.
        context = polish_context(self._chromium, self.size, is_still=True)
        # Two cores may be busy with other tests beside this one.
        context.set_default_timeout(60_000)
        return context

    def open_link(self, link: str) -> Page:
        """Open a link as a signer without an account does; nothing is pressed."""
        if NOBODY not in self._pages:
            self._pages[NOBODY] = self._context().new_page()
        self.page = self._pages[NOBODY]
        # Another link differs in its fragment alone, for which a browser loads nothing.
        self.page.goto("about:blank")
        self.page.goto(link)
        return self.page

    def follow_link(self, link: str) -> Page:
        """Open a link as a signer without an account does, and press the page's first button."""
        self.open_link(link)
        self.page.locator("#begin").click()
        expect(self.page.locator("#begin")).to_be_hidden()
        return self.page

    def press(self, selector: str) -> Locator:
        """Press the first button that fits, and return the dialog that stands then."""
        self.page.locator(selector).first.click()
        dialog = self.page.locator(".modal-content").last
        expect(dialog).to_be_visible()
        return dialog

    def open_panel(self, login: str = ACCOUNTANT) -> Locator:
        """Open the panel behind the dot, on a page that shows no other."""
        page = self.go("/odoo/action-l10n_pl_ksef_auth.action_session", login)
        panel = page.locator(".o_ksef_popover .o_ksef_panel")
        expect(page.locator(".o_list_view, .o_kanban_view")).to_be_visible()
        # By itself it opens when the first screen is drawn: a click just then would close it.
        page.wait_for_timeout(600)
        dot = page.locator(".o_ksef_systray")
        if dot.get_attribute("aria-expanded") == "false":
            dot.click()
        expect(panel.locator("dl, .o_ksef_slim").first).to_be_visible()
        return panel

    def open_window(self, step: str) -> Locator:
        """Open the window "Account authorization", where it was left."""
        page = self.go("/odoo/ksef")
        page.locator(".o_action_manager .o_ksef_connect").click()
        window = page.locator(f".o_ksef_authorization[data-step={step}]")
        expect(window).to_be_visible()
        return window

    # ------------------------------------------------------------------
    # The state of Odoo and KSeF
    # ------------------------------------------------------------------
    def user(self, login: str = ACCOUNTANT) -> OdooUser:
        """Return a user who calls Odoo without the browser."""
        if login == CLERK and login not in self._users:
            self._make_clerk()
        if login not in self._users:
            self._users[login] = OdooUser(self.demo.odoo_url, self.demo.database, login)
        return self._users[login]

    def _make_clerk(self) -> None:
        """Create somebody who writes invoices and may not connect."""
        call = self.user(ADMINISTRATOR).call
        group = call("ir.model.data", "check_object_reference", "account", "group_account_invoice")
        values = {"name": "Feliks Fakturzysta", "login": CLERK, "password": CLERK}
        values |= {"lang": "pl_PL", "tz": "Europe/Warsaw", "group_ids": [(4, group[1])]}
        call("res.users", "create", [values])

    def forget(self) -> None:
        """Make the company one that was never connected, here and at KSeF."""
        self.simulator.faults.clear()
        self.simulator.settings.reset()
        self.simulator.reset()
        self.simulator.watch_contract()
        forget_here(self.demo)
        if self._identity:
            self._identify(self._identity)
            self._identity = ""
        self.give_nip()

    def connect(self) -> None:
        """Sign once as the owner, and have the certificate issued."""
        first_login(self.user(), self.simulator)

    def change_login(self, **values: str) -> None:
        """Write SQL expressions into the columns of the login that is active."""
        changes = ", ".join(f"{name} = {value}" for name, value in values.items())
        self.demo.sql(f"UPDATE l10n_pl_ksef_session SET {changes} WHERE state = 'active'")

    def window(self) -> int:
        """Return the id of the accountant's open window, or open one."""
        action = self.user().call("res.company", "l10n_pl_ksef_open_authorization", [1])
        return int(action["params"]["wizard_id"])

    def call_window(self, method: str, *args: Any) -> dict[str, Any]:
        """Call a method of the accountant's open window, and return what it shows."""
        return dict(self.user().call(WINDOW, method, [self.window()], *args))

    def download(self, way: str = "site") -> bytes:
        """Download the file to be signed, for one of the ways of signing."""
        self.call_window("go", "download")
        return self.user().get(self.call_window("prepare_download", way)["download_url"])

    def attach(self, document: bytes, name: str = "AuthTokenRequest (1).xml") -> None:
        """Attach a file in the window's last step."""
        self.call_window("attach", name, base64.b64encode(document).decode())
        self.call_window("go", "upload")

    def signed(self, document: bytes, signer: str = "owner") -> bytes:
        """Have somebody sign a document."""
        return sign(document, signer, at=self.simulator.clock.now())

    def send(self, signer: str, answer: str = "") -> None:
        """Have somebody sign, send the file, and wait for KSeF's answer if it comes.

        :param answer: how often to sign, as the window keeps it; only once if it is empty
        """
        self.attach(self.signed(self.download(), signer))
        offline = self.call_window("view")["offline"]
        self.call_window("set_answer", answer or ("both" if offline else "once"))
        self.call_window("authenticate")
        if not self.simulator.settings.auth_delay:
            wait_until(lambda: self.call_window("follow")["step"] != "verify", "KSeF's answer")

    def add_companies(self) -> None:
        """Give accountant and administrator further Polish companies, in the test environment."""
        for name, nip in OTHER_COMPANIES.items():
            add_company(self.user(ADMINISTRATOR), name, nip)

    def take_nip(self) -> None:
        """Leave the company without a NIP, until `give_nip` or `forget`."""
        call = self.user(ADMINISTRATOR).call
        self._nip = call("res.company", "read", [1], ["vat"])[0]["vat"]
        call("res.company", "write", [1], {"vat": False})

    def give_nip(self) -> None:
        """Give the company the NIP back that was taken."""
        if self._nip:
            self.user(ADMINISTRATOR).call("res.company", "write", [1], {"vat": self._nip})
            self._nip = ""

    def pretend_copy(self) -> None:
        """Make the database one that was copied from another; `forget` makes it the original."""
        get = self.user(ADMINISTRATOR).call
        self._identity = get("ir.config_parameter", "get_param", "database.uuid")
        self._identify("a-copy")

    def _identify(self, uuid: str) -> None:
        call = self.user(ADMINISTRATOR).call
        call("ir.config_parameter", "set_param", "database.uuid", uuid)

    def post_invoice(self) -> int:
        """Post an invoice of one service with 23 % VAT, and return its id."""
        invoice = draft_invoice(self.user())
        self.user().call("account.move", "action_post", [invoice])
        return invoice

    def close(self) -> None:
        """Close all windows of the browser."""
        for page in self._pages.values():
            page.context.close()
