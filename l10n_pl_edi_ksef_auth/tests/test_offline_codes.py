import hashlib
from contextlib import ExitStack
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_edi_ksef_auth.models.offline_codes import KEEP_FILE, MAKE_LINK
from odoo.addons.l10n_pl_ksef_auth.tests.common import DEMO_NIP

from .common import EdiCase

try:
    from ksef_simulator.invoice_codes import check
except ImportError:
    check = None

FILE = b"<Faktura/>"


def _keep_file(move, xml_content):
    """Stand in for l10n_pl_edi_qr_code, which keeps the file of an invoice issued offline."""


def _make_link(move):
    """Stand in for l10n_pl_edi_qr_code, which signs with the certificate in its own field."""
    return "of the sender"


@tagged("post_install", "-at_install")
class TestOfflineCodes(EdiCase):
    """A build that issues invoices offline gets its codes signed with our certificate."""

    def setUp(self):
        super().setUp()
        moves, stack = self.registry["account.move"], ExitStack()
        self.addCleanup(stack.close)
        for name, double in ((KEEP_FILE, _keep_file), (MAKE_LINK, _make_link)):
            stack.enter_context(patch.object(moves, name, double, create=True))
        self.env["account.move"]._register_hook()

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
        self.assertIsNone(check(self.simulator, link))
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "code_made")])
        self.assertEqual(line.detail, f"{DEMO_NIP}: {hashlib.sha256(FILE).hexdigest()}")

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

    def test_nothing_is_wrapped_twice(self):
        moves = self.registry["account.move"]
        before = getattr(moves, MAKE_LINK)
        self.env["account.move"]._register_hook()
        self.assertIs(getattr(moves, MAKE_LINK), before)
