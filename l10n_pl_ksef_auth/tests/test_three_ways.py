from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import KsefCase, packed


@tagged("post_install", "-at_install")
class TestOwnCertificate(KsefCase):
    """Who has a KSeF certificate already connects with it, without a signature."""

    def begin(self):
        certificate = self.certified()
        type(self).file = packed(certificate)
        certificate.sudo().unlink()
        self.env["l10n_pl_ksef.session"].search([]).unlink()

    def setUp(self):
        super().setUp()
        self.assertEqual(self.panel()["state"], "disconnected")
        self.window = self.open_window()
        self.window.go("certificate")

    def load(self):
        """Load the certificate's file, as the window does before it connects."""
        company = self.company.with_user(self.accountant)
        with self.confirmed():
            account = company.l10n_pl_ksef_load_certificate([self.file], "tajne")
        self.assertFalse(account["problem"])

    def connect_by_certificate(self):
        """Press the window's green button, and return the view."""
        # It writes the window in a transaction of its own, as the next request finds it.
        self.env.flush_all()
        view = self.window.connect()
        self.env.invalidate_all()
        return view

    def connected(self):
        """Load the certificate, connect with it in the window, and return the last view."""
        self.load()
        # Slowly enough done, the login has ended before the first answer.
        self.assertIn(self.connect_by_certificate()["step"], ("verify", "done"))
        return self.follow(self.window)

    def refused(self, code, details):
        """Connect with the certificate while KSeF ends the login with a status."""
        self.simulator.settings.force_status = {"code": code, "details": details, "times": 1}
        return self.connected()

    def test_its_files_and_their_password_lead_to_green(self):
        self.assertEqual(self.connected()["result"], "connected")
        panel = self.panel()
        self.assertEqual((panel["color"], panel["certificate"]["state"]), ("green", "valid"))
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")

    def test_it_renews_itself_like_any_other(self):
        self.connected()
        loaded = self.company._l10n_pl_ksef_certificate()
        self.assertEqual((loaded.origin, bool(loaded.renew_at)), ("loaded", True))
        loaded.write({"renew_at": loaded._now(), "next_attempt": False})
        self.settle(days=4)
        renewed = self.company._l10n_pl_ksef_certificate()
        self.assertEqual((loaded.state, renewed.replaces_id), ("superseded", loaded))

    def test_while_ksef_checks_it_the_window_says_what_is_checked(self):
        self.load()
        self.assertTrue(self.connect_by_certificate()["verifying"]["by_certificate"])

    def test_without_rights_the_user_is_back_at_the_certificate_and_reads_why(self):
        view = self.refused(415, ["Brak przypisanych uprawnień"])
        self.assertEqual(view["step"], "certificate")
        self.assertIn("rights", view["problem"]["text"])

    def test_a_refused_certificate_leads_to_another_one_and_the_two_ways_of_signing(self):
        problem = self.refused(460, ["Certyfikat odwołany"])["problem"]
        self.assertEqual(problem["other_ways"], ["certificate", "site", "program"])
        self.assertIn("moj.gov.pl", problem["action"])

    def test_after_a_failed_try_a_file_to_sign_is_one_click_away(self):
        self.load()
        self.simulator.faults.add("challenge", "503")
        self.connect_by_certificate()
        self.assertFalse(self.window.go("download")["challenge"])
        view = self.window.prepare_download("site")
        self.assertEqual((view["step"], bool(view["download_url"])), ("sign", True))

    def test_the_challenge_of_the_certificates_login_is_no_file_to_sign(self):
        self.load()
        self.simulator.faults.add("xades-signature", "503")
        self.connect_by_certificate()
        view = self.window.go("download")
        self.assertFalse(view["challenge"] or view["download_url"])

    def test_after_an_outage_one_click_logs_in_at_once(self):
        self.load()
        self.simulator.faults.add("challenge", "503")
        view = self.connect_by_certificate()
        self.assertEqual((view["step"], view["problem"]["way_back"]), ("certificate", "wait"))
        self.assertEqual(self.connect_by_certificate()["step"], "verify")
        self.assertEqual(self.follow(self.window)["result"], "connected")

    def test_while_another_worker_logs_in_the_user_tries_again(self):
        self.load()
        with self.others_at_it():
            view = self.connect_by_certificate()
        self.assertEqual((view["step"], view["problem"]["way_back"]), ("certificate", "wait"))

    def test_without_a_certificate_the_window_says_so(self):
        view = self.connect_by_certificate()
        self.assertEqual((view["step"], view["problem"]["way_back"]), ("certificate", "sign"))

    def test_without_a_nip_the_window_says_so(self):
        self.load()
        self.company.vat = False
        self.env.flush_all()
        self.assertIn("NIP", self.connect_by_certificate()["problem"]["text"])

    def test_a_window_opened_again_is_where_it_was(self):
        self.assertEqual(self.open_window().view()["step"], "certificate")

    def test_nobody_connects_in_the_window_of_somebody_else(self):
        with self.assertRaises(AccessError):
            self.window.with_user(self.manager).connect()


@tagged("post_install", "-at_install")
class TestOtherWays(KsefCase):
    """When KSeF refuses how a file was signed, the advice names the two other ways."""

    def other_ways(self, signer, way, code, take_over=False):
        """Have KSeF refuse a signed file, and return the ways that the window offers then."""
        self.simulator.faults.add("xades-signature", "refusal", code=code)
        window = self.open_window()
        window.sudo().take_over = take_over
        document = self.signed(self.downloaded(window), signer)
        window.sudo().way = way
        self.attach(window, document)
        problem = window.authenticate()["problem"]
        self.assertTrue(problem["action"])
        return problem["other_ways"]

    def test_a_connection_is_taken_over_by_a_signature_alone(self):
        self.assertEqual(self.other_ways("owner", "site", 21115, take_over=True), ["program"])

    def test_after_profil_zaufany_these_are_ones_own_program_and_a_certificate(self):
        for code in (9105, 21115):
            with self.subTest(code):
                ways = self.other_ways("owner", "program", code)
                self.assertEqual(ways, ["program", "certificate"])

    def test_after_ones_own_program_these_are_the_site_and_a_certificate(self):
        ways = self.other_ways("qualified", "program", 21115)
        self.assertEqual(ways, ["site", "certificate"])

    def test_no_valid_certificate_helps_who_signed_at_the_site(self):
        details = ["Nieważny certyfikat"]
        self.simulator.settings.force_status = {"code": 460, "details": details, "times": 1}
        window = self.open_window()
        self.send_signed(window, "owner")
        problem = self.follow(window)["problem"]
        self.assertEqual(problem["other_ways"], ["program", "certificate"])
        self.assertIn("KSeF certificate", problem["action"])

    def test_a_pdf_is_explained_and_the_other_ways_are_offered(self):
        window = self.open_window()
        window.prepare_download("program")
        view = self.attach(window, b"%PDF-1.7 signed by mObywatel", "podpisany.pdf")
        (finding,) = view["reading"]["findings"]
        self.assertEqual((finding["code"], finding["level"]), ("pdf", "stop"))
        self.assertIn("mObywatel", finding["text"])
        self.assertEqual(finding["other_ways"], ["site", "certificate"])

    def test_a_file_that_was_changed_after_signing_is_signed_again_in_the_same_way(self):
        self.simulator.faults.add(
            "xades-signature", "refusal", code=9105, details=["Nieprawidłowa wartość skrótu"]
        )
        problem = self.send_signed(self.open_window())["problem"]
        self.assertEqual(problem["way_back"], "new_file")

    def test_the_way_is_chosen_with_the_download(self):
        window = self.open_window()
        for way in ("program", "site"):
            view = window.prepare_download(way)
            self.assertEqual((view["step"], view["way"]), ("sign", way))
        self.assertEqual(window.prepare_download()["way"], "site")
