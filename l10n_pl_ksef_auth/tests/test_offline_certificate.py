import base64
from datetime import timedelta
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.tools import locked_keys

from .common import OWNER, KsefCase, home_made, packed, put


class OfflineCase(KsefCase):
    """A company that issues invoices: its consents name both certificates."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issues_invoices(cls.company)

    def offline(self):
        """Return the company's newest certificate for offline invoices."""
        return self.env["l10n_pl_ksef.certificate"]._of_company(
            self.company, usage="offline", limit=1
        )

    def both(self):
        """Connect with a consent that names both, and return both certificates."""
        login = self.certified()
        return login, self.offline()


@tagged("post_install", "-at_install")
class TestBothCertificates(OfflineCase):
    """The second certificate comes after the first; neither touches the other."""

    def test_a_consent_that_names_both_brings_the_second_one_after_the_first(self):
        login, offline = self.both()
        self.assertEqual((login.usage, login.state), ("login", "active"))
        self.assertEqual((offline.usage, offline.state), ("offline", "active"))
        self.assertEqual(self.at_ksef(offline).type, "Offline")
        self.assertLess(login.id, offline.id)
        self.assertIn("two certificates", offline.consent_text)
        self.assertEqual(self.company._l10n_pl_ksef_certificate(), login)
        self.assertEqual(self.company._l10n_pl_ksef_offline_certificate(), offline)

    def test_only_one_application_for_each_whatever_time_passes(self):
        with self.counted("enroll") as applications:
            self.both()
            self.let_days_pass(10)
        self.assertEqual(applications["calls"], 2)

    def test_the_login_stays_the_login_certificates(self):
        login, _offline = self.both()
        self.settle(days=5)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual((session.method, session.certificate_id), ("certificate", login))

    def test_without_the_switch_the_consent_names_one_and_one_comes(self):
        self.company.l10n_pl_ksef_offline = False
        login, offline = self.both()
        self.assertFalse(offline)
        self.assertIn("issues a certificate in", login.consent_text)

    def why_it_waits(self, places):
        """Connect while KSeF gives a person so few certificates, and return why one waits."""
        self.simulator.settings.person_certificate_limit = places
        login, offline = self.both()
        self.assertEqual((login.state, offline.state), ("active", "checking"))
        self.assertEqual(self.panel()["offline"]["state"], "waits")
        return offline.problem["code"]

    def assert_it_comes(self):
        """KSeF gives more certificates again: a day later the one that waited is there."""
        self.simulator.settings.person_certificate_limit = 6
        self.settle(days=1)
        self.assertEqual(self.offline().state, "active")

    def test_the_last_place_at_ksef_goes_to_the_login_and_the_other_waits_visibly(self):
        self.assertEqual(self.why_it_waits(places=2), "offline_waits")
        self.assert_it_comes()

    def test_where_ksef_leaves_no_place_at_all_the_login_works_and_no_code_is_made(self):
        self.assertEqual(self.why_it_waits(places=1), "offline_no_place")
        with self.assertRaisesRegex(UserError, "certificate for offline invoices"):
            self.company.l10n_pl_ksef_certificate_link(self.company.vat, b"0" * 32)
        self.assert_it_comes()

    def test_a_company_without_a_consent_gets_neither(self):
        self.connect(consent=False)
        with self.counted("enroll") as applications:
            self.let_days_pass(2)
        self.assertEqual(applications["calls"], 0)

    def test_it_is_renewed_and_the_old_one_stays_valid_for_the_codes_on_paper(self):
        login, offline = self.both()
        login.renew_at = login.valid_to
        put(offline, renew_at=offline._now(), next_attempt=False)
        self.settle()
        successor = self.offline()
        self.assertEqual(successor.replaces_id, offline)
        self.assertEqual((offline.state, successor.state), ("superseded", "active"))
        self.assertEqual(self.company._l10n_pl_ksef_offline_certificate(), successor)
        self.settle(days=1)
        self.assertEqual(self.at_ksef(offline).status(self.simulator.clock.now()), "Active")
        self.assertEqual(login.state, "active")

    def test_what_ksef_revokes_is_noticed_and_the_login_goes_on(self):
        login, offline = self.both()
        self.at_ksef(offline).revocation_done = self.simulator.clock.now()
        self.settle(days=1)
        self.assertEqual((login.state, offline.state), ("active", "revoked"))
        self.settle(days=5)
        self.assertEqual(self.panel()["state"], "connected")
        alert = self.env["l10n_pl_ksef.alert"].search([("certificate_id", "=", offline.id)])
        self.assertIn("offline invoices", alert.summary)

    def test_when_the_login_certificate_is_revoked_the_other_one_still_signs(self):
        login, offline = self.both()
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                login.serial_number
            )
        self.settle(days=1)
        self.assertEqual((login.state, offline.state), ("revoked", "active"))

    def test_who_takes_the_connection_over_has_the_former_login_revoked_and_codes_stay_valid(self):
        login, offline = self.both()
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_take_over(revoke=True)
        self.connect(signer="qualified")
        self.settle(days=1)
        self.assertEqual((login.state, offline.state), ("revoked", "active"))
        self.assertEqual(self.at_ksef(offline).status(self.simulator.clock.now()), "Active")
        self.assertFalse(self.company._l10n_pl_ksef_offline_certificate())

    def test_a_refused_application_leaves_the_login_alone(self):
        self.connect(consent=True)
        self.go_on(timedelta(hours=1), until=lambda: self.simulator.requests.count("enroll"))
        self.simulator.faults.add("enroll", "refusal", code=25006)
        self.settle()
        self.assertEqual(self.offline().state, "failed")
        self.assertEqual(self.company._l10n_pl_ksef_certificate().state, "active")
        self.assertEqual(self.panel()["state"], "connected")

    def test_revoked_by_hand_it_does_not_come_back_by_itself(self):
        _login, offline = self.both()
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_revoke_certificate(
                offline.serial_number
            )
        with self.counted("enroll") as applications:
            self.let_days_pass(2)
        self.assertEqual(applications["calls"], 0)
        self.assertEqual(self.panel()["offline"]["state"], "asks")

    def test_a_row_that_nobody_agreed_to_brings_none(self):
        self.company.l10n_pl_ksef_offline = False
        login, _none = self.both()
        self.company.l10n_pl_ksef_offline = True
        login.agreement_ids.offline_wanted = True
        put(login, next_attempt=False)
        with self.counted("enroll") as applications:
            self.settle()
        self.assertEqual(applications["calls"], 0)
        self.assertFalse(login.agreement_ids.offline_wanted)


@tagged("post_install", "-at_install")
class TestNeededNoMore(OfflineCase):
    """Where nobody needs it any more, none of the owner's 12 applications is used up for it."""

    def assert_applications(self, number, **time):
        with self.counted("enroll") as applications:
            self.settle(**time)
        self.assertEqual(applications["calls"], number)

    def due(self):
        """Have both certificates, and the renewal of the one for offline invoices due."""
        _login, offline = self.both()
        put(offline, renew_at=offline._now(), next_attempt=False)
        return offline

    def test_switched_off_it_is_not_renewed_and_signs_to_its_end(self):
        offline = self.due()
        self.company.l10n_pl_ksef_offline = False
        self.assert_applications(0)
        self.assertEqual(self.company._l10n_pl_ksef_offline_certificate(), offline)
        self.company.l10n_pl_ksef_offline = True
        self.assert_applications(1, days=2)
        self.assertEqual((offline.state, self.offline().state), ("superseded", "active"))

    def test_without_a_journal_of_sales_it_is_not_renewed(self):
        self.due()
        self.env["account.journal"].search([("company_id", "=", self.company.id)]).unlink()
        self.assert_applications(0)

    def test_one_that_waits_for_a_place_is_applied_for_only_when_it_is_on_again(self):
        self.simulator.settings.person_certificate_limit = 2
        self.both()
        self.company.l10n_pl_ksef_offline = False
        self.simulator.settings.person_certificate_limit = 6
        self.assert_applications(0, days=2)
        self.assertFalse(self.panel()["offline"])
        self.company.l10n_pl_ksef_offline = True
        self.assert_applications(1, days=2)
        self.assertEqual(self.offline().state, "active")


@tagged("post_install", "-at_install")
class TestLoadedByHand(OfflineCase):
    """A certificate for offline invoices that somebody has is loaded in the account."""

    def setUp(self):
        super().setUp()
        _login, issued = self.both()
        self.file = packed(issued)
        issued.unlink()
        self.env.flush_all()

    def load(self, **how):
        with self.confirmed():
            account = self.company.with_user(self.accountant).l10n_pl_ksef_load_certificate(
                [self.file], "tajne", **how
            )
        self.env.invalidate_all()
        return account

    def test_it_is_kept_and_signs_for_the_company_it_was_loaded_in(self):
        self.assertFalse(self.load(either=True)["problem"])
        loaded = self.company._l10n_pl_ksef_offline_certificate()
        self.assertEqual((loaded.usage, loaded.origin), ("offline", "loaded"))
        link = self.company.l10n_pl_ksef_certificate_link(self.company.vat, b"0" * 32)
        self.assertIn(loaded.serial_number, link)

    def test_what_the_login_of_another_may_not_do_keeps_its_owner_from_nothing(self):
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_take_over(revoke=False)
        others = self.connect(signer="qualified")
        others.rights = "InvoiceRead"
        self.assertFalse(self.load(either=True)["problem"])
        loaded = self.company._l10n_pl_ksef_offline_certificate()
        self.assertNotEqual(others.signer_masked, loaded.identity_masked)
        link = self.company.l10n_pl_ksef_certificate_link(self.company.vat, b"0" * 32)
        self.assertIn(loaded.serial_number, link)

    def test_nothing_is_opened_twice_to_find_what_it_is_for(self):
        opening = patch.object(
            locked_keys,
            "load_key_and_certificates",
            side_effect=locked_keys.load_key_and_certificates,
        )
        with opening as opened:
            self.assertFalse(self.load(either=True)["problem"])
        tried = [call.args for call in opened.call_args_list]
        self.assertTrue(tried)
        self.assertEqual(len(tried), len(set(tried)))

    def test_it_is_watched_and_people_are_told_before_its_end(self):
        self.load(either=True)
        loaded = self.offline()
        self.settle(days=1)
        self.assertEqual(loaded.state, "active")
        now = loaded._now()
        put(loaded, valid_from=now - timedelta(days=700), valid_to=now + timedelta(days=14))
        self.env["l10n_pl_ksef.alert.watch"]._watch()
        self.env.invalidate_all()
        alert = self.env["l10n_pl_ksef.alert"].search([("certificate_id", "=", loaded.id)])
        self.assertEqual(alert.level, 14)
        self.assertIn("14 days", alert.summary)

    def test_once_ksef_has_shown_it_to_its_owner_it_is_renewed_like_any_other(self):
        self.load(either=True)
        loaded = self.offline()
        self.assertFalse(loaded._can_be_renewed())
        self.settle(days=1)
        put(loaded, renew_at=loaded._now(), next_attempt=False)
        self.settle()
        successor = self.company._l10n_pl_ksef_offline_certificate()
        self.assertEqual((successor.replaces_id, loaded.state), (loaded, "superseded"))

    def test_one_that_ksef_did_not_issue_is_never_renewed(self):
        self.load(either=True)
        loaded = self.offline()
        self.at_ksef(loaded).der = b"0\x80"
        self.settle(days=1)
        put(loaded, renew_at=loaded._now(), next_attempt=False)
        with self.counted("enroll") as applications:
            self.settle(days=1)
        self.assertEqual((applications["calls"], loaded.state), (0, "active"))

    def test_one_that_another_than_ksef_issued_is_refused(self):
        """Certificates for customs have the same usage, and numbers that KSeF gives to none."""
        key, made = home_made(issuer="CUZ", serial_number=1 << 64, offline=True)
        password = serialization.BestAvailableEncryption(b"tajne")
        file = pkcs12.serialize_key_and_certificates(b"celny", key, made, None, password)
        self.file = base64.b64encode(file).decode()
        self.assertIn("KSeF has not issued", self.load(either=True)["problem"]["text"])
        self.assertFalse(self.offline())

    def test_of_one_that_ksef_does_not_list_nothing_is_asked(self):
        self.load(either=True)
        del self.simulator.state.certificates[self.offline().serial_number]
        with self.counted("retrieve") as asked:
            self.settle(days=1)
        self.assertEqual((asked["calls"], self.offline().problem), (0, False))

    def test_where_somebody_wants_to_connect_it_is_of_no_use(self):
        self.assertTrue(self.load()["problem"])
        self.assertFalse(self.offline())


@tagged("post_install", "-at_install")
class TestConsentFromBefore(OfflineCase):
    """Where an old consent stands, panel and account ask; nothing is enrolled before."""

    def setUp(self):
        super().setUp()
        self.company.l10n_pl_ksef_offline = False
        self.login = self.certified()
        self.company.l10n_pl_ksef_offline = True
        self.env.flush_all()

    def issue(self, company=None, user=None):
        company = (company or self.company).with_user(user or self.accountant)
        with self.confirmed():
            account = company.l10n_pl_ksef_issue_offline()
        self.env.invalidate_all()
        return account

    def test_nothing_is_enrolled_and_both_screens_ask(self):
        with self.counted("enroll") as applications:
            self.let_days_pass(2)
        self.assertEqual(applications["calls"], 0)
        self.assertEqual(self.panel()["offline"]["state"], "asks")
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        self.assertIn("Róża", account["offline"]["owner"])

    def test_a_consent_given_now_brings_one_and_is_kept(self):
        with self.counted("xades-signature") as signatures, self.counted("enroll") as applications:
            self.issue()
            self.assertFalse(self.issue()["offline"])
            self.settle()
        self.assertEqual((signatures["calls"], applications["calls"]), (0, 1))
        self.assertEqual(self.offline().state, "active")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "consented")], limit=1)
        self.assertIn("offline invoices", line.consent)
        self.assertEqual(line.user_id, self.accountant)

    def test_another_company_of_the_owner_joins_the_one_that_is_there(self):
        self.issue()
        self.settle()
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.issues_invoices(other)
        self.simulator.world.add_company("1111111111", "Druga")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        self.accountant.company_ids |= other
        self.agree(other)
        other.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()
        self.settle()
        self.assertFalse(other._l10n_pl_ksef_offline_certificate())
        with self.counted("enroll") as applications:
            self.issue(other)
            self.settle()
        self.assertEqual(applications["calls"], 0)
        self.assertEqual(other._l10n_pl_ksef_offline_certificate(), self.offline())
        # Where KSeF says that the owner has no rights, no code is signed either.
        self.login._serve_no_more(other, "1111111111")
        self.env.invalidate_all()
        self.assertFalse(other._l10n_pl_ksef_offline_certificate())
        self.assertTrue(self.company._l10n_pl_ksef_offline_certificate())
