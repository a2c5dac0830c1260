from odoo.tests import tagged

from .signers import EMAIL, SIGNER, SignerCase

OTHER = "Jan Kowalski"
COMPANY = ("l10n_pl_ksef_signer_name", "l10n_pl_ksef_signer_email")


@tagged("post_install", "-at_install")
class TestForgottenSigners(SignerCase):
    """Names and addresses of signers go 90 days after the end of a request; the audit stays."""

    def ended(self, signer="stranger", **asked):
        """Have a request of whom nothing is needed any more: signed in vain, and revoked."""
        request, token = self.asked(**asked)
        self.signed_at_page(token, request, signer, answer="once", is_agreed=True)
        self.followed_at_page(token, request)
        self.company.with_user(self.accountant).l10n_pl_ksef_revoke_request(request.id)
        self.env.invalidate_all()
        return request

    def places(self, word):
        """Return the columns of the addon's and of activities' rows that hold a word."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public'
               AND data_type IN ('text', 'character varying', 'json', 'jsonb')
               AND table_name SIMILAR TO '(l10n_pl_ksef|mail_activity|mail_message|mail_mail)%'
               AND table_name NOT LIKE '%%template%%'
            """
        )
        found = set()
        for table, column in self.env.cr.fetchall():
            self.env.cr.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{word}%"]
            )
            if self.env.cr.fetchone():
                found.add(f"{table.removeprefix('l10n_pl_ksef_')}.{column}")
        return found

    def test_names_and_addresses_go_ninety_days_after_the_end(self):
        request = self.ended()
        self.settle(days=89)
        self.assertEqual((request.signer_name, request.signer_email), (SIGNER, EMAIL))
        self.settle(days=2)
        self.assertEqual((request.signer_name, request.signer_email), (False, False))

    def test_the_audit_alone_says_later_who_signed_and_nothing_says_the_address(self):
        signer = self.ended(signer_name=OTHER).session_id.signer_name
        self.assertIn("session.signer_name", self.places(signer))
        self.assertIn("session.consent_text", self.places(OTHER))
        self.settle(days=91)
        self.assertEqual(self.places(signer), {"audit.signer_name", "audit.consent"})
        self.assertEqual(self.places(OTHER), {"audit.consent"})
        self.assertEqual(self.places(EMAIL), set())

    def test_what_who_asked_was_told_goes_whether_it_was_done_or_not(self):
        request, token = self.asked(signer_name=OTHER)
        self.signed_at_page(token, request, is_agreed=True)
        self.followed_at_page(token, request)
        self.assertIn("mail_activity.note", self.places(OTHER))
        request.told_ids.action_done()
        self.settle(days=91)
        self.assertNotIn("mail_activity.note", self.places(OTHER))

    def test_who_signed_for_a_connection_that_lives_is_known_as_long_as_it_does(self):
        request, token = self.asked()
        self.signed_at_page(token, request)
        self.followed_at_page(token, request)
        session = request.session_id
        request.ended_at = request.ended_at.replace(year=request.ended_at.year - 1)
        self.settle(hours=1)
        self.assertEqual((request.signer_name, session.state), (False, "active"))
        self.assertEqual(session.signer_name, SIGNER)
        self.settle(days=8)
        self.assertEqual((session.state, session.signer_name), ("expired", False))

    # ------------------------------------------------------------------
    # What companies know of their signers
    # ------------------------------------------------------------------
    def known(self):
        return tuple(self.company[name] for name in COMPANY)

    def test_a_company_forgets_whom_it_knows_by_a_request_alone(self):
        self.company._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        self.ended()
        self.settle(days=89)
        self.assertEqual(self.known(), (SIGNER, EMAIL))
        self.settle(days=92)
        self.assertEqual(self.known(), (False, False))

    def test_a_company_keeps_whom_a_person_has_written(self):
        self.company._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        self.company.l10n_pl_ksef_signer_email = "inna@example.com"
        self.ended()
        self.settle(days=200)
        self.assertEqual(self.known(), (SIGNER, "inna@example.com"))

    def test_a_company_knows_its_signer_as_long_as_the_connection_lives(self):
        self.company._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        request, token = self.asked()
        self.signed_at_page(token, request, answer="once")
        self.followed_at_page(token, request)
        self.let_days_pass(100)
        self.assertEqual((self.panel()["state"], self.known()), ("connected", (SIGNER, EMAIL)))
