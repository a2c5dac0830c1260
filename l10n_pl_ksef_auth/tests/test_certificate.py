from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from ..tools.answers import EnrollmentStatus
from ..tools.client import KsefClient
from .common import KsefCase


@tagged("post_install", "-at_install")
class TestCertificate(KsefCase):
    def test_after_the_consent_a_certificate_is_issued_by_itself(self):
        certificate = self.certified()
        self.assertEqual(certificate.state, "active")
        self.assertTrue(certificate._usable())
        self.assertEqual(self.panel()["certificate"]["state"], "valid")

    def test_without_consent_no_certificate_is_asked_for(self):
        with self.counted("enroll") as applications:
            self.connect(consent=False)
            self.settle()
        self.assertEqual(applications["calls"], 0)

    def test_the_certificate_logs_in_days_before_the_login_ends(self):
        self.certified()
        first = self.company._l10n_pl_ksef_session()
        self.settle(days=5)
        second = self.company._l10n_pl_ksef_session()
        self.assertEqual((second.method, second.state), ("certificate", "active"))
        self.assertEqual(first.state, "revoked")
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_certificate_whose_number_ksef_does_not_tell_is_found_in_its_list(self):
        told = EnrollmentStatus(200, "Wniosek obsłużony (certyfikat wygenerowany)", (), None)
        with patch.object(KsefClient, "enrollment_status", return_value=told):
            certificate = self.certified()
        self.assertEqual(certificate.state, "active")

    def application(self):
        return self.env["l10n_pl_ksef.certificate"].search([("company_ids", "in", self.company.id)])

    def test_a_certificate_that_cannot_be_read_ends_its_application(self):
        self.simulator.faults.add("retrieve", "503")
        self.connect(consent=True)
        self.go_on(timedelta(hours=1), until=lambda: self.application().state == "issued")
        self.at_ksef(self.application()).der = b"0\x80"
        with self.counted("retrieve") as asked:
            self.settle()
        self.assertEqual(asked["calls"], 1)
        self.assertEqual(self.application().problem["code"], "certificate_unreadable")
        self.assertEqual(self.application().state, "failed")

    def test_answers_that_stay_unreadable_end_an_application_after_a_day(self):
        self.simulator.faults.add("retrieve", "not-json", times=-1)
        with self.counted("retrieve") as asked:
            self.connect(consent=True)
            self.go_on(timedelta(days=2))
        self.assertEqual(self.application().state, "failed")
        self.assertEqual(asked["calls"], 31)

    def test_an_application_outlives_days_without_an_answer_and_one_unreadable_one(self):
        self.simulator.faults.add("retrieve", "503", times=40)
        self.simulator.faults.add("retrieve", "not-json")
        self.connect(consent=True)
        self.assertTrue(
            self.go_on(timedelta(days=3), until=lambda: self.application().state == "active")
        )

    def test_what_another_worker_took_puts_off_no_login(self):
        self.certified()
        session = self.company._l10n_pl_ksef_session()
        session.write({"renew_at": session._now(), "next_attempt": False})
        taken = patch.object(type(session), "_advance", return_value=None)
        with taken, self.counted("challenge") as logins:
            self.keep_alive(seconds=1)
        self.assertEqual(logins["calls"], 1)
