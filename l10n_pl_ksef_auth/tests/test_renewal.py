from datetime import timedelta

from odoo.tests import tagged

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestRenewal(KsefCase):
    def setUp(self):
        super().setUp()
        self.simulator.settings.certificate_days = 30
        self.addCleanup(self.simulator.settings.reset)

    def certificates(self):
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.certificate"].search([], order="id")

    def renewed(self):
        """Renew the company's certificate, and return the old and the new one."""
        old = self.certified()
        self.settle(days=4)
        old.renew_at = old._now()
        old.next_attempt = False
        self.settle()
        return self.certificates()

    def test_a_certificate_is_renewed_before_its_end_without_a_human(self):
        self.certified()
        self.let_days_pass(33)
        old, new = self.certificates()
        self.assertEqual((old.state, new.state), ("superseded", "active"))
        self.assertGreater(new.valid_from, old.valid_from + timedelta(days=15))
        self.assertLess(new.valid_from, old.valid_to - timedelta(days=5))
        self.assertEqual(self.panel()["state"], "connected")

    def test_the_old_certificate_is_revoked_after_the_new_one_has_logged_in(self):
        old, new = self.renewed()
        self.assertEqual(new, self.company._l10n_pl_ksef_session().certificate_id)
        self.assertEqual(self.at_ksef(old).reason, "Superseded")
        self.assertFalse(old.sudo().private_key_secret)

    def test_the_new_certificate_serves_all_companies_of_the_old_one(self):
        old = self.certified()
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        self.share(old, other)
        _old, new = self.renewed_from(old)
        self.assertEqual(new.company_ids, self.company + other)

    def test_a_company_that_comes_back_from_the_archive_finds_the_new_certificate(self):
        old = self.certified()
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        self.share(old, other)
        other.active = False
        _old, new = self.renewed_from(old)
        other.active = True
        self.assertEqual(other._l10n_pl_ksef_certificate(), new)

    def renewed_from(self, old):
        old.write({"renew_at": old._now(), "next_attempt": False})
        self.settle(days=4)
        return self.certificates()

    def test_while_the_new_certificate_cannot_log_in_the_old_one_stays(self):
        old = self.certified()
        self.simulator.settings.certificate_valid_from_offset = 7200
        old, new = self.renewed_from(old)
        self.assertEqual((old.state, new.state), ("active", "trying"))
        self.assertFalse(self.at_ksef(old).revoked)

    def test_a_certificate_that_is_not_yet_valid_is_waited_for(self):
        old = self.certified()
        self.simulator.settings.certificate_valid_from_offset = 7200
        self.renewed_from(old)
        self.settle(hours=3)
        old, new = self.certificates()
        self.assertEqual((old.state, new.state), ("superseded", "active"))

    def test_a_failed_renewal_is_not_repeated_for_ever(self):
        self.certified()
        self.simulator.settings.force_enrollment_status = {"code": 400}
        before = self.simulator.requests.count("enroll")
        self.let_days_pass(29)
        self.assertEqual(self.simulator.requests.count("enroll") - before, 2)
        self.assertEqual(self.certificates()[0].state, "active")
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_certificate_loaded_by_hand_is_renewed_and_not_revoked(self):
        old = self.certified()
        old.origin = "loaded"
        old, new = self.renewed_from(old)
        self.assertEqual((old.state, new.state), ("superseded", "active"))
        self.assertFalse(self.at_ksef(old).revoked)

    def test_a_certificate_revoked_elsewhere_is_noticed_within_a_day(self):
        certificate = self.certified()
        self.at_ksef(certificate).revoked = self.simulator.clock.now()
        self.at_ksef(certificate).revocation_done = self.simulator.clock.now()
        self.keep_alive(hours=25)
        self.assertEqual(certificate.state, "revoked")
        self.assertFalse(self.company._l10n_pl_ksef_session().renew_at)

    def test_a_revoked_certificate_is_noticed_when_it_cannot_log_in(self):
        certificate = self.certified()
        self.settle(days=4)
        self.at_ksef(certificate).revocation_done = self.simulator.clock.now()
        session = self.company._l10n_pl_ksef_session()
        later = session._now() + timedelta(days=3)
        session.write({"renew_at": session._now(), "next_attempt": later})
        certificate.next_attempt = later
        self.settle()
        self.assertEqual(certificate.state, "revoked")

    def test_two_companies_of_one_signer_get_one_certificate_even_at_the_same_moment(self):
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        self.accountant.company_ids += other
        signer = self.simulator.world.people
        owner = next(iter(signer))
        self.simulator.world.grant(owner, "1234563218")
        self.connect(consent=True)
        self.connect(consent=True, company=other)
        self.settle()
        certificate = self.certificates()
        self.assertEqual(len(certificate), 1)
        self.assertEqual(certificate.company_ids, self.company + other)
        self.assertTrue(other._l10n_pl_ksef_session().renew_at)

    def test_a_refused_look_at_ksefs_list_leaves_the_certificate_as_it_is(self):
        certificate = self.certified()
        self.simulator.faults.add("certificate-query", "refusal", code=21405)
        self.keep_alive(hours=25)
        self.assertEqual(certificate.state, "active")

    def test_an_unusual_refusal_of_an_application_too_old_is_looked_up_in_ksefs_list(self):
        self.connect(consent=True)
        self.simulator.faults.add("enrollment-status", "410")
        self.settle()
        self.assertEqual(self.certificates().mapped("state"), ["active"])
        self.assertEqual(sum(self.simulator.state.enrollments_made.values()), 1)

    def test_one_odd_answer_to_the_daily_check_does_not_end_a_login(self):
        session = self.connect()
        self.simulator.faults.add("permissions", "401")
        self.keep_alive(hours=25)
        self.keep_alive(minutes=1)
        self.assertEqual((session.state, session.problem), ("active", False))

    def test_an_odd_answer_while_ksef_judges_does_not_cost_a_signature(self):
        self.simulator.settings.auth_delay = 5
        window = self.open_window()
        self.send_signed(window)
        self.simulator.faults.add("auth-status", "403")
        self.settle()
        self.assertEqual(self.panel()["state"], "connected")

    def test_an_unknown_status_in_ksefs_list_changes_nothing(self):
        certificate = self.certified()
        certificate.serial_number = "0123456789ABCDEF"
        with self.assertLogs("odoo.addons.l10n_pl_ksef_auth", level="WARNING"):
            self.keep_alive(hours=30)
        self.assertEqual(certificate.state, "active")
