import base64
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.controllers import signing
from odoo.addons.l10n_pl_ksef_auth.models.request import guesses
from odoo.addons.l10n_pl_ksef_auth.screens import signer_texts
from odoo.addons.l10n_pl_ksef_auth.tools import signing_link

from .common import wide
from .signers import ACTIONS, SignerCase


@tagged("post_install", "-at_install")
class TestPageLimits(SignerCase):
    """What a visitor of the page can use up is bounded, by the link or by the address."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.asked()

    def test_a_challenge_is_fetched_once_in_twenty_seconds_and_twenty_times_at_most(self):
        with self.counted("challenge") as fetched:
            for _time in range(3):
                self.downloaded_at_page(self.token, self.request)
            self.assertEqual(self.request.challenges, 1)
            for _time in range(25):
                self.travel(seconds=21)
                answer = self.at_page("download", self.token, request=self.request.id)
        self.assertEqual(self.request.challenges, 20)
        self.assertFalse(answer["file"])
        self.assertTrue(answer["problem"]["text"])
        self.assertEqual(fetched["calls"], 20)

    def test_ten_wrong_files_pause_the_request_for_ten_minutes(self):
        for _time in range(10):
            self.at_page("check", self.token, request=self.request.id, content="YQ==")
        document = self.signed(self.request_file())
        values = {"request": self.request.id, "content": base64.b64encode(document).decode()}
        self.assertIn("problem", self.at_page("check", self.token, **values))
        self.assertNotIn("can_send", self.at_page("check", self.token, **values))
        self.travel(minutes=11)
        self.assertIn("findings", self.at_page("check", self.token, **values))

    def test_another_link_s_file_is_explained_on_a_link_for_one_company_and_counts_there(self):
        other = self.make_anothers()
        asked, others_token = self.asked(other)
        content = base64.b64encode(self.signed(self.downloaded_at_page(others_token, asked)))
        for _time in range(10):
            found = self.at_page("check", self.token, content=content.decode())
            self.assertEqual(found["request"]["id"], self.request.id)
            self.assertEqual(found["findings"][0]["code"], "other_company")
        self.assertTrue(self.request._is_paused())

    def test_a_file_of_nobody_s_counts_nowhere_in_the_list_of_a_link_for_several(self):
        _other, token = self.two_companies()
        for _time in range(11):
            found = self.at_page("check", token, content="YQ==")
            self.assertEqual(found, {"is_stray": True})

    def test_in_the_pause_no_file_is_read_wherever_it_is_chosen(self):
        other, token = self.two_companies()
        content = base64.b64encode(self.signed(self.request_file())).decode()
        for _time in range(10):
            self.at_page("check", token, request=self.request.id, content="YQ==")
        with self.read_files() as read:
            answer = self.at_page("check", token, request=self.request.id, content=content)
            self.assertIn("Too many files", answer["problem"]["text"])
            self.assertEqual(read, [])
        # Elsewhere it is no file of that request, and counts there.
        for _time in range(10):
            answer = self.at_page("check", token, request=other.id, content=content)
            self.assertEqual(answer["request"]["id"], other.id)
        with self.read_files() as read:
            for chosen in (self.request.id, other.id, None):
                answer = self.at_page("check", token, request=chosen, content=content)
                self.assertIn("Too many files", answer["problem"]["text"])
            self.assertEqual(read, [])

    def two_companies(self):
        """Ask the signer for a second company by the same mail; return its request, and a token."""
        companies = self.company | self.make_anothers()
        with self.outbox() as sent:
            rows = [self.asking(company_id=one.id) for one in companies]
            self.env["l10n_pl_ksef.request"].with_user(self.accountant).ask_for_signatures(rows)
        self.env.invalidate_all()
        (token,) = self.tokens_in(sent[0])
        other, self.request = self.env["l10n_pl_ksef.request"].search([("state", "=", "open")])
        return other, token

    @contextmanager
    def read_files(self):
        """Collect the files that are read inside the block; they are read all the same."""
        read, sessions = [], type(self.env["l10n_pl_ksef.session"])
        plain = sessions._read_signed

        def noted(login, content, *args):
            read.append(content)
            return plain(login, content, *args)

        with patch.object(sessions, "_read_signed", noted):
            yield read

    def request_file(self):
        return (
            self.env["l10n_pl_ksef.session"]
            ._begin_signature(self.company, "test", request_id=self.request.id)
            ._request_document()
        )

    def test_thousands_of_calls_leave_few_rows(self):
        calls = 10_000 if wide() else 300
        before = self.rows()
        with patch.object(signing, "config", {"proxy_mode": True}), mute_logger("werkzeug"):
            statuses = [
                self.post_to_page(
                    ACTIONS[number % len(ACTIONS)], {"token": signing_link.new_token()}
                ).status_code
                for number in range(calls)
            ]
        added = {name: count - before[name] for name, count in self.rows().items()}
        self.assertEqual(set(statuses), {404, 429})
        self.assertLessEqual(added.pop("request.guesses"), 1)
        self.assertEqual(set(added.values()), {0}, added)
        self.figures(f"public page: {calls} calls with unknown links left 1 row")

    def test_thousands_of_guesses_leave_few_rows(self):
        before = self.rows()
        tokens = self.env["l10n_pl_ksef.request.guesses"]
        now = self.request._now()
        for number in range(10_000):
            tokens._count(f"10.{number % 200}.{number % 250}.1", now)
        added = self.rows()["request.guesses"] - before["request.guesses"]
        self.assertLessEqual(added, guesses.BUCKETS)
        self.figures(f"public page: 10,000 guesses left {added} rows")

    def test_who_guesses_too_often_waits_where_addresses_are_told_apart(self):
        with patch.object(signing, "config", {"proxy_mode": True}):
            statuses = [
                self.post_to_page("open", {"token": signing_link.new_token()}).status_code
                for _time in range(guesses.GUESSES + 2)
            ]
            self.assertEqual(set(statuses), {404, 429})
            # Who has a link is not kept from it by others at the same address.
            self.assertIn("requests", self.at_page("open", self.token))
        self.assertEqual(self.env["l10n_pl_ksef.request.guesses"].search_count([]), 1)

    def test_a_link_that_is_called_without_end_waits(self):
        row = self.request_token()
        now = self.request._now()
        counted = [row._count_call(now) for _time in range(100)]
        self.assertEqual(counted.count(True), 90)
        answer = self.post_to_page("open", {"token": self.token})
        self.assertEqual((answer.status_code, answer.json()), (429, {"error": "too_often"}))
        self.assertIn("in a minute", signer_texts.TEXTS["too_often_action"])
        self.assertTrue(row._count_call(now + timedelta(minutes=2)))

    def request_token(self):
        return self.env["l10n_pl_ksef.request.token"].search([], limit=1)
