from odoo.tests import tagged

from ..models.base import problems
from ..tools.errors import KsefForbidden, KsefRefused, Problem
from .common import KsefCase

# KSeF's final statuses of a login (docs/ksef.md A1-login).
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
        """Log in while KSeF ends the login with a status, and return the window's view."""
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

    def test_technical_details_of_a_refused_signature_are_shown_as_they_come(self):
        details = ["Reference r-0: TRY_LATER"]
        self.simulator.faults.add("xades-signature", "refusal", code=9105, details=details)
        view = self.send_signed(self.open_window())
        self.assertIn(details[0], view["problem"]["technical"])

    def test_a_blocked_connection_shows_the_incident_that_the_ministry_asks_for(self):
        session = self.connect()
        self.simulator.faults.add("refresh", "403", reason="security-service-blocked", times=-1)
        self.keep_alive(hours=25)
        technical = problems.texts(self.env, session.problem)["technical"]
        self.assertIn("20260429-INC-1", technical)
        self.assertIn("mechanizmy bezpieczeństwa", technical)

    def test_a_refusal_without_a_code_is_called_by_its_http_status(self):
        refused = KsefRefused("…", status=409, said="Konflikt.")
        told = problems.texts(self.env, problems.of_error(refused))
        self.assertNotIn("Konflikt", told["text"])
        self.assertEqual(told["technical"], "KSeF HTTP 409 · Konflikt.")

    def test_a_missing_right_is_told_by_the_call_that_lacked_it(self):
        refused = KsefForbidden(
            "…",
            status=403,
            reason="missing-permissions",
            extensions={},
            call="POST /permissions/entities/grants",
        )
        told = problems.texts(self.env, problems.of_error(refused), signer="Róża Żółć-Źdźbło")
        self.assertIn("Róża Żółć-Źdźbło may not give rights", told["text"])

    def test_all_codes_of_one_refusal_are_kept_for_support(self):
        found = Problem(21405, "Błąd walidacji."), Problem(9105, "Nieprawidłowy podpis.", ("XSD",))
        kept = problems.of_error(KsefRefused("…", status=400, problems=found))
        self.assertEqual(
            problems.texts(self.env, kept)["technical"],
            "KSeF HTTP 400 21405 · Błąd walidacji. · 9105 Nieprawidłowy podpis. XSD",
        )

    def test_a_text_that_postgresql_does_not_take_is_kept_without_its_zeros(self):
        view = self.refused_with(499, ["zero \0"])
        self.assertIn("zero ?", view["problem"]["technical"])

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
        # Nothing was ever connected: what leads there is still said in order.
        self.assertEqual(len(panel["first_steps"]), 3)

    def test_a_signature_that_is_refused_beside_a_working_login_is_told_by_the_panel(self):
        self.connect()
        self.simulator.settings.auth_delay = 10
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.assertTrue(self.panel()["is_verifying"])
        self.settle()
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

    def test_an_old_refused_signature_does_not_hide_why_a_later_login_ended(self):
        self.certified()
        self.refused_with(415, ["Brak przypisanych uprawnień"])
        self.env["l10n_pl_ksef.session"]._log_in(self.company)
        self.settle()
        gone = {"kind": "local", "code": "certificate_gone"}
        session = self.company._l10n_pl_ksef_session()
        session._within("_on_active_refused")._end("revoked", problem=gone)
        panel = self.panel()
        self.assertFalse(panel["is_refused"])
        self.assertEqual(panel["problem"]["text"], problems.texts(self.env, gone)["text"])

    def test_a_refused_signature_is_told_although_its_file_is_older_than_the_login(self):
        self.certified()
        window = self.open_window()
        document = self.downloaded(window)
        self.env["l10n_pl_ksef.session"]._log_in(self.company)
        self.settle()
        self.travel(minutes=1)
        self.attach(window, self.signed(document, "stranger"))
        window.authenticate()
        self.follow(window)
        panel = self.panel()
        self.assertEqual((panel["state"], panel["is_refused"]), ("connected", True))
        self.assertIn("no rights", panel["problem"]["text"])

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
        self.assertEqual(panel["missing_rights"], ["sending invoices"])

    def test_an_owner_whose_rights_ksef_does_not_list_is_green(self):
        self.simulator.settings.owner_grants = "empty"
        self.connect("owner")
        self.assertEqual(self.panel()["state"], "connected")

    def test_slow_ksef_is_waited_for_by_the_scheduled_action(self):
        self.simulator.settings.auth_delay = 25 * 60
        window = self.open_window()
        self.send_signed(window)
        self.assertTrue(window.follow()["verifying"])
        self.settle()
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
        view = self.follow(window)
        self.assertEqual(view["step"], "download")
        self.assertIn("lost", view["problem"]["text"])

    def test_tokens_that_are_not_ready_yet_are_asked_for_again(self):
        early = ["Status uwierzytelniania (100) nie pozwala na pobranie tokenów."]
        self.simulator.faults.add("redeem", "refusal", code=21301, details=early)
        window = self.open_window()
        self.send_signed(window)
        self.settle()
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_status_between_100_and_200_is_waited_out(self):
        self.simulator.settings.force_status = {"code": 150, "times": 2}
        window = self.open_window()
        self.send_signed(window)
        self.assertEqual(self.follow(window, rounds=1)["step"], "verify")
        self.assertTrue(self.follow(window)["result"])

    def test_tokens_lost_on_the_way_are_explained(self):
        self.simulator.faults.add("redeem", "lost", times=1)
        window = self.open_window()
        self.send_signed(window)
        view = self.follow(window)
        self.assertEqual(view["step"], "download")
        self.assertIn("lost", view["problem"]["text"])

    def test_an_old_file_that_is_sent_again_is_not_taken_for_a_new_login(self):
        window = self.open_window()
        signed = self.signed(self.downloaded(window))
        self.attach(window, signed)
        window.authenticate()
        self.follow(window)
        self.travel(minutes=1)
        again = self.open_window()
        self.downloaded(again)
        self.attach(again, signed)
        view = again.authenticate()
        self.assertFalse(view["result"])
        self.assertIn("used already", view["problem"]["text"])

    def test_a_download_while_ksef_is_down_is_a_sentence(self):
        self.simulator.faults.add("challenge", "503", times=1)
        view = self.open_window().prepare_download()
        self.assertTrue(view["problem"]["text"])
        self.assertFalse(view["download_url"])
        self.assertEqual(view["step"], "download")

    def test_html_instead_of_an_answer_is_a_sentence(self):
        self.simulator.faults.add("challenge", "html", times=1)
        self.assertTrue(self.open_window().prepare_download()["problem"]["text"])
