from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import office as office_screen
from odoo.addons.l10n_pl_ksef_auth.tools.client import KsefClient
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefForbidden

from .batch_case import BatchCase
from .office_case import OFFICE_NIP, OfficeCase

RIGHTS = ["InvoiceRead", "InvoiceWrite"]


@tagged("post_install", "-at_install")
class TestClientsOfTheOffice(OfficeCase, BatchCase):
    """The office's certificate opens a client by that client's rights, and by nothing else."""

    def both(self, what, user=None):
        """Press a button of the list for client and office; return what it opens."""
        return self.start(what, self.company | self.bureau, user or self.manager)

    def by_company(self, lines):
        return {line["company_id"]: line for line in lines}

    def give_at_the_ministry(self):
        """Have the client give the rights by itself, and let the office's list be outdated."""
        self.simulator.world.grant(OFFICE_NIP, self.company.l10n_pl_ksef_digits, RIGHTS)
        self.travel(minutes=11)

    def test_a_client_is_asked_though_the_office_s_certificate_is_here(self):
        lines = self.by_company(self.both("ask").view()["lines"])
        self.assertEqual(lines[self.company.id]["text"], "")
        self.assertIn("connected already", lines[self.bureau.id]["text"])

    def test_a_client_whose_rights_are_there_is_not_asked(self):
        self.give_at_the_ministry()
        lines = self.by_company(self.both("ask").view()["lines"])
        self.assertIn("nobody has to sign", lines[self.company.id]["text"])

    def test_the_list_opens_before_ksef_has_answered_and_then_says_that_it_has_not(self):
        self.give_at_the_ministry()
        with self.counted("challenge") as asked:
            batch = self.pressed("ask", self.company, self.manager)
            self.assertTrue(batch.view()["is_to_look"])
        self.assertEqual(asked["calls"], 0)
        slow = patch.object(self.simulator.settings, "auth_delay", 60)
        with slow, patch.object(office_screen, "PATIENCE", 0):
            view = batch.look()
        self.assertIn("KSeF has not answered yet", view["still_looking"])
        self.settle()
        view = batch.look()
        self.assertEqual((view["is_to_look"], view["still_looking"]), (False, ""))
        self.assertIn("nobody has to sign", view["lines"][0]["text"])

    def check_answered(self):
        """Check that nobody is told to wait for an answer that KSeF has given."""
        self.travel(minutes=11)
        view = self.company.with_user(self.manager).l10n_pl_ksef_requests()
        self.env.invalidate_all()
        self.assertEqual((bool(self.office.problem), view["rights_there"]), (True, ""))
        batch = self.pressed("ask", self.company, self.manager)
        self.assertEqual(batch.look()["still_looking"], "")

    def test_nobody_waits_for_the_list_of_an_office_whose_own_login_is_refused(self):
        self.at_ksef(self.office.certificate_id).revocation_done = self.simulator.clock.now()
        self.check_answered()

    def test_nobody_waits_for_a_list_that_ksef_does_not_show_the_office(self):
        closed = KsefForbidden("closed", status=403, reason="missing-permissions", extensions={})
        with patch.object(KsefClient, "received_rights", side_effect=closed):
            self.check_answered()

    def test_rights_that_are_there_connect_the_client(self):
        self.give_at_the_ministry()
        batch = self.both("connect")
        lines = self.by_company(self.run_all(batch))
        self.assertEqual(lines[self.company.id]["state"], "done", lines)
        self.assertEqual((self.grant().state, self.grant().user_id), ("given", self.manager))
        self.assertEqual(self.panel()["color"], "green")

    def test_accepting_them_needs_the_password(self):
        self.give_at_the_ministry()
        batch = self.both("connect")
        with self.confirmed():
            batch.confirm()
        line = next(one for one in batch.view()["lines"] if one["company_id"] == self.company.id)
        batch.run(line["id"])
        self.assertEqual(self.grant().state, "received")

    def test_who_lacks_the_role_is_told_and_the_others_are_connected(self):
        self.give_at_the_ministry()
        lines = self.by_company(self.run_all(self.both("connect", self.accountant)))
        self.assertEqual(lines[self.bureau.id]["state"], "done", lines)
        self.assertEqual(lines[self.company.id]["state"], "failed")
        self.assertIn("with the office's certificate", lines[self.company.id]["text"])
        self.assertEqual(self.grant().state, "received")

    def test_without_rights_nothing_is_tried_and_the_way_on_is_told(self):
        with self.counted("xades-signature") as sent:
            (line,) = self.run_all(self.start("connect", self.company, self.manager))
        self.assertEqual((line["state"], sent["calls"]), ("failed", 0), line)
        self.assertIn("rights", line["text"])
        agreed = self.env["l10n_pl_ksef.agreement"].search([("company_id", "=", self.company.id)])
        self.assertFalse(agreed)
