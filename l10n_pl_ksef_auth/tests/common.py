import base64
import logging
import os
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from unittest import SkipTest
from unittest.mock import patch

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from odoo import Command
from odoo.tests import TransactionCase, new_test_user

from odoo.addons.base.models import res_users
from odoo.addons.l10n_pl_ksef_auth.models.base import locks
from odoo.addons.l10n_pl_ksef_auth.models.upkeep import keep_alive
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret
from odoo.addons.l10n_pl_ksef_auth.screens import sensitive
from odoo.addons.l10n_pl_ksef_auth.tools import clock, enrollment

try:
    from windows import windows

    from ksef_simulator import DEMO_NIP, Control, Simulator
    from ksef_simulator import clock as clock_of_ksef
    from ksef_simulator.contract import Contract, watch
    from ksef_simulator.faults import KINDS
    from ksef_simulator.identities import OWNER, QUALIFIED, invented_nips
    from ksef_simulator.signers import sign
    from stack.sizes import wide
except ImportError:
    Simulator = Control = KINDS = DEMO_NIP = sign = OWNER = QUALIFIED = windows = wide = None
    invented_nips = None

_logger = logging.getLogger(__name__)


def breaches_of(simulator):
    """Compare every exchange of a simulator with KSeF's official contract from now on.

    :return list: filled with each difference; stays empty where the contract is not at hand
    """
    broken = []
    if Contract.at_hand():
        watch(simulator, Contract.of(), broken)
    return broken


def credentials(certificate):
    """Return the private key of a KSeF certificate's record, and the certificate itself."""
    key = enrollment.load_private_key(read_secret(certificate, "private_key_secret"))
    return key, certificate._stored_certificate()


def packed(certificate, password="tajne"):
    """Return a KSeF certificate's record as the PKCS#12 file (base64) that a person would have."""
    key, public = credentials(certificate)
    encryption = serialization.BestAvailableEncryption(password.encode())
    loaded = x509.load_der_x509_certificate(public.der)
    data = pkcs12.serialize_key_and_certificates(b"ksef", key, loaded, None, encryption)
    return base64.b64encode(data).decode()


def home_made(issuer="Own CA", days=300, serial_number=7, subject=None, offline=False):
    """Return a key, and a certificate for it from an issuer who names everybody as it likes."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Jan", issuer)]
    subject = subject or names[0]
    builder = x509.CertificateBuilder(names[1], subject, key.public_key(), serial_number)
    builder = builder.not_valid_before(clock.now() - timedelta(days=1))
    if offline:
        # nonRepudiation, the second of its nine uses, alone
        uses = x509.KeyUsage(False, True, *[False] * 7)
        builder = builder.add_extension(uses, critical=True)
    return key, builder.not_valid_after(clock.now() + timedelta(days=days)).sign(
        key, hashes.SHA256()
    )


def put(record, **values):
    """Write a record past its table of states, where no step would lead now."""
    with patch.object(type(record), "_refuse_unlisted"):
        record.write(values)


def answer(window, consent):
    """Answer in a window how often to sign, in the words that stand there; return its view."""
    once = "both" if window.view()["offline"] else "once"
    return window.set_answer(once if consent else "weekly")


class MovedTime:
    """Time that tests move, in the addon and at KSeF, with the scheduled action in it.

    A test case says in `run_scheduled_action` how the action runs, and has a `simulator`.
    """

    # What is due later than this does not keep the scheduled action from coming to rest.
    REST = timedelta(minutes=5)
    # KSeF checks a signature for half an hour at most (docs/ksef.md A1-100).
    PATIENCE = timedelta(hours=2)

    def stop_clocks(self, moment=None):
        """Stop both clocks for a test, but for what is waited for.

        On a slow machine no more becomes due than on a fast one.

        :param datetime moment: where they stop (aware); by default at the present
        """
        moment, sleep = moment or datetime.now(timezone.utc), time.sleep
        stopped = SimpleNamespace(now=lambda _zone: moment)
        for module in (clock, clock_of_ksef):
            self.enterContext(patch.object(module, "datetime", stopped))

        def wait(seconds):
            sleep(seconds)
            self.travel(seconds=seconds)

        self.enterContext(patch("time.sleep", wait))

    def travel(self, distance=timedelta(), **delta):
        """Move the addon's clock and the simulator's together."""
        distance += timedelta(**delta)
        clock.travel(clock.offset() + distance)
        self.simulator.clock.advance(distance)

    def keep_alive(self, **delta):
        """Let time pass, then run the scheduled action once.

        :return datetime: when the action asked to run again (naive UTC, the addon's clock), or None
        """
        self.travel(**delta)
        asked = [None]
        action = self.registry["l10n_pl_ksef.keep_alive"]
        wake = action._wake_for_the_next

        def asking(model, moment):
            asked.append(moment)
            wake(model, moment)

        with patch.object(action, "_wake_for_the_next", asking):
            self.run_scheduled_action()
        return asked[-1]

    def settle(self, distance=timedelta(), **delta):
        """Let time pass, then run the scheduled action when it asks to, until nothing is due."""
        self.travel(distance, **delta)
        for pause in self._pauses(self.PATIENCE):
            if pause > self.REST:
                return
        self.fail("the scheduled action did not come to rest")

    def let_days_pass(self, days):
        """Let days pass, one by one, and the scheduled action settle on each."""
        for _day in range(days):
            self.settle(days=1)

    def go_on(self, most, until=None):
        """Let the scheduled action run whenever it asks to, for some time.

        :param timedelta most: how long at most, by the moved clocks
        :param until: a function that says when it is enough
        :return bool: whether ``until`` came true
        """
        for _pause in self._pauses(most):
            if until and until():
                return True
        return bool(until) and until()

    def _pauses(self, most):
        """Run the scheduled action, and yield each pause before the next run."""
        end = clock.now() + most
        while clock.now() < end:
            pause = self._pause_until(self.keep_alive())
            yield pause
            self.travel(pause)

    def _pause_until(self, moment):
        """Return how long until the scheduled action runs: once an hour, or when it asked to."""
        wanted = moment - clock.now().replace(tzinfo=None) if moment else timedelta(hours=1)
        return min(max(wanted, timedelta(seconds=1)), timedelta(hours=1))


def _remind_nobody(_housekeeping):
    """Stand for the reminder to back the key up, where a test is about something else."""


class KsefCase(MovedTime, TransactionCase):
    """A Polish company and its users, connected to a KSeF simulator of the class's own."""

    # Whether the first run asks somebody to back the key up: that is a mail, which each test pays.
    reminds_of_backup = False

    @classmethod
    def setUpClass(cls):
        if Simulator is None:
            raise SkipTest("the KSeF simulator is not on the path: run the tests with ./run test")
        super().setUpClass()
        # A password costs Odoo half a second, and each class makes users of its own.
        cls.startClassPatcher(patch.object(res_users, "MIN_ROUNDS", 1))
        if not cls.reminds_of_backup:
            housekeeping = cls.registry["l10n_pl_ksef.housekeeping"]
            cls.startClassPatcher(patch.object(housekeeping, "_remind_of_backup", _remind_nobody))
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
        """Create a Polish company in the test environment; without a NIP if `nip` is empty."""
        return cls.env["res.company"].create(
            {
                "name": name,
                "vat": f"PL{nip}" if nip else False,
                "country_id": cls.env.ref("base.pl").id,
                "l10n_pl_ksef_environment": "test",
            }
        )

    @classmethod
    def make_clients(cls, number):
        """Create companies with invented NIPs, which the accountant may use."""
        clients = cls.env["res.company"]
        for nip in invented_nips(number):
            clients += cls.make_company(f"Klient {nip}", nip)
        cls.accountant.company_ids |= clients
        return clients

    @classmethod
    def issues_invoices(cls, company):
        """Have a company issue invoices in Odoo: it gets a journal for them."""
        journal = {"name": "Sprzedaż", "code": "FVS", "type": "sale", "company_id": company.id}
        cls.env["account.journal"].create(journal)

    @classmethod
    def make_user(cls, login, groups, companies=None):
        """Create a user with some groups (comma-separated), in our company or other ones."""
        companies = companies or cls.company
        return new_test_user(
            cls.env,
            login,
            groups=groups,
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )

    @classmethod
    def speak_polish(cls):
        """Have Polish in the database, with the addon's texts."""
        cls.env["res.lang"]._activate_lang("pl_PL")
        cls.env["ir.module.module"]._load_module_terms(["l10n_pl_ksef_auth"], ["pl_PL"])

    def begin(self):
        """Do what each test of the class begins with: it is done once, before the first."""

    def setUp(self):
        is_first = "beginning" not in vars(type(self))
        if is_first:
            type(self).first_moment = datetime.now(timezone.utc)
        # However long the tests before it took: what the class began with is as old for each.
        self.stop_clocks(self.first_moment)
        if is_first:
            self._begin_class()
        super().setUp()
        at_ksef, offset = self.beginning
        self.simulator.settings.reset()
        self.simulator.go_back_to(at_ksef)
        clock.travel(offset)
        self.watch_contract()
        self.addCleanup(clock.travel, timedelta())

    def _begin_class(self):
        """Begin in the class's own transaction: the tests' savepoints come after it."""
        if not self._registry_patched:
            # Steps commit on cursors of their own; here these are savepoints of one transaction.
            # A class with a browser has done so already.
            self.registry_enter_test_mode_cls()
        # Before the reset: its people have their rights from that moment on.
        self.simulator.clock.set(clock.now())
        self.simulator.reset()
        broken = breaches_of(self.simulator)
        self.begin()
        self.assertFalse(broken, "not as KSeF's contract says")
        self.env.invalidate_all()
        # What KSeF remembers, and how far time has moved, when each test begins.
        type(self).beginning = self.simulator.keep(), clock.offset()

    def watch_contract(self):
        """Fail the test if an exchange differs from KSeF's official contract."""
        broken = breaches_of(self.simulator)
        self.addCleanup(lambda: self.assertFalse(broken, "not as KSeF's contract says"))

    # ------------------------------------------------------------------
    # The journey, in the words of the tests
    # ------------------------------------------------------------------
    def open_window(self, user=None, company=None):
        """Open the window "Account authorization" as a user, and return it."""
        company = (company or self.company).with_user(user or self.accountant)
        action = company.with_company(company).l10n_pl_ksef_open_authorization()
        return company.env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])

    def downloaded(self, window):
        """Download AuthTokenRequest.xml anew, and return its bytes."""
        view = window.prepare_download()
        self.assertFalse(view["problem"])
        return window.sudo().session_id._request_document()

    def attach(self, window, document, name="AuthTokenRequest (1).xml", consent=False):
        """Choose a file in the window, answer how often to sign, and return the window's view."""
        window.attach(name, base64.b64encode(document).decode())
        return answer(window, consent)

    def signed(self, document, signer="owner", **how):
        """Have one of the simulator's people sign a document, and return it signed."""
        return sign(document, signer, at=self.simulator.clock.now(), **how)

    def send_signed(self, window, signer="owner", consent=False, **how):
        """Download, sign, attach and send the request, and return the window's view."""
        self.attach(window, self.signed(self.downloaded(window), signer, **how), consent=consent)
        view = window.authenticate()
        self.env.invalidate_all()
        return view

    @contextmanager
    def confirmed(self):
        """Act as a browser whose user has just given the password."""
        session = {sensitive.PASSWORD_KEY: time.time()}
        browser = SimpleNamespace(session=session)
        with patch.object(sensitive, "request", browser):
            yield

    def agree(self, companies, user=None):
        """Have a user agree that the certificate logs companies in for their NIPs."""
        numbers = {str(one.id): one._l10n_pl_ksef_number() for one in companies}
        self.env.flush_all()
        with self.confirmed():
            companies.with_user(user or self.accountant).l10n_pl_ksef_agree(numbers)
        self.env.invalidate_all()

    def share(self, certificate, company):
        """Have a certificate serve another company, too, as if it had logged in for it."""
        certificate._agree_by_password({company: company.l10n_pl_ksef_digits})
        certificate.company_ids |= company

    def others_at_it(self):
        """Have another worker hold every lock inside the block."""
        return patch.object(locks, "_lock", return_value=False)

    def connect(self, signer="owner", user=None, company=None, consent=False):
        """Log a company in with a signature, and return the session."""
        window = self.open_window(user, company)
        self.send_signed(window, signer, consent)
        view = self.follow(window)
        self.assertTrue(view["result"], view["problem"])
        return (company or self.company)._l10n_pl_ksef_session()

    def certified(self):
        """Connect the company, let its certificate be issued, and return the certificate."""
        self.connect(consent=True)
        self.settle()
        return self.company._l10n_pl_ksef_certificate()

    def run_scheduled_action(self):
        """Run the scheduled action, and read anew what it has changed; it waits for nothing."""
        with patch.object(keep_alive, "MOST_WAITING", 0):
            self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").method_direct_trigger()
        self.env.invalidate_all()

    def follow(self, window, rounds=20):
        """Ask as the open window does until the login has ended, and return the last view."""
        for _round in range(rounds):
            self.travel(seconds=2)
            view = window.follow()
            if view["result"] or view["step"] != "verify":
                break
        self.env.invalidate_all()
        return view

    def travel(self, distance=timedelta(), **delta):
        """Move both clocks; what others have changed meanwhile is read anew."""
        self.env.invalidate_all()
        return super().travel(distance, **delta)

    def advance(self, record):
        """Have a worker do the due steps of a session or certificate."""
        record._advance()
        self.env.invalidate_all()

    def disconnect(self, user=None):
        """Have a user disconnect the company (by default the superuser)."""
        sessions = self.env["l10n_pl_ksef.session"]
        (sessions.with_user(user) if user else sessions)._disconnect(self.company)
        self.env.invalidate_all()

    def panel(self, user=None, company=None):
        """Return what a company's panel shows a user (by default the accountant)."""
        self.env.invalidate_all()
        return (company or self.company).with_user(user or self.accountant).l10n_pl_ksef_panel()

    def judged(self, link):
        """Open a code's link on KSeF's page, and return what is wrong; nothing if all is well."""
        page = f"{self.simulator.url}/_codes/{link.removeprefix('https://')}"
        answer = requests.get(page, timeout=20).json()
        self.assertEqual(answer["valid"], "problem" not in answer)
        return answer.get("problem", "")

    def at_ksef(self, certificate):
        """Return the simulator's own record of a certificate."""
        return self.simulator.state.certificates[certificate.serial_number]

    def figures(self, text):
        """Report a measured result; ./run test prints it at its end."""
        _logger.info("FIGURES %s", text)
        target = os.environ.get("STACK_FIGURES")
        if target:
            with open(target, "a") as file:
                file.write(f"{text}\n")

    @contextmanager
    def counted(self, operation):
        """Count the calls of an operation that the simulator gets inside the block."""
        before = self.simulator.requests.count(operation)
        counter = {}
        yield counter
        counter["calls"] = self.simulator.requests.count(operation) - before
