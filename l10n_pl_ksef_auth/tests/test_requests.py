import base64
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.request.address import set_link_address

from .common import put
from .signers import EMAIL, SIGNER, SignerCase

try:
    from ksef_simulator.own_seals import sign_as_company
except ImportError:
    sign_as_company = None


@tagged("post_install", "-at_install")
class TestRequests(SignerCase):
    """Somebody without an account signs for a company, on the page behind a link."""

    def test_a_signer_without_an_account_connects_the_company(self):
        request, token = self.asked()
        shown = self.at_page("open", token)["requests"][0]
        self.assertEqual((shown["company"], shown["signer"]), (self.company.name, SIGNER))
        answer = self.signed_at_page(token, request, answer="once")
        self.assertNotEqual(answer["request"]["state"], "open")
        self.assertEqual(self.followed_at_page(token, request)["state"], "done")
        self.assertEqual(request.state, "succeeded")
        self.assertEqual(self.panel()["color"], "green")
        self.settle()
        self.assertEqual(self.panel()["certificate"]["state"], "valid")

    def test_the_login_says_through_which_link_it_came_and_never_that_a_user_confirmed(self):
        request, token = self.asked()
        self.signed_at_page(token, request, answer="once")
        session = request.session_id
        self.assertEqual((session.user_id, session.request_id), (self.accountant, request))
        self.assertIn(SIGNER, session.consent_text)
        self.assertNotIn(self.accountant.name, session.consent_text)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "signed")], limit=1)
        self.assertIn(str(request.id), line.detail)
        self.settle()
        agreed = self.company._l10n_pl_ksef_certificate().agreement_ids
        self.assertEqual((agreed.how, agreed.user_id), ("signature", self.env["res.users"]))

    def test_the_signer_agrees_in_person(self):
        request, token = self.asked()
        document = self.signed(self.downloaded_at_page(token, request))
        values = {"request": request.id, "content": base64.b64encode(document).decode()}
        self.assertTrue(self.at_page("check", token, **values)["is_own"])
        self.at_page("send", token, **values, answer="once")
        said = request.session_id.consent_text
        self.assertRegex(said, f"^The signer, {SIGNER}, .*, agreed on the page behind the link:")
        self.assertNotIn("confirmed", said)

    def test_for_another_signer_it_is_confirmed_and_not_said_that_he_agreed(self):
        request, token = self.asked(signer_name="Jan Kowalski")
        document = self.signed(self.downloaded_at_page(token, request))
        values = {"request": request.id, "content": base64.b64encode(document).decode()}
        self.assertFalse(self.at_page("check", token, **values)["is_own"])
        self.at_page("send", token, **values, answer="once", is_agreed=True)
        said = request.session_id.consent_text
        self.assertRegex(said, f"behind the link for Jan Kowalski it was confirmed.*{SIGNER}")
        self.assertNotIn("agreed", said)

    def test_both_certificates_come_where_the_page_named_both_and_else_one(self):
        for answer, offline in (("once", False), ("both", True)):
            request, token = self.asked()
            self.signed_at_page(token, request, answer=answer)
            self.assertEqual(request.session_id.consent_offline, offline)
            self.assertEqual("two certificates" in request.session_id.consent_text, offline)
            self.travel(seconds=30)

    def test_the_accountant_sees_what_has_happened(self):
        request, token = self.asked()
        self.at_page("open", token)
        self.signed_at_page(token, request)
        view = self.company.with_user(self.accountant).l10n_pl_ksef_requests()
        events = [event["text"] for event in view["requests"][0]["events"]]
        self.assertEqual(events, ["opened", "file downloaded", "signed file sent"])

    def test_the_list_has_the_requests_of_all_companies_whichever_is_active(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        requests = self.asked()[0] | self.asked(other)[0]
        seen = self.env["l10n_pl_ksef.request"].with_user(self.accountant)
        found = seen.with_context(allowed_company_ids=self.company.ids).search([])
        self.assertEqual(found & requests, requests.with_env(found.env))

    def test_the_signer_may_close_the_page_and_come_back(self):
        request, token = self.asked()
        self.at_page("open", token)
        self.signed_at_page(token, request)
        self.settle()
        self.assertEqual(self.at_page("open", token)["requests"][0]["state"], "done")

    def test_a_file_of_a_request_is_taken_through_its_page_alone(self):
        request, token = self.asked()
        document = self.signed(self.downloaded_at_page(token, request))
        window = self.open_window()
        self.downloaded(window)
        view = self.attach(window, document)
        self.assertFalse(view["reading"]["can_send"])
        other, others_token = self.asked(signer_name="Jan Inny")
        content = base64.b64encode(document).decode()
        found = self.at_page("check", others_token, request=other.id, content=content)
        self.assertFalse(found["can_send"])

    def test_a_file_of_a_former_environment_is_not_sent(self):
        request, token = self.asked()
        document = self.signed(self.downloaded_at_page(token, request))
        self.company.l10n_pl_ksef_environment = "demo"
        self.env.flush_all()
        values = {"request": request.id, "content": base64.b64encode(document).decode()}
        found = self.at_page("send", token, **values, answer="once")
        self.assertEqual((found["can_send"], request.state), (False, "open"))
        self.downloaded_at_page(token, request)
        self.assertEqual(request.session_ids.sorted("id")[-1:].environment, "demo")

    def test_nothing_is_sent_without_an_answer(self):
        request, token = self.asked()
        with self.counted("xades-signature") as sent:
            answer = self.signed_at_page(token, request, answer=None)
        self.assertEqual((sent["calls"], request.state), (0, "open"))
        self.assertTrue(answer["problem"]["text"])

    def test_another_name_is_asked_about_before_sending_and_told_to_who_asked(self):
        request, token = self.asked(signer_name="Jan Kowalski")
        with self.counted("xades-signature") as sent:
            answer = self.signed_at_page(token, request)
        self.assertEqual((sent["calls"], answer["by_another"]), (0, True))
        self.travel(seconds=30)
        self.signed_at_page(token, request, is_agreed=True)
        self.assertEqual(self.followed_at_page(token, request)["state"], "done")
        self.assertTrue(request.is_other_signer)
        told = self.env["mail.activity"].search([("user_id", "=", self.accountant.id)])
        self.assertIn(SIGNER, " ".join(told.mapped("note")))

    def test_another_name_is_told_and_named_when_ksef_refuses_it_too(self):
        request, token = self.asked()
        self.signed_at_page(token, request, "stranger", is_agreed=True)
        self.followed_at_page(token, request)
        told = self.env["mail.activity"].search([("user_id", "=", self.accountant.id)])
        self.assertEqual(len(told), 1)
        self.assertIn(request.signed_by, told.note)
        self.assertTrue(request.signed_by)
        self.settle(hours=1)
        problem = self.requests()[0]["problem"]
        self.assertIn("Refused", problem)
        self.assertIn(f"signed by somebody else: {request.signed_by}", problem)

    def test_what_a_file_calls_its_signer_is_no_markup_for_who_asked(self):
        request, token = self.asked()
        whose = {"name": "<a href='//evil.example'>Jan</a>", "nip": "5265877635"}
        document = self.downloaded_at_page(token, request)
        signed = sign_as_company(document, at=self.simulator.clock.now(), **whose)
        values = {"request": request.id, "content": base64.b64encode(signed).decode()}
        self.at_page("send", token, **values, answer="weekly", is_agreed=True)
        self.assertIn("&lt;a href", request.told_ids.note)
        self.assertNotIn("<a", request.told_ids.note)

    def test_who_signed_without_the_rights_is_named_to_who_asked(self):
        self.simulator.world.remove(lambda one: one.scope == "InvoiceWrite")
        request, token = self.asked()
        self.signed_at_page(token, request)
        self.followed_at_page(token, request)
        self.settle(hours=1)
        self.assertIn(SIGNER, request.refusal_text or "")

    def test_a_name_is_the_same_in_another_order_and_case(self):
        request, token = self.asked(signer_name="ŻÓŁĆ-ŹDŹBŁO róża")
        self.assertNotIn("by_another", self.signed_at_page(token, request))

    def test_a_signer_whom_ksef_refuses_may_try_again_and_the_accountant_reads_why(self):
        request, token = self.asked()
        self.signed_at_page(token, request, "stranger", is_agreed=True)
        shown = self.followed_at_page(token, request)
        self.assertEqual(shown["state"], "open")
        self.assertTrue(shown["problem"]["text"])
        self.assertIn("ZAW-FA", shown["problem"]["links"][1]["label"])
        self.assertIn("Refused", self.requests()[0]["problem"])
        self.travel(seconds=30)
        self.signed_at_page(token, request)
        self.assertEqual(self.followed_at_page(token, request)["state"], "done")

    def test_a_connection_is_done_only_when_its_rights_were_looked_at(self):
        request, token = self.asked()
        self.simulator.faults.add("permissions", "503", times=-1)
        self.signed_at_page(token, request)
        shown = self.followed_at_page(token, request, rounds=5)
        self.assertEqual((request.session_id.state, shown["state"]), ("active", "verifying"))
        self.simulator.faults.clear()
        self.settle(hours=1)
        self.assertEqual(request.state, "succeeded")

    def test_a_connection_of_a_former_environment_is_not_done(self):
        request, token = self.asked()
        with patch.object(self.simulator.settings, "auth_delay", 20):
            self.signed_at_page(token, request)
        self.company.l10n_pl_ksef_environment = "demo"
        self.env.flush_all()
        self.settle(minutes=1)
        shown = self.followed_at_page(token, request)
        self.assertEqual((shown["state"], request.state), ("open", "open"))
        self.assertIn("company is not connected", shown["problem"]["text"])
        self.assertIn("company is not connected", self.requests()[0]["problem"])
        self.signed_at_page(token, request)
        self.settle()
        self.assertEqual(request.state, "succeeded")
        self.assertEqual(self.company._l10n_pl_ksef_session().environment, "demo")

    def test_who_signed_without_the_rights_is_not_told_that_it_is_done(self):
        request, token = self.asked(signer_name="Jan")
        self.signed_at_page(token, request, "reader", is_agreed=True)
        shown = self.followed_at_page(token, request)
        self.assertEqual((shown["state"], request.state), ("open", "open"))
        self.assertIn("no right to issue", shown["problem"]["text"])
        self.assertIn("no right to issue", self.requests()[0]["problem"])

    def requests(self):
        return self.company.with_user(self.accountant).l10n_pl_ksef_requests()["requests"]

    def test_the_unsigned_file_is_explained_and_nothing_of_it_is_kept(self):
        request, token = self.asked()
        document = self.downloaded_at_page(token, request)
        content = base64.b64encode(document).decode()
        found = self.at_page("check", token, request=request.id, content=content, name="a.xml")
        self.assertEqual((found["findings"][0]["code"], found["can_send"]), ("unsigned", False))
        self.assertTrue(request.refusal_text)
        self.assertFalse(request.session_ids.document_secret)

    def test_a_request_ends_with_its_time(self):
        request, token = self.asked(hours=24)
        self.travel(hours=25)
        self.assertEqual(self.at_page("open", token), {"error": "gone"})
        self.settle()
        self.assertEqual(request.state, "over")
        self.assertFalse(self.env["l10n_pl_ksef.request.token"].search([]))

    def test_the_links_of_a_company_that_goes_to_the_archive_end(self):
        other = self.make_anothers()
        request, token = self.asked(other)
        other.active = False
        told = self.at_page("download", token, request=request.id)["problem"]
        self.assertIn("needs no signature any more", told["text"])
        self.settle()
        self.assertEqual(request.state, "over")
        self.assertEqual(self.at_page("open", token), {"error": "gone"})

    def test_a_request_that_is_asked_for_again_ends_the_former(self):
        first, token = self.asked()
        self.asked()
        self.assertEqual(first.state, "revoked")
        self.assertEqual(self.at_page("open", token), {"error": "gone"})

    def test_of_one_request_five_links_live_at_most(self):
        request, token = self.asked()
        company = self.company.with_user(self.accountant)
        for _time in range(5):
            company.l10n_pl_ksef_link(request.id)
        self.env.invalidate_all()
        tokens = self.env["l10n_pl_ksef.request.token"].search([])
        self.assertEqual(len(tokens), 5)
        self.assertEqual(self.at_page("open", token), {"error": "gone"})

    def test_revoking_ends_all_links(self):
        request, token = self.asked()
        company = self.company.with_user(self.accountant)
        company.l10n_pl_ksef_link(request.id)
        company.l10n_pl_ksef_revoke_request(request.id)
        self.env.invalidate_all()
        self.assertFalse(self.env["l10n_pl_ksef.request.token"].search([]))
        self.assertEqual(self.at_page("open", token), {"error": "gone"})


@tagged("post_install", "-at_install")
class TestRequestMails(SignerCase):
    """The mail with the link: one for each signer, kept nowhere."""

    def ask_many(self, rows):
        requests = self.env["l10n_pl_ksef.request"].with_user(self.accountant)
        results = requests.ask_for_signatures(rows)
        self.env.invalidate_all()
        return results

    def test_the_mail_leads_to_the_page(self):
        with self.outbox() as sent:
            view = self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking())
        self.assertEqual(sent[0]["To"], EMAIL)
        (token,) = self.tokens_in(sent[0])
        self.assertEqual(view["requests"][0]["events"][0]["text"], "mail sent")
        shown = self.at_page("open", token)
        self.assertEqual(shown["requests"][0]["company"], self.company.name)

    def test_the_mail_is_polish_for_who_reads_polish(self):
        self.speak_polish()
        with self.outbox() as sent:
            company = self.company.with_user(self.accountant)
            company.l10n_pl_ksef_ask(self.asking(lang="pl_PL"))
            company.l10n_pl_ksef_write_again(company.l10n_pl_ksef_requests()["requests"][0]["id"])
        self.assertEqual(len(sent), 2)
        for message in sent:
            body = message.get_body(("html",)).get_content()
            self.assertIn("Podpis do KSeF", message["Subject"])
            self.assertIn("Konto w Odoo nie jest potrzebne", body)
            self.assertNotIn("You need no account", body)

    def test_an_address_is_taken_whole_or_not_at_all(self):
        company = self.company.with_user(self.accountant)
        for split in ("jan kowalski@firma.pl", "roza@example .com", "a@firma.pl, b@firma.pl"):
            with self.outbox() as sent, self.assertRaises(UserError):
                company.l10n_pl_ksef_ask(self.asking(signer_email=split))
            self.assertFalse(sent)
        for whole in (" ROZA@Example.com ", "Róża Żółć <roza@example.com>"):
            with self.outbox() as sent:
                company.l10n_pl_ksef_ask(self.asking(signer_email=whole))
            self.assertEqual(sent[0]["To"], EMAIL)

    def test_a_mail_that_is_sent_again_has_a_link_of_its_own(self):
        with self.outbox() as sent:
            view = self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking())
            view = self.company.with_user(self.accountant).l10n_pl_ksef_write_again(
                view["requests"][0]["id"]
            )
        tokens = [self.tokens_in(message)[0] for message in sent]
        self.assertEqual(len(set(tokens)), 2)
        for token in tokens:
            self.assertIn("requests", self.at_page("open", token))
        self.assertEqual([event["text"] for event in view["requests"][0]["events"]], ["mail sent"])

    def test_people_who_share_an_address_get_a_mail_each(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        rows = [
            self.asking(company_id=self.company.id),
            self.asking(company_id=other.id, signer_name="Jan Kowalski"),
        ]
        with self.outbox() as sent:
            self.ask_many(rows)
        pages = [self.at_page("open", self.tokens_in(message)[0]) for message in sent]
        self.assertEqual([len(page["requests"]) for page in pages], [1, 1])

    def test_another_language_another_asker_and_another_office_have_a_mail_of_their_own(self):
        company = self.company.with_user(self.accountant)
        bureau = self.make_company("Drugie biuro", "5261040828")
        first, _token = self.asked()
        copies = {
            "language": {"lang": "pl_PL"},
            "asker": {"user_id": self.manager.id},
            "office": {"office_id": bureau.id},
        }
        requests = first | self.env["l10n_pl_ksef.request"].union(
            *(first.copy(values) for values in copies.values())
        )
        requests.write({"mail_due": "mail"})
        self.env.flush_all()
        with self.outbox() as sent:
            company.env["l10n_pl_ksef.request"].sudo()._deliver()
        self.assertEqual(len(sent), 1 + len(copies))

    def test_the_page_says_who_is_responsible_for_the_data(self):
        office = self.accountant.company_id
        office.partner_id.write({"street": "Polna 1", "zip": "00-001", "city": "Warszawa"})
        office.email = "rodo@example.com"
        set_link_address(self.env, self.base_url(), "https://biuro.example/rodo")
        _request, token = self.asked()
        self.assertEqual(
            self.at_page("open", token)["responsible"],
            {
                "company": office.name,
                "address": "Polna 1, 00-001 Warszawa",
                "contact": "rodo@example.com",
                "url": "https://biuro.example/rodo",
            },
        )

    def test_a_template_that_lost_its_word_still_sends_the_link(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_request")
        template.body_html = "<p>Good morning</p>"
        with self.outbox() as sent:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking())
        self.assertEqual(len(self.tokens_in(sent[0])), 1)

    def test_a_mail_that_cannot_be_sent_says_why(self):
        with self.outbox(failing=OSError("mailbox is full")):
            view = self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking())
        self.assertIn("mailbox is full", view["requests"][0]["problem"])
        self.assertFalse(self.env["l10n_pl_ksef.request.token"].search([]))

    def test_a_signer_of_several_companies_gets_one_mail_and_one_list(self):
        others = [self.make_company("Druga Sp. z o.o.", "1111111111")]
        self.accountant.company_ids |= others[0]
        companies = [self.company, *others]
        with self.outbox() as sent:
            results = self.ask_many([self.asking(company_id=one.id) for one in companies])
        self.assertEqual([result["ok"] for result in results], [True, True])
        self.assertEqual(len(sent), 1)
        (token,) = self.tokens_in(sent[0])
        shown = self.at_page("open", token)["requests"]
        self.assertEqual({one["company"] for one in shown}, {one.name for one in companies})

    def asked_for_two(self):
        """Ask one signer for two companies; return the link's token and the requests."""
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        with self.outbox() as sent:
            results = self.ask_many(
                [self.asking(company_id=one.id) for one in (self.company, other)]
            )
        (token,) = self.tokens_in(sent[0])
        ids = [result["request_id"] for result in results]
        return token, self.env["l10n_pl_ksef.request"].browse(ids)

    def test_signed_files_that_are_chosen_at_once_find_their_companies(self):
        token, requests = self.asked_for_two()
        files = [self.signed(self.downloaded_at_page(token, request)) for request in requests]
        for request, file in reversed(list(zip(requests, files, strict=True))):
            content = base64.b64encode(file).decode()
            found = self.at_page("check", token, name="a.xml", content=content)
            self.assertEqual((found["request"]["id"], found["can_send"]), (request.id, True))
        stray = base64.b64encode(b"<a/>").decode()
        self.assertTrue(self.at_page("check", token, name="b.xml", content=stray)["is_stray"])
        self.assertFalse(any(one.refusal_text for one in requests))

    def test_a_file_of_a_company_that_pauses_is_not_called_a_strangers(self):
        token, (request, _other) = self.asked_for_two()
        file = self.signed(self.downloaded_at_page(token, request))
        put(request, paused_until=request._now() + timedelta(minutes=10))
        content = base64.b64encode(file).decode()
        found = self.at_page("check", token, name="a.xml", content=content)
        self.assertEqual(found["request"]["id"], request.id)
        self.assertIn("Too many files", found["problem"]["text"])

    def test_what_keeps_one_company_back_stops_no_other(self):
        without = self.make_company("Bez NIP", "")
        self.accountant.company_ids |= without
        strange = self.make_company("Obca", "1111111111")
        rows = [self.asking(company_id=one.id) for one in (without, strange, self.company)]
        with self.outbox() as sent:
            results = self.ask_many(rows)
        self.assertEqual([result["ok"] for result in results], [False, False, True])
        self.assertTrue(all(result["text"] for result in results))
        self.assertEqual(len(sent), 1)

    def test_one_reminder_is_sent_on_the_day_before_the_end(self):
        with self.outbox() as sent:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking(hours=72))
            self.settle(hours=40)
            self.assertEqual(len(sent), 1)
            self.settle(hours=10)
            self.settle(hours=10)
        self.assertEqual(len(sent), 2)
        self.assertIn("Reminder", sent[1]["Subject"])
        self.assertNotEqual(self.tokens_in(sent[0]), self.tokens_in(sent[1]))

    def test_a_reminder_that_the_mail_server_refuses_is_tried_once(self):
        with self.outbox():
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking(hours=72))
        with self.outbox(failing=OSError("mailbox is full")) as tried:
            self.settle(hours=50)
            self.settle(hours=1)
            self.settle(hours=1)
        self.assertEqual(len(tried), 1)
        listed = self.company.with_user(self.accountant).l10n_pl_ksef_requests()["requests"]
        self.assertIn("mailbox is full", listed[0]["problem"])
        self.assertNotIn("reminded", [one["text"] for one in listed[0]["events"]])

    def test_who_has_signed_is_not_reminded(self):
        with self.outbox() as sent:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking(hours=72))
            (token,) = self.tokens_in(sent[0])
            request = self.env["l10n_pl_ksef.request"].search([], limit=1)
            self.signed_at_page(token, request)
            self.settle(hours=50)
        self.assertEqual(len(sent), 1)

    def test_a_short_link_needs_no_reminder(self):
        with self.outbox() as sent:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking(hours=24))
            self.settle(hours=2)
        self.assertEqual(len(sent), 1)

    def test_the_link_is_not_valid_any_longer_than_was_asked(self):
        request, _token = self.asked(hours=10_000)
        self.assertLessEqual(request.valid_until - request._now(), timedelta(days=30))
