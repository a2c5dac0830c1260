from odoo.tests import tagged

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestCertificate(KsefCase):
    def keep_alive(self, **delta):
        """Let time pass in the addon and at KSeF, then run the scheduled action."""
        self.travel(**delta)
        self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").method_direct_trigger()
        self.env.invalidate_all()

    def certified(self):
        """A company that is connected and has its certificate."""
        self.connect(consent=True)
        for _round in range(5):
            self.keep_alive(seconds=15)
        return self.company._l10n_pl_ksef_certificate()

    def test_after_the_consent_a_certificate_is_issued_by_itself(self):
        certificate = self.certified()
        self.assertEqual(certificate.state, "active")
        self.assertTrue(certificate._usable())
        self.assertEqual(self.panel()["certificate"]["state"], "valid")

    def test_without_consent_no_certificate_is_asked_for(self):
        with self.counted("enroll") as applications:
            self.connect(consent=False)
            self.keep_alive(seconds=15)
        self.assertEqual(applications["calls"], 0)

    def test_the_certificate_logs_in_days_before_the_login_ends(self):
        self.certified()
        first = self.company._l10n_pl_ksef_session()
        self.keep_alive(days=5)
        self.keep_alive(seconds=10)
        self.keep_alive(seconds=10)
        second = self.company._l10n_pl_ksef_session()
        self.assertEqual((second.method, second.state), ("certificate", "active"))
        self.assertEqual(first.state, "revoked")
        self.assertEqual(self.panel()["state"], "connected")
