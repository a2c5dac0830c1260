import socket
import threading
import time
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tests import tagged

from ..models.upkeep import keep_alive
from ..models.upkeep.turns import AFTER_OUTAGE, MOST_TURNS, OUTAGE, Task, Turns
from ..models.vault.vault import write_secrets
from ..tools import clock
from ..tools.const import TIMEOUT
from ..tools.errors import KsefRateLimited, KsefUnavailable
from ..tools.transport import Transport
from .common import KsefCase, invented_nips
from .own_database import free_port

# In minutes: what a person who closed the window may be told.
TAKEN_UP = 2
FAILURES = ("environment", "endpoint", "limit")
# So much faster than in truth all waiting goes while an environment keeps silent.
HASTE = 20
THOUSAND = 1000


class NeighboursCase(KsefCase):
    """Companies whose logins fail, beside one whose accountant has just signed."""

    COUNT = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        poland = cls.env.ref("base.pl").id
        cls.neighbours = cls.env["res.company"].create(
            [
                {"name": f"Sąsiad {nip}", "vat": f"PL{nip}", "country_id": poland}
                for nip in invented_nips(cls.COUNT)
            ]
        )
        dead = f"http://127.0.0.1:{free_port()}/v2"
        cls.env["ir.config_parameter"].set_param("l10n_pl_ksef_auth.base_url.demo", dead)

    def log_neighbours_in(self, count, environment="test", **values):
        """Give neighbours a login each, with a step due that asks KSeF for a token."""
        neighbours = self.neighbours[:count]
        neighbours.l10n_pl_ksef_environment = environment
        now = self.env["l10n_pl_ksef.session"]._now()
        sessions = self.env["l10n_pl_ksef.session"].create(
            [
                {
                    "company_id": company.id,
                    "context_value": company.l10n_pl_ksef_digits,
                    "environment": environment,
                    "state": "active",
                    "activated_at": now,
                    "refresh_valid_until": now + timedelta(days=7),
                    **values,
                }
                for company in neighbours
            ]
        )
        for session in sessions:
            write_secrets(session, refresh_token_secret=b"refresh")
        return sessions

    def beside_failing(self, count, failure):
        """Sign, close the window, and return the minutes until the signature is taken up.

        :param str failure: what fails for the neighbours: one of FAILURES, or "silence"
        """
        elsewhere = failure in ("environment", "silence")
        self.log_neighbours_in(count, "demo" if elsewhere else "test")
        calls = self.keep_silent() if failure == "silence" else []
        if failure == "endpoint":
            for endpoint in ("refresh", "permissions"):
                self.simulator.faults.add(endpoint, "503", times=-1)
        if failure == "limit":
            self.simulator.faults.add("refresh", "429", times=-1, seconds=3600)
        self.simulator.settings.auth_delay = 30
        window = self.open_window()
        self.send_signed(window)
        session, begun = window.sudo().session_id, clock.now()

        def is_over():
            # In truth each silent call lasts this long.
            self.travel(seconds=TIMEOUT * len(calls))
            calls.clear()
            return session.state in ("active", "failed")

        self.go_on(timedelta(hours=1), until=is_over)
        self.assertEqual(session.state, "active", session.problem)
        return (clock.now() - begun) / timedelta(minutes=1)

    def keep_silent(self):
        """Have DEMO take connections and never answer; return a list that grows with each call."""
        server, calls = socket.create_server(("127.0.0.1", 0)), []
        self.addCleanup(server.close)
        # By this accept() returns.
        self.addCleanup(server.shutdown, socket.SHUT_RDWR)
        self.env["ir.config_parameter"].set_param(
            "l10n_pl_ksef_auth.base_url.demo", f"http://127.0.0.1:{server.getsockname()[1]}/v2"
        )
        self.startPatcher(patch.object(keep_alive, "LONGEST_RUN", keep_alive.LONGEST_RUN / HASTE))
        limits = patch.dict(Transport.__init__.__kwdefaults__, timeout=TIMEOUT / HASTE)
        self.startPatcher(limits)

        def listen():
            while True:
                try:
                    calls.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        return calls

    def fairness(self, *counts, failures=FAILURES):
        """Report and check how long a signature waits beside so many failing companies."""
        for failure in failures:
            for count in counts:
                with self.subTest(failure=failure, count=count), self.env.cr.savepoint():
                    minutes = self.beside_failing(count, failure)
                    self.figures(
                        f"fairness: {count} companies fail ({failure}), a fresh signature is taken"
                        f" up after {minutes:.1f} minutes"
                    )
                    self.assertLess(minutes, TAKEN_UP)
                self.simulator.faults.clear()
                self.env["l10n_pl_ksef.session"].search([]).unlink()


@tagged("post_install", "-at_install")
class TestFairness(NeighboursCase):
    COUNT = 24

    def test_fairness_of_a_fresh_signature_beside_failing_companies(self):
        self.fairness(6, 12, failures=FAILURES[:1])
        self.fairness(24)

    def test_fairness_of_a_fresh_signature_beside_companies_whose_ksef_keeps_silent(self):
        self.fairness(24, failures=["silence"])

    def test_fairness_towards_a_company_in_another_environment(self):
        """A certificate's login does not wait for those whose environment is down."""
        self.certified()
        self.log_neighbours_in(24, "demo")
        session = self.company._l10n_pl_ksef_session()
        session.renew_at = session._now()
        begun = clock.now()
        self.go_on(timedelta(hours=1), until=self.has_renewed)
        self.assertLess((clock.now() - begun) / timedelta(minutes=1), TAKEN_UP)

    def has_renewed(self):
        return self.company._l10n_pl_ksef_session().method == "certificate"

    def test_of_a_thousand_due_a_login_that_a_person_waits_for_comes_first(self):
        login = self.log_neighbours_in(1)
        window = self.open_window()
        self.simulator.faults.add("auth-status", "503")
        self.send_signed(window)
        self.copy_in_database(login, THOUSAND)
        self.travel(minutes=1)
        first = self.env["l10n_pl_ksef.due"]._records()
        self.assertGreater(len(first), THOUSAND)
        self.assertEqual(first[0].id, window.sudo().session_id.id)

    def test_of_a_thousand_due_a_login_that_a_person_waits_for_is_done_in_one_short_run(self):
        login = self.log_neighbours_in(1)
        window = self.open_window()
        self.send_signed(window)
        self.copy_in_database(login, THOUSAND)
        self.patch(keep_alive, "LONGEST_RUN", 3)
        self.keep_alive(minutes=1)
        self.assertEqual(window.sudo().session_id.state, "active")
        # The others did not have their turns yet.
        self.assertGreater(len(self.env["l10n_pl_ksef.due"]._records()), THOUSAND / 2)

    def copy_in_database(self, login, count):
        """Copy a login's row many times: creating records takes long."""
        self.env.flush_all()
        columns = ("company_id", "environment", "method", "context_type", "context_value")
        columns += ("subject_type", "purpose", "state", "refresh_valid_until")
        names = ", ".join(columns)
        self.env.cr.execute(
            f"INSERT INTO l10n_pl_ksef_session ({names})"
            f" SELECT {names} FROM l10n_pl_ksef_session, generate_series(1, %s) WHERE id = %s",
            [count, login.id],
        )

    def test_a_signature_that_comes_during_a_long_run_does_not_wait_for_its_end(self):
        window, order = self.open_window(), []
        self.simulator.settings.auth_delay = 30
        self.send_signed(window)
        signature = window.sudo().session_id
        self.log_neighbours_in(12)
        later = signature._now() + timedelta(hours=1)
        signature.next_attempt = later

        def do(_model, record):
            order.append(record.id)
            record.next_attempt = later
            if len(order) == 1:
                signature.next_attempt = False
                self.env.flush_all()

        self.patch(keep_alive, "BATCH", 2)
        self.patch(self.registry["l10n_pl_ksef.keep_alive"], "_do_task", do)
        self.keep_alive()
        self.assertEqual(order.index(signature.id), 2)

    def test_odoos_worker_waits_for_a_step_that_is_due_in_a_moment(self):
        """Who has signed and closed the window does not wait a minute for each step."""
        window = self.open_window()
        self.send_signed(window)
        session = window.sudo().session_id
        waiting = SimpleNamespace(sleep=lambda seconds: clock.travel(timedelta(seconds=seconds)))
        self.patch(keep_alive, "time", waiting)
        for context, state in (
            ({}, "submitted"),
            ({"cron_end_time": time.monotonic() + 60}, "active"),
        ):
            with self.registry.cursor() as cr:
                run = self.env(cr=cr)["l10n_pl_ksef.keep_alive"]
                run.with_context(**context)._cron_keep_alive()
            self.env.invalidate_all()
            self.assertEqual(session.state, state)

    def test_odoos_worker_waits_for_nothing_that_is_due_later(self):
        run = self.env["l10n_pl_ksef.keep_alive"].with_context(cron_end_time=time.monotonic() + 60)
        now = run._now()
        self.assertGreater(run._pause_before(now + keep_alive.SOON), 0)
        for moment in (None, now + timedelta(seconds=4), now + timedelta(days=1)):
            self.assertEqual(run._pause_before(moment), 0)

    def test_who_runs_the_scheduled_action_in_the_browser_waits_for_no_step(self):
        run = self.env["l10n_pl_ksef.keep_alive"].with_context(cron_end_time=time.monotonic() + 60)
        self.patch(keep_alive, "request", object())
        self.assertEqual(run._pause_before(run._now() + keep_alive.SOON), 0)

    def test_a_record_that_is_due_and_has_no_step_is_put_aside(self):
        session = self.connect()
        self.settle()
        session.next_attempt = session._now()
        with self.counted(None) as calls:
            moment = self.keep_alive(seconds=5)
        self.assertEqual(calls["calls"], 0)
        self.assertGreater(moment, session._now() + timedelta(minutes=10))

    def test_a_record_that_becomes_due_while_it_is_looked_at_is_not_put_aside(self):
        self.simulator.settings.auth_delay = 30
        window = self.open_window()
        self.send_signed(window)
        session = window.sudo().session_id
        due = self.registry["l10n_pl_ksef.session"]._due_step
        looks = []

        def late(record):
            looks.append(1)
            return due(record) if len(looks) > 1 else None

        session.next_attempt = session._now()
        self.patch(self.registry["l10n_pl_ksef.session"], "_due_step", late)
        self.advance(session)
        self.assertLess(session.next_attempt, session._now() + timedelta(minutes=10))


@tagged("post_install", "-at_install", "long")
class TestFairnessOfTwoHundred(NeighboursCase):
    COUNT = 200

    def test_fairness_of_a_fresh_signature_beside_two_hundred_failing_companies(self):
        self.fairness(200)


@tagged("post_install", "-at_install")
class TestTurns(KsefCase):
    """Whose turn it is in one run, without a database."""

    def setUp(self):
        super().setUp()
        self.turns, self.now = Turns(), clock.now().replace(tzinfo=None)

    def task(self, number, environment="production", state="active", **values):
        return Task("l10n_pl_ksef.session", number, (environment, "session", state), **values)

    def fails(self, *tasks, **error):
        for task in tasks:
            told = KsefUnavailable("…", **{"code": "server", "sent": True, "status": 503, **error})
            self.turns.had(task, told, self.now)

    def order(self, *tasks):
        return [task.id for task in self.turns.in_order(tasks)]

    def test_what_has_failed_in_this_run_comes_last(self):
        self.fails(self.task(1))
        self.assertEqual(self.order(self.task(2), self.task(3, state="waiting")), [3, 2])

    def test_after_three_failures_in_a_row_that_work_rests_and_no_other(self):
        self.fails(*map(self.task, range(OUTAGE)))
        others = self.task(7, state="waiting"), self.task(8, environment="test")
        self.assertEqual(self.order(self.task(6), *others), [7, 8])
        self.assertEqual(self.turns.go_on_at, self.now + AFTER_OUTAGE)

    def test_one_company_that_fails_thrice_is_no_outage(self):
        self.fails(*[self.task(1)] * OUTAGE)
        self.assertEqual(self.order(self.task(2)), [2])

    def test_a_success_between_two_failures_says_that_ksef_answers(self):
        self.fails(self.task(1), self.task(2))
        self.turns.had(self.task(3), None, self.now)
        self.fails(self.task(4))
        self.assertEqual(self.order(self.task(5)), [5])

    def test_an_environment_that_keeps_silent_comes_after_the_others(self):
        self.fails(self.task(1, environment="demo"), status=None, code="timeout")
        silent = self.task(2, environment="demo", state="waiting", is_awaited=True)
        self.assertEqual(self.order(silent, self.task(3)), [3, 2])

    def test_a_signature_that_a_person_waits_for_does_not_rest(self):
        waiting = [self.task(number, state="submitted") for number in range(OUTAGE)]
        self.fails(*waiting)
        person = self.task(9, state="submitted", is_awaited=True)
        self.assertEqual(self.order(self.task(8, state="submitted"), person), [9])

    def test_ksefs_retry_after_lasts_an_hour_at_most(self):
        for number in range(OUTAGE):
            told = KsefRateLimited("…", retry_after=86400)
            self.turns.had(self.task(number), told, self.now)
        self.assertEqual(self.turns.go_on_at, self.now + timedelta(hours=1))

    def test_who_is_asked_to_slow_down_is_asked_for_all_work_in_that_environment(self):
        for number, state in enumerate(("active", "waiting", "submitted")):
            told = KsefRateLimited("…", retry_after=60)
            self.turns.had(self.task(number, state=state), told, self.now)
        others = self.task(7, state="authorized"), self.task(8, environment="test")
        person = self.task(9, state="authorized", is_awaited=True)
        self.assertEqual(self.order(*others, person), [8, 9])

    def test_one_company_that_is_asked_to_slow_down_delays_no_other(self):
        self.turns.had(self.task(1), KsefRateLimited("…", retry_after=60), self.now)
        self.assertEqual(self.order(self.task(2), self.task(3, environment="test")), [3, 2])

    def test_a_record_that_is_due_again_and_again_leaves_the_run_to_others(self):
        for _turn in range(MOST_TURNS):
            self.assertEqual(self.order(self.task(1)), [1])
            self.turns.had(self.task(1), None, self.now)
        self.assertEqual(self.order(self.task(1)), [])
        self.assertIsNotNone(self.turns.go_on_at)
