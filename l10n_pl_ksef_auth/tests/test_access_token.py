from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefUnavailable

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestAccessToken(KsefCase):
    def token(self, user=None, company=None, **how):
        """Return the token that a user's code gets for a company."""
        company = (company or self.company).with_user(user or self.clerk)
        token = company.l10n_pl_ksef_access_token(**how)
        self.env.invalidate_all()
        return token

    def failure(self):
        """Return the token or the failure; assertRaises would undo what was committed meanwhile."""
        try:
            return self.token()
        except KsefUnavailable as error:
            return error

    def branch(self, name, parent):
        branch = self.env["res.company"].create({"name": name, "parent_id": parent.id})
        self.clerk.company_ids |= branch
        return branch

    def revoke_at_ksef(self):
        """Close the session at KSeF; its access token lives on until its own end."""
        with self.company._l10n_pl_ksef_client() as client:
            client.revoke_current_session(self.token())

    def test_a_warm_token_costs_one_query_and_no_request(self):
        self.connect()
        self.token()
        company = self.company.with_user(self.clerk)
        with self.counted("refresh") as refreshes, self.assertQueryCount(1):
            company.l10n_pl_ksef_access_token()
        self.assertEqual(refreshes["calls"], 0)

    def test_an_outdated_token_is_refreshed_once_for_all_who_come_after(self):
        self.connect()
        first = self.token()
        self.travel(minutes=16)
        with self.counted("refresh") as refreshes:
            tokens = {self.token() for _caller in range(3)}
        self.assertEqual((refreshes["calls"], len(tokens)), (1, 1))
        self.assertNotIn(first, tokens)

    def test_a_token_lives_as_long_as_the_caller_asks(self):
        session = self.connect()
        self.token()
        self.travel(minutes=7)
        self.token(life=timedelta(minutes=10))
        self.assertGreater(session.access_valid_until - session._now(), timedelta(minutes=10))

    def test_no_token_is_promised_for_longer_than_ksef_gives_it(self):
        with self.assertRaises(ValueError):
            self.token(life=timedelta(minutes=20))

    def test_a_token_is_renewed_before_it_is_needed(self):
        self.connect()
        self.travel(minutes=12)
        with self.counted("refresh") as refreshes:
            self.token()
            self.token()
        self.assertEqual(refreshes["calls"], 1)

    def test_the_old_token_goes_on_while_ksef_does_not_renew_it(self):
        self.connect()
        first = self.token()
        self.travel(minutes=12)
        self.simulator.faults.add("refresh", "500", times=9)
        with self.counted("refresh") as refreshes:
            self.assertEqual({self.token(), self.token()}, {first})
        self.assertEqual(refreshes["calls"], 1)

    def test_when_ksef_fails_the_next_caller_hears_it_without_asking_again(self):
        self.connect()
        self.travel(minutes=16)
        self.simulator.faults.add("refresh", "500", times=9)
        with self.counted("refresh") as refreshes:
            failures = [self.failure() for _caller in range(3)]
        self.assertEqual(refreshes["calls"], 1)
        self.assertTrue(all(isinstance(failure, KsefUnavailable) for failure in failures))

    def test_a_login_that_ksef_ended_is_followed_by_one_with_the_certificate(self):
        self.certified()
        self.revoke_at_ksef()
        self.travel(minutes=16)
        with self.counted("xades-signature") as logins:
            self.assertTrue(self.token())
            self.token()
        self.assertEqual(logins["calls"], 1)
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")

    def test_without_a_certificate_the_user_is_led_to_the_window(self):
        self.connect()
        self.revoke_at_ksef()
        self.travel(minutes=16)
        with self.assertRaises(LoginNeeded) as caught:
            self.token(self.accountant)
        _message, action, button, _context = caught.exception.args
        self.assertEqual(action["tag"], "l10n_pl_ksef_sign")
        self.assertEqual(action["params"]["company_id"], self.company.id)
        self.assertTrue(button)

    def test_who_may_not_connect_is_led_to_the_panel(self):
        with self.assertRaises(LoginNeeded) as caught:
            self.token(self.clerk)
        self.assertEqual(caught.exception.args[1]["tag"], "l10n_pl_ksef_connection")

    def test_what_was_disconnected_by_hand_is_not_connected_by_a_machine(self):
        self.certified()
        session = self.company._l10n_pl_ksef_session()
        session.write({"revoke_requested": True, "closed_by_user": True})
        with self.counted("challenge") as logins, self.assertRaises(LoginNeeded):
            self.token()
        self.assertEqual(logins["calls"], 0)

    def test_a_branch_uses_the_connection_of_the_company_above_it(self):
        self.connect()
        branch = self.branch("Oddział w Gdyni", self.company)
        self.assertEqual(self.token(company=branch), self.token())

    def test_the_query_finds_the_same_owner_as_the_rest_of_the_addon(self):
        self.connect()
        branch = self.branch("Oddział", self.company)
        below = self.branch("Pododdział", branch)
        self.assertEqual(below._l10n_pl_ksef_principal(), self.company)
        self.assertTrue(below._l10n_pl_ksef_token_row())
        branch.vat = "PL1111111111"
        self.assertEqual(below._l10n_pl_ksef_principal(), branch)
        self.assertFalse(below._l10n_pl_ksef_token_row())

    def test_another_companys_user_gets_no_token(self):
        self.connect()
        stranger = self.make_user(
            "ksef_stranger",
            "account.group_account_manager",
            self.make_company("Inna", "1111111111"),
        )
        with self.assertRaises(AccessError):
            self.token(stranger)

    def test_nobody_gets_a_token_over_the_network(self):
        for name in ("l10n_pl_ksef_access_token", "l10n_pl_ksef_api", "l10n_pl_ksef_explain"):
            with self.assertRaises(AccessError):
                get_public_method(self.company, name)

    def test_the_authorised_client_renews_a_refused_bearer_once(self):
        self.connect()
        first = self.token()
        with self.company.l10n_pl_ksef_api() as api, self.counted("refresh") as refreshes:
            self.simulator.clock.advance(timedelta(minutes=16))
            answer = api.request("GET", "/auth/sessions")
        self.assertEqual((answer.status_code, refreshes["calls"]), (200, 1))
        self.env.invalidate_all()
        self.assertNotEqual(self.token(), first)

    def test_a_failure_is_explained_in_the_users_words(self):
        texts = self.company.l10n_pl_ksef_explain(KsefUnavailable("x", code="timeout", sent=True))
        self.assertTrue(texts["text"] and texts["action"])

    def test_a_refusal_that_holds_its_own_words_is_explained_by_them(self):
        for refusal in (AccessError("Not yours."), UserError("No code.")):
            self.assertEqual(self.company.l10n_pl_ksef_explain(refusal)["text"], str(refusal))

    def test_an_error_of_the_callers_own_is_not_called_one_of_the_key(self):
        texts = self.company.l10n_pl_ksef_explain(ValueError("no hash"))
        self.assertEqual(texts["technical"], "KSeF internal")
