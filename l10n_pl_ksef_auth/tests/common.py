import base64
import logging
import os
import time
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from unittest import SkipTest
from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user

from odoo.addons.l10n_pl_ksef_auth.models import ksef_confirmation, ksef_step
from odoo.addons.l10n_pl_ksef_auth.tools import clock

try:
    from ksef_simulator import DEMO_NIP, Control, Simulator
    from ksef_simulator.contract import Contract, watch
    from ksef_simulator.faults import KINDS
    from ksef_simulator.identities import OWNER
    from ksef_simulator.signers import sign
except ImportError:
    Simulator = Control = KINDS = DEMO_NIP = sign = OWNER = None

_logger = logging.getLogger(__name__)


def breaches_of(simulator):
    """Compare every exchange of a simulator with KSeF's official contract from now on.

    :return list: what differs, as it happens; nothing where the contract is not at hand
    """
    broken = []
    if Contract.at_hand():
        watch(simulator, Contract(), broken)
    return broken


class KsefCase(TransactionCase):
    """A Polish company, its users, and a KSeF simulator of its own for each class."""

    @classmethod
    def setUpClass(cls):
        if Simulator is None:
            raise SkipTest("the KSeF simulator is not on the path: run the tests with ./run test")
        super().setUpClass()
        cls.simulator = cls.enterClassContext(Simulator(port=0))
        parameters = cls.env["ir.config_parameter"]
        for environment in ("production", "demo", "test"):
            parameters.set_param(
                f"l10n_pl_ksef_auth.base_url.{environment}", cls.simulator.base_url
            )
        cls.company = cls.make_company("Przykładowa Sp. z o.o.", DEMO_NIP)
        cls.accountant = cls.make_user("ksef_accountant", "l10n_pl_ksef_auth.group_ksef_connection")
        cls.manager = cls.make_user("ksef_manager", "account.group_account_manager")
        cls.clerk = cls.make_user("ksef_clerk", "account.group_account_invoice")

    @classmethod
    def make_company(cls, name, nip):
        return cls.env["res.company"].create(
            {
                "name": name,
                "vat": f"PL{nip}" if nip else False,
                "country_id": cls.env.ref("base.pl").id,
                "l10n_pl_ksef_environment": "test",
            }
        )

    @classmethod
    def make_user(cls, login, groups, companies=None):
        companies = companies or cls.company
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=companies[0].id,
            company_ids=[(6, 0, companies.ids)],
        )

    def setUp(self):
        super().setUp()
        # Steps commit on cursors of their own; here these are savepoints of the test's transaction.
        if not self._registry_patched:
            # A test with a browser has done so already.
            self.registry_enter_test_mode()
        self.simulator.faults.clear()
        self.simulator.settings.reset()
        self.simulator.reset()
        self.simulator.clock.set(clock.now())
        self.watch_contract()
        self.addCleanup(clock.travel, timedelta())

    def watch_contract(self):
        """Compare every request and answer with KSeF's official contract, where that is at hand."""
        broken = breaches_of(self.simulator)
        self.addCleanup(lambda: self.assertFalse(broken, "not as KSeF's contract says"))

    # ------------------------------------------------------------------
    # The journey, in the words of the tests
    # ------------------------------------------------------------------
    def open_window(self, user=None, company=None):
        """The window "Account authorization", opened as a user."""
        company = (company or self.company).with_user(user or self.accountant)
        action = company.with_company(company).l10n_pl_ksef_open_authorization()
        return company.env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])

    def downloaded(self, window):
        """The bytes of AuthTokenRequest.xml, downloaded anew."""
        view = window.prepare_download()
        self.assertFalse(view["problem"])
        return window.sudo().session_id._request_document()

    def attach(self, window, document, name="AuthTokenRequest (1).xml"):
        return window.attach(name, base64.b64encode(document).decode())

    def signed(self, document, signer="owner", **how):
        """A document signed by one of the simulator's people."""
        return sign(document, signer, at=self.simulator.clock.now(), **how)

    def send_signed(self, window, signer="owner", consent=False, **how):
        """Download, sign, attach and send; the view after it."""
        self.attach(window, self.signed(self.downloaded(window), signer, **how))
        window.set_consent(consent)
        return window.authenticate()

    @contextmanager
    def confirmed(self):
        """A browser whose user has just given the password."""
        session = {ksef_confirmation.PASSWORD_KEY: time.time()}
        browser = SimpleNamespace(session=session)
        with patch.object(ksef_confirmation, "request", browser):
            yield

    def others_at_it(self):
        """Another worker holds every lock for as long as the block lasts."""
        return patch.object(ksef_step, "_lock", return_value=False)

    def connect(self, signer="owner", user=None, company=None, consent=False):
        """A whole first login; the session that it opened."""
        window = self.open_window(user, company)
        self.send_signed(window, signer, consent)
        view = self.follow(window)
        self.assertTrue(view["result"], view["problem"])
        self.env.invalidate_all()
        return (company or self.company)._l10n_pl_ksef_session()

    def certified(self):
        """A company that is connected and has its certificate; the certificate."""
        self.connect(consent=True)
        for _round in range(5):
            self.keep_alive(seconds=15)
        return self.company._l10n_pl_ksef_certificate()

    def keep_alive(self, **delta):
        """Let time pass in the addon and at KSeF, then run the scheduled action."""
        self.travel(**delta)
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").method_direct_trigger()
        self.env.invalidate_all()

    def follow(self, window, rounds=20):
        """Ask on, as the open window does, until the login has ended well or badly."""
        for _round in range(rounds):
            self.travel(seconds=2)
            view = window.follow()
            if view["result"] or view["step"] != "verify":
                break
        return view

    def travel(self, **delta):
        """Move the addon's clock and the simulator's together."""
        delta = timedelta(**delta)
        clock.travel(clock.offset() + delta)
        self.simulator.clock.advance(delta)

    def panel(self, user=None, company=None):
        self.env.invalidate_all()
        return (company or self.company).with_user(user or self.accountant).l10n_pl_ksef_panel()

    def figures(self, text):
        """Show a measured result; ./run test prints it after its sum."""
        _logger.info("FIGURES %s", text)
        target = os.environ.get("STACK_FIGURES")
        if target:
            with open(target, "a") as file:
                file.write(f"{text}\n")

    @contextmanager
    def counted(self, operation):
        """How many calls of an operation the simulator saw inside the block."""
        before = self.simulator.requests.count(operation)
        counter = {}
        yield counter
        counter["calls"] = self.simulator.requests.count(operation) - before
