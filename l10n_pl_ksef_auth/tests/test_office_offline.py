import hashlib

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.verification_links import certificate_link
from .common import DEMO_NIP, credentials, put
from .office_case import OFFICE_NIP, OfficeCase

DIGEST = hashlib.sha256(b"invoice").digest()


@tagged("post_install", "-at_install")
class TestOfficeSignsOffline(OfficeCase):
    """A client's connection stands on rights: the office's offline certificate signs its codes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issues_invoices(cls.company)
        cls.issues_invoices(cls.bureau)

    def made(self, company=None, seller=DEMO_NIP):
        return (company or self.company).l10n_pl_ksef_certificate_link(seller, DIGEST)

    def offices(self):
        """Return the office's certificate for offline invoices."""
        return self.bureau._l10n_pl_ksef_offline_certificate()

    def test_a_clients_code_is_signed_by_the_office_and_judged_valid(self):
        with self.counted("enroll") as applications:
            self.given()
            link = self.made()
        self.assertEqual(applications["calls"], 0)
        self.assertIn(f"/Nip/{DEMO_NIP}/{DEMO_NIP}/{self.offices().serial_number}/", link)
        self.assertEqual(self.judged(link), "")
        self.assertEqual(self.panel()["offline"]["state"], "valid")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "code_made")], limit=1)
        self.assertEqual((line.company_id, line.reference), (self.company, link.split("/")[7]))

    def test_while_only_the_right_to_see_is_left_no_code_is_made_and_why_is_said(self):
        self.given()
        before = self.made()
        self.simulator.world.revoke(OFFICE_NIP, DEMO_NIP, "InvoiceWrite")
        self.assertIn("may not write invoices", self.judged(before))
        self.settle(hours=25)
        with self.assertRaisesRegex(UserError, "may not issue invoices here"):
            self.made()

    def test_a_client_that_gave_no_rights_gets_no_code(self):
        with self.assertRaisesRegex(UserError, "No valid certificate for offline invoices"):
            self.made()
        with self.assertRaisesRegex(UserError, "seller"):
            self.made(self.bureau)
        key, certificate = credentials(self.offices())
        context = self.company._l10n_pl_ksef_context()
        forged = certificate_link("test", context, DEMO_NIP, DIGEST, key, certificate)
        self.assertIn("may not write invoices", self.judged(forged))

    def test_rights_that_are_gone_let_nothing_be_signed(self):
        self.given()
        self.simulator.world.remove(lambda one: one.who.value == OFFICE_NIP)
        self.settle(hours=25)
        with self.assertRaisesRegex(UserError, "No valid certificate for offline invoices"):
            self.made()
        self.assertEqual(self.offices().company_ids, self.bureau)

    def test_a_client_that_had_certificates_of_its_own_gets_the_offices_code(self):
        self.certified()
        own = self.company._l10n_pl_ksef_offline_certificate()
        self.assertIn(own.serial_number, self.made())
        self.given()
        link = self.made()
        self.assertIn(self.offices().serial_number, link)
        self.assertEqual(self.judged(link), "")

    def test_a_client_that_turned_it_off_gets_none(self):
        self.company.l10n_pl_ksef_offline = False
        self.given()
        with self.assertRaises(UserError):
            self.made()
        self.assertEqual(self.offices().company_ids, self.bureau)

    def test_one_that_comes_after_the_rights_signs_for_the_clients_too(self):
        with self.confirmed():
            self.bureau.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                self.offices().serial_number
            )
        self.given()
        self.assertEqual(self.panel()["offline"]["state"], "asks")
        with self.confirmed():
            self.bureau.with_user(self.accountant).l10n_pl_ksef_issue_offline()
        self.run_scheduled_action()
        self.assertEqual(self.panel()["offline"]["state"], "issuing")
        self.settle()
        self.assertEqual(self.judged(self.made()), "")

    def test_its_successor_signs_for_the_clients_too(self):
        self.given()
        old = self.offices()
        old.write({"renew_at": old._now(), "next_attempt": False})
        self.settle()
        self.assertEqual(self.offices().replaces_id, old)
        self.assertEqual(self.judged(self.made()), "")

    def test_an_office_that_agreed_to_none_is_not_enrolled_by_its_clients(self):
        self.offices().unlink()
        with self.counted("enroll") as applications:
            self.given()
            self.settle(days=1)
        self.assertEqual(applications["calls"], 0)

    def test_a_question_from_before_enrols_nothing_in_the_offices_name(self):
        self.certified()
        certificates = self.env["l10n_pl_ksef.certificate"]
        own = certificates._of_company(self.company, usage="offline")
        put(own, state="failed", enrollment_remaining=5, certificate_remaining=5)
        self.given()
        with self.counted("enroll") as applications:
            with self.confirmed():
                company = self.company.with_user(self.accountant)
                company.l10n_pl_ksef_issue_certificate("offline")
            self.settle()
        self.assertEqual(applications["calls"], 0)
        self.assertFalse(own.exists())
