import os
import random
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.base import problems
from odoo.addons.l10n_pl_ksef_auth.tools import clock

from .own_database import OwnDatabaseCase

YEARS = 10
SEED = 20261122
DAY = timedelta(days=1)
# KSeF's troubles in a year: outages of an hour to two days, and faults of single calls.
OUTAGES_A_YEAR, LONGEST_OUTAGE = 5, timedelta(hours=48)
MISHAPS_A_YEAR = 40
MISHAPS = ("429", "lost", "html", "half", "reset", "slow")
ENDPOINTS = (
    "challenge",
    "xades-signature",
    "auth-status",
    "redeem",
    "refresh",
    "session-revoke",
    "permissions",
    "certificate-limits",
    "enrollment-data",
    "enroll",
    "enrollment-status",
    "retrieve",
    "certificate-query",
    "certificate-revoke",
)
SLOW = timedelta(minutes=30)


@dataclass
class Weather:
    """KSeF's outages and mishaps, planned by a fixed seed."""

    start: datetime
    days: int
    outages: list = field(default_factory=list)
    mishaps: list = field(default_factory=list)

    def __post_init__(self):
        dice = random.Random(SEED)
        whole = self.days * DAY
        years = self.days / 365
        for _outage in range(round(OUTAGES_A_YEAR * years)):
            begin = self.start + whole * dice.random()
            self.outages.append((begin, begin + LONGEST_OUTAGE * dice.uniform(0.02, 1)))
        for _mishap in range(round(MISHAPS_A_YEAR * years)):
            self.mishaps.append((self.start + whole * dice.random(), dice.choice(MISHAPS)))
        self.outages.sort()
        self.mishaps.sort()
        self.dice = dice

    def is_down(self, moment):
        return any(begin <= moment < end for begin, end in self.outages)

    def next_change(self, moment):
        """Return when an outage begins or ends next."""
        edges = [edge for outage in self.outages for edge in outage if edge > moment]
        return min(edges, default=moment + self.days * DAY)

    def down_between(self, begin, end):
        """Return for how long of a time KSeF was down."""
        parts = (min(end, until) - max(begin, since) for since, until in self.outages)
        return sum((part for part in parts if part > timedelta()), timedelta())


@tagged("post_install", "-at_install")
class TestTenYears(OwnDatabaseCase):
    """Odoo's own cron picks jobs by PostgreSQL's clock, which does not travel: this test runs the
    scheduled action itself whenever it asked to be run, in simulated order (docs/design.md 18).
    The hourly run that finds nothing to do is left out.
    """

    def test_ten_years_after_one_signature_the_connection_is_still_alive(self):
        began = time.monotonic()
        self.days = int(os.environ.get("TEN_YEARS_DAYS", YEARS * 365 + 3))
        self.dice = random.Random(SEED)
        with self.without_sockets():
            self.issue_invoices()
            self.sign_in()
            self.go_on(timedelta(minutes=30), until=self.has_certificates)
            start = clock.now()
            self.weather = Weather(start, self.days)
            self.without_token = timedelta()
            while clock.now() < start + self.days * DAY:
                self.one_run()
            self.weather.outages.clear()
            self.change_weather()
            self.go_on(timedelta(hours=3))
            self.report(time.monotonic() - began)

    def one_run(self):
        """Run the scheduled action, then go to the moment when it runs next."""
        self.change_weather()
        moment = self.keep_alive()
        now = clock.now()
        wanted = moment - now.replace(tzinfo=None) if moment else DAY
        # Odoo's cron looks for work once a minute.
        pause = max(wanted, timedelta()) + timedelta(seconds=self.dice.uniform(1, 60))
        pause = min(pause, self.weather.next_change(now) - now + timedelta(seconds=1))
        self.count_time_without_token(now, now + pause)
        self.travel(pause)

    def change_weather(self):
        """Bring on the troubles that are planned for now."""
        now, faults = clock.now(), self.simulator.faults
        faults.clear()
        self.simulator.settings.auth_delay = 0
        if self.weather.is_down(now):
            faults.add("*", "503", times=-1)
            return
        while self.weather.mishaps and self.weather.mishaps[0][0] <= now:
            self.bring_on(self.weather.mishaps.pop(0)[1])

    def bring_on(self, kind):
        if kind == "slow":
            self.simulator.settings.auth_delay = SLOW.total_seconds()
        elif kind == "429":
            self.simulator.faults.add("*", kind, times=self.dice.randint(1, 3), seconds=90)
        else:
            self.simulator.faults.add("*", kind, times=self.dice.randint(1, 2))

    # ------------------------------------------------------------------
    # What is measured
    # ------------------------------------------------------------------
    def has_certificates(self):
        with self.environment() as env:
            company = env["res.company"].browse(self.company_id)
            login = company._l10n_pl_ksef_certificate()
            return bool(login and company._l10n_pl_ksef_offline_certificate())

    def count_time_without_token(self, begin, end):
        """Add the part of a time in which no session lived while KSeF was up."""
        live_until = self.live_until()
        since = max(begin, live_until) if live_until else begin
        if since < end:
            lacking = end - since - self.weather.down_between(since, end)
            self.without_token += max(lacking, timedelta())

    def live_until(self):
        """Return when the active session ends by KSeF's own records, or None without one."""
        alive = [
            operation.refresh_until
            for operation in self.simulator.state.operations.values()
            if operation.redeemed and not operation.revoked and operation.reference in self.ours()
        ]
        return max(alive, default=None)

    def ours(self):
        with self.registry.cursor() as cr:
            cr.execute("SELECT reference_number FROM l10n_pl_ksef_session WHERE state = 'active'")
            return {row[0] for row in cr.fetchall()}

    def report(self, seconds):
        hours = self.without_token.total_seconds() / 3600
        issued = len(self.simulator.state.certificates)
        # Of each kind; a person has twelve applications in all.
        needed = 2 * -(-self.days // 730)
        a_day = self.simulator.requests.count() / self.days
        with self.environment() as env:
            alerts = env["l10n_pl_ksef.alert"].search([])
            outages = alerts.filtered(lambda alert: problems.cause(alert.problem) == "wait")
            told = len(alerts - outages)
            said = [(str(alert.create_date), alert.reason, alert.problem) for alert in alerts]
            panel = env["l10n_pl_ksef.panel"]._describe(env["res.company"].browse(self.company_id))
        self.figures(
            f"ten years: {hours:.1f} hours without a usable token outside KSeF's outages,"
            f" {told} human actions, {len(outages)} notices of an outage that outlasted a login's"
            f" last day, {issued} certificates issued ({needed} needed),"
            f" {a_day:.1f} requests per company and day ({seconds:.0f} s)"
        )
        self.assertEqual((panel["state"], panel["offline"]["state"]), ("connected", "valid"))
        self.assertEqual((hours, told, issued), (0, 0, needed), said)
