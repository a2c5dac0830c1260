from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OWNER, KsefCase, credentials, put


@tagged("post_install", "-at_install")
class TestCertificateStates(KsefCase):
    """No certificate stays in a state for ever, and logins are planned by its state."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()

    def waiting_choice(self, environment="test"):
        """Return a certificate that waits for a choice: its owner has one outside this Odoo."""
        return self.env["l10n_pl_ksef.certificate"].create(
            {
                "name": "Odoo x",
                "environment": environment,
                "company_ids": [Command.link(self.company.id)],
                "state": "exists",
            }
        )

    def test_after_a_revocation_by_hand_nothing_promises_to_renew_the_login(self):
        self.assertTrue(self.panel()["renews_at"])
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                self.certificate.serial_number
            )
        self.assertFalse(self.panel()["renews_at"])

    def test_a_renewal_that_does_not_come_is_shown_although_no_scheduled_action_tells_of_it(self):
        session = self.company._l10n_pl_ksef_session()
        late = session.renew_at - session._now() + timedelta(hours=25)
        self.travel(seconds=late.total_seconds())
        panel = self.panel()
        self.assertEqual((panel["state"], panel["color"]), ("expiring", "amber"))
        self.assertIn("scheduled actions", panel["problem"]["action"])
        self.assertFalse(panel["renews_at"])
        self.assertEqual(
            self.env["l10n_pl_ksef.dot"]._colors(self.company), {self.company.id: "amber"}
        )
        self.settle()
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_certificate_blocked_while_its_renewal_is_due_is_looked_at_once_a_day(self):
        tomorrow = self.simulator.clock.now() + timedelta(days=1)
        self.at_ksef(self.certificate).revocation_done = tomorrow
        put(
            self.certificate,
            renew_at=self.certificate._now(),
            state="blocked",
            next_attempt=False,
        )
        with self.counted("certificate-query") as looks:
            self.keep_alive(seconds=1)
        self.assertLessEqual(looks["calls"], 1)

    def test_a_replaced_certificate_that_has_ended_needs_no_revocation_any_more(self):
        self.disconnect()
        put(
            self.certificate,
            state="superseded",
            revoke_requested=True,
            next_attempt=False,
            valid_to=self.certificate._now() - timedelta(days=1),
        )
        self.keep_alive(seconds=1)
        self.assertFalse(self.certificate.revoke_requested)

    def test_loading_a_certificate_leaves_the_choice_of_another_environment_open(self):
        choice = self.waiting_choice("production")
        key, certificate = credentials(self.certificate)
        self.env["l10n_pl_ksef.certificate"]._keep(self.company, key, certificate)
        self.assertTrue(choice.exists())

    def test_who_signs_again_is_not_told_twice_that_a_certificate_exists(self):
        self.certificate.unlink()
        self.env["l10n_pl_ksef.session"].search([]).unlink()
        for _signature in range(2):
            self.connect(consent=True)
            self.settle()
        alerts = self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])
        self.assertEqual(alerts.mapped("reason"), ["certificate"])


@tagged("post_install", "-at_install")
class TestOneClick(KsefCase):
    """A certificate that is held here connects more companies."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.simulator.world.add_company("1111111111", "Druga")
        self.simulator.world.grant(OWNER.identity, "1111111111")

    def connect_other(self, user):
        self.agree(self.other, user)
        (row,) = self.other.with_user(user).l10n_pl_ksef_connect_with_certificate()
        return row

    def test_a_company_that_no_certificate_may_serve_is_not_said_to_be_connected(self):
        stranger = self.make_user(
            "ksef_stranger", "l10n_pl_ksef_auth.group_ksef_connection", self.other
        )
        row = self.connect_other(stranger)
        self.assertEqual(row["state"], "disconnected")
        self.assertNotIn("Connected", row["text"])

    def test_one_click_is_offered_only_to_who_may_use_the_certificate(self):
        stranger = self.make_user(
            "ksef_stranger", "l10n_pl_ksef_auth.group_ksef_connection", self.other
        )
        (row,) = self.other.with_user(stranger).l10n_pl_ksef_account()["others"]
        self.assertEqual(row["id"], self.other.id)
        self.assertIn("who manages all companies", row["reason"])

    def test_a_wrong_nip_is_a_result_like_any_other(self):
        self.other.partner_id.with_context(no_vat_validation=True).vat = "PL5265877636"
        self.accountant.company_ids |= self.other
        row = self.connect_other(self.accountant)
        self.assertIn("NIP", row["text"])


@tagged("post_install", "-at_install")
class TestBusy(KsefCase):
    """Another worker holds the login's lock for longer than a person waits."""

    def test_who_disconnects_is_told_to_try_again(self):
        self.connect()
        with self.others_at_it(), self.assertRaises(UserError):
            self.disconnect()

    def test_who_asks_for_a_certificate_is_told_to_try_again(self):
        self.connect()
        with self.others_at_it(), self.confirmed():
            account = self.company.with_user(self.accountant).l10n_pl_ksef_issue_certificate()
        self.assertEqual(account["problem"]["way_back"], "wait")

    def test_who_sends_a_signed_file_keeps_it_and_may_send_it_again(self):
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window)))
        with self.others_at_it():
            view = window.authenticate()
        self.assertEqual((view["step"], view["problem"]["way_back"]), ("upload", "wait"))
        # "done" where the machine is slow: KSeF's answer is there by then.
        self.assertIn(window.authenticate()["step"], ("verify", "done"))
