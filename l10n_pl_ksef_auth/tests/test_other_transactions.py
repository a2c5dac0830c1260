import time
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginBusy, LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.base import locks

from .own_database import OwnDatabaseCase


@tagged("post_install", "-at_install")
class TestOtherTransactions(OwnDatabaseCase):
    """Other transactions that lock rows at the wrong moment cost nobody a signature."""

    def setUp(self):
        super().setUp()
        self.forget()

    @mute_logger("odoo.sql_db")
    def advance(self):
        """Do the due steps of the only session, and return its state."""
        self.travel(timedelta(seconds=2))
        with self.environment() as env:
            session = env["l10n_pl_ksef.session"].search([])
            session._advance()
            env.cr.rollback()
            return session.state

    @mute_logger("odoo.sql_db")
    def enroll(self):
        with self.environment() as env:
            env["l10n_pl_ksef.certificate"].search([])._advance()

    @contextmanager
    def company_locked(self):
        """Lock the company's row inside the block for longer than a step waits."""
        with self.registry.cursor() as cr, patch.object(locks, "ROW_LOCK_PATIENCE", 0.2):
            cr.execute("SELECT 1 FROM res_company WHERE id = %s FOR UPDATE", [self.company_id])
            yield
            cr.rollback()

    def test_a_locked_company_does_not_lose_the_tokens_that_ksef_gives_once(self):
        with self.without_sockets():
            self.sign_in(consent=False)
            with self.company_locked(), self.assertRaises(LockNotAvailable):
                self.advance()
            self.assertEqual(self.advance(), "active")

    def test_a_locked_company_does_not_cost_a_second_application_for_a_certificate(self):
        with self.without_sockets():
            self.sign_in()
            self.assertEqual(self.advance(), "active")
            with self.company_locked(), self.assertRaises(LockNotAvailable):
                self.enroll()
            self.settle()
        made = self.simulator.state.enrollments_made.values()
        with self.environment() as env:
            states = env["l10n_pl_ksef.certificate"].search([]).mapped("state")
        self.assertEqual((sum(made), states), (1, ["active"]))

    def test_a_company_that_only_its_maker_sees_is_not_connected(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].create({"name": "Nowa", "vat": "PL1111111111"})
            with self.assertRaises(LoginNeeded):
                company.l10n_pl_ksef_access_token()
            cr.rollback()

    def test_a_locked_company_does_not_keep_a_caller_longer_than_it_waits(self):
        with self.without_sockets():
            self.sign_in()
            self.go_on(timedelta(hours=1), until=self.has_certificate)
            self.travel(timedelta(days=8))
            with self.registry.cursor() as cr:
                cr.execute("SELECT 1 FROM res_company WHERE id = %s FOR UPDATE", [self.company_id])
                began = time.monotonic()
                with self.environment() as env, mute_logger("odoo.sql_db"):
                    company = env["res.company"].browse(self.company_id)
                    with self.assertRaises(LoginBusy):
                        company.l10n_pl_ksef_access_token(wait_seconds=1)
                self.assertLess(time.monotonic() - began, 4)
                cr.rollback()

    def has_certificate(self):
        with self.environment() as env:
            return bool(env["res.company"].browse(self.company_id)._l10n_pl_ksef_certificate())

    def revoke_and_uninstall(self):
        """Choose to leave nothing open; return whether Odoo's own uninstallation began."""
        with self.environment() as env:
            modules = env["ir.module.module"].search([("name", "=", "l10n_pl_ksef_auth")])
            window = env["base.module.uninstall"].create(
                {"module_ids": modules.ids, "l10n_pl_ksef_certificates": "revoke"}
            )
            with patch.object(type(modules), "button_immediate_uninstall") as begun:
                window.action_uninstall()
            return begun.called

    def left_at_ksef(self):
        """Return whether KSeF still takes the certificate, and the state of the login here."""
        (certificate,) = self.simulator.state.certificates.values()
        with self.environment() as env:
            login = env["res.company"].browse(self.company_id)._l10n_pl_ksef_session()
            return not certificate.revoked, bool(login)

    def test_a_running_scheduled_action_costs_no_certificate_before_an_uninstallation(self):
        with self.without_sockets():
            self.sign_in()
            self.go_on(timedelta(hours=1), until=self.has_certificate)
            with self.registry.cursor() as cr, self.assertRaisesRegex(UserError, "scheduled"):
                cr.execute("SELECT FROM ir_cron LIMIT 1 FOR NO KEY UPDATE")
                self.revoke_and_uninstall()
            self.assertEqual(self.left_at_ksef(), (True, True))
            self.assertTrue(self.revoke_and_uninstall())
            self.assertEqual(self.left_at_ksef(), (False, False))
