from contextlib import nullcontext
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import sensitive

from .common import KsefCase, put


@tagged("post_install", "-at_install")
class TestRenewNow(KsefCase):
    """The accountant has a certificate renewed now, long before its end."""

    def begin(self):
        self.certified()
        # One that is younger is not renewed by hand.
        self.settle(days=30)

    def setUp(self):
        super().setUp()
        self.old = self.company._l10n_pl_ksef_certificate()

    def renew(self, user=None, serial_number=None):
        self.env.flush_all()
        company = self.company.with_user(user or self.accountant)
        with self.confirmed():
            account = company.l10n_pl_ksef_renew_certificate(
                serial_number or self.old.serial_number
            )
        self.env.invalidate_all()
        return account

    def terms(self):
        company = self.company.with_user(self.accountant)
        return company.l10n_pl_ksef_terms_of_renewal(self.old.serial_number)

    def row(self, account):
        rows = account["certificates"]
        return next(row for row in rows if row["serial_number"] == self.old.serial_number)

    def successors(self):
        self.env.invalidate_all()
        return self.old._successors()

    def test_a_certificate_is_renewed_when_the_accountant_asks_for_it(self):
        account = self.renew()
        self.assertFalse(account["problem"])
        self.assertTrue(self.row(account)["is_renewing"])
        self.settle()
        self.assertEqual((self.old.state, self.successors().state), ("superseded", "active"))
        self.assertEqual(self.panel()["state"], "connected")

    def test_nothing_is_taken_away_before_the_successor_has_logged_in(self):
        self.simulator.settings.certificate_valid_from_offset = 7200
        self.renew()
        self.settle()
        self.assertEqual((self.old.state, self.successors().state), ("active", "trying"))
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        self.assertTrue(self.row(account)["is_renewing"])

    def test_the_successor_that_is_being_issued_is_listed_once(self):
        self.renew()
        self.travel(seconds=15)
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account_at_ksef()
        self.assertEqual(len(self.simulator.state.certificates), 2)
        self.assertEqual([row["here"] for row in account["certificates"]], [True, True])

    def test_who_clicks_twice_gets_one_successor(self):
        with self.counted("enroll") as applications:
            self.renew()
            account = self.renew()
        self.assertIn("already", account["problem"]["text"])
        self.assertEqual((len(self.successors()), applications["calls"]), (1, 1))

    def test_the_machine_begins_no_second_successor(self):
        self.renew()
        self.old.write({"renew_at": self.old._now(), "next_attempt": False})
        self.keep_alive(seconds=1)
        self.assertEqual(len(self.successors()), 1)

    def test_while_another_worker_is_at_it_a_sentence_says_so(self):
        # All cursors of a test share one connection, which its own locks never stop.
        busy = nullcontext(self.old.browse())
        with patch.object(type(self.old), "_exclusive", return_value=busy):
            account = self.renew()
        self.assertIn("right now", account["problem"]["text"])

    def test_without_a_login_of_its_owner_it_cannot_begin(self):
        self.connect("qualified")
        self.settle()
        account = self.renew()
        self.assertIn("owner", account["problem"]["text"])
        self.assertFalse(self.successors())

    def leave_applications(self, left):
        """Have KSeF take only so many more applications from the certificate's owner."""
        state, who = self.simulator.state, self.at_ksef(self.old).who
        state.subject_limits[who] = {"enrollment": state.enrollments_made[who] + left}

    def test_the_last_three_applications_are_left_to_the_machine(self):
        self.leave_applications(3)
        with self.counted("enroll") as applications:
            account = self.renew()
        self.assertIn(": 3.", account["problem"]["text"])
        self.assertEqual((len(self.successors()), applications["calls"]), (0, 0))
        self.assertTrue(self.row(account)["can_renew"])

    def test_a_fourth_application_may_be_used_up(self):
        self.leave_applications(4)
        self.assertEqual(self.terms(), {"problem": False, "left": 4})
        self.assertFalse(self.renew()["problem"])

    def test_the_machine_renews_with_the_last_application(self):
        self.leave_applications(1)
        self.old.write({"renew_at": self.old._now(), "next_attempt": False})
        self.settle()
        self.assertEqual(self.old.state, "superseded")

    def test_two_renewals_within_a_month_are_one(self):
        self.renew()
        self.settle()
        self.old = self.company._l10n_pl_ksef_certificate()
        with self.counted("enroll") as applications:
            account = self.renew()
        self.assertIn("30 days", account["problem"]["text"])
        self.assertEqual(self.terms()["problem"]["text"], account["problem"]["text"])
        self.assertEqual(applications["calls"], 0)

    def test_without_the_password_nothing_is_renewed(self):
        company = self.company.with_user(self.accountant)
        with self.confirmed(), patch.object(sensitive, "TRUSTED_SECONDS", -1):
            with patch.object(type(company), "l10n_pl_ksef_confirm", return_value="the question"):
                answer = company.l10n_pl_ksef_renew_certificate(self.old.serial_number)
        self.assertEqual(answer, {"confirm": "the question"})
        self.assertFalse(self.successors())

    def test_who_does_not_manage_all_its_companies_renews_nothing(self):
        other = self.make_company("Klient B", "1111111111")
        self.share(self.old, other)
        with self.counted("enroll") as applications:
            for ask in (self.terms, self.renew):
                with self.assertRaisesRegex(AccessError, "no access"):
                    ask()
        self.assertFalse(self.successors())
        self.assertEqual(applications["calls"], 0)

    def test_a_successor_whose_trial_failed_can_be_revoked_and_leaves_no_key(self):
        self.simulator.settings.force_status = {"code": 415}
        self.renew()
        self.settle()
        self.simulator.settings.reset()
        failed = self.successors()
        self.assertEqual((failed.state, failed.sudo().private_key_secret), ("failed", False))
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        rows = {row["id"]: row for row in account["certificates"]}
        self.assertTrue(rows[failed.id]["can_revoke"])
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                failed.serial_number
            )
        self.env.invalidate_all()
        self.assertEqual(failed.state, "revoked")
        self.assertTrue(self.at_ksef(failed).revoked)

    def test_a_certificate_loaded_by_hand_leaves_no_key_when_it_is_replaced(self):
        self.old.origin = "loaded"
        self.renew()
        self.settle()
        self.assertEqual(self.old.state, "superseded")
        self.assertFalse(self.old.sudo().private_key_secret)

    def test_an_outage_of_ksef_is_told_and_begins_nothing(self):
        self.travel(minutes=20)
        self.simulator.faults.add("refresh", "503")
        self.assertTrue(self.renew()["problem"]["text"])
        self.assertFalse(self.successors())

    def test_refused_wishes_of_people_do_not_use_up_the_machines_attempts(self):
        self.simulator.settings.force_enrollment_status = {"code": 400}
        for _wish in range(2):
            self.renew()
            self.settle()
        self.assertEqual(self.successors().mapped("state"), ["failed", "failed"])
        self.simulator.settings.reset()
        self.old.write({"renew_at": self.old._now(), "next_attempt": False})
        self.settle()
        self.assertEqual(self.old.state, "superseded")

    def test_the_audit_trail_tells_who_asked(self):
        self.renew(self.manager)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "renewal_asked")])
        self.assertEqual((line.user_id, line.reference), (self.manager, self.old.serial_number))
        self.assertEqual(self.successors().asked_by_id, self.manager)

    def test_a_clerk_cannot_ask_for_it(self):
        with self.assertRaises(AccessError):
            self.renew(self.clerk)

    def test_a_certificate_of_another_company_is_not_renewed_from_here(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.old.company_ids = other
        self.assertIn("not valid in this Odoo", self.renew()["problem"]["text"])
        self.assertFalse(self.successors())

    def test_nonsense_for_a_number_is_a_sentence(self):
        for nonsense in ("0000", ["x"], {"a": 1}):
            self.assertTrue(self.renew(serial_number=nonsense)["problem"]["text"])

    def test_a_revoked_certificate_cannot_be_renewed(self):
        put(self.old, state="revoked")
        self.assertIn("not valid in this Odoo", self.renew()["problem"]["text"])
