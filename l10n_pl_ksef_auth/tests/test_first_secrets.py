import threading
from functools import partial

from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.vault.database_identity import HOME_PARAMETER
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import (
    FINGERPRINT_PARAMETER,
    read_secret,
    write_secrets,
)

from .own_database import OwnDatabaseCase

SECONDS = 30


@tagged("post_install", "-at_install")
class TestFirstSecrets(OwnDatabaseCase):
    """The first secrets of a database come by two transactions at once."""

    def setUp(self):
        super().setUp()
        with self.environment() as env:
            noted = ("key", "in", (FINGERPRINT_PARAMETER, HOME_PARAMETER))
            env["ir.config_parameter"].search([noted]).unlink()
            values = {"company_id": self.company_id, "environment": "test", "context_value": "1"}
            self.logins = env["l10n_pl_ksef.session"].create([dict(values), dict(values)]).ids
        self.both_have_begun, self.failures = threading.Barrier(2), []

    def test_first_secrets_by_two_transactions_at_once_are_both_kept(self):
        at_once = [threading.Thread(target=self.keep, args=[number]) for number in self.logins]
        for thread in at_once:
            thread.start()
        for thread in at_once:
            thread.join(SECONDS)
        self.assertEqual(self.failures, [])
        with self.environment() as env:
            for number in self.logins:
                login = env["l10n_pl_ksef.session"].browse(number)
                self.assertEqual(read_secret(login, "document_secret"), b"the first")

    def keep(self, number):
        """Keep a secret as a request does: Odoo begins it anew after a collision."""
        try:
            with self.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                retrying(partial(self.keep_one, env, number, iter([True])), env)
        except Exception as error:
            self.failures.append(repr(error))

    def keep_one(self, env, number, first_time):
        """Write a secret in a transaction that began before the other one ended."""
        login = env["l10n_pl_ksef.session"].browse(number)
        login.fetch(["state"])
        if next(first_time, False):
            self.both_have_begun.wait(SECONDS)
        write_secrets(login, document_secret=b"the first")
