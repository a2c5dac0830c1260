from hashlib import sha256

from odoo.tests import HttpCase, tagged

from ..models.base import problems
from ..tools.const import ENVIRONMENTS
from .common import KsefCase, put


@tagged("post_install", "-at_install")
class TestWhatIsSent(KsefCase):
    """From the click on "Authenticate" to the login: what Odoo sends and what it keeps."""

    def cron_calls(self):
        """Return the moments at which the scheduled action is to run."""
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])

    def test_the_file_reaches_ksef_byte_for_byte(self):
        window = self.open_window()
        signed = self.signed(self.downloaded(window)) + b"\r\n"
        self.attach(window, signed)
        window.authenticate()
        sent = self.simulator.requests.of("xades-signature")[-1]
        self.assertEqual(sent.body_digest, sha256(signed).hexdigest())

    def test_a_refused_document_leaves_the_user_on_the_step_with_the_same_challenge(self):
        self.simulator.faults.add("xades-signature", "refusal", times=1, code=9105)
        window = self.open_window()
        view = self.send_signed(window)
        self.assertEqual((view["step"], bool(view["problem"]["text"])), ("upload", True))
        self.assertEqual(window.sudo().session_id.state, "waiting")
        with self.counted("challenge") as challenges:
            window.authenticate()
            self.assertTrue(self.follow(window)["result"])
        self.assertEqual(challenges["calls"], 0)

    def test_ksefs_warning_and_the_end_that_ksef_names_are_kept(self):
        self.simulator.settings.system_warning = "Zmiana od stycznia"
        self.simulator.settings.refresh_token_days = 5
        session = self.connect()
        self.assertIn("Zmiana od stycznia", session.warning)
        left = session.refresh_valid_until - session.activated_at
        self.assertAlmostEqual(left.total_seconds() / 86400, 5, places=2)

    def test_a_login_that_may_only_send_is_amber_and_names_the_missing_right(self):
        self.connect().rights = "InvoiceWrite"
        panel = self.panel()
        self.assertEqual((panel["state"], panel["tick"]), ("limited", "partial"))
        self.assertEqual(panel["missing_rights"], ["reading invoices"])

    def test_a_login_that_was_sent_wakes_the_scheduled_action(self):
        self.simulator.settings.auth_delay = 60
        window = self.open_window()
        self.cron_calls().unlink()
        self.send_signed(window)
        self.assertTrue(self.cron_calls())
        self.cron_calls().unlink()
        self.travel(seconds=5)
        window.follow()
        self.assertTrue(self.cron_calls())

    def test_a_check_of_more_than_two_minutes_is_told_as_a_long_one(self):
        self.simulator.settings.auth_delay = 600
        window = self.open_window()
        self.assertFalse(self.send_signed(window)["verifying"]["long"])
        self.travel(minutes=3)
        self.assertTrue(window.follow()["verifying"]["long"])

    def test_ksefs_own_text_stands_in_the_line_for_support(self):
        kept = {"kind": "auth_status", "code": 460, "text": "Od KSeF", "details": ["Bo tak"]}
        told = problems.texts(self.env, kept)
        self.assertEqual(told["technical"], "KSeF 460 · Od KSeF · Bo tak")

    def test_each_environment_is_a_ksef_of_its_own(self):
        self.env["ir.config_parameter"].search(
            [("key", "=like", "l10n_pl_ksef_auth.base_url.%")]
        ).unlink()
        hosts = [self.company._l10n_pl_ksef_base_url(name) for name in ENVIRONMENTS]
        self.assertEqual(
            hosts,
            [
                "https://api.ksef.mf.gov.pl/v2",
                "https://api-demo.ksef.mf.gov.pl/v2",
                "https://api-test.ksef.mf.gov.pl/v2",
            ],
        )


@tagged("post_install", "-at_install")
class TestRequestFile(HttpCase, KsefCase):
    """The route that serves AuthTokenRequest.xml."""

    def download(self, user):
        self.authenticate(user.login, user.login)
        return self.url_open(f"/l10n_pl_ksef/request/{self.login.id}")

    def setUp(self):
        super().setUp()
        window = self.open_window()
        self.document = self.downloaded(window)
        self.login = window.sudo().session_id

    def test_the_browser_saves_the_file_under_its_exact_name(self):
        answer = self.download(self.accountant)
        self.assertEqual(answer.content, self.document)
        disposition = answer.headers["Content-Disposition"]
        self.assertTrue(disposition.startswith("attachment;"))
        self.assertIn("AuthTokenRequest.xml", disposition)

    def test_who_may_not_connect_gets_no_file(self):
        self.assertEqual(self.download(self.clerk).status_code, 404)

    def test_a_login_that_was_sent_has_no_file_any_more(self):
        put(self.login, state="submitted")
        self.assertEqual(self.download(self.accountant).status_code, 404)
