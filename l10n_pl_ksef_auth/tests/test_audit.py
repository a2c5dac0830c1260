from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.base import problems
from ..models.certificate.certificate import OFFLINE
from .common import KsefCase


@tagged("post_install", "-at_install")
class TestAudit(KsefCase):
    """The audit trail tells accountants what happened, who did it and how."""

    def events(self, user=None):
        lines = self.env["l10n_pl_ksef.audit"].with_user(user or self.clerk)
        return lines.search([("company_id", "=", self.company.id)], order="id").mapped("event")

    def line(self, event):
        return self.env["l10n_pl_ksef.audit"].search([("event", "=", event)], limit=1)

    def test_a_first_login_leaves_who_signed_and_with_what_consent(self):
        self.connect(consent=True)
        line = self.line("signed")
        self.assertEqual(line.user_id, self.accountant)
        self.assertEqual(line.signature, "trusted_profile")
        self.assertIn("certificate", line.consent)
        self.assertIn("•", line.signer_masked)

    def test_a_login_a_certificate_and_a_renewal_each_leave_a_line(self):
        self.certified()
        self.settle(days=5)
        for event in ("signed", "login", "certificate_issued", "renewal", "closed"):
            self.assertIn(event, self.events())

    def test_a_failure_is_told_in_a_sentence_and_ksefs_words_stand_apart(self):
        self.send_signed(window := self.open_window(), "stranger")
        self.follow(window)
        line, sentence = self.line("failure"), self.panel()["problem"]["text"]
        self.assertEqual(line.detail_text, sentence)
        self.assertIn("KSeF 415", line.technical_text)
        # Who signed is kept once, in a column of its own.
        self.assertNotIn(line.signer_name, str(line.problem))
        self.env["res.lang"]._activate_lang("pl_PL")
        polish = line.with_context(lang="pl_PL").detail_text
        self.assertIn("nie ma w KSeF", polish)

    def test_no_line_shows_a_code_where_people_read(self):
        audit, problem = self.env["l10n_pl_ksef.audit"], problems.local("not_agreed")
        for event, values in (
            ("ended", {"problem": problem}),
            ("rights_refused", {"problem": problems.of_order(420), "signer_name": "Jan"}),
            ("certificate_failed", {"problem": problem, "detail": OFFLINE}),
            # As earlier versions wrote them.
            ("failure", {"detail": "KSeF 415 · Uwierzytelnianie zakończone niepowodzeniem"}),
            ("certificate_failed", {"detail": "offline KSeF 25007"}),
        ):
            with self.subTest(event, **values):
                audit._record(self.company, event, **values)
                line = self.line(event)
                self.assertTrue(line.detail_text)
                self.assertNotRegex(line.detail_text, r"KSeF \d|_agreed|offline KSeF")
                self.assertRegex(line.technical_text, r"^KSeF (\d|not_agreed)")

    def test_what_was_signed_with_is_told_in_words(self):
        self.connect()
        field = self.env["l10n_pl_ksef.audit"]._fields["signature"]
        label = field.convert_to_export(self.line("signed").signature, self.line("signed"))
        self.assertEqual(label, "Profil Zaufany (trusted profile)")

    def test_a_disconnection_leaves_who_wanted_it(self):
        self.connect()
        self.disconnect(self.accountant)
        self.assertEqual(self.line("disconnected").user_id, self.accountant)

    def test_changed_settings_leave_a_line(self):
        self.company.with_user(self.accountant).l10n_pl_ksef_save_options(
            {"l10n_pl_ksef_environment": "demo"}
        )
        self.assertEqual(
            self.line("settings").detail_text, "KSeF environment: Demo (pre-production)"
        )

    def test_whom_notices_go_to_is_told_by_name_also_who_has_left(self):
        self.company.l10n_pl_ksef_responsible_ids = self.clerk
        self.manager.active = False
        self.company.l10n_pl_ksef_responsible_ids = [Command.link(self.manager.id)]
        named = self.line("settings").detail_text.partition(": ")[2].split(", ")
        self.assertEqual(set(named), {self.clerk.name, self.manager.name})

    def test_each_setting_is_told_in_words(self):
        Audit = self.env["l10n_pl_ksef.audit"]
        for details, told in (
            ("subject_type=certificateFingerprint", "Fingerprint"),
            ("responsible_ids=", "–"),
            ("responsible_ids=False", "–"),
            ("internal_id=5265877635-00001", "5265877635-00001"),
            ("something=else", "something=else"),
        ):
            with self.subTest(details):
                Audit._record(self.company, "settings", detail=details)
                self.assertRegex(self.line("settings").detail_text, f"{told}")

    def test_no_line_names_a_whole_identifier_or_a_token(self):
        session = self.connect(consent=True)
        text = str(self.env["l10n_pl_ksef.audit"].search([]).read())
        self.assertNotRegex(text, r"\b\d{11}\b")
        self.assertNotIn(session._stored_token(), text)

    def test_a_certificate_that_begins_to_serve_a_company_leaves_a_line_there(self):
        certificate = self.certified()
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        certificate.write({"company_ids": [Command.link(other.id)]})
        self.assertEqual(self.line("certificate_shared").company_id, other)

    def test_nobody_changes_or_deletes_a_line(self):
        self.connect()
        for user in (self.manager, self.accountant, self.clerk):
            line = self.line("login").with_user(user)
            with self.assertRaises(AccessError):
                line.detail = "x"
            with self.assertRaises(AccessError):
                line.unlink()

    def test_a_disconnection_is_one_line_however_many_files_were_downloaded(self):
        self.connect()
        for _download in range(3):
            self.open_window().prepare_download()
        self.disconnect()
        lines = self.env["l10n_pl_ksef.audit"].search([("event", "=", "disconnected")])
        self.assertEqual(len(lines), 1)
