from odoo.tests import tagged

from .office_case import OfficeCase
from .signers import SignerCase


@tagged("post_install", "-at_install")
class TestRevokedRequests(SignerCase, OfficeCase):
    """A link is revoked while KSeF works on what was signed through it."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.asked(purpose="grant")

    def sign(self):
        """Sign on the page; KSeF goes on checking it."""
        self.simulator.settings.auth_delay = 60
        self.signed_at_page(self.token, self.request)
        self.assertEqual(self.request.session_id.state, "submitted")

    def sign_and_order(self):
        """Sign on the page, and have the order sent; KSeF goes on working on it."""
        self.simulator.settings.permission_delay = 60
        self.signed_at_page(self.token, self.request, answer=None)
        self.followed_at_page(self.token, self.request, rounds=5)
        self.assertEqual(self.request.session_id.state, "ordered")

    def revoke(self):
        """Have the accountant revoke the link, and KSeF decide; return how the window lists it."""
        company = self.company.with_user(self.accountant)
        listed = company.l10n_pl_ksef_revoke_request(self.request.id)["requests"][0]
        self.settle()
        return listed

    def test_revoking_while_ksef_checks_the_signature_gives_no_rights(self):
        self.sign()
        listed = self.revoke()
        self.assertEqual((self.request.state, listed["problem"]), ("revoked", ""))
        self.assertEqual((self.request.session_id.state, self.rights_at_ksef()), ("revoked", []))

    def test_revoking_before_the_order_closes_the_login_without_one(self):
        self.simulator.faults.add("permissions", "503", times=-1)
        self.signed_at_page(self.token, self.request, answer=None)
        self.followed_at_page(self.token, self.request, rounds=5)
        self.assertEqual(self.request.session_id.state, "opened")
        self.simulator.faults.clear()
        with self.counted("permission-grant") as given:
            self.revoke()
        self.assertEqual((given["calls"], self.rights_at_ksef()), (0, []))
        self.assertFalse(self.request.session_id.refresh_token_secret)

    def test_an_order_that_was_sent_goes_on_and_the_window_says_so(self):
        self.sign_and_order()
        listed = self.revoke()
        self.assertIn("had the order already", listed["problem"])
        self.assertEqual((self.request.state, self.grant().state), ("revoked", "given"))

    def test_asking_again_stops_what_was_signed_before(self):
        self.sign()
        self.asked(purpose="grant")
        self.assertEqual(self.request.state, "revoked")
        self.assertEqual(self.request.session_id.state, "revoked")

    def test_revoking_while_ksef_checks_a_connection_connects_nothing(self):
        self.request, self.token = self.asked()
        self.sign()
        self.revoke()
        self.assertEqual((self.request.state, self.panel()["state"]), ("revoked", "disconnected"))
