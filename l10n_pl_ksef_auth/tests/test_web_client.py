from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.l10n_pl_ksef_auth.models.vault import database_identity
from odoo.addons.l10n_pl_ksef_auth.screens import ir_http

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestWebClient(HttpCase, KsefCase):
    """What the web client is told when it starts."""

    def start(self):
        self.authenticate("ksef_accountant", "ksef_accountant")
        return self.make_jsonrpc_request("/web/session/get_session_info", {})

    def test_it_is_told_the_colour_of_the_dot(self):
        self.assertEqual(self.start()["l10n_pl_ksef"]["dots"][str(self.company.id)]["color"], "red")

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
