from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.tools.http_pool import HttpPool

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestUrgency(KsefCase):
    """The scheduled action begins with what cannot wait."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Druga Sp. z o.o.", "1111111111")

    def setUp(self):
        super().setUp()
        self.due = self.env["l10n_pl_ksef.due"]

    def login(self, company, **values):
        """A login of a company with a step due, beside the one of this test's company."""
        session = self.company._l10n_pl_ksef_session()
        context = {"company_id": company.id, "context_value": company.l10n_pl_ksef_digits}
        return session.copy({**context, "next_attempt": False, **values})

    def due_records(self):
        """The records of the tasks that are due, in their order."""
        return [self.env[task.model].browse(task.id) for task in self.due._records()]

    def test_of_two_logins_the_one_that_ends_sooner_comes_first(self):
        later = self.connect()
        later.next_attempt = False
        sooner = self.login(
            self.other, state="active", refresh_valid_until=later._now() + timedelta(hours=1)
        )
        self.assertEqual(self.due_records(), [sooner, later])

    def test_a_login_on_its_way_comes_before_all_that_live(self):
        living = self.connect()
        living.next_attempt = False
        on_its_way = self.login(self.other, state="submitted")
        self.assertEqual(self.due_records(), [on_its_way, living])

    def test_a_company_without_a_login_comes_before_one_whose_login_ends(self):
        certificate = self.certified()
        self.share(certificate, self.other)
        self.login(self.other, state="expired", activated_at=certificate._now())
        session = self.company._l10n_pl_ksef_session()
        session.renew_at = session._now()
        self.assertEqual(self.due._companies(), self.other | self.company)

    def test_what_is_put_off_is_due_at_its_time(self):
        session = self.connect()
        self.keep_alive(seconds=5)
        session.next_attempt = moment = session._now() + timedelta(minutes=7)
        self.assertFalse(self.due_records())
        self.assertEqual(self.due._next_moment(session._now()), moment)

    def test_what_becomes_due_while_a_run_ends_is_not_put_off_to_the_hourly_one(self):
        session, run = self.connect(), self.registry["l10n_pl_ksef.keep_alive"]
        self.settle()
        session.next_attempt = session._now() + timedelta(seconds=3)
        work_off = run._work_off

        def slow(*args):
            work_off(*args)
            self.travel(seconds=5)

        self.env.flush_all()
        with patch.object(run, "_work_off", slow), self.registry.cursor() as cr:
            moment = self.env(cr=cr)[run._name]._run()
        self.assertLess(moment, session._now())

    def test_only_a_run_shares_its_client(self):
        with HttpPool().shared():
            shared = self.company._l10n_pl_ksef_client()
            self.assertIs(shared, self.company._l10n_pl_ksef_client())
        self.assertIsNot(shared, self.company._l10n_pl_ksef_client())
