from datetime import timedelta, timezone

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..models.certificate.offline import WAITING
from ..models.upkeep import alert_texts
from ..models.vault.vault import read_secret, write_secrets
from .common import DEMO_NIP, put
from .test_offline_certificate import OfflineCase

LADDER = (30, 14, 7, 1)


class EndingCase(OfflineCase):
    """A certificate for offline invoices whose renewal does not come."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.speak_polish()

    def begin(self):
        self.both()

    def ends_in(self, **delta):
        """Have it end some time from now, after two years, and no renewal come before."""
        now, certificate = self.offline()._now(), self.offline()
        end = now + timedelta(**delta)
        put(
            certificate,
            valid_from=end - timedelta(days=730),
            valid_to=end,
            renew_at=end + timedelta(days=1),
            next_attempt=end + timedelta(days=1),
        )
        self.at_ksef(certificate).valid_to = end.replace(tzinfo=timezone.utc)

    def line(self):
        """Return the state of the panel's second line."""
        self.env.invalidate_all()
        offline = self.panel()["offline"]
        return offline and offline["state"]

    def alerts(self):
        return self.env["l10n_pl_ksef.alert"].search([("certificate_id", "!=", False)])

    def watched(self):
        """Have the watch look once, and return the level of each alert about a certificate."""
        self.env["l10n_pl_ksef.alert.watch"]._watch()
        self.env.invalidate_all()
        return self.alerts().mapped("level")


@tagged("post_install", "-at_install")
class TestItsEnd(EndingCase):
    """At its end no code is made any more, and why is said: to the sender, and on the panel."""

    def made(self):
        sender = self.company.with_user(self.clerk)
        return sender.l10n_pl_ksef_certificate_link(DEMO_NIP, b"0" * 32)

    def test_a_minute_before_its_end_it_signs_and_a_minute_after_it_does_not(self):
        self.ends_in(minutes=1)
        self.assertTrue(self.made())
        self.travel(minutes=2)
        with self.assertRaisesRegex(UserError, "has ended.*menu KSeF"):
            self.made()
        self.assertEqual(self.line(), "ended")

    def test_afterwards_the_key_is_gone_the_login_goes_on_and_people_are_told(self):
        self.ends_in(hours=1)
        put(self.offline(), next_attempt=False)
        self.settle(hours=2)
        ended = self.offline()
        self.assertEqual((ended.state, ended.private_key_secret), ("expired", False))
        with self.assertRaisesRegex(UserError, "has ended"):
            self.made()
        self.assertEqual(self.line(), "ended")
        self.assertEqual(self.panel()["offline"]["valid_to"], str(ended.valid_to))
        self.assertEqual(self.panel()["state"], "connected")
        self.assertEqual(self.watched(), [0])
        self.assertIn("has ended", self.alerts().summary)

    def test_the_end_of_the_one_that_logs_in_leaves_it_signing(self):
        login = self.company._l10n_pl_ksef_certificate()
        end = login._now() + timedelta(hours=1)
        put(login, valid_to=end, renew_at=end + timedelta(days=1), next_attempt=False)
        self.settle(hours=2)
        self.assertEqual((login.state, self.line()), ("expired", "valid"))
        self.assertEqual(self.judged(self.made()), "")

    def test_konto_asks_for_another_one_which_signs(self):
        self.test_afterwards_the_key_is_gone_the_login_goes_on_and_people_are_told()
        account = self.company.with_user(self.accountant)
        self.assertTrue(account.l10n_pl_ksef_account()["offline"]["is_mine"])
        with self.confirmed():
            account.l10n_pl_ksef_issue_offline()
        self.settle()
        self.assertEqual(self.line(), "valid")
        self.assertEqual(self.judged(self.made()), "")
        self.watched()
        self.assertTrue(self.alerts().closed_at)


@tagged("post_install", "-at_install")
class TestBeforeItsEnd(EndingCase):
    """Who must do something is told 30, 14, 7 and 1 days before; nobody else is."""

    def setUp(self):
        super().setUp()
        self.accountant.write({"lang": "pl_PL", "tz": "Europe/Warsaw"})
        self.company.l10n_pl_ksef_responsible_ids = self.accountant

    def told(self):
        """Return the subjects of the mails that were written so far."""
        ours = ("model", "=", "l10n_pl_ksef.alert"), ("res_id", "in", self.alerts().ids)
        return self.env["mail.mail"].search(ours, order="id").mapped("subject")

    def test_each_of_the_four_days_is_told_once_in_the_readers_language(self):
        self.ends_in(days=31)
        told = []
        for days in (1, 16, 7, 6):
            self.travel(days=days)
            for _again in range(3):
                told += self.watched()
        self.assertEqual(told, [level for level in LADDER for _again in range(3)])
        self.assertEqual(len(self.told()), len(LADDER))
        (alert,) = self.alerts()
        self.assertEqual(alert.user_ids, self.accountant)
        polish = alert.with_context(lang="pl_PL").summary
        self.assertIn("certyfikat do faktur offline kończy się", polish)
        self.assertEqual(alert.activity_ids.summary, polish)
        for subject in self.told():
            self.assertIn("certyfikat do faktur offline kończy się", subject)

    def test_the_panel_says_so_from_the_first_notice_on(self):
        self.ends_in(days=31)
        self.assertEqual((self.line(), self.watched()), ("valid", []))
        self.travel(days=1, minutes=1)
        self.assertEqual((self.line(), self.watched()), ("ending", [30]))

    def test_what_renews_itself_is_told_to_nobody(self):
        put(self.offline(), renew_at=self.offline()._now(), next_attempt=False)
        self.settle()
        self.assertTrue(self.offline().replaces_id)
        self.let_days_pass(2)
        self.assertEqual((self.watched(), self.told(), self.line()), ([], [], "valid"))

    def test_a_company_that_needs_none_any_more_is_not_told(self):
        self.company.l10n_pl_ksef_offline = False
        self.ends_in(days=31)
        for days in (1, 16, 7, 6, 1):
            self.travel(days=days)
            self.assertEqual(self.watched(), [])
        self.assertEqual(self.told(), [])

    def advice(self):
        """Return what people are told to do about it."""
        self.watched()
        return alert_texts.of_alert(self.alerts())["advice"]

    def test_what_is_advised_can_be_done(self):
        self.ends_in(days=20)
        self.assertIn("Renew it", self.advice())
        successor = self.offline()._begin_successor()
        put(successor, state="checking", certificate_remaining=0, enrollment_remaining=5)
        successor._wait_for_a_place()
        self.assertIn("Revoke two", self.advice())
        successor.unlink()
        put(self.offline(), issued_secret=False)
        self.assertIn("Load another", self.advice())
        put(self.company._l10n_pl_ksef_certificate(), state="revoked")
        self.assertIn("Only once", self.advice())

    def test_each_company_that_needs_it_hears_of_its_end_whoever_came_first(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.issues_invoices(other)
        self.share(self.offline(), other)
        self.company.l10n_pl_ksef_offline = False
        self.ends_in(days=20)
        self.assertEqual(self.watched(), [30])
        self.assertEqual(self.alerts().company_id, other)
        self.company.l10n_pl_ksef_offline = True
        self.watched()
        self.assertEqual(self.alerts().company_id, self.company | other)

    def test_one_beside_which_another_signs_is_not_told(self):
        old = self.offline()
        self.ends_in(days=20)
        until = old.valid_to + timedelta(days=700)
        times = {"valid_from": old.valid_from, "valid_to": until, "taken_at": old._now()}
        newer = old.copy({"state": "active", **times})
        write_secrets(newer, certificate_secret=read_secret(old, "certificate_secret"))
        self.share(newer, self.company)
        self.assertEqual(self.company._l10n_pl_ksef_offline_certificate(), newer)
        self.assertEqual(self.watched(), [])


@tagged("post_install", "-at_install")
class TestSecondLine(EndingCase):
    """The panel's second line has a word for each state; what signs no code is not called valid."""

    def begin(self):
        self.login_certificate, _offline = self.both()

    def test_valid_and_none(self):
        self.assertEqual(self.line(), "valid")
        self.offline().unlink()
        self.company._l10n_pl_ksef_certificate().unlink()
        self.assertEqual(self.line(), "none")

    def test_no_line_where_the_company_needs_none(self):
        self.company.l10n_pl_ksef_offline = False
        self.assertEqual(self.line(), "valid")
        for state in ("revoked", "failed", "expired"):
            put(self.offline(), state=state)
            self.assertEqual(self.line(), False)

    def test_asked_for_consent(self):
        self.offline().unlink()
        self.assertEqual(self.line(), "asks")

    def test_refused(self):
        put(self.offline(), state="failed", problem={"code": "ksef_25006"})
        self.assertEqual(self.line(), "refused")

    def test_blocked_or_revoked_by_ksef(self):
        put(self.offline(), state="blocked")
        self.assertEqual(self.line(), "attention")

    def test_each_has_words_in_polish(self):
        line = self.env["l10n_pl_ksef.panel.offline"]
        states = "none asks issuing valid ending ended refused exists attention".split()
        waits = [("waits", why) for why in WAITING]
        for state, why in [*((one, False) for one in states), *waits]:
            english, polish = (
                line.with_context(lang=one)._text(state, why) for one in ("en_US", "pl_PL")
            )
            self.assertNotEqual(english, polish)


@tagged("post_install", "-at_install")
class TestKonto(EndingCase):
    """Konto shows both kinds, and offers the choice for the one that could not be had."""

    def account(self):
        self.env.invalidate_all()
        return self.company.with_user(self.accountant).l10n_pl_ksef_account()

    def test_both_kinds_are_listed_by_name(self):
        rows = self.account()["certificates"]
        self.assertEqual([row["usage"] for row in rows], ["offline", "login"])
        labels = [row["usage_label"] for row in rows]
        self.assertEqual(labels, ["Offline invoices", "Logging in"])
        self.assertEqual([row["can_renew"] for row in rows], [True, True])

    def test_asked_at_ksef_both_have_its_status_too(self):
        compared = self.company.with_user(self.accountant).l10n_pl_ksef_account_at_ksef()
        self.assertEqual(
            [row["status_at_ksef"] for row in compared["certificates"]], ["Active"] * 2
        )

    def test_one_that_could_not_be_issued_is_a_choice_of_its_own(self):
        put(self.offline(), state="failed", enrollment_remaining=5, certificate_remaining=5)
        choice = self.account()["choice"]
        self.assertEqual((choice["usage"], choice["reason"]), ("offline", "failed"))
        self.assertTrue(choice["can_issue"])

    def test_one_that_waits_says_why_and_what_helps(self):
        self.offline()._wait_for_a_place()
        put(self.offline(), state="checking")
        (row,) = (row for row in self.account()["certificates"] if row["usage"] == "offline")
        self.assertRegex(row["problem"]["text"], "more certificate to Róża.*kept for logging in")
        self.assertIn("Revoke one", row["problem"]["action"])

    def test_one_that_waits_tells_by_what_ksef_leaves_what_helps(self):
        offline = self.offline()
        for places, applications, said, helps in (
            (1, 5, "one more certificate", "Revoke one"),
            (0, 5, "no more certificate", "Revoke two"),
            (3, 1, "applications", "another person"),
        ):
            with self.subTest(places=places, applications=applications):
                put(
                    offline,
                    state="checking",
                    certificate_remaining=places,
                    enrollment_remaining=applications,
                )
                offline._wait_for_a_place()
                rows = self.account()["certificates"]
                (row,) = (one for one in rows if one["usage"] == "offline")
                self.assertIn(said, row["problem"]["text"])
                self.assertIn(helps, row["problem"]["action"])
                self.assertIn("waits: ", self.panel()["offline"]["text"])

    def test_the_one_that_logs_in_comes_first(self):
        put(self.offline(), state="failed")
        put(self.company._l10n_pl_ksef_certificate(), state="exists")
        self.assertEqual(self.account()["choice"]["usage"], "login")

    def test_one_that_exists_elsewhere_is_a_choice_and_a_separate_one_may_be_issued(self):
        theirs = self.offline()
        theirs.unlink()
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_issue_offline()
        self.settle()
        choice = self.account()["choice"]
        self.assertEqual((choice["usage"], choice["reason"]), ("offline", "exists"))
        self.assertEqual(self.line(), "exists")
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_issue_certificate("offline")
        self.settle()
        self.assertEqual((self.account()["choice"], self.line()), (False, "valid"))
