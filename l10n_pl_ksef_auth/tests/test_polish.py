import re

import polib

from odoo.modules.module import get_module_path
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import TranslationModuleReader

MODULE = "l10n_pl_ksef_auth"
# The labels that Polish users know (journey.md), by their English source.
JOURNEY = {
    "Connection to KSeF": "Połączenie z KSeF",
    "Is the connection to KSeF active": "Czy aktywne połączenie z KSeF",
    "Expiry date": "Data wygaśnięcia",
    "KSeF certificate": "Certyfikat KSeF",
    "Refresh connection (signature)": "Odśwież połączenie (podpis)",
    "Account authorization": "Autoryzacja konta",
    "Do not open this file": "Nie otwieraj tego pliku",
    "Next": "Dalej",
    "Attach the signed document": "Dołącz podpisany dokument",
    "Choose a file": "Wybierz plik",
    "Authenticate": "Uwierzytelnij",
    "Account": "Konto",
    "Invalid signature: this is the file downloaded from Odoo, not signed yet;"
    " choose the newest file, downloaded from gov.pl": "Nieprawidłowy podpis: to jest plik"
    " pobrany z Odoo, jeszcze bez podpisu; wybierz najnowszy plik, pobrany z gov.pl",
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@tagged("post_install", "-at_install")
class TestPolish(TransactionCase):
    """What the addon says, it says in Polish, in the words of the journey."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = get_module_path(MODULE)
        cls.polish = {e.msgid: e for e in polib.pofile(f"{folder}/i18n/pl.po") if not e.obsolete}
        cls.template = {e.msgid for e in polib.pofile(f"{folder}/i18n/{MODULE}.pot")}
        cls.terms = {row[4] for row in TranslationModuleReader(cls.env.cr, [MODULE])}

    def test_the_template_holds_every_text_of_the_addon(self):
        self.assertFalse(self.terms - self.template, "export the .pot anew: ./run i18n")

    def test_every_text_has_a_polish_one(self):
        missing = {term for term in self.terms if not self.polish.get(term)}
        untranslated = {entry.msgid for entry in self.polish.values() if not entry.msgstr}
        fuzzy = {entry.msgid for entry in self.polish.values() if entry.fuzzy}
        self.assertFalse(missing | untranslated | fuzzy)

    def test_the_labels_are_those_of_the_journey(self):
        found = {source: self.polish[source].msgstr for source in JOURNEY}
        self.assertEqual(found, JOURNEY)

    def test_polish_texts_keep_their_placeholders(self):
        for entry in self.polish.values():
            with self.subTest(text=entry.msgid):
                self.assertEqual(
                    sorted(PLACEHOLDER.findall(entry.msgid)),
                    sorted(PLACEHOLDER.findall(entry.msgstr)),
                )
