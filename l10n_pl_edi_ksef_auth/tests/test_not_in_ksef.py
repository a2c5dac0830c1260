from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.tests.common import put

from .common import EdiCase

NUMBER = "5265877635-20260401-0100001AF629-11"
# The sender's status, also of later builds; what the invoice counts as then.
STATUSES = (
    (None, "missing"),
    ("sent", "waiting"),
    ("accepted", "there"),
    ("rejected", "missing"),
    ("offline_pending", "waiting"),
    ("offline_failed", "missing"),
)


@tagged("post_install", "-at_install")
class TestNotInKsef(EdiCase):
    """What did not go to KSeF never looks sent; what keeps it away is said where one sends."""

    def wizard(self, move):
        """Open the window that sends one invoice."""
        return move.env["account.move.send.wizard"].create({"move_id": move.id})

    def batch(self, *moves):
        """Open the window that sends several invoices."""
        ids = [move.id for move in moves]
        return moves[0].env["account.move.send.batch.wizard"].create({"move_ids": ids})

    def cause(self):
        """Return the word for what keeps the company's invoices from KSeF now, or None."""
        self.env.invalidate_all()
        obstacle = self.company._l10n_pl_ksef_edi_obstacle()
        return obstacle and obstacle[0]

    # ------------------------------------------------------------------
    # What looks sent
    # ------------------------------------------------------------------
    def test_only_what_ksef_has_accepted_looks_sent(self):
        move = self.invoice()
        # As after its PDF was made, and sent by mail.
        move.sudo().is_move_sent = True
        for status, state in STATUSES:
            with self.subTest(status):
                move.flush_recordset()
                self.env.cr.execute(
                    "UPDATE account_move SET l10n_pl_edi_status = %s WHERE id = %s",
                    (status, move.id),
                )
                move.invalidate_recordset()
                self.assertEqual(move.l10n_pl_ksef_edi_state, state)
                self.check_looks(move, "sent" if state == "there" else "not_sent")

    def check_looks(self, move, expected):
        """Check what lists, their groups and filters, and the form say about sending."""
        ours = ("id", "=", move.id)
        (group,) = move._read_group([ours], ["move_sent_values"])
        self.assertEqual((move.move_sent_values, *group), (expected, expected))
        self.assertEqual(move.status_in_payment, "sent" if expected == "sent" else "posted")
        self.assertTrue(move.search([("move_sent_values", "=", expected), ours]))
        self.assertFalse(move.search([("move_sent_values", "!=", expected), ours]))

    def test_a_consumers_invoice_looks_sent_as_ever(self):
        self.buyer.vat = False
        move = self.invoice()
        move.sudo().is_move_sent = True
        self.check_looks(move, "sent")

    # ------------------------------------------------------------------
    # What keeps invoices away
    # ------------------------------------------------------------------
    def test_a_working_connection_keeps_nothing_away(self):
        self.connect()
        self.assertIsNone(self.cause())
        move = self.invoice()
        self.assertEqual(move.l10n_pl_ksef_edi_cure, "send")
        wizard = self.wizard(move)
        self.assertEqual(wizard.extra_edis, ["pl_ksef"])
        self.assertFalse(wizard.l10n_pl_ksef_edi_notice)

    def test_the_four_states_without_a_connection_are_told_apart(self):
        self.assertEqual(self.cause(), "never")
        session = self.connect()
        put(session, state="expired")
        self.assertEqual(self.cause(), "ended")
        put(session, state="revoked", closed_by_user=True)
        self.assertEqual(self.cause(), "disconnected")
        self.send_signed(self.open_window(), "stranger")
        self.settle(minutes=1)
        self.assertEqual(self.cause(), "refused")

    def test_a_login_that_may_not_send_keeps_them_away_and_names_the_right(self):
        move = self.invoice(self.accountant)
        batch = self.batch(move, self.invoice(self.accountant))
        self.connect("reader")
        self.assertEqual(self.cause(), "rights")
        wizard = self.wizard(move)
        for record in (move, wizard, batch):
            with self.subTest(record._name):
                self.assertEqual(record.l10n_pl_ksef_edi_cure, "sign")
                self.assertIn("sending invoices", record.l10n_pl_ksef_edi_notice)
        self.assertFalse(wizard.extra_edis)
        self.assertFalse(batch.summary_data)

    def test_a_login_that_may_only_send_keeps_nothing_away(self):
        self.connect().rights = "InvoiceWrite"
        self.assertIsNone(self.cause())

    def test_what_a_certificate_restores_by_itself_keeps_nothing_away(self):
        self.certified()
        put(self.company._l10n_pl_ksef_session(), state="expired")
        self.assertIsNone(self.cause())

    def test_an_invoice_on_its_way_is_told_to_what_would_change_the_login(self):
        self.assertFalse(self.company._l10n_pl_ksef_is_sending())
        self.invoice().l10n_pl_edi_status = "sent"
        self.assertTrue(self.company._l10n_pl_ksef_is_sending())

    def test_the_senders_own_certificate_keeps_nothing_away(self):
        self.company.sudo().l10n_pl_edi_certificate = self.env["certificate.certificate"].create(
            {"name": "x", "content": b"eA==", "company_id": self.company.id}
        )
        self.assertIsNone(self.cause())

    def test_another_environment_keeps_them_away_and_no_signature_helps(self):
        self.connect()
        self.env["ir.config_parameter"].set_param("l10n_pl_edi_ksef.mode", "prod")
        self.assertEqual(self.cause(), "environment")
        self.assertEqual(self.invoice().l10n_pl_ksef_edi_cure, "other")

    def test_the_window_keeps_ksefs_line_switched_off_with_the_reason(self):
        move = self.invoice(self.accountant)
        wizard = self.wizard(move)
        line = wizard.extra_edi_checkboxes["pl_ksef"]
        self.assertEqual((line["checked"], line["readonly"]), (False, True))
        self.assertFalse(wizard.extra_edis)
        self.assertIn("never connected", wizard.l10n_pl_ksef_edi_notice)
        action = wizard.action_l10n_pl_ksef_edi_connect()
        self.assertEqual(action["tag"], "l10n_pl_ksef_sign")
        self.assertEqual(action, move.action_l10n_pl_ksef_edi_connect())

    def test_who_may_not_connect_is_led_to_the_panel(self):
        action = self.invoice(self.clerk).action_l10n_pl_ksef_edi_connect()
        self.assertEqual(action["tag"], "l10n_pl_ksef_connection")

    def test_a_consumers_invoice_is_sent_without_a_word_about_ksef(self):
        self.buyer.vat = False
        wizard = self.wizard(self.invoice())
        self.assertFalse(wizard.extra_edi_checkboxes or wizard.l10n_pl_ksef_edi_notice)

    def test_the_batch_window_counts_what_does_not_go_to_ksef(self):
        put(self.connect(), state="expired")
        batch = self.batch(self.invoice(self.accountant), self.invoice(self.accountant))
        self.assertIn("KSeF: 2.", batch.l10n_pl_ksef_edi_notice)
        self.assertFalse(batch.summary_data)
        action = batch.action_l10n_pl_ksef_edi_connect()
        self.assertEqual(action["tag"], "l10n_pl_ksef_sign")

    def test_what_ksef_rejected_is_not_sent_again_before_it_is_corrected(self):
        self.connect()
        move = self.invoice()
        move.l10n_pl_edi_status = "rejected"
        wizard = self.wizard(move)
        self.assertTrue(wizard.extra_edi_checkboxes["pl_ksef"]["readonly"])
        self.assertIn("rejected", wizard.l10n_pl_ksef_edi_notice)
        with self.assertRaisesRegex(UserError, "rejected"):
            self.send(move)
        move.button_draft()
        move.action_post()
        self.send(move)
        self.assertEqual(move.l10n_pl_ksef_edi_state, "waiting")

    # ------------------------------------------------------------------
    # Sent with another program
    # ------------------------------------------------------------------
    def mark(self, move, number=NUMBER):
        """Mark an invoice as sent outside Odoo, in its window, after all else was written down."""
        self.cr.flush()
        action = move.action_l10n_pl_ksef_edi_sent_outside()
        window = move.env[action["res_model"]].with_context(**action["context"])
        return window.create({"number": number}).action_mark()

    def said(self, move):
        """Return who wrote the newest message about an invoice, and what."""
        self.cr.flush()
        message = move.message_ids[:1]
        return message.author_id, str(message.body)

    def test_a_mark_takes_the_invoice_out_of_what_is_missing_and_says_who(self):
        move = self.invoice(self.clerk)
        move.l10n_pl_edi_status = "rejected"
        self.mark(move, f" {NUMBER.lower()} ")
        self.assertEqual(move.l10n_pl_ksef_edi_state, "there")
        self.assertEqual(move.l10n_pl_edi_number, NUMBER)
        author, text = self.said(move)
        self.assertEqual(author, self.clerk.partner_id)
        self.assertIn(NUMBER, text)

    def test_a_mark_can_be_taken_back_and_says_who(self):
        move = self.invoice(self.clerk)
        self.mark(move)
        self.cr.flush()
        move.with_user(self.accountant).action_l10n_pl_ksef_edi_undo_outside()
        self.assertEqual(move.l10n_pl_ksef_edi_state, "missing")
        self.assertFalse(move.l10n_pl_edi_number)
        author, text = self.said(move)
        self.assertEqual(author, self.accountant.partner_id)
        self.assertIn(NUMBER, text)

    def test_odoo_neither_sends_it_once_more_nor_takes_it_back_to_draft(self):
        self.connect()
        move = self.invoice()
        self.mark(move)
        self.assertFalse(self.wizard(move).extra_edi_checkboxes)
        with self.counted("online-send") as sent, self.assertRaisesRegex(UserError, "there"):
            self.send(move)
        self.assertEqual(sent["calls"], 0)
        self.assertFalse(move.show_reset_to_draft_button)
        with self.assertRaisesRegex(UserError, "undo"):
            move.button_draft()

    def test_a_wrong_number_is_refused_with_its_reason(self):
        move = self.invoice()
        for number, reason in (
            ("FV/1", "35 characters"),
            (f"{NUMBER[:-2]}12", "typing error"),
            ("5555555555-20250828-010080615740-E4", "another company"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(UserError, reason):
                self.mark(move, number)
        # The buyer may be a company of this Odoo, too.
        self.invoice(self.manager, move_type="in_invoice").l10n_pl_edi_number = NUMBER
        self.mark(move)
        with self.assertRaisesRegex(UserError, "Another invoice"):
            self.mark(self.invoice())

    def test_only_who_sends_invoices_may_mark_or_take_back(self):
        move = self.invoice()
        reader = self.make_user("ksef_reader", "account.group_account_readonly")
        for method in (
            "action_l10n_pl_ksef_edi_sent_outside",
            "action_l10n_pl_ksef_edi_undo_outside",
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(move.with_user(reader), method)()
        window = move.env["l10n_pl_ksef_edi.sent_outside"].create(
            {"move_id": move.id, "number": NUMBER}
        )
        with self.assertRaises(AccessError):
            window.with_user(self.accountant).number = NUMBER

    def test_the_window_names_no_invoice_of_another_company(self):
        move = self.invoice()
        stranger = self.make_user(
            "ksef_stranger", "account.group_account_manager", self.make_company("Obca", "")
        )
        windows = self.env["l10n_pl_ksef_edi.sent_outside"].with_user(stranger)
        windows = windows.with_context(allowed_company_ids=stranger.company_ids.ids)
        with self.assertRaises(AccessError):
            windows.create({"move_id": move.id, "number": NUMBER})

    def test_what_is_in_ksef_or_need_not_be_there_is_not_marked(self):
        self.connect()
        with self.assertRaisesRegex(UserError, "missing"):
            self.mark(self.sent())

    # ------------------------------------------------------------------
    # The dashboard's card
    # ------------------------------------------------------------------
    def test_the_card_counts_what_is_missing_and_its_list_shows_just_that(self):
        figures = self.company.with_user(self.clerk).l10n_pl_ksef_figures
        self.assertEqual(figures(), [])
        moves = self.invoice() | self.invoice()
        (figure,) = figures()
        self.assertEqual(figure["text"], "Not sent to KSeF: 2")
        action = self.env.ref(figure["action"])
        found = moves.search([("l10n_pl_ksef_edi_state", "=", "missing")])
        self.assertEqual(found & moves, moves)
        self.assertEqual(action.res_model, "account.move")
