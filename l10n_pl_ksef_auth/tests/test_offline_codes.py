import hashlib
from datetime import date, datetime, timedelta
from xmlrpc.client import Fault

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, JsonRpcException, tagged
from odoo.tools import mute_logger

from ..tools.verification_links import InvalidLink
from .codes import Codes
from .common import DEMO_NIP, OWNER
from .test_offline_certificate import OfflineCase

DIGEST = hashlib.sha256(b"invoice").digest()
ISSUED = date(2026, 11, 22)


@tagged("post_install", "-at_install")
class TestOfflineCodes(Codes, OfflineCase):
    """Both codes of an invoice issued while KSeF, the login and the network are away."""

    def setUp(self):
        super().setUp()
        self.login, self.offline_certificate = self.both()
        self.sender = self.company.with_user(self.clerk)
        self.env.flush_all()

    def made(self, seller=DEMO_NIP, digest=DIGEST):
        return self.sender.l10n_pl_ksef_certificate_link(seller, digest)

    def test_without_ksef_login_and_network_both_codes_are_made_read_and_judged(self):
        self.disconnect()
        self.simulator.faults.add("*", "503", times=-1)
        with self.away():
            one = self.sender.l10n_pl_ksef_invoice_link(ISSUED, DIGEST)
            two = self.made()
            read = [self.scanned(one, "OFFLINE"), self.scanned(two, "CERTYFIKAT")]
        self.assertEqual(read, [one, two])
        self.assertEqual(self.judged(two), "")
        self.assertEqual(self.judged(one), "no such invoice", "which has not been sent yet")
        self.assertIn(f"/{DEMO_NIP}/22-11-2026/", one)

    def test_each_part_that_is_falsified_is_refused(self):
        made = self.made()
        self.assertEqual(self.judged(made), "")
        for part, link in self.falsified(made).items():
            with self.subTest(part):
                self.assertTrue(self.judged(link))

    def test_the_certificate_that_logs_in_signs_no_code(self):
        self.offline_certificate.unlink()
        with self.assertRaisesRegex(UserError, "certificate for offline invoices"):
            self.made()

    def test_one_that_ended_or_was_revoked_signs_no_code(self):
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                self.offline_certificate.serial_number
            )
        with self.assertRaises(UserError):
            self.made()

    def test_only_the_companys_own_nip_or_one_that_was_agreed_to_is_a_seller(self):
        with self.assertRaisesRegex(UserError, "seller"):
            self.made(seller="1111111111")
        self.offline_certificate._agree_offline(
            self.company, "1111111111", "accepted", self.accountant
        )
        self.assertIn("/1111111111/", self.made(seller="1111111111"))

    def test_a_seller_without_a_right_number_is_not_told_as_a_fault_of_the_company(self):
        for number in (False, "", "526-587-76-3"):
            with self.assertRaisesRegex(UserError, "this seller's NIP"):
                self.made(seller=number)

    def test_a_row_that_nobody_agreed_to_lets_nothing_be_signed(self):
        self.offline_certificate.agreement_ids.terms_secret = False
        with self.assertRaises(UserError):
            self.made()

    def test_another_nip_of_the_company_is_not_agreed_to(self):
        self.company.vat = "PL1111111111"
        with self.assertRaises(UserError):
            self.made(seller="1111111111")

    def test_whose_right_to_write_invoices_is_gone_makes_no_code(self):
        self.simulator.world.revoke(OWNER.identity, DEMO_NIP, "InvoiceWrite")
        self.settle(days=1)
        if not self.company._l10n_pl_ksef_session()._missing_rights():
            self.company._l10n_pl_ksef_session().rights = "InvoiceRead"
        with self.assertRaisesRegex(UserError, "may not issue invoices"):
            self.made()

    def test_a_hash_that_is_none_and_a_moment_for_a_day_are_refused(self):
        for digest in (b"", DIGEST[:31], DIGEST.hex()):
            with self.assertRaises(InvalidLink):
                self.made(digest=digest)
        with self.assertRaises(InvalidLink):
            self.sender.l10n_pl_ksef_invoice_link("2026-11-22", DIGEST)

    def test_who_may_not_use_the_company_gets_no_code(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        stranger = self.make_user("ksef_stranger", "account.group_account_invoice", other)
        company = self.company.with_user(stranger)
        with self.assertRaises(AccessError):
            company.l10n_pl_ksef_certificate_link(DEMO_NIP, DIGEST)
        with self.assertRaises(AccessError):
            company.l10n_pl_ksef_invoice_link(ISSUED, DIGEST)

    def test_each_code_leaves_a_line_that_names_seller_hash_and_certificate(self):
        self.made()
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "code_made")], limit=1)
        self.assertEqual(line.user_id, self.clerk)
        self.assertEqual(line.reference, self.offline_certificate.serial_number)
        self.assertEqual(line.detail, f"{DEMO_NIP}: {DIGEST.hex()}")

    def test_the_first_link_costs_no_query_and_the_second_two(self):
        self.sender.l10n_pl_ksef_invoice_link(ISSUED, DIGEST)
        self.made()
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.sender.l10n_pl_ksef_invoice_link(ISSUED, DIGEST)
        with self.assertQueryCount(2):
            self.made()
            self.env.flush_all()

    def test_code_that_was_typed_into_odoo_gets_none(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "code",
                "model_id": self.env.ref("base.model_res_company").id,
                "state": "code",
                "code": f"record.l10n_pl_ksef_certificate_link('{DEMO_NIP}', b'0' * 32)",
            }
        )
        with self.assertRaises(AccessError):
            action.with_context(active_model="res.company", active_id=self.company.id).run()


@tagged("post_install", "-at_install")
class TestOverTheNetwork(HttpCase, OfflineCase):
    """The codes are for the code of modules: whoever calls over the network gets none."""

    def begin(self):
        self.both()

    def calls(self):
        """Return what would make each link and the picture, as JSON carries it."""
        return {
            "l10n_pl_ksef_invoice_link": ["2026-11-22", "0" * 32],
            "l10n_pl_ksef_certificate_link": [DEMO_NIP, "0" * 32],
            "l10n_pl_ksef_code_picture": ["https://qr.ksef.mf.gov.pl/", "OFFLINE"],
        }

    def test_the_browsers_way_is_refused(self):
        self.authenticate("ksef_accountant", "ksef_accountant")
        for method, args in self.calls().items():
            body = {"model": "res.company", "method": method, "kwargs": {}}
            body["args"] = [[self.company.id], *args]
            with self.subTest(method), mute_logger("odoo.http"):
                with self.assertRaisesRegex(JsonRpcException, "AccessError"):
                    self.make_jsonrpc_request(f"/web/dataset/call_kw/res.company/{method}", body)

    def test_the_way_of_other_programs_is_refused(self):
        who = (self.env.cr.dbname, self.accountant.id, "ksef_accountant")
        for method, args in self.calls().items():
            with self.subTest(method), mute_logger("odoo.http", "odoo.addons.rpc"):
                with self.assertRaisesRegex(Fault, "Private methods"):
                    self.xmlrpc_object.execute_kw(
                        *who, "res.company", method, [[self.company.id], *args]
                    )

    def test_the_way_by_an_api_key_is_refused(self):
        keys = self.env["res.users.apikeys"].with_user(self.accountant)
        key = keys._generate("rpc", "test", datetime.now() + timedelta(days=1))
        for method in self.calls():
            with self.subTest(method), mute_logger("odoo.http"):
                answer = self.url_open(
                    f"/json/2/res.company/{method}",
                    json={"ids": [self.company.id]},
                    headers={"Authorization": f"Bearer {key}"},
                )
                self.assertIn(answer.status_code, (403, 404, 422))
                self.assertNotIn("ksef.mf.gov.pl", answer.text)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "code_made")])
        self.assertFalse(line)
