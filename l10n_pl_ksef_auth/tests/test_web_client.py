from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.l10n_pl_ksef_auth.models.vault import database_identity
from odoo.addons.l10n_pl_ksef_auth.screens import ir_http

from .common import DEMO_NIP, KsefCase


@tagged("post_install", "-at_install")
class TestWebClient(HttpCase, KsefCase):
    """What the web client is told when it starts."""

    def start(self):
        self.authenticate("ksef_accountant", "ksef_accountant")
        return self.make_jsonrpc_request("/web/session/get_session_info", {})

    def dot(self):
        """Return what the bar shows of the company."""
        self.env.flush_all()
        return self.start()["l10n_pl_ksef"]["dots"][str(self.company.id)]

    def test_it_is_told_the_colour_of_the_dot_and_what_is_due(self):
        dot = self.dot()
        self.assertEqual((dot["color"], dot["due"]), ("red", "sign"))

    def test_what_is_due_is_what_the_panel_offers(self):
        self.company.vat = False
        self.assertEqual(self.dot()["due"], "nip")
        self.company.vat = DEMO_NIP
        self.certified()
        self.disconnect()
        self.assertTrue(self.panel()["by_certificate"])
        self.assertEqual(self.dot()["due"], "certificate")

    def test_where_several_companies_are_red_no_panel_is_asked(self):
        self.make_clients(1)
        with patch.object(type(self.env["l10n_pl_ksef.panel"]), "_describe") as describe:
            self.assertEqual(self.dot()["color"], "red")
        describe.assert_not_called()

    def test_it_opens_whatever_fails_in_our_part_and_that_is_logged_once(self):
        self.connect()

        def failing(cr):
            cr.execute("SELECT colour FROM l10n_pl_ksef_nowhere", log_exceptions=False)

        with (
            patch.object(database_identity, "_by_postgresql", failing),
            patch.object(ir_http, "_logged", set()),
            self.assertLogs(ir_http.__name__, "ERROR") as log,
        ):
            infos = [self.start() for _time in range(3)]
        self.assertEqual(len(log.output), 1)
        self.assertEqual([info["uid"] for info in infos], 3 * [self.accountant.id])
        self.assertNotIn("l10n_pl_ksef", infos[0])
