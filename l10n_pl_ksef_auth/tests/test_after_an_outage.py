from datetime import timedelta

from odoo.tests import tagged

from .common import KsefCase, put


@tagged("post_install", "-at_install")
class TestAfterAnOutage(KsefCase):
    """KSeF is away for hours while a company has to log in with its certificate."""

    def begin(self):
        self.certified()
        put(self.company._l10n_pl_ksef_session(), state="expired")

    def calls_in_three_hours(self, kind):
        """Have every call fail in one way for nine hours; return how many the last three had."""
        self.simulator.faults.add("*", kind, times=-1, seconds=1)
        self.go_on(timedelta(hours=6))
        before = self.simulator.requests.count()
        self.go_on(timedelta(hours=3))
        return self.simulator.requests.count() - before

    def is_connected(self):
        return bool(self.company._l10n_pl_ksef_session())

    def test_ksef_is_asked_often_enough_for_the_company_to_be_back_in_a_quarter_of_an_hour(self):
        self.assertGreaterEqual(self.calls_in_three_hours("503"), 12)
        self.simulator.faults.clear()
        self.assertTrue(self.go_on(timedelta(minutes=15), until=self.is_connected))

    def test_who_is_asked_to_slow_down_for_a_second_does_not_stay_away_for_an_hour(self):
        self.assertGreaterEqual(self.calls_in_three_hours("429"), 12)

    def test_a_wall_before_ksef_is_left_alone_for_an_hour(self):
        self.assertLessEqual(self.calls_in_three_hours("wall"), 5)

    def test_a_daily_look_that_nobody_waits_for_is_put_off_for_an_hour(self):
        certificate = self.company._l10n_pl_ksef_certificate()
        put(certificate, next_attempt=False)
        self.go_on(timedelta(hours=1), until=self.is_connected)
        put(self.company._l10n_pl_ksef_session(), next_attempt=False, rights_checked_at=False)
        self.assertLessEqual(self.calls_in_three_hours("503"), 10)
