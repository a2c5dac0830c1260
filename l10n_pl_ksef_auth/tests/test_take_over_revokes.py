from contextlib import nullcontext, suppress
from unittest.mock import patch

from odoo.tests import tagged

from .test_take_over import TakeOverCase


@tagged("post_install", "-at_install")
class TestTakeOverRevokes(TakeOverCase):
    """The former certificate is revoked through its owner's session while that is still active."""

    def test_the_former_certificate_is_revoked_before_its_owners_login_is_closed(self):
        self.taken_over(revoke=True)
        self.assertEqual((self.former.state, self.replaced.state), ("active", "active"))
        with self.counted("certificate-revoke") as revocations:
            self.settle()
        self.assertEqual((self.former.state, self.replaced.state), ("revoked", "revoked"))
        self.assertFalse(self.former.sudo().private_key_secret)
        self.assertEqual(self.at_ksef(self.former).reason, "Unspecified")
        self.assertEqual(revocations["calls"], 1)
        rows = {row["id"]: row for row in self.account()["certificates"]}
        row = rows[self.former.id]
        self.assertEqual((row["is_former"], row["can_revoke"]), (False, False))
        self.assertEqual(self.panel()["state"], "connected")

    def test_while_ksef_is_down_the_former_login_waits_for_the_revocation(self):
        for _failure in range(3):
            self.simulator.faults.add("certificate-revoke", "503")
        self.taken_over(revoke=True)
        self.keep_alive(seconds=5)
        self.keep_alive(seconds=11)
        self.assertEqual((self.former.state, self.replaced.state), ("active", "active"))
        self.assertEqual(self.former.company_ids, self.env["res.company"])
        self.settle()
        self.assertEqual((self.former.state, self.replaced.state), ("revoked", "revoked"))

    def test_a_lost_answer_to_the_revocation_does_no_harm(self):
        self.simulator.faults.add("certificate-revoke", "lost")
        self.taken_over(revoke=True)
        self.settle()
        self.assertEqual((self.former.state, self.replaced.state), ("revoked", "revoked"))

    def test_a_worker_that_dies_in_between_loses_nothing(self):
        with patch.object(type(self.replaced), "_end_take_over", side_effect=RuntimeError):
            window = self.take_over(revoke=True)
            self.send_signed(window, "qualified", consent=True)
            # assertRaises would undo what the steps before have committed.
            with suppress(RuntimeError):
                self.follow(window)
        self.assertEqual(self.former.state, "active")
        self.settle()
        self.assertEqual((self.former.state, self.replaced.state), ("revoked", "revoked"))
        self.assertEqual(self.panel()["state"], "connected")

    def test_when_the_former_login_is_gone_the_certificate_is_kept_and_that_is_told(self):
        for _failure in range(9):
            self.simulator.faults.add("certificate-revoke", "503")
        self.taken_over(revoke=True)
        self.keep_alive(seconds=5)
        self.replaced._within("_step_revoke")._end("revoked")
        self.settle()
        self.assertEqual((self.former.state, self.former.revoke_requested), ("active", False))
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "revocation_failed")])
        self.assertEqual(line.company_id, self.company)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_new_signer_without_the_rights_takes_nothing_over_yet(self):
        session = self.taken_over(revoke=True, signer="reader")
        self.settle()
        self.assertEqual(session._missing_rights(), ["InvoiceWrite"])
        self.assertEqual((self.former.state, self.former.company_ids), ("active", self.company))
        self.assertEqual(self.replaced.state, "active")

    def test_another_worker_at_the_certificate_is_waited_for(self):
        window = self.take_over(revoke=True)
        self.send_signed(window, "qualified", consent=True)
        busy = nullcontext(self.former.browse())
        with patch.object(type(self.former), "_exclusive", return_value=busy):
            self.follow(window)
        self.assertEqual(self.former.company_ids, self.company)
        self.settle()
        self.assertEqual(self.former.state, "revoked")

    def test_the_users_other_companies_lose_a_revoked_certificate_knowingly(self):
        other = self.serve_another(self.accountant)
        self.taken_over(revoke=True)
        self.settle()
        self.assertEqual(self.former.state, "revoked")
        self.assertFalse(other._l10n_pl_ksef_certificate())

    def test_a_company_that_came_since_keeps_the_certificate(self):
        window = self.take_over(revoke=True)
        self.serve_another(self.manager)
        self.send_signed(window, "qualified", consent=True)
        self.follow(window)
        self.settle()
        self.assertEqual((self.former.state, self.former.revoke_requested), ("active", False))

    def test_the_audit_trail_tells_who_took_over_and_what_became_of_the_certificate(self):
        self.taken_over(revoke=True)
        self.settle()
        audit = self.env["l10n_pl_ksef.audit"]
        line = audit.search([("event", "=", "taken_over")])
        self.assertEqual(line.user_id, self.accountant)
        self.assertEqual(line.detail, f"{self.former.serial_number}: revoke")
        revoked = audit.search([("event", "=", "certificate_revoked")])
        self.assertEqual(revoked.company_id, self.company)

    def test_a_successor_that_ksef_is_issuing_is_revoked_too(self):
        self.check_that_both_are_revoked(rounds=1)

    def test_a_successor_that_was_not_tried_out_yet_is_revoked_too(self):
        self.check_that_both_are_revoked(rounds=2)

    def check_that_both_are_revoked(self, rounds):
        successor = self.taken_over_while_renewed(revoke=True, rounds=rounds)
        self.assertEqual((self.former.state, successor.state), ("revoked", "revoked"))
        self.assertTrue(self.at_ksef(successor).revoked)
        self.assertEqual(self.replaced.state, "revoked")
