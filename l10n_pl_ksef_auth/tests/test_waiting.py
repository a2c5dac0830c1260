import time
from contextlib import contextmanager

from odoo.tests import tagged

from ..exceptions import LoginBusy, LoginNeeded
from ..models.base import steps
from ..models.base.steps import RUNNING, UnlistedTransition
from ..tools.deadline import Deadline
from ..tools.errors import KsefError, KsefUnavailable
from .common import KsefCase

# Seconds: one answer of a slow KSeF, what a caller waits, and what a busy machine may take.
SLOW, PATIENCE, GRACE = 6, 1, 3


@tagged("post_install", "-at_install")
class TestWaiting(KsefCase):
    """Who names a limit waits no longer, but for one answer that KSeF gives only once."""

    @contextmanager
    def within(self, seconds):
        """Fail if the block takes longer."""
        began = time.monotonic()
        yield
        self.assertLess(time.monotonic() - began, seconds)

    def slow_down(self, *endpoints):
        for endpoint in endpoints:
            self.simulator.faults.add(endpoint, "delay", times=-1, seconds=SLOW)

    def token(self, wait_seconds=PATIENCE, **how):
        """Return the token or the failure; assertRaises would undo what was committed meanwhile."""
        try:
            return self.company.l10n_pl_ksef_access_token(wait_seconds=wait_seconds, **how)
        except KsefError as error:
            return error
        finally:
            self.env.invalidate_all()

    def test_a_caller_without_time_keeps_nobody_else_from_a_token(self):
        session = self.connect()
        self.travel(minutes=16)
        with self.counted("refresh") as calls:
            self.assertIsInstance(self.token(wait_seconds=0), LoginBusy)
        self.assertEqual((calls["calls"], session.refresh_retry_at), (0, False))
        self.assertIsInstance(self.token(), str)

    def test_a_silent_ksef_is_not_waited_for_longer_than_the_caller_says(self):
        self.connect()
        self.travel(minutes=16)
        self.slow_down("*")
        with self.within(PATIENCE + GRACE):
            self.assertIsInstance(self.token(), KsefUnavailable)

    def test_after_the_callers_time_no_further_step_of_a_login_begins(self):
        self.certified()
        self.travel(days=8)
        self.slow_down("xades-signature", "auth-status", "redeem", "permissions")
        with self.within(PATIENCE + GRACE + SLOW), self.counted("auth-status") as polls:
            self.assertIsInstance(self.token(), LoginBusy)
        self.assertEqual(polls["calls"], 0)
        self.simulator.faults.clear()
        self.settle(seconds=1)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_token_that_still_serves_is_not_kept_back_by_a_slow_renewal(self):
        self.connect()
        self.travel(minutes=12)
        self.slow_down("refresh")
        with self.within(PATIENCE + GRACE):
            self.assertIsInstance(self.token(), str)

    def test_the_time_limit_of_a_request_holds(self):
        self.connect()
        self.slow_down("sessions")
        with self.company.l10n_pl_ksef_api(time_limit=PATIENCE) as api:
            with self.within(PATIENCE + GRACE), self.assertRaises(KsefUnavailable):
                api.request("GET", "/auth/sessions")

    def test_the_time_limit_of_a_request_covers_the_wait_for_its_token(self):
        self.connect()
        self.travel(minutes=16)
        self.slow_down("refresh", "sessions")
        with self.company.l10n_pl_ksef_api(time_limit=PATIENCE) as api:
            with self.within(PATIENCE + GRACE), self.assertRaises(KsefError):
                api.request("GET", "/auth/sessions")

    def test_a_login_that_was_deleted_meanwhile_is_not_waited_for(self):
        session = self.connect()
        self.travel(minutes=16)
        self.assertEqual(session.state, "active")
        self.env.cr.execute("DELETE FROM l10n_pl_ksef_session WHERE id = %s", [session.id])
        with self.within(GRACE), self.assertRaises(LoginNeeded):
            session._shared_token(wait_seconds=0.5)

    def test_a_login_that_was_deleted_while_another_worker_holds_it_is_not_waited_for_long(self):
        session = self.connect()
        self.travel(minutes=16)
        self.assertEqual(session.state, "active")
        self.env.cr.execute("DELETE FROM l10n_pl_ksef_session WHERE id = %s", [session.id])
        with self.others_at_it(), self.within(GRACE), self.assertRaises(LoginBusy):
            session._shared_token(wait_seconds=0.5)

    def test_another_worker_is_not_waited_for_longer_than_the_caller_says(self):
        session = self.connect()
        self.travel(minutes=16)
        with self.others_at_it(), self.within(GRACE), self.assertRaises(LoginBusy):
            session._shared_token(wait_seconds=0.5)

    def test_what_a_browser_puts_into_the_context_limits_nothing(self):
        (key,) = Deadline(1).context()
        self.connect()
        self.travel(minutes=16)
        company = self.company.with_context(**{key: 0})
        self.assertTrue(company.l10n_pl_ksef_access_token())

    def test_what_a_browser_puts_into_the_context_leads_to_no_other_state(self):
        session = self.connect()
        for forged in (
            ["l10n_pl_ksef.session", "_step_expire"],
            "l10n_pl_ksef.session:_step_expire",
        ):
            with self.assertRaises(UnlistedTransition):
                session.with_context(**{RUNNING: forged}).state = "expired"

    def test_clicks_in_a_row_get_the_file_of_the_first(self):
        window = self.open_window()
        with self.counted("challenge") as challenges:
            first = self.downloaded(window)
            self.assertEqual({self.downloaded(window) for _click in range(50)}, {first})
            self.travel(seconds=11)
            self.assertNotEqual(self.downloaded(window), first)
        self.assertEqual(challenges["calls"], 2)

    def test_clicks_in_many_windows_get_one_file_for_each_user(self):
        windows = [self.open_window() for _window in range(5)]
        other = self.open_window(self.manager)
        with self.counted("challenge") as challenges:
            files = {self.downloaded(window) for window in windows}
            self.assertNotIn(self.downloaded(other), files)
        self.assertEqual((len(files), challenges["calls"]), (1, 2))

    def test_a_step_begins_late_in_no_chain_of_a_window(self):
        window = self.open_window()
        self.patch(steps, "LONGEST_CHAIN", 0)
        self.send_signed(window)
        self.assertEqual(window.sudo().session_id.state, "waiting")
