import re

import polib

from odoo.modules.module import get_module_path
from odoo.tools.translate import TranslationModuleReader

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


class PolishTexts:
    """Tests that one addon (`module`) has a Polish text for each of its own; a mixin."""

    module = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = f"{get_module_path(cls.module)}/i18n"
        cls.polish = {e.msgid: e for e in polib.pofile(f"{folder}/pl.po") if not e.obsolete}
        cls.template = {e.msgid for e in polib.pofile(f"{folder}/{cls.module}.pot")}
        cls.terms = {row[4] for row in TranslationModuleReader(cls.env.cr, [cls.module])}

    def test_the_template_holds_the_texts_of_the_addon_and_no_other(self):
        self.assertEqual(self.terms, self.template, "export the .pot anew: ./run i18n")

    def test_every_text_has_a_polish_one(self):
        missing = {term for term in self.terms if term not in self.polish}
        untranslated = {entry.msgid for entry in self.polish.values() if not entry.msgstr}
        fuzzy = {entry.msgid for entry in self.polish.values() if entry.fuzzy}
        self.assertFalse(missing | untranslated | fuzzy)

    def test_polish_texts_keep_their_placeholders(self):
        for entry in self.polish.values():
            with self.subTest(text=entry.msgid):
                self.assertEqual(
                    sorted(PLACEHOLDER.findall(entry.msgid)),
                    sorted(PLACEHOLDER.findall(entry.msgstr)),
                )
