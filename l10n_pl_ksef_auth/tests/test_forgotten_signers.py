from datetime import timedelta

from odoo.tests import tagged

from .signers import EMAIL, SIGNER, SignerCase

OTHER = "Jan Kowalski"
COMPANY = ("l10n_pl_ksef_signer_name", "l10n_pl_ksef_signer_email")


@tagged("post_install", "-at_install")
class TestForgottenSigners(SignerCase):
    """Names and addresses of signers go 90 days after the end of a request; the audit stays."""

    def ended(self, **asked):
        """Have somebody sign by a link, and the connection end; return the request."""
        request, token = self.asked(**asked)
        self.signed_at_page(token, request, answer="once", is_agreed=True)
        self.followed_at_page(token, request)
        self.settle(hours=1)
        self.disconnect(self.accountant)
        self.assertEqual((request.state, request.session_id.state), ("succeeded", "revoked"))
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

    def test_audit_and_certificate_alone_say_later_who_signed_and_nothing_says_the_address(self):
        self.ended(signer_name=OTHER)
        self.assertIn("session.signer_name", self.places(SIGNER))
        self.assertIn("session.consent_text", self.places(OTHER))
        self.assertIn("request.signer_email", self.places(EMAIL))
        self.settle(days=91)
        # What a person agreed to has to be provable as long as it is of effect, and later.
        kept = {"audit.consent", "certificate.consent_text"}
        self.assertEqual(self.places(OTHER), kept)
        owner = {"audit.signer_name", "certificate.owner_name"}
        self.assertEqual(self.places(SIGNER), kept | owner)
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
        request.ended_at -= timedelta(days=100)
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

    def test_a_company_that_was_archived_meanwhile_forgets_too(self):
        other = self.make_anothers()
        self.asked(other)
        other._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        other.active = False
        self.settle(days=100)
        self.settle(days=92)
        self.assertEqual(tuple(other[name] for name in COMPANY), (False, False))

    def test_a_company_keeps_whom_a_person_has_written(self):
        self.company._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        self.company.l10n_pl_ksef_signer_email = "inna@example.com"
        self.ended()
        self.settle(days=200)
        self.assertEqual(self.known(), (SIGNER, "inna@example.com"))

    def test_a_company_knows_its_signer_as_long_as_the_connection_lives(self):
        self.company._l10n_pl_ksef_remember_signer(SIGNER, EMAIL)
        request, token = self.asked()
        self.signed_at_page(token, request)
        self.followed_at_page(token, request)
        long_ago = request.ended_at - timedelta(days=100)
        request.ended_at = self.company.l10n_pl_ksef_signer_asked_at = long_ago
        self.settle(hours=1)
        self.assertEqual((request.signer_name, self.known()), (False, (SIGNER, EMAIL)))
        self.disconnect(self.accountant)
        self.company.l10n_pl_ksef_signer_asked_at = long_ago
        self.settle(hours=1)
        self.assertEqual(self.known(), (False, False))
