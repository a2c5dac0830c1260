from odoo.tests import tagged

from .common import KsefCase

# KSeF's final statuses of a login (facts.md A1) and where each leads the user.
FINAL_STATUSES = [
    (415, ["Brak przypisanych uprawnień"]),
    (425, ["Uwierzytelnienie i powiązane refresh tokeny zostały unieważnione przez użytkownika"]),
    (450, ["Nieprawidłowe wyzwanie autoryzacyjne"]),
    (460, ["Nieważny certyfikat"]),
    (460, ["Błąd weryfikacji łańcucha certyfikatów"]),
    (460, ["Niezaufany łańcuch certyfikatów"]),
    (460, ["Certyfikat odwołany"]),
    (460, ["Certyfikat zawieszony"]),
    (460, ["Niepoprawny certyfikat"]),
    (470, ["Próba wykorzystania metod autoryzacyjnych osoby zmarłej"]),
    (480, ["Podejrzenie incydentu bezpieczeństwa."]),
    (500, []),
    (550, ["Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu."]),
    (499, ["A status that nobody told us about"]),
]


@tagged("post_install", "-at_install")
class TestLoginProblems(KsefCase):
    """What goes wrong between the upload and the green tick, as the accountant reads it."""

    def refused_with(self, code, details):
        """The window after KSeF ended a login with a status."""
        self.simulator.settings.force_status = {"code": code, "details": details, "times": 1}
        window = self.open_window()
        self.send_signed(window)
        return self.follow(window)

    def test_every_final_status_says_what_happened_and_keeps_ksefs_code(self):
        for code, details in FINAL_STATUSES:
            with self.subTest(code=code, details=details):
                view = self.refused_with(code, details)
                self.assertEqual(view["step"], "download")
                self.assertTrue(view["problem"]["text"])
                self.assertTrue(view["problem"]["action"])
                self.assertIn(str(code), view["problem"]["technical"])

    def test_a_status_that_nobody_knows_shows_ksefs_own_text(self):
        view = self.refused_with(499, ["Zupełnie nowy powód"])
        self.assertIn("Zupełnie nowy powód", view["problem"]["technical"])

    def test_a_refused_signature_is_not_sent_again_by_a_machine(self):
        self.refused_with(480, [])
        with self.counted(None) as calls:
            self.keep_alive(hours=2)
        self.assertEqual(calls["calls"], 0)

    def test_a_person_without_rights_is_told_the_nip_and_zaw_fa(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        problem = self.follow(window)["problem"]
        self.assertIn("526-587-76-35", problem["text"] + problem["action"])
        self.assertIn("ZAW-FA", problem["text"] + problem["action"])

    def test_the_panel_turns_red_and_says_why(self):
        self.refused_with(415, ["Brak przypisanych uprawnień"])
        panel = self.panel()
        self.assertEqual((panel["state"], panel["color"]), ("attention", "red"))
        self.assertTrue(panel["problem"]["text"])

    def test_a_signature_that_is_refused_beside_a_working_login_is_told_by_the_panel(self):
        self.connect()
        self.simulator.settings.auth_delay = 10
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.assertTrue(self.panel()["is_verifying"])
        self.keep_alive(seconds=15)
        self.keep_alive(seconds=15)
        panel = self.panel()
        self.assertFalse(panel["is_verifying"])
        self.assertEqual((panel["state"], panel["is_refused"]), ("connected", True))
        self.assertIn("no rights", panel["problem"]["text"])

    def test_a_document_refused_after_the_window_was_closed_is_told_by_the_panel(self):
        self.simulator.faults.add("xades-signature", "503", times=1)
        self.simulator.faults.add("xades-signature", "refusal", times=-1, code=9105)
        self.send_signed(self.open_window())
        self.keep_alive(minutes=2)
        panel = self.panel()
        self.assertEqual((panel["state"], panel["is_refused"]), ("waiting", True))
        self.assertTrue(panel["problem"]["text"])

    def test_a_connection_that_ran_out_says_so_and_what_to_do(self):
        self.connect()
        self.travel(days=8)
        panel = self.panel()
        self.assertEqual(panel["state"], "attention")
        self.assertIn("sign once more", panel["headline"])

    def test_the_next_good_login_forgets_the_refused_signature(self):
        self.connect()
        self.refused_with(415, ["Brak przypisanych uprawnień"])
        self.connect()
        self.assertFalse(self.panel()["is_refused"])
        self.assertFalse(self.panel()["problem"])

    def test_after_a_failure_a_new_signature_connects(self):
        self.refused_with(550, [])
        self.connect()
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_login_that_may_only_read_is_amber_and_names_the_missing_right(self):
        self.connect("reader")
        panel = self.panel()
        self.assertEqual(
            (panel["state"], panel["tick"], panel["color"]), ("limited", "partial", "amber")
        )
        self.assertEqual(len(panel["missing_rights"]), 1)
        self.assertIn("InvoiceWrite", panel["missing_rights"][0])

    def test_an_owner_whose_rights_ksef_does_not_list_is_green(self):
        self.simulator.settings.owner_grants = "empty"
        self.connect("owner")
        self.assertEqual(self.panel()["state"], "connected")

    def test_slow_ksef_is_waited_for_by_the_scheduled_action(self):
        self.simulator.settings.auth_delay = 25 * 60
        window = self.open_window()
        self.send_signed(window)
        self.assertTrue(window.follow()["verifying"])
        for _round in range(40):
            self.keep_alive(minutes=1)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_download_that_failed_asks_for_another_click_since_nothing_else_repeats_it(self):
        for kind in ("503", "html", "429"):
            with self.subTest(kind=kind):
                self.simulator.faults.add("challenge", kind, times=-1)
                problem = self.open_window().prepare_download()["problem"]
                self.simulator.faults.clear()
                self.assertEqual(problem["action"], "Try again in a few minutes.")

    def test_a_dead_network_keeps_the_chosen_file(self):
        window = self.open_window()
        document = self.downloaded(window)
        self.simulator.faults.add("xades-signature", "reset", times=1)
        self.attach(window, self.signed(document))
        window.authenticate()
        self.assertTrue(self.follow(window)["result"])

    def test_an_answer_lost_after_the_signature_is_explained(self):
        self.simulator.faults.add("xades-signature", "lost", times=1)
        window = self.open_window()
        self.send_signed(window)
        for _round in range(5):
            self.travel(seconds=10)
            view = window.follow()
        self.assertEqual(view["step"], "download")
        self.assertIn("lost", view["problem"]["text"])

    def test_tokens_lost_on_the_way_are_explained(self):
        self.simulator.faults.add("redeem", "lost", times=1)
        window = self.open_window()
        self.send_signed(window)
        for _round in range(8):
            self.travel(seconds=10)
            view = window.follow()
        self.assertEqual(view["step"], "download")
        self.assertIn("lost", view["problem"]["text"])

    def test_a_download_while_ksef_is_down_is_a_sentence(self):
        self.simulator.faults.add("challenge", "503", times=1)
        view = self.open_window().prepare_download()
        self.assertTrue(view["problem"]["text"])
        self.assertFalse(view["download_url"])
        self.assertEqual(view["step"], "download")

    def test_html_instead_of_an_answer_is_a_sentence(self):
        self.simulator.faults.add("challenge", "html", times=1)
        self.assertTrue(self.open_window().prepare_download()["problem"]["text"])


@tagged("post_install", "-at_install")
class TestUpload(KsefCase):
    """Files that are caught before anything is sent."""

    def setUp(self):
        super().setUp()
        self.window = self.open_window()
        self.document = self.downloaded(self.window)

    def assertStopped(self, document):
        """The file is not sent; the findings say why, and the user stays on the step."""
        self.window.go("upload")
        with self.counted("xades-signature") as sent:
            self.attach(self.window, document)
            view = self.window.authenticate()
        self.assertEqual(sent["calls"], 0)
        self.assertEqual(view["step"], "upload")
        self.assertFalse(view["reading"]["can_send"])
        finding = view["reading"]["findings"][0]
        self.assertTrue(finding["text"] and finding["action"])
        return finding["code"]

    def test_a_file_for_a_company_without_a_nip_is_answered_by_what_is_missing(self):
        self.company.vat = False
        self.window.go("upload")
        view = self.attach(self.window, self.document)
        self.assertFalse(view["reading"])
        self.assertIn("NIP", view["problem"]["text"])

    def test_four_wrong_files_have_four_different_explanations(self):
        other_nip = self.signed(self.document.replace(b"5265877635", b"1111111111"))
        challenge = self.window.sudo().session_id.challenge.encode()
        another = challenge[:-2] + (b"00" if challenge[-2:] != b"00" else b"01")
        codes = {
            self.assertStopped(self.document),
            self.assertStopped(b"to nie jest XML"),
            self.assertStopped(other_nip),
            self.assertStopped(self.signed(self.document.replace(challenge, another))),
        }
        self.assertEqual(len(codes), 4)

    def test_an_earlier_download_that_still_lives_is_accepted(self):
        signed = self.signed(self.document)
        self.travel(minutes=3)
        self.downloaded(self.window)
        self.attach(self.window, signed)
        self.window.authenticate()
        self.assertTrue(self.follow(self.window)["result"])

    def test_a_request_of_more_than_ten_minutes_is_stopped(self):
        signed = self.signed(self.document)
        self.travel(minutes=11)
        self.assertStopped(signed)

    def test_the_signer_is_named_before_anything_is_sent(self):
        view = self.attach(self.window, self.signed(self.document))
        signer = view["reading"]["signer"]
        self.assertIn("Róża", signer["name"])
        self.assertNotRegex(signer["masked"], r"\d{3}")

    def test_after_the_mistake_the_right_file_connects_with_the_same_challenge(self):
        self.assertStopped(self.document)
        self.attach(self.window, self.signed(self.document))
        with self.counted("challenge") as challenges:
            self.window.authenticate()
            self.assertTrue(self.follow(self.window)["result"])
        self.assertEqual(challenges["calls"], 0)

    def test_a_file_that_only_ksef_refuses_leaves_the_user_on_the_step(self):
        broken = self.signed(self.document).replace(b"SignatureValue>", b"SignatureValue>AAAA", 1)
        self.window.go("upload")
        view = self.attach(self.window, broken)
        if view["reading"]["can_send"]:
            view = self.window.authenticate()
            self.assertTrue(view["problem"]["text"])
        self.assertEqual(view["step"], "upload")
