"""A database of its own, with real transactions: for proofs that kill, or last for years."""

import base64
import gc
import os
import socket
import time
from contextlib import contextmanager
from datetime import timedelta
from unittest import SkipTest
from unittest.mock import patch

import requests

from odoo import SUPERUSER_ID, Command, api, sql_db
from odoo.modules.registry import Registry
from odoo.tests.common import BaseCase, get_db_name
from odoo.tools import SQL, config

from odoo.addons.l10n_pl_ksef_auth.tools import clock
from odoo.addons.l10n_pl_ksef_auth.tools.client import KsefClient

from .common import DEMO_NIP, KsefCase, MovedTime, Simulator, answer, breaches_of, sign

# What the addon stores.
TABLES = (
    "l10n_pl_ksef_session",
    "l10n_pl_ksef_certificate",
    "l10n_pl_ksef_certificate_res_company_rel",
    "l10n_pl_ksef_agreement",
    "l10n_pl_ksef_authorization",
    "l10n_pl_ksef_alert",
    "l10n_pl_ksef_audit",
    "l10n_pl_ksef_office",
    "l10n_pl_ksef_grant",
    "l10n_pl_ksef_request",
    "ir_cron_trigger",
)
# They, and whatever refers to them.
REFERRING = SQL(
    """
    WITH RECURSIVE referring(id) AS (
         SELECT unnest(%s)::regclass::oid
          UNION
         SELECT conrelid FROM pg_constraint JOIN referring ON confrelid = id WHERE contype = 'f')
    SELECT relname FROM referring JOIN pg_class ON pg_class.oid = referring.id
    """,
    list(TABLES),
)


class OwnDatabaseCase(MovedTime, BaseCase):
    """One company, its accountant and a simulator, in a copy of the tests' database."""

    @classmethod
    def setUpClass(cls):
        if Simulator is None:
            raise SkipTest("the KSeF simulator is not on the path: run the tests with ./run test")
        super().setUpClass()
        cls.database = f"proof_{os.getpid()}"
        _copy_database(get_db_name(), cls.database)
        cls.addClassCleanup(_drop_database, cls.database)
        # Loading another registry must not begin the modules' own tests a second time.
        with patch.dict(config.options, {"test_enable": False}):
            cls.registry = Registry(cls.database)
        # What lives as long as the run: not looked at in vain again and again, nor copied by forks.
        gc.collect()
        gc.freeze()
        cls.addClassCleanup(clock.travel, timedelta())
        cls.simulator = Simulator(free_port())
        cls.broken = breaches_of(cls.simulator)
        with cls.environment() as env:
            cls.company_id, cls.user_id = _make_company_and_user(env, cls.simulator.base_url)

    @classmethod
    @contextmanager
    def environment(cls, user_id=SUPERUSER_ID):
        """Give an environment on a transaction of its own, which is committed at the end."""
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, user_id, {})

    def setUp(self):
        super().setUp()
        self.stop_clocks()

    def tearDown(self):
        super().tearDown()
        self.assertFalse(self.broken, "not as KSeF's contract says")

    figures = KsefCase.figures

    def forget(self):
        """Forget every connection, here and at KSeF, and set both clocks to the present."""
        self.simulator.faults.clear()
        self.simulator.settings.reset()
        clock.travel(timedelta())
        self.simulator.clock.advance(-self.simulator.clock.offset())
        # At the present: its people have their rights from that moment on.
        self.simulator.reset()
        self.simulator.requests.clear()
        with self.registry.cursor() as cr:
            _empty(cr)

    # ------------------------------------------------------------------
    # The human and the scheduled action
    # ------------------------------------------------------------------
    def run_scheduled_action(self):
        """Run the scheduled action in a transaction of its own."""
        with self.environment() as env:
            env["l10n_pl_ksef.keep_alive"]._cron_keep_alive()

    def issue_invoices(self):
        """Have the company issue invoices in Odoo: its consents name both certificates."""
        with self.environment() as env:
            journal = {"code": "FVS", "type": "sale", "company_id": self.company_id}
            journals = env["account.journal"]
            if not journals.search_count([(name, "=", value) for name, value in journal.items()]):
                journals.create({"name": "Sprzedaż", **journal})

    def sign_in(self, consent=True):
        """Have the accountant sign and send the request; KSeF's answer is not waited for."""
        window_id = self.signed_window(consent)
        with self.environment(self.user_id) as env:
            env["l10n_pl_ksef.authorization"].browse(window_id).authenticate()

    def signed_window(self, consent, signer="owner"):
        """Open the accountant's window, attach a signed document, and return the window's id."""
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id)
            return self.signed_in(env, company.l10n_pl_ksef_open_authorization(), consent, signer)

    def signed_in(self, env, action, consent, signer="owner"):
        """Attach a signed document in the window that an action opens; return the window's id."""
        window = env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])
        window.prepare_download()
        document = window.sudo().session_id._request_document()
        signed = self.signature(document, signer)
        window.attach("AuthTokenRequest.xml", base64.b64encode(signed).decode())
        if consent is not None:
            answer(window, consent)
        return window.id

    def signature(self, document, signer):
        """Have one of the simulator's people sign a document, and return it signed."""
        return sign(document, signer, at=self.simulator.clock.now())

    @contextmanager
    def reaching(self, base_url, session):
        """Have the addon reach KSeF at an address, over HTTP sessions that a function makes."""

        def client(company, environment=None):
            return KsefClient(base_url, session=session())

        model = self.registry["res.company"]
        with patch.object(model, "_l10n_pl_ksef_client", client):
            yield

    @contextmanager
    def without_sockets(self):
        """Have the addon reach the simulator inside this process, without a network."""
        session = requests.Session()
        session.trust_env = False
        session.mount(self.simulator.url, self.simulator.adapter())
        with self.reaching(self.simulator.base_url, lambda: session):
            yield

    # ------------------------------------------------------------------
    # The database, again and again
    # ------------------------------------------------------------------
    def keep_database(self):
        """Copy all that the addon has stored, for restore_database()."""
        with self.registry.cursor() as cr:
            for table in TABLES:
                kept, live = SQL.identifier(f"kept_{table}"), SQL.identifier(table)
                cr.execute(SQL("DROP TABLE IF EXISTS %s", kept))
                cr.execute(SQL("CREATE TABLE %s AS TABLE %s", kept, live))

    def restore_database(self):
        """Put back all that the addon had stored at keep_database()."""
        with self.registry.cursor() as cr:
            _empty(cr)
            for table in TABLES:
                kept, live = SQL.identifier(f"kept_{table}"), SQL.identifier(table)
                cr.execute(SQL("INSERT INTO %s SELECT * FROM %s", live, kept))

    def fresh_connections(self):
        """Open new database connections: a forked process must not use its parent's."""
        sql_db._Pool = sql_db._Pool_readonly = None
        self.registry._db = sql_db.db_connect(self.database)
        self.registry._db_readonly = None


def free_port():
    """Return a TCP port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _make_company_and_user(env, base_url):
    """Create a Polish company and its accountant, whose KSeF is the simulator.

    :return tuple: ids of the company and of the user
    """
    for environment in ("production", "demo", "test"):
        env["ir.config_parameter"].set_param(f"l10n_pl_ksef_auth.base_url.{environment}", base_url)
    company = make_company(env, "Przykładowa Sp. z o.o.", DEMO_NIP)
    user = env["res.users"].create(
        {
            "name": "Accountant",
            "login": f"proof{time.monotonic_ns()}",
            "email": "accountant@example.com",
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
            "group_ids": [Command.link(env.ref("l10n_pl_ksef_auth.group_ksef_connection").id)],
        }
    )
    return company.id, user.id


def make_company(env, name, nip):
    """Create a Polish company in the test environment."""
    return env["res.company"].create(
        {
            "name": name,
            "vat": f"PL{nip}",
            "country_id": env.ref("base.pl").id,
            "l10n_pl_ksef_environment": "test",
        }
    )


def _empty(cr):
    """Empty all tables of the addon, and leave this transaction without checks of references.

    They refer to each other: none could be emptied or filled first. There are few rows, which
    TRUNCATE takes much longer for: it makes new files for each table and index.
    """
    cr.execute("SET LOCAL session_replication_role = replica")
    cr.execute(REFERRING)
    for (table,) in cr.fetchall():
        cr.execute(SQL("DELETE FROM %s", SQL.identifier(table)))


def _copy_database(source, copy):
    sql_db.close_db(source)
    _drop_database(copy)
    _outside_transactions(f'CREATE DATABASE "{copy}" TEMPLATE "{source}"')


def _drop_database(name):
    Registry.delete(name)
    sql_db.close_db(name)
    _outside_transactions(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _outside_transactions(statement):
    with sql_db.db_connect("postgres").cursor() as cr:
        cr._cnx.autocommit = True
        try:
            cr.execute(statement)
        finally:
            cr._cnx.autocommit = False
