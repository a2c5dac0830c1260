from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import KsefCase

ADMINISTRATOR = "base.group_system,base.group_erp_manager"
# Each state of the panel: how to make it from a good login, tick, colour, seconds between polls.
STATES = {
    "connected": ({}, "yes", "green", 0),
    "verifying": ({"rights_checked_at": False, "next_attempt": False}, "no", "amber", 2),
    "limited": ({"rights": "InvoiceRead"}, "partial", "amber", 0),
    "expiring": ({"days": 2, "renew_at": False}, "yes", "amber", 0),
    "attention": ({"days": -1}, "no", "red", 0),
}


@tagged("post_install", "-at_install")
class TestPanelStates(KsefCase):
    """Everybody who may see the panel sees each state, and only in the right company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Inna Sp. z o.o.", "1111111111")
        groups = f"{ADMINISTRATOR},account.group_account_manager"
        cls.administrator = cls.make_user("ksef_administrator", groups)

    def setUp(self):
        super().setUp()
        # Who sees the panel, and whether it has a button for them.
        self.readers = {self.accountant: True, self.clerk: False, self.administrator: True}
        for user in self.readers:
            user.company_ids |= self.other

    def assert_panel(self, state, tick, color, poll_seconds=0):
        """Check that all readers see the state here, and the other company as not connected."""
        for user, can_connect in self.readers.items():
            with self.subTest(state=state, user=user.login):
                panel = self.panel(user)
                shown = (panel["state"], panel["tick"], panel["color"], panel["poll_seconds"])
                self.assertEqual(shown, (state, tick, color, poll_seconds))
                self.assertEqual(panel["can_connect"], can_connect)
                self.assertEqual(self.panel(user, self.other)["state"], "disconnected")

    def test_everybody_sees_every_state_of_a_login_and_nobody_in_another_company(self):
        session = self.connect()
        values = {name: session[name] for name in ("rights", "rights_checked_at", "renew_at")}
        for state, (changes, tick, color, poll_seconds) in STATES.items():
            days = changes.get("days", 7)
            changed = {name: value for name, value in changes.items() if name != "days"}
            until = session._now() + timedelta(days=days)
            session.write({**values, "refresh_valid_until": until, **changed})
            self.assert_panel(state, tick, color, poll_seconds)

    def test_everybody_sees_that_there_is_no_login_yet_or_a_file_to_be_signed(self):
        self.assert_panel("disconnected", "no", "red")
        self.downloaded(self.open_window())
        self.assert_panel("waiting", "no", "red")

    def test_an_administrator_without_accounting_sees_no_panel(self):
        user = self.make_user("ksef_technician", ADMINISTRATOR)
        with self.assertRaises(AccessError):
            self.panel(user)

    def test_an_administrator_does_the_whole_first_login(self):
        self.connect(user=self.administrator)
        self.assertEqual(self.panel(self.administrator)["color"], "green")

    def test_everybody_reads_why_ksef_refused_and_only_who_may_sign_gets_the_button(self):
        self.simulator.settings.force_status = {"code": 415, "details": [], "times": 1}
        window = self.open_window()
        self.send_signed(window)
        self.follow(window)
        self.assert_panel("attention", "no", "red")
        for user in self.readers:
            self.assertIn("no rights", self.panel(user)["problem"]["text"])

    def test_the_dot_is_as_the_panel_while_a_login_to_be_closed_still_lives(self):
        self.connect()
        self.simulator.faults.add("session-revoke", "503", times=-1)
        self.addCleanup(self.simulator.faults.clear)
        self.disconnect()
        self.assertEqual(self.company._l10n_pl_ksef_session().ids, [])
        self.assert_panel("disconnected", "no", "red")
        colors = self.env["l10n_pl_ksef.dot"]._colors(self.company)
        self.assertEqual(colors, {self.company.id: "red"})

    def failures(self, user, company):
        """Yield each failure's name, the step where it leaves the user, and the window's view."""
        self.simulator.faults.add("challenge", "503", times=1)
        window = self.open_window(user, company)
        yield "outage", "download", window.prepare_download()
        self.simulator.faults.add("xades-signature", "refusal", times=1, code=9105)
        yield "refused file", "upload", self.send_signed(window)
        self.simulator.settings.force_status = {"code": 415, "details": [], "times": 1}
        self.send_signed(window)
        yield "refused login", "download", self.follow(window)

    def test_whoever_may_sign_is_told_of_each_failure_in_every_company(self):
        for user in (self.accountant, self.administrator):
            for company in (self.company, self.other):
                for name, step, view in self.failures(user, company):
                    with self.subTest(user=user.login, company=company.name, failure=name):
                        self.assertEqual(view["step"], step)
                        self.assertTrue(view["problem"]["text"] and view["problem"]["action"])
        with self.assertRaises(AccessError):
            self.open_window(self.clerk)

    def test_a_polish_accountant_reads_in_polish_what_to_do(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        self.accountant.lang = "pl_PL"
        self.company.vat = False
        reader = self.company.with_user(self.accountant).with_context(lang="pl_PL")
        problem = reader.l10n_pl_ksef_panel()["problem"]
        self.assertIn("NIP", problem["text"])
        self.assertEqual(
            problem["action"], "Wpisz NIP w danych firmy w Odoo albo poproś o to administratora."
        )
