import base64
from datetime import timedelta

from cryptography.hazmat.primitives import serialization

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import OWNER, KsefCase, credentials, home_made, packed


@tagged("post_install", "-at_install")
class TestAccount(KsefCase):
    """The screen "Account": certificates and logins here and at KSeF."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()

    def account(self, user=None):
        return self.company.with_user(user or self.accountant)

    def forget_certificate(self):
        self.certificate.sudo().unlink()
        self.assertEqual(self.panel()["certificate"]["state"], "none")

    def test_certificates_here_and_at_ksef_stand_side_by_side(self):
        account = self.account().l10n_pl_ksef_account_at_ksef()
        (row,) = account["certificates"]
        self.assertTrue(row["here"])
        self.assertEqual(row["status_at_ksef"], "Active")
        self.assertTrue(account["asked_at"])

    def test_a_certificate_that_only_ksef_knows_is_listed_without_a_key(self):
        self.forget_certificate()
        (row,) = self.account().l10n_pl_ksef_account_at_ksef()["certificates"]
        self.assertFalse(row["here"])

    def test_a_certificate_that_serves_only_another_company_is_not_said_to_be_elsewhere(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        self.simulator.world.grant(OWNER.identity, other.l10n_pl_ksef_digits)
        self.connect(company=other)
        account = other.with_user(self.accountant).l10n_pl_ksef_account_at_ksef()
        (row,) = account["certificates"]
        self.assertEqual(row["state_label"], "Valid, in this Odoo for other companies")

    def test_a_comparison_that_failed_is_to_be_tried_again_by_the_user(self):
        self.simulator.faults.add("certificate-query", "503", times=-1)
        problem = self.account().l10n_pl_ksef_account_at_ksef()["problem"]
        self.assertEqual(problem["action"], "Try again in a few minutes.")

    def test_our_login_is_recognised_in_ksefs_list(self):
        (row,) = self.account().l10n_pl_ksef_account_at_ksef()["sessions"]
        self.assertTrue(row["ours"])
        self.assertTrue(row["is_current"])

    def test_a_login_in_ksefs_list_is_told_in_our_words_and_ksefs_stand_apart(self):
        self.connect("seal")
        rows = self.account().l10n_pl_ksef_account_at_ksef()["sessions"]
        told = next(row for row in rows if row["is_current"])
        self.assertEqual((told["method"], told["state_label"]), ("company seal", "active"))
        self.assertRegex(told["technical"], r"^KSeF 200 · .* · Pieczęć")

    def test_a_loaded_certificate_can_log_in(self):
        file = packed(self.certificate)
        self.forget_certificate()
        with self.confirmed():
            account = self.account().l10n_pl_ksef_load_certificate([file], "tajne")
        self.assertFalse(account["problem"])
        session, _failure = self.env["l10n_pl_ksef.session"]._log_in(self.company)
        self.travel(seconds=2)
        self.advance(session)
        self.assertEqual(session.state, "active")

    def test_a_wrong_password_is_a_sentence(self):
        file = packed(self.certificate)
        with self.confirmed():
            account = self.account().l10n_pl_ksef_load_certificate([file], "inne")
        self.assertIn("password", account["problem"]["text"])

    def of_issuer(self, name, **how):
        """Return a certificate of an issuer for a new key, and the key, as two uploaded files."""
        key, made = home_made(name, **how)
        pem = serialization.Encoding.PEM
        files = (
            made.public_bytes(pem),
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )
        return [base64.b64encode(file).decode() for file in files]

    def load(self, files, password=""):
        with self.confirmed():
            return self.account().l10n_pl_ksef_load_certificate(files, password)["problem"]

    def test_a_certificate_of_another_environment_is_refused_by_its_issuer(self):
        self.company.l10n_pl_ksef_environment = "demo"
        for issuer in ("TEST CCK KSeF", "CCK KSeF test"):
            self.assertIn("another KSeF environment", self.load(self.of_issuer(issuer))["text"])
        self.assertFalse(self.load(self.of_issuer("DEMO CCK KSeF")))

    def test_a_forged_certificate_of_the_same_number_takes_no_ones_key_away(self):
        before = credentials(self.certificate)
        number = int(self.certificate.serial_number, 16)
        problem = self.load(self.of_issuer("Own CA", serial_number=number))
        self.assertIn("another certificate", problem["text"])
        self.env.invalidate_all()
        key, certificate = credentials(self.certificate)
        self.assertEqual(key.private_numbers(), before[0].private_numbers())
        self.assertEqual(certificate.der, before[1].der)

    def test_a_certificate_that_is_held_may_be_loaded_again(self):
        file = packed(self.certificate)
        self.assertFalse(self.load([file], "tajne"))
        self.assertEqual(self.certificate.origin, "enrolled")

    def test_of_several_pairs_the_one_of_this_environment_that_still_lasts_is_taken(self):
        self.company.l10n_pl_ksef_environment = "demo"
        files = [
            *self.of_issuer("TEST CCK KSeF"),
            *self.of_issuer("DEMO CCK KSeF", days=100),
            *self.of_issuer("DEMO CCK KSeF", days=0),
        ]
        self.assertFalse(self.load(files))
        loaded = self.certificate.search([("environment", "=", "demo")])
        self.assertEqual(round((loaded.valid_to - loaded._now()) / timedelta(days=1)), 100)

    def test_a_file_that_is_no_certificate_is_a_sentence(self):
        with self.confirmed():
            account = self.account().l10n_pl_ksef_load_certificate(["AAAA"], "")
        self.assertTrue(account["problem"]["text"])

    def test_an_accountant_changes_the_environment_without_being_an_administrator(self):
        demo = {"l10n_pl_ksef_environment": "demo"}
        account = self.account().l10n_pl_ksef_save_options(demo, confirmed=True)
        self.assertEqual(account["options"]["environment"], "demo")

    def test_who_is_told_is_chosen_among_users_and_no_user_is_written_by_it(self):
        orders = (
            Command.create({"name": "Intruz", "login": "intruder"}),
            Command.update(self.manager.id, {"login": "intruder"}),
            Command.delete(self.clerk.id),
        )
        for order in orders:
            values = {"l10n_pl_ksef_responsible_ids": [list(order)]}
            with self.subTest(order), self.assertRaises(UserError):
                self.account().l10n_pl_ksef_save_options(values, confirmed=True)
        self.assertFalse(self.env["res.users"].search([("login", "=", "intruder")]))
        told = {"l10n_pl_ksef_responsible_ids": [list(Command.set(self.manager.ids))]}
        self.account().l10n_pl_ksef_save_options(told)
        self.assertEqual(self.company.l10n_pl_ksef_responsible_ids, self.manager)

    def test_settings_that_stop_invoices_ask_first_and_name_what_stops(self):
        branch = self.env["res.company"].create({"name": "Oddział", "parent_id": self.company.id})
        self.accountant.company_ids |= branch
        answer = self.account().l10n_pl_ksef_save_options({"l10n_pl_ksef_environment": "demo"})
        told = " ".join(answer["stops"])
        for part in (self.company.name, "Demo", "invoices stop", "Oddział"):
            self.assertIn(part, told)
        self.assertEqual(self.company.l10n_pl_ksef_environment, "test")

    def test_a_wrong_internal_identifier_is_refused_at_its_field_and_never_stored(self):
        unit = {"l10n_pl_ksef_context_type": "internal_id"}
        for wrong in (False, "123", "5265877635-0000A", "1111111111-00001"):
            with self.subTest(wrong):
                values = {**unit, "l10n_pl_ksef_internal_id": wrong}
                answer = self.account().l10n_pl_ksef_save_options(values, confirmed=True)
                self.assertIn("internal identifier", answer["invalid"]["internal_id"])
                self.assertEqual(self.company.l10n_pl_ksef_context_type, "nip")
                if wrong:
                    with self.assertRaises(ValidationError):
                        self.company.write(values)

    def test_only_a_manager_of_the_connection_sees_the_account(self):
        with self.assertRaises(AccessError):
            self.account(self.clerk).l10n_pl_ksef_account()

    def test_a_second_company_of_the_signer_connects_without_a_signature(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.simulator.world.add_company("1111111111", "Druga")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        self.accountant.company_ids |= other
        self.agree(other)
        (row,) = other.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()
        self.assertEqual(row["id"], other.id)
        self.settle()
        self.assertEqual(self.panel(company=other)["state"], "connected")

    def test_a_company_that_pays_its_taxes_abroad_is_not_offered(self):
        polish = self.make_company("Druga Sp. z o.o.", "1111111111")
        abroad = self.make_company("Auslandsfirma GmbH", "1132191233")
        abroad.account_fiscal_country_id = self.env.ref("base.de")
        self.accountant.company_ids |= polish | abroad
        offered = [item["id"] for item in self.account().l10n_pl_ksef_account()["others"]]
        self.assertIn(polish.id, offered)
        self.assertNotIn(abroad.id, offered)


@tagged("post_install", "-at_install")
class TestDisconnect(KsefCase):
    def test_after_a_disconnection_no_machine_logs_in_again(self):
        self.certified()
        with self.counted("challenge") as logins:
            self.disconnect()
            self.keep_alive(hours=1)
            self.keep_alive(days=8)
        self.assertEqual(logins["calls"], 0)
        self.assertEqual(self.panel()["state"], "disconnected")

    def test_while_ksef_is_down_a_disconnection_with_revocation_is_refused_in_words(self):
        self.certified()
        self.simulator.faults.add("certificate-revoke", "503", times=-1)
        with self.confirmed(), self.assertRaisesRegex(UserError, "KSeF(.|\\n)*Try again in"):
            self.company.with_user(self.accountant).l10n_pl_ksef_disconnect(True)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_disconnection_closes_the_login_at_ksef(self):
        self.connect()
        with self.counted("session-revoke") as revocations:
            self.disconnect()
        self.assertEqual(revocations["calls"], 1)
