import os
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import (
    FINGERPRINT_PARAMETER,
    KEY_OPTION,
    KEY_VARIABLE,
    key_in_use,
    read_secret,
)
from odoo.addons.l10n_pl_ksef_auth.tools.vault import generate_key

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestDiagnosis(KsefCase):
    """One button tells support what is wrong, without secrets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "base.group_system,l10n_pl_ksef_auth.group_ksef_connection"
        cls.administrator = cls.make_user("ksef_administrator", groups)

    def diagnose(self, user=None):
        answer = self.company.with_user(user or self.administrator).l10n_pl_ksef_diagnose()
        checks = answer["checks"] + answer["technical"]
        self.checks = {check["name"]: check for check in checks}
        return answer["report"]

    def wrong(self):
        return [name for name, check in self.checks.items() if check["ok"] is False]

    def test_a_working_connection_is_in_order(self):
        self.certified()
        self.diagnose()
        self.assertEqual(self.wrong(), [])
        self.assertIsNone(self.checks["Encryption key"]["ok"])

    def test_the_key_is_in_order_once_somebody_backed_it_up(self):
        self.connect()
        before = self.company.with_user(self.accountant).l10n_pl_ksef_diagnosis()
        after = self.company.with_user(self.accountant).l10n_pl_ksef_key_backed_up()
        self.assertEqual((before["asks_for_backup"], after["asks_for_backup"]), (True, False))
        self.diagnose()
        self.assertTrue(self.checks["Encryption key"]["ok"])

    def test_a_key_that_was_set_before_the_first_connection_is_looked_at(self):
        self.env["ir.config_parameter"].set_param(FINGERPRINT_PARAMETER, False)
        with NamedTemporaryFile("w") as file, patch.dict(os.environ):
            os.environ[KEY_VARIABLE] = f"file:{file.name}"
            self.diagnose()
            self.assertIn("Encryption key", self.wrong())
            file.write(generate_key())
            file.flush()
            self.diagnose()
        self.assertTrue(self.checks["Encryption key"]["ok"])
        self.assertIn("not used yet", self.checks["Encryption key"]["text"])

    def test_where_the_key_was_given_is_told_in_words(self):
        self.env["ir.config_parameter"].set_param(FINGERPRINT_PARAMETER, False)
        places = {
            "configuration file": (config.options, KEY_OPTION),
            "environment variable": (os.environ, KEY_VARIABLE),
        }
        for words, (place, name) in places.items():
            with self.subTest(words), patch.dict(place, {name: generate_key()}):
                self.diagnose()
                self.assertIn(words, self.checks["Encryption key"]["text"])

    def test_it_shows_our_address_as_ksef_sees_it(self):
        self.diagnose()
        self.assertEqual(self.checks["Our address as KSeF sees it"]["text"], "127.0.0.1")

    def test_a_wrong_clock_is_noticed(self):
        self.simulator.clock.advance(timedelta(minutes=3))
        self.diagnose()
        self.assertIs(self.checks["Clock"]["ok"], False)
        # On a busy machine the answer's own way counts a little.
        self.assertRegex(self.checks["Clock"]["text"], r" 1[78]\d[.,]\d s$")

    def test_a_ksef_that_is_down_is_told_and_the_rest_is_still_checked(self):
        self.simulator.faults.add("challenge", "503")
        self.diagnose()
        self.assertIs(self.checks["KSeF answers"]["ok"], False)
        self.assertIn("Database", self.checks)

    def test_a_polish_reader_gets_the_results_in_polish(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.administrator.lang = "pl_PL"
        self.connect()
        answer = self.company.with_user(self.administrator).with_context(lang="pl_PL")
        told = answer.l10n_pl_ksef_diagnose()
        texts = {check["name"]: check["text"] for check in told["checks"] + told["technical"]}
        self.assertEqual(texts["TLS"], "nieużywany: adres jest na tym komputerze")
        self.assertRegex(texts["Połączenie"], "^Podpis, ważne do ")
        self.assertRegex(texts["Uprawnienia w KSeF"], "^wystawianie faktur, przeglądanie faktur, ")
        self.assertEqual(texts["Podpisywanie certyfikatem"], "w porządku")

    def test_a_login_that_has_ended_is_not_in_order(self):
        self.connect()
        self.diagnose()
        self.assertTrue(self.checks["Connection"]["ok"])
        self.travel(days=8)
        self.diagnose()
        self.assertIs(self.checks["Connection"]["ok"], False)

    def test_missing_rights_are_named(self):
        self.connect("reader")
        self.diagnose()
        self.assertIs(self.checks["Rights at KSeF"]["ok"], False)
        said = self.checks["Rights at KSeF"]["text"]
        self.assertEqual(said, "reading invoices; missing: sending invoices")

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

    def test_an_accountant_sees_in_red_only_what_an_accountant_can_mend(self):
        self.connect()
        self.simulator.clock.advance(timedelta(minutes=3))
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").active = False
        self.diagnose(self.accountant)
        self.assertEqual(self.wrong(), [])
        self.assertIn("administrator", self.checks["Odoo's server"]["text"])
        self.travel(days=8)
        self.diagnose(self.accountant)
        self.assertEqual(self.wrong(), ["Connection"])

    def test_an_outage_is_not_red_for_an_accountant(self):
        self.connect()
        self.simulator.faults.add("challenge", "503")
        self.diagnose(self.accountant)
        self.assertEqual(self.wrong(), [])
        self.assertIn("KSeF", self.checks["KSeF"]["text"])
        self.assertTrue(self.checks["Odoo's server"]["ok"])

    def test_where_the_server_keeps_what_is_told_to_administrators_alone(self):
        self.connect()
        key = Path(key_in_use(self.env)[0]).name
        database = f"{self.env.cr.dbname}, "
        for user, knows in ((self.administrator, True), (self.accountant, False)):
            answer = str(self.company.with_user(user).l10n_pl_ksef_diagnose())
            with self.subTest(user.login):
                self.assertEqual((key in answer, database in answer), (knows, knows))

    def test_times_are_the_readers_own(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.connect().refresh_valid_until = "2026-12-06 22:41:00"
        reader = self.company.with_user(self.accountant).with_context(lang="pl_PL")
        for zone, told in (("America/New_York", "17:41"), (False, "23:41")):
            self.accountant.tz = zone
            with self.subTest(zone):
                checks = reader.l10n_pl_ksef_diagnose()["checks"]
                said = next(one["text"] for one in checks if one["name"] == "Połączenie")
                self.assertEqual(said, f"Podpis, ważne do 6.12.2026, {told}")
