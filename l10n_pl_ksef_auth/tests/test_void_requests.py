import base64
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from .office_case import OFFICE_NIP, STRANGER, OfficeCase
from .signers import EMAIL, SignerCase

try:
    from ksef_simulator.identities import OWNER
except ImportError:
    OWNER = None

OTHER_NIP, OTHER_OFFICE = "1111111111", "Inne Biuro Sp. z o.o."


@tagged("post_install", "-at_install")
class TestVoidRequests(SignerCase, OfficeCase):
    """The office is another than when somebody was asked to give it rights: nothing is given."""

    def asked(self, company=None, **asked):
        """Have the accountant ask for a signature for rights; return the request and its token."""
        return super().asked(company, **{"purpose": "grant", **asked})

    def by_mail(self):
        """Have the accountant ask for rights by mail; return the request and the link's token."""
        with self.outbox() as sent:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking(purpose="grant"))
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.request"].search([], limit=1), self.tokens_in(sent[0])[0]

    # ------------------------------------------------------------------
    # What can change
    # ------------------------------------------------------------------
    def change_name(self):
        """Have the office set with another name."""
        self.set_office(name=OTHER_OFFICE)

    def change_number(self):
        """Have the office set in another company, by its seal."""
        company = self.make_company(OTHER_OFFICE, OTHER_NIP)
        self.accountant.company_ids |= company
        self.simulator.world.add_company(OTHER_NIP, OTHER_OFFICE)
        self.connect_by_seal(company)
        self.set_office(company, name=OTHER_OFFICE)

    def change_certificate(self):
        """Have the office log in with its accountant's certificate instead of its seal's."""
        self.simulator.world.grant(STRANGER.identity, OFFICE_NIP)
        company = self.make_company("Oddział biura", OFFICE_NIP)
        self.accountant.company_ids |= company
        self.connect("stranger", company=company, consent=True)
        self.settle()
        self.set_office(company)

    # ------------------------------------------------------------------
    # Who is told
    # ------------------------------------------------------------------
    def check_void_and_told(self, change):
        """Check that a change ends a request, and that both hear of it."""
        self.accountant.lang = "en_US"
        request, token = self.by_mail()
        with self.outbox() as sent:
            change()
        self.assertEqual(request.state, "void")
        (word,) = [one for one in sent if "office has changed" in one["Subject"]]
        self.assertEqual((word["To"], self.tokens_in(word)), (EMAIL, []))
        self.assertIn(self.accountant.email, word["Cc"])
        self.assertIn("office has changed", self.told_to(self.accountant))
        answer = self.at_page("download", token, request=request.id)
        self.assertIn("has changed", answer["problem"]["text"])
        self.assertFalse(answer["file"])
        (shown,) = self.at_page("open", token)["requests"]
        self.assertEqual(shown["state"], "void")
        self.assertIn("has changed", shown["problem"]["text"])
        listed = self.company.with_user(self.accountant).l10n_pl_ksef_requests()["requests"]
        self.assertIn("has changed", listed[0]["problem"])

    def told_to(self, user):
        """Return the summaries of a user's activities."""
        activities = self.env["mail.activity"].search([("user_id", "=", user.id)])
        return " ".join(activities.mapped("summary"))

    def test_another_name_of_the_office_voids_and_both_are_told(self):
        self.check_void_and_told(self.change_name)

    def test_another_number_of_the_office_voids_and_both_are_told(self):
        self.check_void_and_told(self.change_number)

    def test_another_certificate_of_the_office_voids_and_both_are_told(self):
        self.check_void_and_told(self.change_certificate)

    def test_who_asked_is_told_where_the_signer_has_no_address(self):
        self.asked(signer_email="")
        with self.outbox() as sent:
            self.change_name()
        self.assertIn(self.accountant.email, sent[0]["To"])

    def test_others_are_told_where_who_asked_has_left(self):
        self.company.l10n_pl_ksef_responsible_ids = self.manager
        self.accountant.lang = self.manager.lang = "en_US"
        self.company.email = self.bureau.email = "biuro@example.com"
        self.by_mail()
        self.accountant.active = False
        with self.outbox() as sent:
            self.change_name()
        self.assertEqual(sent[0]["Cc"], self.manager.email_formatted)
        self.assertEqual(sent[0]["Reply-To"], self.bureau.email_formatted)
        self.assertIn("office has changed", self.told_to(self.manager))
        self.assertFalse(self.told_to(self.accountant))

    def test_signers_of_one_office_get_one_word_each(self):
        other = self.make_company("Druga Sp. z o.o.", "5261040828")
        self.accountant.company_ids |= other
        with self.outbox():
            rows = [self.asking(company_id=one.id, purpose="grant") for one in self.company | other]
            self.env["l10n_pl_ksef.request"].with_user(self.accountant).ask_for_signatures(rows)
        with self.outbox() as sent:
            self.change_name()
        (word,) = sent
        body = word.get_body(("html",)).get_content()
        self.assertIn(self.company.name, body)
        self.assertIn(other.name, body)

    # ------------------------------------------------------------------
    # Between the request and the signature
    # ------------------------------------------------------------------
    def check_nothing_is_given(self, change):
        """Check that what was signed before a change gives nobody anything."""
        request, token = self.asked()
        document = self.signed(self.downloaded_at_page(token, request))
        change()
        content = base64.b64encode(document).decode()
        answer = self.at_page("send", token, request=request.id, content=content)
        self.assertIn("has changed", answer["problem"]["text"])
        self.check_no_rights()

    def check_no_rights(self):
        self.settle()
        for number in (OFFICE_NIP, OTHER_NIP, STRANGER.pesel):
            self.assertEqual(self.rights_at_ksef(number), [])

    def test_a_signature_for_another_name_gives_nothing(self):
        self.check_nothing_is_given(self.change_name)

    def test_a_signature_for_another_number_gives_nothing(self):
        self.check_nothing_is_given(self.change_number)

    def test_a_signature_for_another_certificate_gives_nothing(self):
        self.check_nothing_is_given(self.change_certificate)

    # ------------------------------------------------------------------
    # The client is another than when somebody was asked
    # ------------------------------------------------------------------
    CORRECTED = "5261040828"

    def correct_nip(self):
        """Have the accountant correct the client's NIP, which was mistyped."""
        self.simulator.world.add_company(self.CORRECTED, self.company.name)
        self.simulator.world.grant(OWNER.identity, self.CORRECTED)
        self.company.vat = f"PL{self.CORRECTED}"
        self.env.flush_all()

    def go_to_production(self):
        """Have the client leave the test environment."""
        self.company.l10n_pl_ksef_environment = "production"
        self.env.flush_all()

    def check_client_changed(self, change):
        """Check that after a change of the client nothing is signed, and both are told why."""
        self.accountant.lang = "en_US"
        request, token = self.by_mail()
        change()
        answer = self.at_page("download", token, request=request.id)
        self.assertIn("NIP or its KSeF environment has changed", answer["problem"]["text"])
        self.assertFalse(answer["file"])
        with self.outbox() as sent:
            self.settle()
        self.assertEqual(request.state, "void")
        self.assertIn("company's data have changed", sent[0]["Subject"])
        self.assertIn("NIP or environment has changed", self.told_to(self.accountant))
        events = dict(self.env["l10n_pl_ksef.audit"]._fields["event"].selection)
        self.assertIn("or the company has changed", events["link_void"])
        self.check_no_rights()

    def test_another_nip_of_the_client_voids_and_both_are_told(self):
        self.check_client_changed(self.correct_nip)

    def test_another_environment_of_the_client_voids_and_both_are_told(self):
        self.check_client_changed(self.go_to_production)

    def being_checked(self, request, token):
        """Have a request's file signed and sent, so that KSeF still checks it; return the request.

        A moment later KSeF lets its signer in.
        """
        with patch.object(self.simulator.settings, "auth_delay", 20):
            self.signed_at_page(token, request, answer=None)
        self.assertEqual(request.session_id.state, "submitted")
        return request

    def check_order_is_not_sent(self, change):
        """Check that a change while KSeF checks the signature has no order sent anywhere."""
        request = self.being_checked(*self.asked())
        change()
        with self.outbox():
            self.check_no_rights()
        self.assertIn("has changed", request.grant_id.problem_text)

    def test_what_ksef_was_ordered_in_a_former_environment_is_given_there(self):
        request, token = self.asked()
        with patch.object(self.simulator.settings, "permission_delay", 20):
            self.signed_at_page(token, request, answer=None)
            self.travel(seconds=5)
            self.advance(request.session_id)
            self.go_to_production()
            with self.outbox():
                self.settle(minutes=1)
        self.assertEqual((request.state, request.grant_id.environment), ("succeeded", "test"))
        self.assertEqual(self.rights_at_ksef(), ["InvoiceRead", "InvoiceWrite"])

    def test_another_nip_while_ksef_checks_sends_no_order(self):
        self.check_order_is_not_sent(self.correct_nip)

    def test_another_environment_while_ksef_checks_sends_no_order(self):
        self.check_order_is_not_sent(self.go_to_production)

    def test_a_window_opened_for_the_mistyped_nip_makes_no_file(self):
        window = OfficeCase.asked(self)
        self.correct_nip()
        view = window.prepare_download()
        self.assertIn("has changed", view["problem"]["text"])
        self.assertFalse(window.sudo().session_id)

    def test_what_a_client_gives_the_office_of_now_names_it_whatever_was_asked_before(self):
        with self.outbox():
            self.asked()
            self.change_number()
            self.simulator.world.grant(
                OTHER_NIP, self.company.l10n_pl_ksef_digits, ["InvoiceRead", "InvoiceWrite"]
            )
            self.settle(hours=25)
        grant = self.grant()
        self.assertEqual((grant.state, grant.to_whom), ("received", grant.office_id._label()))
        grant._accept(self.accountant)
        self.settle()
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, grant.office_id.certificate_id)
        self.assertTrue(session)

    def test_rights_are_not_taken_back_for_another_nip(self):
        self.given_by_window()
        request, token = SignerCase.asked(self, purpose="take_back")
        self.correct_nip()
        answer = self.at_page("download", token, request=request.id)
        self.assertIn("has changed", answer["problem"]["text"])

    def test_an_order_to_take_back_is_not_sent_for_another_nip(self):
        self.given_by_window()
        self.being_checked(*SignerCase.asked(self, purpose="take_back"))
        grant = self.grant()
        self.correct_nip()
        with self.outbox():
            self.settle()
        self.assertIn("has changed", grant.problem_text)

    def given_by_window(self):
        """Have the client give its rights in the window."""
        self.sign_in(OfficeCase.asked(self))
        self.settle()
        self.assertEqual(self.grant().state, "given")

    def check_nothing_is_given_while_ksef_checks(self, change):
        """Check that a change while KSeF checks the signature ends it with nothing given."""
        request = self.being_checked(*self.asked())
        # Other logins take their course meanwhile.
        request.session_id.next_attempt += timedelta(days=1)
        self.env.flush_all()
        change()
        request.session_id.next_attempt = request._now()
        self.env.flush_all()
        self.check_no_rights()
        self.env.invalidate_all()
        self.assertEqual(request.session_id.state, "revoked")
        self.assertEqual(request.state, "void")

    def test_another_number_while_ksef_checks_gives_nothing(self):
        self.check_nothing_is_given_while_ksef_checks(self.change_number)

    def test_another_certificate_while_ksef_checks_gives_nothing(self):
        self.check_nothing_is_given_while_ksef_checks(self.change_certificate)

    # ------------------------------------------------------------------
    # What is no change
    # ------------------------------------------------------------------
    def test_an_office_that_is_set_anew_and_is_the_same_voids_nothing(self):
        request, token = self.asked()
        self.set_office()
        self.assertEqual(request.state, "open")
        self.assertTrue(self.downloaded_at_page(token, request))

    def test_an_office_that_cannot_log_in_now_has_not_changed(self):
        request, token = self.asked()
        self.office.confirmed_at = False
        self.env.flush_all()
        answer = self.at_page("download", token, request=request.id)
        self.assertIn("cannot log in", answer["problem"]["text"])
        self.assertNotIn("changed", answer["problem"]["text"])
        self.settle(hours=1)
        self.assertEqual(request.state, "open")
        self.office._has_logged_in(None)
        self.env.flush_all()
        self.assertTrue(self.downloaded_at_page(token, request))

    def test_a_copy_that_cannot_be_read_keeps_no_other_request_back(self):
        other = self.make_company("Druga Sp. z o.o.", "5261040828")
        self.accountant.company_ids |= other
        unreadable, request = self.asked()[0], self.asked(other)[0]
        unreadable.grant_id.grantee_secret = "damaged"
        self.env.flush_all()
        with self.outbox():
            self.change_name()
        self.assertEqual((unreadable.state, request.state), ("open", "void"))

    def test_where_the_copy_of_the_office_cannot_be_read_the_client_is_asked_anew(self):
        former = self.asked()[0].grant_id
        former.grantee_secret = "damaged"
        self.env.flush_all()
        row = self.asking(company_id=self.company.id, purpose="grant")
        with self.outbox() as sent:
            requests = self.env["l10n_pl_ksef.request"].with_user(self.accountant)
            (result,) = requests.ask_for_signatures([row])
        self.assertTrue(result["ok"])
        self.assertEqual(len(sent), 1)
        self.env.invalidate_all()
        self.assertEqual(former.state, "refused")
        self.assertFalse(self.grant()._is_outdated())

    def test_a_mistake_in_one_row_leaves_nothing_of_it_and_stops_no_other(self):
        other = self.make_company("Druga Sp. z o.o.", "5261040828")
        self.accountant.company_ids |= other
        rows = [
            self.asking(company_id=self.company.id, purpose="grant", hours="soon"),
            self.asking(company_id=other.id, purpose="grant"),
        ]
        requests = self.env["l10n_pl_ksef.request"].with_user(self.accountant)
        logger = "odoo.addons.l10n_pl_ksef_auth.screens.signature_requests"
        with self.outbox(), self.assertLogs(logger, "ERROR"):
            results = requests.ask_for_signatures(rows)
        self.assertEqual([one["ok"] for one in results], [False, True])
        self.assertFalse(self.grant())

    # ------------------------------------------------------------------
    # Mails and links before anybody noticed
    # ------------------------------------------------------------------
    def change_unnoticed(self):
        """Have the office change, and no request be looked at."""
        requests = type(self.env["l10n_pl_ksef.request"])
        with patch.object(requests, "_end_void_ones", lambda _requests: None):
            self.change_name()

    def test_no_link_and_no_mail_is_made_for_the_office_that_was(self):
        for method in ("l10n_pl_ksef_link", "l10n_pl_ksef_write_again"):
            request, _token = self.by_mail()
            self.change_unnoticed()
            told = ""
            with self.outbox() as sent:
                # assertRaises would give up what was committed on another cursor.
                try:
                    getattr(self.company.with_user(self.accountant), method)(request.id)
                except UserError as error:
                    told = str(error)
            self.env.invalidate_all()
            self.assertIn("has changed", told)
            self.assertEqual((request.state, sent), ("void", []), method)
            self.set_office()

    def test_a_mail_that_was_due_does_not_name_the_office_that_was(self):
        request, _token = self.by_mail()
        self.change_unnoticed()
        request.mail_due = "reminder"
        self.env.flush_all()
        with self.outbox() as sent:
            request._deliver()
        self.env.invalidate_all()
        self.assertEqual(request.state, "void")
        self.assertEqual([self.tokens_in(one) for one in sent], [[]])

    def test_a_void_request_is_not_reminded_of(self):
        self.by_mail()
        with self.outbox() as sent:
            self.change_name()
            self.settle(hours=49)
        self.assertFalse([one for one in sent if self.tokens_in(one)])
