from datetime import timedelta

from odoo.tests import tagged

from ..models.session.login import OPERATION_LIFE, UNCLEAR_REFUSALS
from ..tools.const import CHALLENGE_LIFETIME
from ..tools.errors import KsefError
from .common import KsefCase

HOUR, DAY = 3600, 86400


@tagged("post_install", "-at_install")
class TestPutOff(KsefCase):
    """KSeF puts Odoo off, or says no for a while: nothing is given up that still serves."""

    def put_off(self, endpoint, seconds, times=1):
        self.simulator.faults.add(endpoint, "429", times=times, seconds=seconds)

    def sent(self):
        """Send a signature, close the window, and return the login."""
        window = self.open_window()
        self.send_signed(window)
        return window.sudo().session_id

    def ends(self, session):
        """Let the scheduled action run until a login has ended or works; return its state."""
        over = ("active", "failed", "revoked")
        self.go_on(timedelta(hours=2), until=lambda: session.state in over)
        return session.state

    def token(self):
        """Return the token or the failure; assertRaises would undo what was committed meanwhile."""
        try:
            return self.company.l10n_pl_ksef_access_token()
        except KsefError as error:
            return error
        finally:
            self.env.invalidate_all()

    # ------------------------------------------------------------------
    # Never beyond the end of what waits
    # ------------------------------------------------------------------
    def test_a_signature_is_not_lost_because_ksef_put_one_question_off_for_an_hour(self):
        self.put_off("auth-status", HOUR)
        session = self.sent()
        self.assertLess(session.next_attempt, session.send_started_at + OPERATION_LIFE)
        self.assertEqual(self.ends(session), "active")

    def test_a_document_that_ksef_put_off_is_sent_again_before_its_challenge_ends(self):
        self.put_off("xades-signature", 15 * 60)
        session = self.sent()
        self.assertLess(session.next_attempt, session.challenge_expires_at)
        self.assertEqual(self.ends(session), "active")

    def test_a_document_that_ksef_never_took_is_not_called_lost(self):
        self.put_off("xades-signature", 15 * 60, times=-1)
        session = self.sent()
        self.assertEqual(self.ends(session), "failed")
        self.assertEqual(session.problem["code"], "not_taken")
        self.assertLess(session._now(), session.challenge_expires_at + timedelta(minutes=2))

    def test_a_document_that_maintenance_never_let_in_is_not_called_lost(self):
        self.simulator.faults.add("xades-signature", "503", times=-1)
        session = self.sent()
        self.assertEqual((self.ends(session), session.problem["code"]), ("failed", "not_taken"))

    def test_a_document_whose_answer_never_came_is_called_lost(self):
        self.simulator.faults.add("xades-signature", "reset", times=-1)
        session = self.sent()
        self.assertEqual((self.ends(session), session.problem["code"]), ("failed", "answer_lost"))

    def test_however_long_an_outage_lasts_a_last_try_is_made_before_the_end(self):
        self.simulator.faults.add("xades-signature", "503", times=-1)
        session = self.sent()
        end, tries = session.challenge_expires_at, []
        self.go_on(
            CHALLENGE_LIFETIME,
            until=lambda: tries.append(session.next_attempt) or session.state != "waiting",
        )
        last = max(moment for moment in tries if moment and moment < end)
        self.assertLess(end - last, timedelta(minutes=2, seconds=30))

    # ------------------------------------------------------------------
    # The access token
    # ------------------------------------------------------------------
    def test_a_day_of_ksefs_becomes_an_hour_and_the_panel_says_until_when(self):
        self.connect()
        self.travel(minutes=16)
        self.put_off("refresh", DAY)
        self.token()
        self.assertIn("tries again at", self.panel()["problem"]["text"])
        self.travel(minutes=61)
        self.assertIsInstance(self.token(), str)
        self.assertFalse(self.panel()["problem"])

    def test_the_panel_names_no_moment_that_has_passed(self):
        self.connect()
        self.travel(minutes=16)
        self.put_off("refresh", HOUR)
        self.token()
        self.travel(minutes=61)
        self.assertNotIn("tries again at", self.panel()["problem"]["text"])

    def test_a_daily_check_that_is_put_off_is_told_too(self):
        session = self.connect()
        self.put_off("permissions", HOUR)
        self.keep_alive(hours=25)
        self.assertTrue(session.problem["until"])

    # ------------------------------------------------------------------
    # A refusal that may be a firewall's
    # ------------------------------------------------------------------
    def test_callers_within_a_second_do_not_turn_a_hiccup_into_a_lost_signature(self):
        for kind in ("401", "empty-403"):
            with self.subTest(kind=kind):
                self.connect()
                self.travel(minutes=16)
                self.simulator.faults.add("refresh", kind, times=-1)
                with self.counted("refresh") as refreshes:
                    for _caller in range(4):
                        self.assertIsInstance(self.token(), KsefError)
                self.assertEqual(refreshes["calls"], 1)
                self.assertIn("at the moment", self.panel()["problem"]["text"])
                self.simulator.faults.clear()
                self.travel(minutes=1)
                self.assertIsInstance(self.token(), str)

    def test_a_hiccup_costs_no_login_that_a_certificate_could_replace_either(self):
        self.certified()
        session = self.company._l10n_pl_ksef_session()
        self.travel(minutes=16)
        self.simulator.faults.add("refresh", "401", times=2)
        for _caller in range(4):
            self.token()
            self.travel(seconds=15)
        self.assertEqual(session.state, "active")
        self.assertIsInstance(self.token(), str)

    def test_a_login_that_is_refused_for_minutes_has_ended(self):
        session = self.connect()
        self.travel(minutes=16)
        self.simulator.faults.add("refresh", "401", times=-1)
        refused, begun = 0, session._now()
        while session.state == "active" and refused < 100:
            self.token()
            refused += 1
            self.travel(seconds=5)
        self.assertEqual(session.state, "revoked")
        self.assertGreater(session._now() - begun, timedelta(minutes=3, seconds=30))
        self.assertLess(session._now() - begun, timedelta(minutes=10))

    def test_refusals_are_counted_in_a_row(self):
        session = self.connect()
        for _day in range(UNCLEAR_REFUSALS + 2):
            self.travel(minutes=16)
            self.simulator.faults.add("refresh", "401")
            self.token()
            self.travel(minutes=1)
            self.assertIsInstance(self.token(), str)
        self.assertEqual(session.state, "active")

    def test_a_caller_who_is_refused_does_not_bring_the_next_check_forward(self):
        session = self.connect()
        self.settle()
        planned = session.next_attempt
        self.travel(minutes=16)
        self.simulator.faults.add("refresh", "401")
        self.token()
        self.assertEqual(session.next_attempt, planned)

    # ------------------------------------------------------------------
    # The end of a login
    # ------------------------------------------------------------------
    def test_an_odd_answer_to_a_disconnection_leaves_no_login_open_at_ksef(self):
        for kind in ("401", "empty-403"):
            with self.subTest(kind=kind):
                session = self.connect()
                self.simulator.faults.add("session-revoke", kind)
                with self.counted("session-revoke") as closings:
                    self.disconnect()
                    self.assertEqual(self.panel()["state"], "disconnected")
                    self.settle()
                self.assertEqual((closings["calls"], session.state), (2, "revoked"))
                self.assertFalse(session.problem)

    def test_a_disconnection_that_is_refused_for_minutes_found_the_login_closed(self):
        session = self.connect()
        self.simulator.faults.add("session-revoke", "401", times=-1)
        with self.counted("session-revoke") as closings:
            self.disconnect()
            self.settle()
        self.assertEqual((closings["calls"], session.state), (UNCLEAR_REFUSALS + 1, "revoked"))
        self.assertFalse(session.problem or session.refresh_token_secret)
