from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestDiagnosis(KsefCase):
    """One button tells support what is wrong, without secrets."""

    def diagnose(self, user=None):
        answer = self.company.with_user(user or self.accountant).l10n_pl_ksef_diagnose()
        self.checks = {check["name"]: check for check in answer["checks"]}
        return answer["report"]

    def test_a_working_connection_is_in_order(self):
        self.certified()
        self.diagnose()
        wrong = [name for name, check in self.checks.items() if check["ok"] is False]
        self.assertEqual(wrong, ["Encryption key"])

    def test_the_key_is_in_order_once_somebody_backed_it_up(self):
        self.connect()
        self.company.with_user(self.accountant).l10n_pl_ksef_key_backed_up()
        self.diagnose()
        self.assertTrue(self.checks["Encryption key"]["ok"])

    def test_it_shows_our_address_as_ksef_sees_it(self):
        self.diagnose()
        self.assertEqual(self.checks["Our address as KSeF sees it"]["text"], "127.0.0.1")

    def test_a_wrong_clock_is_noticed(self):
        self.simulator.clock.advance(timedelta(minutes=3))
        self.diagnose()
        self.assertIs(self.checks["Clock"]["ok"], False)
        self.assertIn("+180", self.checks["Clock"]["text"])

    def test_a_ksef_that_is_down_is_told_and_the_rest_is_still_checked(self):
        self.simulator.faults.add("challenge", "503")
        self.diagnose()
        self.assertIs(self.checks["KSeF answers"]["ok"], False)
        self.assertIn("Database", self.checks)

    def test_a_polish_reader_gets_the_results_in_polish(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.accountant.lang = "pl_PL"
        self.connect()
        answer = self.company.with_user(self.accountant).with_context(lang="pl_PL")
        texts = {check["name"]: check["text"] for check in answer.l10n_pl_ksef_diagnose()["checks"]}
        self.assertEqual(texts["TLS"], "nieużywany: adres jest na tym komputerze")
        self.assertRegex(texts["Sesja"], "^Podpis →")
        self.assertEqual(texts["Podpisywanie certyfikatem"], "w porządku")

    def test_a_login_that_has_ended_is_not_in_order(self):
        self.connect()
        self.diagnose()
        self.assertTrue(self.checks["Login"]["ok"])
        self.travel(days=8)
        self.diagnose()
        self.assertIs(self.checks["Login"]["ok"], False)

    def test_missing_rights_are_named(self):
        self.connect("reader")
        self.diagnose()
        self.assertIs(self.checks["Rights at KSeF"]["ok"], False)
        self.assertIn("InvoiceRead", self.checks["Rights at KSeF"]["text"])

    def test_the_text_to_copy_holds_no_secret(self):
        certificate = self.certified()
        session = self.company._l10n_pl_ksef_session()
        report = self.diagnose()
        self.assertNotIn(session._stored_token()[-20:], report)
        self.assertNotIn(read_secret(certificate, "private_key_secret").hex()[:20], report)
        self.assertNotRegex(report, r"\b\d{11}\b")

    def test_only_who_manages_the_connection_may_ask(self):
        with self.assertRaises(AccessError):
            self.diagnose(self.clerk)

    def test_a_scheduled_action_that_was_deleted_is_told(self):
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").unlink()
        self.diagnose()
        self.assertIs(self.checks["Scheduled action"]["ok"], False)
