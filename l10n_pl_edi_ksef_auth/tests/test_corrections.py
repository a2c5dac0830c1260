from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EdiCase

NUMBER = "5265877635-20260401-0100001AF629-11"
# What the invoice's form allows after the corrected invoice's own number.
IN_KSEF, ELSEWHERE = ("NrKSeF", "NrKSeFFaKorygowanej"), ("NrKSeFN",)


@tagged("post_install", "-at_install")
class TestCorrections(EdiCase):
    """A correction names the KSeF number of the invoice that it corrects."""

    def correction(self, move):
        """Write a correction of an invoice, post it, and return it."""
        return self.invoice(move_type="out_refund", reversed_entry_id=move.id)

    def said_of_the_corrected(self, correction):
        """Return what a correction's document says of KSeF and the invoice that it corrects."""
        document = etree.fromstring(correction._l10n_pl_edi_render_xml().encode())
        (part,) = document.iter("{*}DaneFaKorygowanej")
        texts = {etree.QName(element).localname: element.text for element in part}
        return {name: text for name, text in texts.items() if name in {*IN_KSEF, *ELSEWHERE}}

    def test_it_names_the_number_that_an_invoice_was_marked_with(self):
        move = self.invoice()
        move._l10n_pl_ksef_edi_mark_outside(NUMBER)
        said = self.said_of_the_corrected(self.correction(move))
        self.assertEqual(said, dict(zip(IN_KSEF, ("1", NUMBER), strict=True)))

    def test_it_names_the_number_that_ksef_gave_to_what_odoo_sent(self):
        self.connect()
        move = self.sent()
        move.action_l10n_pl_edi_update_invoice_status()
        said = self.said_of_the_corrected(self.correction(move))
        self.assertEqual(said, dict(zip(IN_KSEF, ("1", move.l10n_pl_edi_number), strict=True)))

    def test_without_a_number_it_says_that_the_invoice_was_issued_outside_ksef(self):
        for move in (self.invoice(), self.env["account.move"]):
            said = self.said_of_the_corrected(self.correction(move))
            self.assertEqual(said, dict.fromkeys(ELSEWHERE, "1"))

    def test_it_waits_for_the_number_of_an_invoice_that_ksef_has_not_accepted_yet(self):
        self.connect()
        move = self.sent()
        correction = self.correction(move)
        self.assertIn("not accepted the corrected", correction.l10n_pl_ksef_edi_notice)
        with self.counted("online-send") as sent, self.assertRaisesRegex(UserError, "corrected"):
            self.send(correction)
        self.assertEqual(sent["calls"], 0)
        move.action_l10n_pl_edi_update_invoice_status()
        self.assertEqual(correction.l10n_pl_ksef_edi_cure, "send")
        self.send(correction)
        self.assertEqual(correction.l10n_pl_ksef_edi_state, "waiting")

    def test_sent_together_with_the_corrected_invoice_it_waits_for_that_one(self):
        self.connect()
        move = self.invoice()
        with self.counted("online-send") as sent, self.assertRaisesRegex(UserError, "corrected"):
            self.send(move, self.correction(move))
        self.assertEqual(sent["calls"], 1)

    def test_its_form_says_when_the_corrected_invoice_has_to_be_sent_first(self):
        self.connect()
        correction = self.correction(self.invoice())
        self.assertEqual(correction.l10n_pl_ksef_edi_cure, "send")
        self.assertIn("Send the corrected invoice first", correction.l10n_pl_ksef_edi_notice)
