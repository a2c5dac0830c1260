from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefUnavailable

from .common import OWNER, KsefCase, put


@tagged("post_install", "-at_install")
class TestRightfulConnection(KsefCase):
    """A token is given for the company's present NIP only, and never after a disconnection."""

    def token(self):
        """Return the token, or the LoginNeeded that was raised."""
        try:
            return self.company.with_user(self.clerk).l10n_pl_ksef_access_token()
        except LoginNeeded as error:
            return error
        finally:
            self.env.invalidate_all()

    def test_the_login_of_a_former_nip_is_not_used_for_the_new_one(self):
        self.connect()
        self.company.vat = "PL1111111111"
        self.assertIsInstance(self.token(), LoginNeeded)
        panel = self.panel()
        self.assertEqual((panel["state"], panel["color"]), ("disconnected", "red"))
        self.assertIn("another NIP", panel["problem"]["text"])

    def refuse_a_signature(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.follow(window)

    def test_a_refusal_of_a_former_nip_is_not_told_of_the_new_one(self):
        self.refuse_a_signature()
        self.assertEqual(self.panel()["state"], "attention")
        self.company.vat = "PL1111111111"
        panel = self.panel()
        self.assertEqual((panel["state"], panel["is_refused"]), ("disconnected", False))
        self.assertFalse(panel["problem"])

    def test_a_refusal_of_a_former_nip_does_not_hide_that_the_login_is_of_another(self):
        self.connect()
        self.refuse_a_signature()
        self.company.vat = "PL1111111111"
        panel = self.panel()
        self.assertFalse(panel["is_refused"])
        self.assertIn("another NIP", panel["problem"]["text"])

    def test_a_refusal_is_told_again_when_the_nip_is_what_it_was(self):
        self.refuse_a_signature()
        self.company.vat = "PL1111111111"
        self.company.vat = "PL5265877635"
        self.assertTrue(self.panel()["is_refused"])

    def test_the_login_of_the_company_is_not_used_for_its_unit(self):
        self.connect()
        unit = {
            "l10n_pl_ksef_context_type": "internal_id",
            "l10n_pl_ksef_internal_id": "5265877635-00001",
        }
        self.company.with_user(self.accountant).l10n_pl_ksef_save_options(unit, confirmed=True)
        self.assertIsInstance(self.token(), LoginNeeded)

    def test_a_nip_written_in_another_way_is_the_same_nip(self):
        self.connect()
        self.company.partner_id.with_context(no_vat_validation=True).vat = "526-587-76-35"
        self.assertIsInstance(self.token(), str)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_failed_signature_does_not_undo_a_disconnection(self):
        self.certified()
        self.disconnect()
        self.simulator.settings.force_status = {"code": 415}
        window = self.open_window()
        self.send_signed(window)
        self.follow(window)
        self.simulator.settings.reset()
        with self.counted("challenge") as logins:
            self.assertIsInstance(self.token(), LoginNeeded)
        self.assertEqual(logins["calls"], 0)

    def test_an_archived_company_does_not_log_in_any_more(self):
        self.certified()
        here = self.env["res.users"].search([("company_id", "=", self.company.id)])
        here.write(
            {"company_ids": [Command.link(self.env.company.id)], "company_id": self.env.company.id}
        )
        self.company.active = False
        with self.counted("challenge") as logins:
            self.let_days_pass(9)
        self.assertEqual(logins["calls"], 0)
        self.assertFalse(self.env["l10n_pl_ksef.alert"].search([]))

    def test_who_works_in_a_branch_alone_may_sign_for_the_company_above(self):
        branch = self.env["res.company"].create({"name": "Oddział", "parent_id": self.company.id})
        self.accountant.company_ids |= branch
        here = branch.with_user(self.accountant).with_context(allowed_company_ids=branch.ids)
        action = here.l10n_pl_ksef_open_authorization()
        window = here.env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])
        self.env.invalidate_all()
        self.assertEqual(window.view()["step"], "download")

    def test_an_alert_that_cannot_be_told_keeps_no_other_back(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        self.connect()
        alerts = type(self.env["l10n_pl_ksef.alert"])
        tell = alerts._tell
        sessions = self.env["l10n_pl_ksef.session"]
        sessions.search([], limit=1).copy(
            {
                "company_id": other.id,
                "context_value": "1111111111",
                "state": "failed",
                "reference_number": "x",
                "user_id": self.accountant.id,
            }
        )

        def fails_once(alert):
            if alert.company_id == self.company:
                raise ValueError("mail")
            return tell(alert)

        with patch.object(alerts, "_tell", fails_once), self.assertLogs("odoo.addons", "ERROR"):
            self.keep_alive(days=5)
        told = self.env["l10n_pl_ksef.alert"].search([])
        self.assertEqual(told.company_id, other)

    def test_a_company_whose_nip_became_wrong_does_not_wake_the_action_again_and_again(self):
        self.certified()
        self.company.partner_id.with_context(no_vat_validation=True).vat = "PL5265877636"
        triggers = self.env["ir.cron.trigger"]
        self.keep_alive(hours=1)
        before = triggers.search([])
        self.keep_alive(days=5)
        soon = fields.Datetime.now() + timedelta(minutes=2)
        self.assertFalse(triggers.search([("call_at", "<", soon)]) - before)

    def test_with_a_new_nip_the_certificate_logs_in_anew_once_somebody_agrees(self):
        self.certified()
        former = self.company._l10n_pl_ksef_session()
        self.simulator.world.add_company("1111111111", "Nowa")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search([])
        self.company.vat = "PL1111111111"
        self.assertTrue(triggers.search([]) - before)
        self.agree(self.company)
        self.assertFalse(self.panel()["problem"])
        self.settle()
        self.assertEqual(self.company._l10n_pl_ksef_session().context_value, "1111111111")
        self.assertEqual(former.state, "revoked")
        self.assertFalse(self.env["l10n_pl_ksef.alert"].search([]))

    def test_a_login_that_was_begun_for_a_former_nip_gives_no_token_for_the_new_one(self):
        self.certified()
        self.simulator.world.add_company("1111111111", "Nowa")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        self.company._l10n_pl_ksef_session()._within("_step_expire")._end("expired")
        self.env.flush_all()
        self.simulator.faults.add("challenge", "503", times=1)
        with suppress(KsefUnavailable):
            self.token()
        self.company.vat = "PL1111111111"
        self.agree(self.company)
        self.travel(minutes=1)
        token = self.token()
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.context_value, "1111111111")
        self.assertEqual(session._stored_token(), token)

    def test_a_login_goes_on_with_a_certificate_of_its_own_environment_alone(self):
        certificate = self.certified()
        login = self.env["l10n_pl_ksef.session"]._certificate_login(self.company)
        login.environment = "production"
        certificate.copy({"environment": "production", "state": "active"})
        login.certificate_id = False
        self.assertFalse(login._take_certificate())

    def test_a_certificate_is_looked_after_by_a_login_of_its_own_environment_alone(self):
        certificate = self.certified()
        put(self.company._l10n_pl_ksef_session(), state="expired")
        self.company.l10n_pl_ksef_environment = "demo"
        self.connect()
        self.assertFalse(certificate._owners_session())
        with self.assertRaises(LoginNeeded):
            certificate._revoke(self.company, "Unspecified")
