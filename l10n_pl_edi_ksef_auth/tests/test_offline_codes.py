import base64
import hashlib
from contextlib import ExitStack
from unittest.mock import patch

from cryptography import x509

from odoo import fields
from odoo.exceptions import UserError
from odoo.orm.model_classes import add_field, pop_field
from odoo.tests import tagged

from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService
from odoo.addons.l10n_pl_edi_ksef_auth.models.offline_codes import (
    BEGIN,
    CANCEL,
    CERTIFICATE,
    KEEP_FILE,
    MAKE_LINK,
)
from odoo.addons.l10n_pl_ksef_auth.tests.codes import Codes
from odoo.addons.l10n_pl_ksef_auth.tests.common import DEMO_NIP

from .common import EdiCase

FILE = b"<Faktura/>"
NO_CERTIFICATE = "Configure a valid certificate with its private key first."
ANOTHER_KIND = "The certificate must be one for offline invoices."


def _keep_file(move, xml_content):
    """Stand in for l10n_pl_edi_qr_code, which keeps the file of an invoice issued offline."""


def _cancel(move):
    """Stand in for l10n_pl_edi_qr_code, which throws the file of such an invoice away."""


def _make_link(move):
    """Stand in for l10n_pl_edi_qr_code, which signs with the certificate in its own field."""
    return "of the sender"


def _begin(move):
    """Stand in for l10n_pl_edi_qr_code, which begins only with a certificate in its own field."""
    certificate = move.company_id.sudo()[CERTIFICATE]
    if not certificate or not certificate.private_key_id or not certificate.is_valid:
        raise UserError(NO_CERTIFICATE)
    content = base64.b64decode(certificate.with_context(bin_size=False).pem_certificate)
    extensions = x509.load_pem_x509_certificate(content).extensions
    if not extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment:
        raise UserError(ANOTHER_KIND)
    getattr(move, KEEP_FILE)(FILE.decode())
    return getattr(move, MAKE_LINK)()


class OfflineEdiCase(EdiCase):
    """A build of Odoo that issues invoices offline: the addon's methods are doubles."""

    def setUp(self):
        super().setUp()
        moves, stack = self.registry["account.move"], ExitStack()
        self.addCleanup(stack.close)
        doubles = {BEGIN: _begin, KEEP_FILE: _keep_file, MAKE_LINK: _make_link, CANCEL: _cancel}
        for name, double in doubles.items():
            stack.enter_context(patch.object(moves, name, double, create=True))
        self.env["account.move"]._register_hook()


@tagged("post_install", "-at_install")
class TestFromInvoiceToPage(Codes, OfflineEdiCase):
    """One invoice, issued while nothing can be reached, sent later: from its file to the page."""

    def file_of(self, move):
        """Issue an invoice offline, as the sender does, and return its file."""
        content = move._l10n_pl_edi_render_xml().encode()
        getattr(move, KEEP_FILE)(content)
        return content

    def test_made_drawn_and_read_while_all_is_away_and_judged_by_the_page(self):
        self.certified()
        self.disconnect()
        self.simulator.faults.add("*", "503", times=-1)
        move = self.invoice()
        with self.away():
            content = self.file_of(move)
            day, digest = move.invoice_date, hashlib.sha256(content).digest()
            one = self.company.with_user(self.clerk).l10n_pl_ksef_invoice_link(day, digest)
            two = getattr(move, MAKE_LINK)()
            read = [self.scanned(one, "OFFLINE"), self.scanned(two, "CERTYFIKAT")]
        self.assertEqual(read, [one, two])
        self.assertEqual(self.judged(two), "")
        self.assertEqual(self.judged(one), "no such invoice", "which has not been sent yet")

        self.simulator.faults.clear()
        self.connect(consent=False)
        service = KsefApiService(self.company)
        service.open_ksef_session()
        service.send_invoice(content)
        for link in read:
            self.assertEqual(self.judged(link), "")
            for part, falsified in self.falsified(link).items():
                with self.subTest(link.split("/")[3], part=part):
                    self.assertTrue(self.judged(falsified))


@tagged("post_install", "-at_install")
class TestOfflineCodes(OfflineEdiCase):
    """A build that issues invoices offline gets its codes signed with our certificate."""

    def issued(self):
        """Post an invoice and issue it offline, as the sender does, and return it."""
        move = self.invoice()
        getattr(move, KEEP_FILE)(FILE)
        return move

    def test_the_code_is_signed_once_when_the_invoice_is_issued(self):
        self.certified()
        move = self.issued()
        link = getattr(move, MAKE_LINK)()
        self.assertEqual(link, move.l10n_pl_ksef_code_link)
        self.assertEqual(getattr(move, MAKE_LINK)(), link, "however often it is printed")
        self.assertIn(f"/Nip/{DEMO_NIP}/{DEMO_NIP}/", link)
        self.assertEqual(self.judged(link), "")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "code_made")])
        self.assertEqual(line.detail, f"{DEMO_NIP}: {hashlib.sha256(FILE).hexdigest()}")

    def test_a_branch_without_a_nip_signs_as_the_company_above_it(self):
        self.certified()
        branch = self.env["res.company"].create(
            {
                "name": "Oddział",
                "parent_id": self.company.id,
                "country_id": self.env.ref("base.pl").id,
                "vat": False,
            }
        )
        self.clerk.company_ids |= branch
        # The clerk has both open, the branch first.
        self.env = self.env(context={"allowed_company_ids": [branch.id, self.company.id]})
        move = self.invoice(post=False, company_id=branch.id, invoice_line_ids=[])
        self.assertEqual((move.company_id, branch.vat), (branch, False))
        getattr(move, KEEP_FILE)(FILE)
        self.assertIn(f"/Nip/{DEMO_NIP}/{DEMO_NIP}/", getattr(move, MAKE_LINK)())

    def test_while_ksef_and_the_login_are_away_it_is_signed_all_the_same(self):
        self.certified()
        self.disconnect()
        self.simulator.faults.add("*", "503", times=-1)
        self.assertTrue(self.issued().l10n_pl_ksef_code_link)

    def test_without_a_certificate_of_ours_the_sender_signs_as_before(self):
        self.connect()
        self.assertEqual(getattr(self.issued(), MAKE_LINK)(), "of the sender")

    def test_a_company_that_may_sign_no_code_issues_its_invoice_all_the_same(self):
        self.certified()
        self.env["l10n_pl_ksef.agreement"].search([]).terms_secret = False
        self.assertEqual(getattr(self.issued(), MAKE_LINK)(), "of the sender")

    def test_the_code_of_an_earlier_file_is_not_printed_on_a_later_one(self):
        self.certified()
        move = self.issued()
        self.env["l10n_pl_ksef.agreement"].search([]).terms_secret = False
        getattr(move, KEEP_FILE)(b"<Faktura>2</Faktura>")
        self.assertEqual(getattr(move, MAKE_LINK)(), "of the sender")

    def test_the_code_of_an_invoice_that_was_taken_back_is_forgotten(self):
        self.certified()
        move = self.issued()
        self.assertTrue(move.l10n_pl_ksef_code_link)
        getattr(move, CANCEL)()
        self.assertFalse(move.l10n_pl_ksef_code_link)

    def test_nothing_is_wrapped_twice(self):
        moves = self.registry["account.move"]
        before = getattr(moves, MAKE_LINK)
        self.env["account.move"]._register_hook()
        self.assertIs(getattr(moves, MAKE_LINK), before)


@tagged("post_install", "-at_install")
class TestBeginsOffline(OfflineEdiCase):
    """The sender wants a certificate in a field of its own; it sees ours, and never the key."""

    def setUp(self):
        super().setUp()
        companies = self.registry["res.company"]
        field = fields.Many2one("certificate.certificate")
        self.env.cr.execute(f"ALTER TABLE res_company ADD {CERTIFICATE} int")
        setattr(companies, CERTIFICATE, field)
        add_field(companies, CERTIFICATE, field)
        self.addCleanup(pop_field, companies, CERTIFICATE)
        field.setup(self.env["res.company"])

    def begun(self, move=None):
        """Have a clerk begin an invoice offline, and return the link of its code."""
        move = move or self.invoice()
        # Odoo's own records ask the server's clock whether a certificate is valid.
        now = self.env["l10n_pl_ksef.certificate"]._now()
        with patch.object(fields.Datetime, "now", lambda: now):
            return getattr(move, BEGIN)()

    def kept(self):
        """Return the certificates and keys that Odoo keeps in clear."""
        self.env.flush_all()
        names = ("certificate.certificate", "certificate.key")
        return [self.env[name].sudo().search([]).ids for name in names]

    def test_an_invoice_is_begun_with_our_certificate_and_nothing_of_it_stays(self):
        self.certified()
        before = self.kept()
        with patch.object(
            self.registry["certificate.key"],
            "create",
            autospec=True,
            side_effect=self.registry["certificate.key"].create,
        ) as made:
            link = self.begun()
        self.assertEqual(self.judged(link), "")
        self.assertEqual(self.kept(), before)
        self.assertFalse(self.company[CERTIFICATE])
        for call in made.call_args_list:
            self.assertIn(b"PUBLIC KEY", base64.b64decode(call.args[1]["content"]))
        self.assertTrue(made.call_args_list)

    def test_after_a_renewal_it_is_begun_with_the_successor(self):
        self.certified()
        old = self.company._l10n_pl_ksef_offline_certificate()
        old.write({"renew_at": old._now(), "next_attempt": False})
        self.settle()
        new = self.company._l10n_pl_ksef_offline_certificate()
        self.assertIn(new.serial_number, self.begun())
        self.assertEqual(new.replaces_id, old)

    def test_without_a_certificate_of_ours_the_sender_asks_for_its_own(self):
        self.connect()
        with self.assertRaisesRegex(UserError, NO_CERTIFICATE):
            self.begun()

    def test_a_certificate_for_another_environment_is_not_shown(self):
        self.certified()
        self.env["ir.config_parameter"].set_param("l10n_pl_edi_ksef.mode", "prod")
        with self.assertRaisesRegex(UserError, NO_CERTIFICATE):
            self.begun()

    def test_who_may_issue_no_invoices_begins_none_and_reads_why(self):
        self.certified()
        self.company._l10n_pl_ksef_session().rights = "InvoiceRead"
        move = self.invoice()
        with self.assertRaisesRegex(UserError, "may not issue invoices here"):
            self.begun(move)

    def test_the_senders_own_certificate_stays_where_it_is(self):
        self.certified()
        ours = self.company._l10n_pl_ksef_offline_certificate()
        own = self.company.sudo()._l10n_pl_ksef_edi_shown(ours._stored_certificate())
        self.company[CERTIFICATE] = own
        self.assertEqual(self.judged(self.begun()), "")
        self.assertEqual(self.company[CERTIFICATE], own)
