from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import sensitive

from .common import KsefCase, put
from .test_offline_certificate import OfflineCase


@tagged("post_install", "-at_install")
class TestSeparateCertificate(KsefCase):
    """The signer has a certificate outside this Odoo and chooses: one more, or that one."""

    def begin(self):
        # This Odoo forgets the certificate, as if another program had it issued.
        self.certified().unlink()
        self.env["l10n_pl_ksef.session"].search([]).unlink()

    def choice(self, places):
        """Connect while KSeF would issue `places` more; return the choice on the account screen."""
        self.simulator.settings.person_certificate_limit = 1 + places
        self.connect(consent=True)
        self.settle()
        return self.account().l10n_pl_ksef_account()["choice"]

    def account(self):
        return self.company.with_user(self.accountant)

    def issue(self):
        with self.confirmed():
            self.account().l10n_pl_ksef_issue_certificate()
        self.settle()

    def test_with_two_places_left_a_separate_one_is_issued(self):
        choice = self.choice(places=2)
        self.assertEqual((choice["can_issue"], choice["places"]), (True, 2))
        self.issue()
        self.assertEqual(self.company._l10n_pl_ksef_certificate().state, "active")
        self.assertEqual(self.panel()["certificate"]["state"], "valid")

    def test_without_the_password_none_is_applied_for(self):
        self.choice(places=2)
        company = self.account()
        asked = patch.object(type(company), "l10n_pl_ksef_confirm", return_value="the question")
        with self.confirmed(), asked, patch.object(sensitive, "TRUSTED_SECONDS", -1):
            answer = company.l10n_pl_ksef_issue_certificate()
        self.assertEqual(answer, {"confirm": "the question"})
        self.assertFalse(self.company._l10n_pl_ksef_certificate())

    def test_with_one_place_left_none_is_offered(self):
        choice = self.choice(places=1)
        self.assertEqual((choice["can_issue"], choice["places"]), (False, 1))
        self.assertEqual(self.panel()["certificate"]["state"], "exists")

    def test_a_place_taken_since_the_offer_leaves_the_choice_to_the_user_again(self):
        self.choice(places=2)
        self.simulator.settings.person_certificate_limit = 2
        with self.counted("enroll") as applications:
            self.issue()
        self.assertEqual(applications["calls"], 0)
        self.assertFalse(self.account().l10n_pl_ksef_account()["choice"]["can_issue"])


@tagged("post_install", "-at_install")
class TestSeparateForOfflineInvoices(OfflineCase):
    """Only whose certificate was asked about gets one, and only by a consent that names it."""

    def begin(self):
        _login, offline = self.both()
        put(offline, state="failed", enrollment_remaining=5, certificate_remaining=5)

    def issue(self):
        """Press "Continue" in the account; return how often KSeF got an application."""
        with self.counted("enroll") as applications:
            with self.confirmed():
                self.account = self.company.with_user(
                    self.accountant
                ).l10n_pl_ksef_issue_certificate("offline")
            self.settle()
        self.env.invalidate_all()
        return applications["calls"]

    def consents(self):
        return self.env["l10n_pl_ksef.audit"].search([("event", "=", "consented")])

    def test_the_owner_who_was_asked_gets_one_and_the_consent_is_kept(self):
        before = self.consents()
        self.offline().unlink()
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_issue_offline()
        self.settle()
        put(self.offline(), state="failed", enrollment_remaining=5, certificate_remaining=5)
        self.assertEqual(self.issue(), 1)
        self.assertEqual(self.offline().state, "active")
        line, _first = self.consents() - before
        self.assertEqual(line.user_id, self.accountant)
        self.assertEqual(line.consent, self.offline().consent_text)
        self.assertIn("Róża", line.consent)

    def test_who_logged_in_since_gets_none_and_the_account_asks_anew(self):
        self.connect(signer="qualified")
        self.assertEqual(self.issue(), 0)
        self.assertFalse(self.offline())
        self.assertFalse(self.account["choice"])
        self.assertIn("Róża", self.account["offline"]["owner"])

    def test_without_a_question_nothing_is_applied_for(self):
        self.offline().unlink()
        self.assertEqual(self.issue(), 0)
        self.assertFalse(self.offline())

    def test_who_does_not_manage_all_companies_of_the_owner_has_none_issued(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.company._l10n_pl_ksef_certificate().company_ids |= other
        with self.assertRaises(AccessError):
            self.issue()
