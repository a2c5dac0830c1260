from ast import literal_eval

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import KsefCase

NIP = "NIP 526-587-76-35"


@tagged("post_install", "-at_install")
class TestWaysOut(KsefCase):
    """A panel that is not green offers the best way out, or says whom to ask."""

    def offer(self, user=None):
        return self.panel(user)["by_certificate"]

    def press(self, user=None):
        """Press the button of the certificate that the panel offers, and let KSeF decide."""
        company = self.company.with_user(user or self.accountant)
        answer = company.l10n_pl_ksef_connect_by_certificate(NIP)
        self.settle()
        return answer

    def test_who_has_disconnected_connects_again_without_a_signature_or_a_password(self):
        self.certified()
        self.disconnect(self.accountant)
        owner = self.company._l10n_pl_ksef_certificate().owner_name
        self.assertEqual(self.offer(), {"name": owner, "number": NIP, "agreed": True})
        self.press()
        self.assertEqual(self.panel()["state"], "connected")
        self.assertFalse(self.offer())

    def test_red_says_who_disconnected_and_not_what_was_refused_before(self):
        self.connect()
        self.send_signed(window := self.open_window(), "stranger")
        self.follow(window)
        self.open_window().prepare_download()
        self.disconnect(self.accountant)
        panel = self.panel()
        self.assertFalse(panel["problem"])
        self.assertIn(self.accountant.name, panel["headline"])
        self.assertIn("Disconnected on", panel["headline"])

    def test_who_may_not_connect_is_told_who_may(self):
        self.assertFalse(self.offer(self.clerk))
        self.assertIn(self.accountant.name, self.panel(self.clerk)["ask"])
        self.assertFalse(self.panel()["ask"])
        with self.assertRaises(AccessError):
            self.press(self.clerk)

    def test_where_nobody_agreed_to_the_number_the_password_is_asked_for(self):
        certificate = self.certified()
        self.disconnect()
        certificate.agreement_ids.unlink()
        self.assertFalse(self.offer()["agreed"])
        with self.confirmed():
            self.press()
        self.assertEqual(certificate.agreement_ids.how, "accepted")
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_certificate_that_ksef_has_just_refused_is_not_offered(self):
        self.certified()
        self.disconnect()
        self.simulator.settings.force_status = {"code": 415, "times": 1}
        self.press()
        self.assertIn("no rights", self.panel()["problem"]["text"])
        self.assertFalse(self.offer())

    def test_a_missing_right_is_mended_by_a_certificate_of_somebody_who_has_it(self):
        certificate = self.certified()
        session = self.company._l10n_pl_ksef_session()
        session.rights = "InvoiceRead"
        self.assertFalse(self.offer(), "its owner lacks the same right")
        session.write({"signer_masked": "PESEL •13", "signer_name": "Jan"})
        self.assertEqual(self.offer()["name"], certificate.owner_name)

    def test_wrong_company_data_lead_to_them_or_to_who_may_change_them(self):
        groups = "base.group_erp_manager,l10n_pl_ksef_auth.group_ksef_connection"
        keeper = self.make_user("ksef_keeper", groups)
        self.company.vat = False
        self.assertTrue(self.panel(keeper)["opens_company"])
        panel = self.panel()
        self.assertFalse(panel["opens_company"])
        self.assertIn(keeper.name, panel["ask"])


@tagged("post_install", "-at_install")
class TestHistory(KsefCase):
    """The history shows what was sent to KSeF, by name, with what went wrong."""

    def shown(self):
        """Return the logins that the menu shows before anybody changes its filter."""
        view = self.env.ref("l10n_pl_ksef_auth.view_session_search")
        (sent,) = etree.fromstring(view.arch).xpath("//filter[@name='sent']")
        action = self.env.ref("l10n_pl_ksef_auth.action_session")
        self.assertIn("search_default_sent", action.context)
        return self.env["l10n_pl_ksef.session"].search(literal_eval(sent.get("domain")))

    def test_a_file_that_nobody_sent_is_not_shown_and_a_login_is_named(self):
        self.open_window().prepare_download()
        session = self.connect()
        self.assertEqual(self.shown(), session)
        reader = session.with_context(lang="en_US", tz="Europe/Warsaw")
        self.assertRegex(reader.display_name, rf"^Connection .*\d, {session.signer_name}$")

    def test_a_certificate_is_named_by_its_end_and_its_owner(self):
        certificate = self.certified().with_context(lang="en_US", tz="Europe/Warsaw")
        name = rf"^Certificate until .*\d, {certificate.owner_name}$"
        self.assertRegex(certificate.display_name, name)

    def test_on_a_phone_lists_are_cards(self):
        for name in ("session", "audit", "alert", "overview", "request", "grant", "office"):
            action = self.env.ref(f"l10n_pl_ksef_auth.action_{name}")
            self.assertIn(action.mobile_view_mode, action.view_mode.split(","))

    def test_what_went_wrong_stands_in_the_login(self):
        self.send_signed(window := self.open_window(), "stranger")
        self.follow(window)
        failed = self.shown()
        self.assertIn("no rights", failed.problem_text)
        self.assertTrue(failed.problem_action)
        self.assertIn("415", failed.problem_technical)
