import base64
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import sensitive

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestConsent(KsefCase):
    """Sign once or every 7 days: asked for each file, and the record says who clicked for whom."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("pl_PL")
        self.accountant.write({"name": "Katarzyna Księgowa", "lang": "pl_PL"})
        self.polish = self.company.with_user(self.accountant).with_context(lang="pl_PL")

    def line(self, event):
        return self.env["l10n_pl_ksef.audit"].search([("event", "=", event)], limit=1)

    def issue(self):
        """Have the accountant ask for a certificate on the account screen, with the password."""
        self.env.flush_all()
        with self.confirmed():
            account = self.polish.l10n_pl_ksef_issue_with_consent()
        self.env.invalidate_all()
        return account

    def test_without_an_answer_nothing_is_sent(self):
        window = self.open_window()
        signed = self.signed(self.downloaded(window))
        window.go("upload")
        self.attach(window, signed, consent=True)
        # Another file may have another signer.
        self.assertFalse(window.attach("a.xml", base64.b64encode(signed).decode())["answer"])
        with self.counted("xades-signature") as sent:
            view = window.authenticate()
        self.assertEqual((sent["calls"], view["step"]), (0, "upload"))
        self.assertIn("answer", view["problem"]["text"])
        self.assertFalse(window.set_answer("weekly")["problem"])
        window.authenticate()
        self.assertEqual(self.follow(window)["result"], "connected")

    def test_a_consent_says_who_clicked_and_for_whom_wherever_it_is_read(self):
        window = self.open_window().with_context(lang="pl_PL")
        self.send_signed(window, consent=True)
        self.follow(window)
        self.settle()
        session = self.company._l10n_pl_ksef_session()
        said = session.consent_text
        self.assertRegex(said, "Katarzyna Księgowa.*za osobę podpisującą.*Róża Żółć-Źdźbło.*•")
        certificate = self.company._l10n_pl_ksef_certificate()
        self.assertEqual(certificate.consent_text, said)
        self.assertEqual(self.line("signed").consent, said)

    def test_a_certificate_that_the_words_did_not_name_is_not_applied_for(self):
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window)), consent=True)
        self.issues_invoices(self.company)
        with self.counted("enroll") as applications:
            window.authenticate()
            self.follow(window)
            self.settle()
        self.assertEqual(applications["calls"], 1)
        self.assertEqual(self.panel()["offline"]["state"], "asks")

    def test_who_signs_every_7_days_leaves_no_consent_and_reads_when_the_next_one_is_due(self):
        session = self.connect(consent=False)
        self.assertFalse(session.consent_at or self.line("signed").consent)
        panel = self.panel()
        self.assertEqual(panel["color"], "green")
        self.assertEqual(panel["sign_again_at"], panel["expires_at"])

    def test_a_connection_that_a_certificate_renews_names_no_next_signature(self):
        self.certified()
        self.assertFalse(self.panel()["sign_again_at"])

    def test_while_the_login_lives_a_certificate_is_issued_later_without_a_signature(self):
        self.connect(consent=False)
        offered = self.polish.l10n_pl_ksef_account()["consent"]
        self.assertIn("Róża", offered["signer"])
        with self.counted("xades-signature") as signatures:
            self.assertFalse(self.issue()["consent"])
            self.settle()
        self.assertEqual(signatures["calls"], 0)
        certificate = self.company._l10n_pl_ksef_certificate()
        self.assertEqual(certificate.state, "active")
        line = self.line("consented")
        self.assertEqual((line.user_id, line.consent), (self.accountant, certificate.consent_text))
        self.assertIn("Katarzyna Księgowa", line.consent)

    def test_a_second_click_asks_for_no_second_certificate(self):
        self.connect(consent=False)
        with self.counted("enroll") as applications:
            self.issue()
            self.issue()
            self.settle()
        self.assertEqual(applications["calls"], 1)

    def test_after_the_login_nothing_can_be_issued_without_a_signature(self):
        self.connect(consent=False)
        self.travel(days=8)
        self.keep_alive()
        self.assertFalse(self.polish.l10n_pl_ksef_account()["consent"])
        self.assertTrue(self.issue()["problem"]["text"])
        self.assertFalse(self.line("consented"))

    def test_a_login_with_the_certificate_asks_for_no_consent(self):
        self.certified()
        self.settle(days=5)
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")
        self.assertFalse(self.polish.l10n_pl_ksef_account()["consent"])

    def test_without_the_password_none_is_applied_for(self):
        self.connect(consent=False)
        asked = patch.object(type(self.company), "l10n_pl_ksef_confirm", return_value="question")
        with self.confirmed(), asked, patch.object(sensitive, "TRUSTED_SECONDS", -1):
            answer = self.polish.l10n_pl_ksef_issue_with_consent()
        self.assertEqual(answer, {"confirm": "question"})
        self.assertFalse(self.line("consented"))
