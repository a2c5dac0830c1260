from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OWNER, KsefCase


class TakeOverCase(KsefCase):
    """A company with its certificate, before somebody else signs for it."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.former = self.company._l10n_pl_ksef_certificate()
        self.replaced = self.company._l10n_pl_ksef_session()

    def take_over(self, revoke=False, user=None, company=None):
        """Begin a take-over, and return the window in which somebody else signs."""
        user, company = user or self.accountant, company or self.company
        self.env.flush_all()
        with self.confirmed():
            action = company.with_user(user).l10n_pl_ksef_take_over(revoke)
        windows = self.env["l10n_pl_ksef.authorization"].with_user(user)
        return windows.browse(action["params"]["wizard_id"])

    def taken_over(self, revoke=False, signer="qualified", consent=True):
        """Take over up to the moment when the new login works, and return its session."""
        window = self.take_over(revoke)
        self.send_signed(window, signer, consent)
        self.follow(window)
        return self.company._l10n_pl_ksef_session()

    def taken_over_while_renewed(self, revoke, rounds):
        """Take over while the scheduled action renews the certificate; return the successor.

        :param int rounds: how often the successor is worked on before the signature is sent
        """
        window = self.take_over(revoke)
        successor = self.former._begin_successor()
        for _round in range(rounds):
            self.advance(successor)
            self.travel(seconds=10)
        self.send_signed(window, "qualified", consent=False)
        self.follow(window)
        self.settle()
        return successor

    def account(self, user=None):
        """Return what the screen "Account" shows a user."""
        self.env.invalidate_all()
        return self.company.with_user(user or self.accountant).l10n_pl_ksef_account()

    def serve_another(self, user):
        """Have the former certificate serve one more company, which one user has."""
        other = self.make_company("Druga Sp. z o.o.", "1234563218")
        user.company_ids |= other
        self.share(self.former, other)
        return other


@tagged("post_install", "-at_install")
class TestAnotherSigner(KsefCase):
    """Another person signs, without being asked what becomes of the former certificate."""

    def begin(self):
        type(self).former = self.certified()
        self.connect("qualified", consent=True)
        self.settle()

    def setUp(self):
        super().setUp()
        self.successor = self.company._l10n_pl_ksef_certificate()

    def test_the_connection_stands_on_the_new_signer(self):
        self.assertNotEqual(self.successor, self.former)
        self.assertEqual(self.panel()["identity"]["name"], self.successor.owner_name)

    def test_the_next_silent_login_is_the_new_signers(self):
        self.let_days_pass(6)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual((session.method, session.certificate_id), ("certificate", self.successor))

    def test_the_former_certificate_is_kept_until_somebody_revokes_it(self):
        self.assertEqual(self.former.state, "active")
        rows = self.company.with_user(self.accountant).l10n_pl_ksef_account()["certificates"]
        self.assertEqual(len([row for row in rows if row["can_revoke"]]), 2)


@tagged("post_install", "-at_install")
class TestTakeOver(TakeOverCase):
    """The signer leaves: another identity takes over in one guided step."""

    # ------------------------------------------------------------------
    # Before the signature
    # ------------------------------------------------------------------
    def test_the_account_says_whose_identity_the_connection_stands_on(self):
        values = self.account()["take_over"]
        self.assertEqual(values["name"], OWNER.name)
        self.assertIn("••", values["masked"])
        self.assertEqual(values["certificate"]["obstacle"], "")

    def test_the_account_says_what_only_the_former_signer_sees(self):
        sees = self.account()["take_over"]["sees"]
        for word in ("Introspection", "CredentialsRead", "CredentialsManage"):
            self.assertIn(word, sees)

    def test_where_nobody_signed_nobody_can_be_taken_over_from(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= other
        self.assertFalse(other.with_user(self.accountant).l10n_pl_ksef_account()["take_over"])
        self.assertFalse(self.take_over(company=other).view()["take_over"])

    def test_who_else_depends_on_the_certificate_is_named(self):
        other = self.serve_another(self.accountant)
        values = self.account()["take_over"]["certificate"]
        self.assertEqual((values["companies"], values["hidden"]), ([other.name], 0))
        self.assertEqual(values["obstacle"], "")

    def test_companies_of_others_are_counted_but_not_named_and_keep_the_certificate(self):
        other = self.serve_another(self.manager)
        values = self.account()["take_over"]["certificate"]
        self.assertEqual((values["companies"], values["hidden"]), ([], 1))
        self.assertNotIn(other.name, str(values))
        with self.assertRaises(UserError):
            self.take_over(revoke=True)

    def test_without_a_login_of_the_owner_the_certificate_can_only_be_kept(self):
        self.connect("qualified")
        self.settle()
        self.assertIn("owner", self.account()["take_over"]["certificate"]["obstacle"])
        with self.assertRaises(UserError):
            self.take_over(revoke=True)

    def test_while_it_is_being_renewed_the_certificate_can_only_be_kept(self):
        self.former._begin_successor()
        self.assertIn("renewed", self.account()["take_over"]["certificate"]["obstacle"])

    def test_the_window_forgets_what_became_of_an_earlier_attempt(self):
        window = self.open_window()
        self.send_signed(window, "stranger")
        self.assertTrue(self.follow(window)["problem"])
        self.assertFalse(self.take_over().view()["problem"])

    def test_a_clerk_cannot_take_over(self):
        with self.assertRaises(AccessError):
            self.take_over(user=self.clerk)

    def test_the_accountant_of_another_company_cannot_take_over(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        stranger = self.make_user("ksef_other", "l10n_pl_ksef_auth.group_ksef_connection", other)
        with self.assertRaises(AccessError):
            self.take_over(user=stranger)

    def test_outside_the_browser_nobody_takes_over(self):
        with self.assertRaises(UserError):
            self.company.with_user(self.accountant).l10n_pl_ksef_take_over()

    def test_while_ksef_checks_a_signature_nobody_takes_over(self):
        self.simulator.settings.auth_delay = 60
        self.send_signed(self.open_window())
        with self.assertRaises(UserError):
            self.take_over()

    # ------------------------------------------------------------------
    # The signature
    # ------------------------------------------------------------------
    def test_the_window_says_from_whom_and_what_becomes_of_the_certificate(self):
        view = self.take_over(revoke=True).view()["take_over"]
        self.assertEqual((view["name"], view["is_same"]), (OWNER.name, False))
        self.assertIn("revoked", view["text"])
        self.assertIn("stays valid", self.take_over().view()["take_over"]["text"])

    def test_a_window_that_was_closed_still_takes_over(self):
        self.take_over(revoke=True)
        self.assertIn("revoked", self.open_window().view()["take_over"]["text"])

    def test_the_user_may_change_his_mind(self):
        view = self.take_over().forget_take_over()
        self.assertFalse(view["take_over"])
        self.connect("qualified", consent=True)
        self.assertEqual(self.former.company_ids, self.company)

    def test_the_same_signer_takes_over_from_nobody_and_loses_nothing(self):
        window = self.take_over(revoke=True)
        self.attach(window, self.signed(self.downloaded(window)))
        self.assertTrue(window.view()["take_over"]["is_same"])
        window.authenticate()
        self.follow(window)
        self.settle()
        self.assertEqual((self.former.state, self.former.company_ids), ("active", self.company))

    # ------------------------------------------------------------------
    # The former certificate is kept
    # ------------------------------------------------------------------
    def test_a_kept_certificate_stays_valid_and_never_logs_the_company_in_again(self):
        self.taken_over(consent=False)
        self.settle()
        self.assertEqual((self.former.state, self.at_ksef(self.former).revoked), ("active", None))
        self.assertFalse(self.company._l10n_pl_ksef_session().renew_at)
        self.let_days_pass(8)
        logins = self.env["l10n_pl_ksef.session"].search([("certificate_id", "=", self.former.id)])
        self.assertFalse(logins)
        self.assertEqual(self.panel()["state"], "disconnected")

    def test_the_new_signers_certificate_keeps_the_connection_alive(self):
        self.taken_over()
        self.settle()
        successor = self.company._l10n_pl_ksef_certificate()
        self.assertNotEqual(successor, self.former)
        self.let_days_pass(6)
        self.assertEqual(self.company._l10n_pl_ksef_session().certificate_id, successor)

    def test_a_kept_certificate_is_still_shown_and_said_to_be_left(self):
        self.taken_over()
        self.settle()
        rows = {row["id"]: row for row in self.account()["certificates"]}
        row = rows[self.former.id]
        self.assertEqual((row["is_former"], row["can_renew"]), (True, False))
        self.assertFalse(rows[self.company._l10n_pl_ksef_certificate().id]["is_former"])
        visible = self.env["l10n_pl_ksef.certificate"].with_user(self.accountant)
        self.assertIn(self.former, visible.search([]))

    def test_other_companies_go_on_with_a_kept_certificate(self):
        other = self.serve_another(self.accountant)
        self.taken_over()
        self.settle()
        self.assertEqual(self.former.company_ids, other)
        self.assertEqual(other._l10n_pl_ksef_certificate(), self.former)

    def test_a_left_certificate_is_not_picked_up_again_for_the_company(self):
        self.serve_another(self.accountant)
        self.taken_over(consent=False)
        self.settle()
        self.disconnect()
        (row,) = (row for row in self.account()["others"] if row["id"] == self.company.id)
        self.assertIn("Somebody else", row["reason"])
        self.agree(self.company)
        company = self.company.with_user(self.accountant)
        (row,) = company.l10n_pl_ksef_connect_with_certificate()
        self.assertIn("Not connected", row["text"])
        self.env.invalidate_all()
        self.assertFalse(self.company._l10n_pl_ksef_certificate())

    def test_a_successor_that_nobody_needs_any_more_is_kept_untried(self):
        successor = self.taken_over_while_renewed(revoke=False, rounds=2)
        self.assertEqual((self.former.state, successor.state), ("active", "active"))
        self.assertFalse(self.at_ksef(self.former).revoked or self.at_ksef(successor).revoked)
        self.assertFalse(successor.company_ids)

    def test_an_application_that_nobody_needs_any_more_is_given_up(self):
        successor = self.taken_over_while_renewed(revoke=False, rounds=0)
        self.assertEqual((self.former.state, successor.state), ("active", "failed"))
        self.assertEqual(len(self.simulator.state.enrollments), 1)
        self.assertFalse(self.env["l10n_pl_ksef.alert"].search([]))


@tagged("post_install", "-at_install")
class TestTakeOverAtOnce(TakeOverCase):
    """Another identity takes over while the first signer's certificate is still on its way."""

    def begin(self):
        self.connect(consent=True)

    def setUp(self):
        super(TakeOverCase, self).setUp()
        self.on_its_way = self.env["l10n_pl_ksef.certificate"].search([])

    def test_an_application_that_was_not_sent_yet_is_given_up(self):
        self.assertEqual(self.on_its_way.state, "checking")
        self.taken_over(revoke=True, consent=False)
        self.settle()
        self.assertEqual(self.on_its_way.state, "failed")
        self.assertFalse(self.simulator.state.enrollments)
        self.assertFalse(self.company._l10n_pl_ksef_certificate())

    def test_a_certificate_that_was_asked_for_is_revoked_when_it_comes(self):
        self.advance(self.on_its_way)
        self.assertEqual(self.on_its_way.state, "requested")
        self.taken_over(revoke=True, consent=False)
        self.settle()
        self.assertEqual(self.on_its_way.state, "revoked")
        self.assertTrue(self.at_ksef(self.on_its_way).revoked)
