import time
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.upkeep import alert_watch
from odoo.addons.l10n_pl_ksef_auth.models.upkeep.housekeeping import REMINDED_PARAMETER
from odoo.addons.l10n_pl_ksef_auth.models.vault import database_identity
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.tools import clock

from .causes import MOVES
from .common import KsefCase

UPKEEP = "odoo.addons.l10n_pl_ksef_auth.models.upkeep"


@tagged("post_install", "-at_install")
class TestWhoIsTold(KsefCase):
    """People are told by alerts, whatever fails; tests/test_nobody_is_left.py tries all causes."""

    reminds_of_backup = True

    def open_alerts(self):
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])

    def mails(self):
        return self.env["mail.mail"].search([("model", "=", "l10n_pl_ksef.alert")], order="id")

    def outage(self):
        """Connect with a certificate; from then on KSeF is down. Return when the login ends."""
        self.certified()
        self.simulator.faults.add("*", "503", times=-1)
        return self.company._l10n_pl_ksef_session().refresh_valid_until

    def go_to(self, moment):
        """Travel to a moment, and let the scheduled action run there."""
        self.keep_alive(seconds=(moment - self.env["l10n_pl_ksef.session"]._now()).total_seconds())

    def let_it_end(self, end):
        """Let the machine try in vain until the login has ended, with one look on each day."""
        while self.env["l10n_pl_ksef.session"]._now() < end:
            self.keep_alive(days=1)

    # ------------------------------------------------------------------
    # An outage
    # ------------------------------------------------------------------
    def test_an_outage_is_told_a_day_before_the_end_and_at_the_end_with_what_to_do_meanwhile(self):
        end = self.outage()
        self.go_to(end - timedelta(hours=25))
        self.assertFalse(self.open_alerts())
        self.go_to(end - timedelta(hours=23))
        self.assertEqual(self.open_alerts().level, 1)
        self.go_to(end + timedelta(minutes=1))
        self.assertEqual(self.open_alerts().level, 0)
        self.assertIn("Odoo goes on trying", self.open_alerts().advice)
        self.assertEqual(len(self.mails()), 2)

    def test_callers_hear_at_once_that_nothing_comes_even_while_a_worker_waits_for_ksef(self):
        self.let_it_end(self.outage())
        for others in (self.others_at_it(), nullcontext()):
            began, moment = time.monotonic(), clock.now()
            with others, self.assertRaises(LoginNeeded):
                self.company.with_user(self.clerk).l10n_pl_ksef_access_token(wait_seconds=9)
            # What it sleeps moves the stopped clock, however busy the machine is.
            self.assertLess(clock.now() - moment, timedelta(seconds=1))
            self.assertLess(time.monotonic() - began, 4)

    def test_a_login_that_ksef_ended_and_a_machine_restores_within_the_hour_is_not_told(self):
        self.certified()
        with self.company._l10n_pl_ksef_client() as client:
            client.revoke_current_session(self.company.l10n_pl_ksef_access_token())
        self.simulator.faults.add("challenge", "503", times=5)
        self.travel(days=1)
        self.go_on(timedelta(hours=2))
        self.assertEqual(self.panel()["color"], "green")
        self.assertFalse(self.mails() or self.env["l10n_pl_ksef.alert"].search([]))

    def test_what_waits_at_ksef_is_not_said_to_be_verified_when_its_last_try_failed(self):
        self.let_it_end(self.outage())
        panel = self.panel()
        self.assertEqual((panel["state"], panel["color"]), ("attention", "red"))
        self.assertIn("Odoo goes on trying", panel["problem"]["action"])

    # ------------------------------------------------------------------
    # Who
    # ------------------------------------------------------------------
    def second_login(self, **values):
        """Return a login of another company, which ends when our company's ends."""
        session = self.company._l10n_pl_ksef_session()
        end, other = session.refresh_valid_until, self.make_company("Druga", "1111111111")
        context = {
            "company_id": other.id,
            "context_value": other.l10n_pl_ksef_digits,
            "reference_number": "second",
            "state": "active",
        }
        dates = {"refresh_valid_until": end, "next_attempt": end, "activated_at": session._now()}
        return session.copy({**context, **dates, "rights_checked_at": session._now(), **values})

    def told(self):
        """Return who was told after an outage until the end of the login."""
        self.let_it_end(self.outage())
        return self.open_alerts().user_id

    def test_who_may_only_see_the_connection_is_passed_over(self):
        self.company.l10n_pl_ksef_responsible_ids = self.clerk
        self.assertEqual(self.told(), self.accountant)

    def test_who_has_an_address_comes_first(self):
        self.accountant.email = False
        self.assertEqual(self.told(), self.manager)

    def test_where_nobody_may_connect_an_administrator_is_told(self):
        end = self.outage()
        (self.accountant | self.manager).active = False
        self.let_it_end(end)
        self.assertTrue(self.open_alerts().user_id.has_group("base.group_system"))

    def test_who_takes_over_from_somebody_who_has_left_is_told_too(self):
        self.assertEqual(self.told(), self.accountant)
        self.accountant.active = False
        self.keep_alive(hours=1)
        self.assertEqual(self.open_alerts().user_id, self.manager)

    def test_that_a_branch_lost_its_nip_is_told_until_the_company_above_it_is_connected(self):
        values = {"name": "Oddział", "parent_id": self.company.id, "vat": "PL5265877635"}
        branch = self.env["res.company"].create({**values, "l10n_pl_ksef_environment": "test"})
        self.company.vat = "PL1111111111"
        self.accountant.company_ids |= branch
        self.connect(company=branch)
        branch.vat = False
        self.settle(days=1)
        alert = self.open_alerts()
        self.assertEqual((alert.company_id, alert.level), (branch, 0))
        self.company.vat = "PL5265877635"
        self.connect()
        self.settle(minutes=5)
        self.assertFalse(self.open_alerts())

    # ------------------------------------------------------------------
    # Whatever fails in the run
    # ------------------------------------------------------------------
    def test_people_are_told_although_the_scheduled_action_was_switched_off(self):
        self.certified()
        end = self.company._l10n_pl_ksef_session().refresh_valid_until
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").active = False
        for before_end, level in ((timedelta(hours=23), 1), (timedelta(hours=-1), 0)):
            self.travel(end - before_end - self.env["l10n_pl_ksef.session"]._now())
            self.env.ref("base.autovacuum_job").method_direct_trigger()
            self.assertEqual(self.open_alerts().level, level)
        self.assertIn("scheduled actions run", self.open_alerts().advice)

    def test_the_scheduled_action_serves_all_companies_whoever_its_user_is(self):
        self.certified()
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")
        elsewhere = self.make_company("Druga", "1111111111")
        cron.user_id = self.make_user("ksef_elsewhere", "base.group_system", elsewhere)
        self.let_days_pass(8)
        self.assertEqual(self.panel()["color"], "green")

    @mute_logger(f"{UPKEEP}.keep_alive")
    def test_people_are_told_although_each_run_takes_its_process_down(self):
        end = self.outage()
        self.go_to(end - timedelta(hours=30))
        self.travel(hours=32)
        run = self.registry["l10n_pl_ksef.keep_alive"]
        with patch.object(run, "_keep_alive", side_effect=SystemExit):
            for died_before in (0, 1):
                with self.registry.cursor() as cr, suppress(SystemExit):
                    self.job(cr, died_before)._cron_keep_alive()
                self.assertEqual(bool(self.open_alerts()), bool(died_before))

    def job(self, cr, died_before):
        """Return the scheduled action as Odoo begins it after so many runs that came to no end."""
        cron = self.env(cr=cr).ref("l10n_pl_ksef_auth.ir_cron_keep_alive")
        cron = cron.with_context(cron_id=cron.id, cron_end_time=time.monotonic() + 60)
        begun, _progress = cron._add_progress(timed_out_counter=died_before)
        return begun.env["l10n_pl_ksef.keep_alive"]

    def test_people_are_told_although_the_run_breaks_off(self):
        end = self.outage()
        run = self.registry["l10n_pl_ksef.keep_alive"]
        with patch.object(run, "_run", side_effect=ZeroDivisionError):
            self.go_to(end + timedelta(minutes=1))
        self.assertEqual(self.open_alerts().level, 0)

    @mute_logger(f"{UPKEEP}.keep_alive")
    def test_a_record_that_cannot_be_set_aside_stops_neither_the_others_nor_the_telling(self):
        end = self.outage()
        self.second_login(renew_at=False)
        sessions = self.registry["l10n_pl_ksef.session"]
        with (
            patch.object(sessions, "_step_sign", side_effect=ZeroDivisionError),
            patch.object(sessions, "_set_aside", side_effect=ZeroDivisionError),
        ):
            self.let_it_end(end)
        told = {(alert.company_id, alert.level) for alert in self.open_alerts()}
        self.assertIn((self.company, 0), told)
        self.assertEqual(len(told), 2)

    @mute_logger("odoo.addons.l10n_pl_ksef_auth.models.upkeep.keep_alive")
    def test_an_odd_exception_is_named_by_the_panel_and_told(self):
        self.certified()
        end = self.company._l10n_pl_ksef_session().refresh_valid_until
        sessions = self.registry["l10n_pl_ksef.session"]
        with patch.object(sessions, "_certificate_login", side_effect=ZeroDivisionError):
            self.let_it_end(end)
        for text in (self.panel()["problem"]["text"], self.open_alerts().explanation):
            self.assertIn("an error of its own", text)

    @mute_logger(f"{UPKEEP}.alert_watch")
    def test_a_company_that_cannot_be_judged_keeps_no_other_companys_word_back(self):
        self.connect()
        other = self.second_login().company_id
        self.keep_alive(days=5)
        watch = self.registry["l10n_pl_ksef.alert.watch"]
        judge = watch._login_level

        def odd(self, live, newest):
            if live.company_id == other:
                raise ZeroDivisionError
            return judge(self, live, newest)

        with patch.object(watch, "_login_level", odd):
            self.keep_alive(days=1)
        told = {alert.company_id: alert.level for alert in self.open_alerts()}
        self.assertEqual(told, {self.company: 1, other: 3})

    def test_one_query_says_that_nobody_has_to_be_told_of_any_company(self):
        self.certified()
        watch = self.env["l10n_pl_ksef.alert.watch"]
        watch._is_worth_a_look()
        with self.assertQueryCount(1):
            self.assertFalse(watch._is_worth_a_look())

    # ------------------------------------------------------------------
    # The key and the database
    # ------------------------------------------------------------------
    def test_two_servers_of_which_one_lacks_the_key_send_one_mail(self):
        self.connect()
        for _turn in range(6):
            with self.server("b", key=False):
                self.keep_alive(hours=1)
            with self.server("a"):
                self.keep_alive(hours=1)
        self.assertEqual(len(self.mails()), 1)
        self.assertIn("on the server b", self.open_alerts().summary)

    def test_the_server_that_lacked_the_key_closes_the_alert_when_it_has_one(self):
        self.accountant.lang = "en_US"
        self.connect()
        with self.server("b", key=False):
            self.keep_alive(hours=1)
        with self.server("b"):
            self.keep_alive(hours=1)
        self.assertFalse(self.open_alerts())
        self.assertIn("in order again", self.mails()[-1].subject)

    def test_a_server_without_the_key_that_is_gone_for_a_day_is_forgotten(self):
        self.connect()
        with self.server("b", key=False):
            self.keep_alive(hours=1)
        with self.server("a"):
            self.keep_alive(days=1, hours=1)
        self.assertFalse(self.open_alerts())

    @contextmanager
    def server(self, name, key=True):
        """Be a server of this database, with the key or without."""
        file = vault_room.sources(self.env)["file"]
        hidden = file if key else file.rename(file.with_suffix(".hidden"))
        try:
            with patch.object(alert_watch.socket, "gethostname", return_value=name):
                yield
        finally:
            hidden.rename(file)

    def move(self, code):
        """Make this database look like one kind of copy."""
        home = MOVES[code](*database_identity.here(self.env).split("/"))
        self.env["ir.config_parameter"].set_param(database_identity.HOME_PARAMETER, "/".join(home))

    def test_a_database_that_was_moved_or_restored_tells_so_at_once_and_by_mail(self):
        for code in ("copy_moved", "copy_restored"):
            with self.subTest(code=code):
                self.connect()
                before = len(self.mails())
                self.move(code)
                self.keep_alive(hours=1)
                self.assertIn("stand still", self.open_alerts().summary)
                self.assertEqual(len(self.mails()), before + 1)
                self.env["ir.config_parameter"].set_param(
                    database_identity.HOME_PARAMETER, database_identity.here(self.env)
                )
                self.keep_alive(hours=1)
                self.assertFalse(self.open_alerts())

    def test_a_duplicate_leaves_an_activity_and_sends_no_mail(self):
        self.connect()
        self.move("copy_duplicated")
        self.keep_alive(days=8)
        self.assertEqual(set(self.open_alerts().mapped("reason")), {"key", "login"})
        self.assertEqual(len(self.open_alerts().activity_ids), 2)
        self.assertFalse(self.mails())

    def test_a_neutralized_copy_tells_nobody(self):
        self.connect()
        self.move("copy_duplicated")
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.keep_alive(days=8)
        self.assertFalse(self.open_alerts())

    def test_a_server_without_the_key_asks_nobody_to_back_it_up(self):
        self.connect()
        self.env["ir.config_parameter"].set_param(REMINDED_PARAMETER, False)
        for key in (False, True):
            with self.server("b", key):
                self.keep_alive(hours=1)
            file = vault_room.sources(self.env)["file"]
            reminder = self.env["mail.activity"].search([("note", "ilike", file.name)])
            self.assertEqual(bool(reminder), key)
        self.assertIn(" b.", reminder.note)

    def test_the_clocks_fault_is_named_and_no_login_after_the_other_is_begun(self):
        self.certified()
        clock.travel(clock.offset() + timedelta(days=8))
        with self.counted("redeem") as logins:
            self.go_on(timedelta(hours=6))
        self.assertIn("clock", self.panel()["problem"]["text"])
        self.assertLess(logins["calls"], 20)


@tagged("post_install", "-at_install")
class TestAlertLink(HttpCase, KsefCase):
    def test_the_mails_link_asks_for_the_window_of_the_company_that_it_is_about(self):
        other = self.make_company("Druga", "1111111111")
        self.accountant.company_ids |= other
        alert = self.env["l10n_pl_ksef.alert"].create(
            {
                "company_id": other.id,
                "environment": "test",
                "reason": "login",
                "level": 0,
                "user_ids": self.accountant.ids,
            }
        )
        self.authenticate("ksef_accountant", "ksef_accountant")
        answer = self.url_open(f"/l10n_pl_ksef/alert/{alert.id}", allow_redirects=False)
        self.assertTrue(answer.headers["Location"].endswith("/odoo/ksef?sign=1"))
        self.assertEqual(answer.cookies["cids"], str(other.id))

    def test_the_link_tells_nobody_what_another_companys_alert_is_about(self):
        alert = self.env["l10n_pl_ksef.alert"].create(
            {
                "company_id": self.make_company("Druga", "1111111111").id,
                "environment": "test",
                "reason": "grant",
                "level": 0,
            }
        )
        self.authenticate("ksef_accountant", "ksef_accountant")
        answer = self.url_open(f"/l10n_pl_ksef/alert/{alert.id}", allow_redirects=False)
        self.assertTrue(answer.headers["Location"].endswith("/odoo/ksef"))
