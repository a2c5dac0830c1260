import re

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestHelp(HttpCase):
    """The help page: for whoever sees KSeF, with every message in the reader's language."""

    def opened_by(self, login, groups):
        """Open the page as a new user, and return the answer."""
        new_test_user(self.env, login, groups=groups)
        self.authenticate(login, login)
        return self.url_open("/l10n_pl_ksef/help")

    def test_whoever_sees_ksef_reads_it(self):
        answer = self.opened_by("ksef_reader", "account.group_account_invoice")
        self.assertEqual(answer.status_code, 200)
        for place in ("step-download", "account", "messages-login"):
            self.assertIn(f'id="{place}"', answer.text)

    def test_what_the_second_line_says_is_explained_in_its_own_words(self):
        page = self.opened_by("ksef_reader", "account.group_account_invoice").text
        # Who is new reads the language of the tests' database: Polish.
        (explained,) = re.findall(r'<section id="offline">.*?</section>', page, re.DOTALL)
        line = self.env["l10n_pl_ksef.panel.offline"].with_context(lang="pl_PL")
        for state in ("none", "asks", "waits", "valid", "exists", "refused", "attention"):
            self.assertIn(line._text(state, "offline_waits").split(":")[0], explained)
        for words in ("kończy się …", "wygasł …", "30, 14, 7 i 1 dzień"):
            self.assertIn(words, explained)

    def test_whoever_does_not_see_ksef_finds_nothing(self):
        self.assertEqual(self.opened_by("ksef_other", "base.group_user").status_code, 404)

    def test_what_keeps_a_client_from_giving_the_office_rights_is_among_the_messages(self):
        troubles = self.env["l10n_pl_ksef.help"]._troubles()
        (rows,) = (one["messages"] for one in troubles if one["id"] == "messages-rights")
        codes = " ".join(row["codes"] for row in rows)
        for code in ("420", "grantee_nip"):
            self.assertIn(code, codes)

    def test_every_message_is_there_in_polish_and_names_nothing_that_is_not_known(self):
        page = self.env["l10n_pl_ksef.help"]
        english, polish = page._troubles(), page.with_context(lang="pl_PL")._troubles()
        for ours, theirs in zip(english, polish, strict=True):
            told = {row["text"] for row in theirs["messages"]}
            self.assertFalse(told & {row["text"] for row in ours["messages"]})
            self.assertNotEqual(ours["title"], theirs["title"])
            for row in theirs["messages"]:
                self.assertTrue(row["action"])
                self.assertNotRegex(row["text"] + row["action"], r"%\(|… …|…\.")
