import base64
from contextlib import nullcontext
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .office_case import OFFICE_NIP, OfficeCase
from .signers import SignerCase

RIGHTS = ["InvoiceRead", "InvoiceWrite"]


@tagged("post_install", "-at_install")
class TestRightsByALink(SignerCase, OfficeCase):
    """The client's signer, without an account, gives the office rights on the page of a link."""

    def asked(self, **asked):
        """Have the accountant ask for a signature for rights; return the request and its token."""
        return super().asked(**{"purpose": "grant", **asked})

    def test_a_signer_without_an_account_gives_the_rights(self):
        request, token = self.asked()
        shown = self.at_page("open", token)["requests"][0]
        self.assertIn(self.office._label(), shown["purpose"][0])
        self.assertFalse(shown["asks_answer"])
        self.assertIn("Aplikacja Podatnika KSeF", " ".join(shown["purpose"]))
        self.signed_at_page(token, request, answer=None)
        done = self.followed_at_page(token, request)
        self.assertEqual(done["state"], "done")
        self.assertIn(self.office._label(), done["done"])
        self.assertIn("Aplikacja Podatnika KSeF", done["taken_back"])
        self.settle()
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        self.assertIn("Aplikacja Podatnika KSeF", account["taken_back"])
        self.assertEqual((request.state, self.grant().state), ("succeeded", "given"))
        self.assertEqual(self.rights_at_ksef(), RIGHTS)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)

    def shown_after_failures(self, signer="owner"):
        """Sign, and have KSeF fail when the login is closed; return the page and the request."""
        request, token = self.asked()
        for kind in ("503", "401", "429"):
            self.simulator.faults.add("session-revoke", kind)
        self.signed_at_page(token, request, signer, answer=None, is_agreed=True)
        shown = self.followed_at_page(token, request)
        self.settle()
        return shown, request

    def test_failures_at_the_end_hide_no_success(self):
        shown, request = self.shown_after_failures()
        self.assertEqual((shown["state"], shown["problem"]), ("done", False))
        self.assertEqual((request.state, request.refusal), ("succeeded", False))
        self.assertEqual(request.session_id.state, "revoked")

    def test_failures_at_the_end_hide_no_reason(self):
        shown, request = self.shown_after_failures("edowod")
        self.assertIn("may not give rights", shown["problem"]["text"])
        self.assertIn("may not give rights", request.refusal_text)
        self.assertEqual(request.session_id.state, "revoked")

    def test_the_mail_names_the_office_and_its_number(self):
        company = self.company.with_user(self.accountant)
        with self.outbox() as sent:
            company.l10n_pl_ksef_ask(self.asking(purpose="grant", by="mail"))
        body = sent[0].get_body(("html",)).get_content()
        self.assertIn(self.office.number, " ".join(body.split()))

    def test_the_signer_reads_that_the_office_asks_and_handles_the_data(self):
        company = self.company.with_user(self.accountant)
        with self.outbox() as sent:
            company.l10n_pl_ksef_ask(self.asking(purpose="grant", by="mail"))
        self.assertIn(self.office.name, sent[0]["Subject"])
        (token,) = self.tokens_in(sent[0])
        self.set_office(name="Inne Biuro Sp. z o.o.")
        opened = self.at_page("open", token)
        (shown,) = opened["requests"]
        self.assertIn("Biuro Rachunkowe", shown["office"])
        self.assertIn(self.office.number, shown["office"])
        self.assertEqual(opened["responsible"]["company"], self.bureau.name)

    def test_a_file_for_rights_is_no_file_for_the_connection(self):
        request, token = self.asked()
        document = self.signed(self.downloaded_at_page(token, request))
        other, others_token = SignerCase.asked(self)
        content = base64.b64encode(document).decode()
        found = self.at_page("check", others_token, request=other.id, content=content)
        self.assertFalse(found["can_send"])

    def test_rights_are_given_whatever_keeps_odoo_from_closing_their_login(self):
        request, token = self.asked()
        self.simulator.faults.add("session-revoke", "401", times=2)
        self.signed_at_page(token, request, answer=None)
        self.followed_at_page(token, request)
        request.session_id._set_aside()
        self.settle(hours=2)
        shown = self.at_page("result", token, request=request.id)["request"]
        self.assertEqual((shown["state"], shown["problem"]), ("done", False))
        self.assertEqual((request.state, request.session_id.state), ("succeeded", "revoked"))

    def test_the_client_takes_the_rights_back_by_a_link(self):
        request, token = self.asked()
        self.signed_at_page(token, request, answer=None)
        self.followed_at_page(token, request)
        self.settle()
        request, token = SignerCase.asked(self, purpose="take_back")
        self.signed_at_page(token, request, answer=None)
        self.assertEqual(self.followed_at_page(token, request)["state"], "done")
        self.settle()
        self.assertEqual((self.grant().state, self.rights_at_ksef()), ("returned", []))

    def test_with_the_service_all_links_end(self):
        given, token = self.asked()
        self.signed_at_page(token, given, answer=None)
        self.followed_at_page(token, given)
        self.settle()
        request, token = self.asked(purpose="connect")
        self.env.flush_all()
        with self.confirmed():
            self.grant().with_user(self.accountant).action_end_service()
        self.env.invalidate_all()
        self.assertEqual(request.state, "revoked")
        self.assertEqual(self.at_page("open", token), {"error": "gone"})

    def test_a_service_does_not_end_while_somebody_signs_at_a_link(self):
        request, token = self.asked()
        self.signed_at_page(token, request, answer=None)
        self.followed_at_page(token, request)
        self.settle()
        other = self.asked(purpose="connect")[0]
        self.env.flush_all()
        busy = patch.object(type(other), "_exclusive", lambda *_args: nullcontext(other.browse()))
        with busy, self.confirmed(), self.assertRaises(UserError):
            self.grant().with_user(self.accountant).action_end_service()
        self.assertEqual((self.grant().state, other.state), ("given", "open"))

    def test_what_may_be_asked_for_is_offered_and_no_more(self):
        company = self.company.with_user(self.accountant)
        offered = [one["id"] for one in company.l10n_pl_ksef_requests()["purposes"]]
        self.assertEqual(offered, ["grant", "connect"])
        self.simulator.world.grant(OFFICE_NIP, "5265877635", RIGHTS)
        self.settle(hours=25)
        offered = [one["id"] for one in company.l10n_pl_ksef_requests()["purposes"]]
        self.assertEqual(offered, ["connect", "take_back"])
