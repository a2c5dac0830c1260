from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.tests.common import put

from .common import SERVICE_LOGGER, EdiCase

SENDER = "odoo.addons.l10n_pl_edi_ksef_auth.models.account_move_send"


@tagged("post_install", "-at_install")
class TestSending(EdiCase):
    def begin(self):
        self.connect()

    def test_an_accountant_sends_an_invoice_with_our_connection(self):
        move = self.sent(self.accountant)
        self.assertEqual(move.l10n_pl_edi_status, "sent")
        self.assertFalse(self.company.sudo().l10n_pl_edi_certificate)

    def test_the_clerk_fetches_ksefs_number_and_the_confirmation(self):
        move = self.sent(self.clerk)
        move.action_l10n_pl_edi_update_invoice_status()
        self.assertEqual(move.l10n_pl_edi_status, "accepted")
        self.assertTrue(move.l10n_pl_edi_number)
        action = move.action_l10n_pl_edi_get_invoice_UPO()
        self.assertEqual(action["type"], "ir.actions.act_url")

    def test_who_may_not_write_the_invoice_gets_nothing_from_ksef(self):
        move = self.sent(self.clerk)
        reader = self.make_user("ksef_reader", "account.group_account_readonly")
        with self.assertRaises(AccessError):
            move.with_user(reader).action_l10n_pl_edi_update_invoice_status()

    def test_an_outdated_token_is_renewed_before_the_sender_notices(self):
        self.sent()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes:
            self.assertEqual(self.sent().l10n_pl_edi_status, "sent")
        self.assertEqual(refreshes["calls"], 1)

    def test_after_a_new_login_the_sender_opens_an_online_session_of_its_own(self):
        self.sent()
        first = self.fields_of_sender()["l10n_pl_edi_session_id"]
        self.connect()
        self.sent()
        self.assertNotEqual(self.fields_of_sender()["l10n_pl_edi_session_id"], first)

    @mute_logger(SERVICE_LOGGER)
    def test_an_online_session_that_ksef_has_closed_for_a_while_is_followed_by_another(self):
        self.sent()
        first = self.fields_of_sender()["l10n_pl_edi_session_id"]
        self.simulator.interrupt_sessions()
        self.assertEqual(self.sent().l10n_pl_edi_status, "sent")
        self.assertNotEqual(self.fields_of_sender()["l10n_pl_edi_session_id"], first)

    @mute_logger(SERVICE_LOGGER)
    def test_where_ksef_takes_no_invoice_one_other_session_is_opened_and_not_one_more(self):
        move = self.invoice()
        self.simulator.faults.add("online-send", "refusal", code=21184, times=-1)
        with (
            self.counted("online-send") as sent,
            self.counted("online-open") as opened,
            self.assertRaisesRegex(UserError, "21184"),
        ):
            self.send(move)
        self.assertEqual((sent["calls"], opened["calls"]), (2, 2))
        self.assertFalse(move.l10n_pl_edi_status)

    @mute_logger(SERVICE_LOGGER)
    def test_each_refusal_of_the_online_session_itself_has_another_one_opened(self):
        for code in (21155, 21173, 21180, 21184):
            self.simulator.faults.add("online-send", "refusal", code=code)
            with self.subTest(code), self.counted("online-open") as opened:
                self.assertEqual(self.sent().l10n_pl_edi_status, "sent")
            self.assertEqual(opened["calls"], 2 if code == 21155 else 1)

    @mute_logger(SERVICE_LOGGER)
    def test_for_another_refusal_no_session_is_opened(self):
        self.sent()
        self.simulator.faults.add("online-send", "refusal", code=21405)
        move = self.invoice()
        with self.counted("online-open") as opened, self.assertRaisesRegex(UserError, "21405"):
            self.send(move)
        self.assertEqual(opened["calls"], 0)

    def test_a_login_that_ended_is_followed_by_one_with_the_certificate(self):
        self.certified()
        with self.company._l10n_pl_ksef_client() as client:
            client.revoke_current_session(self.company.l10n_pl_ksef_access_token())
        self.travel(minutes=16)
        self.assertEqual(self.sent().l10n_pl_edi_status, "sent")

    def test_when_only_a_human_can_help_the_sentence_says_so(self):
        session = self.company._l10n_pl_ksef_session()
        move = self.invoice()
        put(session, state="expired")
        session.flush_recordset()
        with self.assertRaisesRegex(UserError, "not connected"):
            self.send(move)
        self.assertFalse(move.l10n_pl_edi_status)

    def test_who_sends_one_invoice_reads_first_that_it_was_not_sent_then_whose_rights_lack(self):
        self.certified()
        owner = self.company._l10n_pl_ksef_certificate().owner_name
        self.simulator.settings.force_status = {"code": 415}
        self.addCleanup(self.simulator.settings.reset)
        self.let_days_pass(8)
        invoice = self.invoice()
        with patch(f"{SENDER}.request", True), self.assertRaises(LoginNeeded) as caught:
            self.send(invoice)
        sentence = str(caught.exception)
        self.assertTrue(sentence.startswith("The invoice was not sent to KSeF. The KSeF certif"))
        self.assertIn(f"{owner} has no rights in KSeF", sentence)

    def test_ksef_is_offered_only_where_the_environments_agree(self):
        self.assertTrue(self.company.l10n_pl_edi_register)
        self.env["ir.config_parameter"].set_param("l10n_pl_edi_ksef.mode", "prod")
        self.env.invalidate_all()
        self.assertFalse(self.company.l10n_pl_edi_register)

    def test_ksef_is_not_offered_after_disconnecting_by_hand(self):
        session = self.company._l10n_pl_ksef_session()
        put(session, state="revoked", closed_by_user=True)
        self.env.invalidate_all()
        self.assertFalse(self.company.l10n_pl_edi_register)

    def test_a_refresh_by_the_sender_itself_serves_for_the_rest_of_its_work(self):
        move = self.sent()
        self.simulator.faults.add("*", "401", times=1)
        with self.counted("refresh") as refreshes:
            move.action_l10n_pl_edi_update_invoice_status()
        self.assertEqual(refreshes["calls"], 1)
        self.assertEqual(move.l10n_pl_edi_status, "accepted")
