import re

from odoo.tests import tagged

from .common import KsefCase

# Members whose values are not our texts: codes, names, numbers, KSeF's own words.
NO_TEXT = {
    "answer",
    "challenge",
    "code",
    "color",
    "companies",
    "company_name",
    "context_type",
    "document",
    "download_url",
    "due",
    "environment",
    "evidence",
    "expires",
    "internal_id",
    "kind",
    "level",
    "masked",
    "name",
    "nip",
    "number",
    "origin",
    "owner",
    "purpose",
    "reference_number",
    "result",
    "serial_number",
    "signing_label",
    "signing_url",
    "state",
    "status_at_ksef",
    "step",
    "subject_type",
    "technical",
    "usage",
    "tick",
    "url",
    "way",
    "way_back",
}

WORD = re.compile(r"[^\W\d_]")


@tagged("post_install", "-at_install")
class TestPolishScreens(KsefCase):
    """A Polish reader gets Polish texts from the server in each state."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pl_PL")

    def in_polish(self, records):
        return records.with_user(self.accountant).with_context(lang="pl_PL")

    def assertPolish(self, english, polish, path=""):
        """Check that no text is the same in English and Polish."""
        if isinstance(english, dict):
            for key in english.keys() - NO_TEXT:
                self.assertPolish(english[key], polish[key], f"{path}/{key}")
        elif isinstance(english, list | tuple):
            for one, other in zip(english, polish, strict=True):
                self.assertPolish(one, other, path)
        elif isinstance(english, str) and WORD.search(english):
            self.assertNotEqual(english, polish, path)

    def assertPanelInPolish(self, state, **texts):
        """Check that the panel is in a state and speaks Polish there."""
        english, polish = self.panel(), self.in_polish(self.company).l10n_pl_ksef_panel()
        self.assertEqual(english["state"], state)
        self.assertPolish(english, polish)
        self.assertEqual(polish["button"]["label"], "Odśwież połączenie (podpis)")
        self.assertEqual({key: polish[key] for key in texts}, texts)
        return polish

    def test_a_company_without_a_connection_has_no_certificate(self):
        panel = self.assertPanelInPolish("disconnected", headline="")
        self.assertEqual(panel["certificate"]["text"], "brak")

    def test_a_file_that_waits_for_its_signature(self):
        self.downloaded(self.open_window())
        self.assertPanelInPolish("waiting", headline="Czeka na podpisany plik.")

    def test_a_signature_that_ksef_checks(self):
        self.send_signed(self.open_window())
        self.assertPanelInPolish("verifying", headline="KSeF sprawdza podpis.")

    def test_a_connection_whose_certificate_is_being_issued(self):
        self.connect(consent=True)
        panel = self.assertPanelInPolish("connected", headline="")
        self.assertEqual(panel["certificate"]["text"], "w trakcie wydawania")

    def test_a_connection_with_its_certificate(self):
        self.certified()
        panel = self.assertPanelInPolish("connected", headline="")
        self.assertEqual(panel["certificate"]["text"], "ważny do")

    def test_a_connection_without_a_right(self):
        self.connect("reader")
        self.assertPanelInPolish(
            "limited",
            headline="Połączono, ale w KSeF brakuje uprawnień do faktur.",
            missing_rights=["wystawianie faktur"],
        )

    def test_a_connection_that_ends_soon(self):
        self.connect()
        self.travel(days=5)
        self.assertPanelInPolish(
            "expiring",
            headline="Połączenie wkrótce wygaśnie; podpisz jeszcze raz, aby je utrzymać.",
        )

    def test_a_connection_that_has_ended(self):
        self.connect()
        self.travel(days=8)
        self.assertPanelInPolish(
            "attention", headline="Połączenie wygasło; podpisz jeszcze raz, aby je przywrócić."
        )

    def test_a_connection_that_ksef_refused(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.follow(window)
        self.assertPanelInPolish(
            "attention", headline="Brak połączenia z KSeF – faktury nie są wysyłane."
        )

    def test_the_certificate_that_exists_already_or_needs_attention(self):
        panel = self.in_polish(self.env["l10n_pl_ksef.panel"])
        self.assertEqual(
            panel._certificate_text("exists"),
            "istnieje już: wczytaj go ręcznie w menu KSeF → Konto",
        )
        self.assertEqual(panel._certificate_text("attention"), "wymaga uwagi")

    def test_the_window_with_the_unsigned_file(self):
        window = self.open_window()
        english = self.attach(window, self.downloaded(window))
        self.assertPolish(english, self.in_polish(window).view())

    def test_the_window_with_the_signed_file(self):
        window = self.open_window()
        english = self.attach(window, self.signed(self.downloaded(window)))
        self.assertPolish(english, self.in_polish(window).view())

    def test_the_window_after_a_refusal(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        english = self.follow(window)
        self.assertTrue(english["problem"])
        self.assertPolish(english, self.in_polish(window).view())

    def test_the_account(self):
        self.certified()
        company = self.company.with_user(self.accountant)
        english = company.l10n_pl_ksef_account_at_ksef()
        polish = self.in_polish(self.company).l10n_pl_ksef_account_at_ksef()
        self.assertPolish(english, polish)
