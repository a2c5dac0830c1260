from contextlib import suppress
from datetime import datetime, timedelta, timezone

from odoo.tests import tagged
from odoo.tools import format_datetime

from ..tools.errors import KsefUnavailable
from .common import KsefCase

HOUR = timedelta(hours=1)


@tagged("post_install", "-at_install")
class TestAvailability(KsefCase):
    """Is KSeF down, or are we: the Ministry's service is asked before anybody is alarmed."""

    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.set_param(
            "l10n_pl_ksef_auth.availability_url", self.simulator.availability_url
        )
        self.company.l10n_pl_ksef_environment = "production"
        self.connect()
        self.asked_before = self.simulator.requests.count("availability-messages")

    def asked(self):
        return self.simulator.requests.count("availability-messages") - self.asked_before

    def break_off(self):
        """Have KSeF answer nothing from now on, and Odoo notice it."""
        self.simulator.faults.add("*", "503", times=-1)
        self.env["l10n_pl_ksef.session"].search([]).next_attempt = False
        self.keep_alive(hours=25)

    def test_while_all_is_well_it_is_not_asked(self):
        self.let_days_pass(2)
        self.assertEqual(self.asked(), 0)
        self.assertEqual(self.panel()["availability"], "")

    def test_a_break_is_told_on_the_panel_until_its_end(self):
        now = self.simulator.clock.now()
        self.simulator.availability.announce_break(now, now + timedelta(hours=26))
        self.break_off()
        self.assertGreater(self.asked(), 0)
        self.assertIn("announces a break until", self.panel()["availability"])
        self.travel(hours=2)
        self.assertEqual(self.panel()["availability"], "")

    def send(self):
        """Want a token that has to be refreshed, as who sends an invoice does; KSeF is away."""
        self.travel(hours=1)
        self.simulator.faults.add("*", "503", times=-1)
        # Not assertRaises of Odoo's: it would take back what was noted of the failure.
        with suppress(KsefUnavailable):
            self.company.l10n_pl_ksef_access_token()
            self.fail("KSeF gave a token")
        self.env.invalidate_all()

    def wakes(self):
        """Return what has the scheduled action run besides its own times."""
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])

    def test_a_sending_that_fails_has_the_ministry_asked_before_a_step_is_due(self):
        now = self.simulator.clock.now()
        # Odoo notes nothing to be done at once for an action that is switched off, as in tests.
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").active = True
        self.wakes().unlink()
        self.simulator.availability.announce_break(now, now + timedelta(hours=2))
        self.send()
        self.assertEqual((self.asked(), len(self.wakes())), (0, 1))
        self.keep_alive(seconds=1)
        self.assertEqual(self.asked(), 1)
        self.assertIn("announces a break until", self.panel()["availability"])

    def test_once_a_token_came_it_is_asked_no_more(self):
        self.send()
        self.simulator.faults.clear()
        self.travel(minutes=1)
        self.company.l10n_pl_ksef_access_token()
        self.keep_alive(seconds=1)
        self.assertEqual(self.asked(), 0)

    def test_an_hour_after_a_sending_failed_it_is_asked_no_more(self):
        self.send()
        self.keep_alive(minutes=61)
        self.assertEqual(self.asked(), 0)

    def test_a_break_that_nobody_has_asked_about_since_is_not_told(self):
        now = self.simulator.clock.now()
        self.simulator.availability.announce_break(now, now + timedelta(days=3))
        self.break_off()
        self.assertIn("announces a break until", self.panel()["availability"])
        self.travel(hours=2)
        self.assertEqual(self.panel()["availability"], "")

    def test_an_answer_of_a_clock_that_was_set_wrong_is_not_told_and_asked_for_again(self):
        self.simulator.availability.begin_failure()
        self.break_off()
        last = self.env["l10n_pl_ksef.availability"]._last()
        last.asked_at += timedelta(days=400)
        self.assertEqual(self.panel()["availability"], "")
        before = self.asked()
        self.keep_alive(minutes=1)
        self.assertEqual(self.asked(), before + 1)
        self.assertIn("failure", self.panel()["availability"])

    def test_one_answer_serves_all_companies_for_ten_minutes(self):
        self.break_off()
        before = self.asked()
        self.keep_alive(minutes=5)
        self.assertEqual(self.asked(), before)
        self.keep_alive(minutes=6)
        self.assertEqual(self.asked(), before + 1)

    def test_a_page_never_asks(self):
        self.break_off()
        before = self.asked()
        self.travel(days=1)
        self.panel()
        self.company.with_user(self.accountant).l10n_pl_ksef_account()
        self.assertEqual(self.asked(), before)

    def test_one_switch_turns_it_off(self):
        self.parameters.set_param("l10n_pl_ksef_auth.availability_off", "True")
        self.simulator.availability.begin_failure()
        self.break_off()
        self.assertEqual((self.asked(), self.panel()["availability"]), (0, ""))

    def test_that_it_does_not_answer_says_nothing(self):
        self.simulator.settings.availability_answer = "502"
        self.break_off()
        self.assertGreater(self.asked(), 0)
        self.assertEqual(self.panel()["availability"], "")

    def test_it_keeps_nobody_without_word(self):
        """A declared failure delays no notice."""
        self.simulator.availability.begin_failure(total=True)
        self.break_off()
        self.keep_alive(days=5)
        self.keep_alive(days=1)
        (alert,) = self.env["l10n_pl_ksef.alert"].search([("reason", "=", "login")])
        self.assertEqual(alert.user_ids, self.accountant)

    def test_the_notice_of_a_renewal_in_vain_names_the_failure(self):
        self.certified()
        self.simulator.availability.begin_failure(total=True)
        self.simulator.faults.add("*", "503", times=-1)
        for _day in range(7):
            self.keep_alive(days=1)
            self.keep_alive(hours=1)
        alerts = self.env["l10n_pl_ksef.alert"].search([("reason", "=", "login")])
        mails = self.env["mail.mail"].search([("res_id", "in", alerts.ids)])
        self.assertTrue(mails)
        for mail in mails:
            self.assertRegex(mail.body_html, "Ministerstwo zgłasza awarię KSeF|reports a failure")

    def test_another_environment_is_not_asked_about(self):
        self.company.l10n_pl_ksef_environment = "test"
        self.env["l10n_pl_ksef.availability"].create(
            {"state": "failure", "asked_at": self.env["l10n_pl_ksef.session"]._now()}
        )
        self.assertEqual(self.panel()["availability"], "")

    def test_a_simulator_for_ksef_is_no_reason_to_ask_the_ministry(self):
        self.parameters.set_param("l10n_pl_ksef_auth.availability_url", False)
        self.assertEqual(self.env["l10n_pl_ksef.availability"]._address(), "")

    def told_by_diagnosis(self):
        """Have the accountant check the connection, and return what is told of the Ministry."""
        answer = self.company.with_user(self.accountant).l10n_pl_ksef_diagnose()
        self.env.invalidate_all()
        told = {check["name"]: check["text"] for check in answer["checks"]}
        return told["The Ministry on KSeF"]

    def test_the_diagnosis_asks_and_says_what_is_known(self):
        self.assertEqual(self.told_by_diagnosis(), "no break and no failure is known")
        self.simulator.availability.begin_failure()
        self.assertIn("failure", self.told_by_diagnosis())

    def test_while_another_worker_asks_the_diagnosis_says_that_it_does_not_know(self):
        self.simulator.availability.begin_failure()
        with self.others_at_it():
            self.assertEqual(self.told_by_diagnosis(), "not known: it could not be asked just now")
        self.assertEqual(self.asked(), 0)

    def test_while_another_worker_asks_what_was_known_is_told_with_its_moment(self):
        self.told_by_diagnosis()
        then = self.env["l10n_pl_ksef.availability"]._last().asked_at
        self.travel(hours=5)
        self.simulator.availability.begin_failure()
        with self.others_at_it():
            told = self.told_by_diagnosis()
        self.assertRegex(told, r"^no break and no failure is known \(as of .*not be asked just now")
        self.assertIn(format_datetime(self.env, then, tz="Europe/Warsaw", dt_format="short"), told)

    def test_a_word_of_the_services_that_is_not_known_is_no_all_clear(self):
        self.told_by_diagnosis()
        self.env["l10n_pl_ksef.availability"]._last().state = "unknown"
        self.env.flush_all()
        with self.others_at_it():
            self.assertIn("does not know", self.told_by_diagnosis())

    def test_a_break_whose_end_stands_for_never_is_told(self):
        """The calendar's last moment is none any more in a zone east of it."""
        never = datetime.max.replace(tzinfo=timezone.utc)
        self.simulator.availability.announce_break(self.simulator.clock.now(), never)
        self.break_off()
        self.assertIn("announces a break until", self.panel()["availability"])

    def test_a_break_that_is_reported_without_its_end_is_told(self):
        self.break_off()
        last = self.env["l10n_pl_ksef.availability"]._last()
        last.write({"state": "maintenance", "starts_at": False, "ends_at": False})
        self.assertIn("reports a break", self.panel()["availability"])
