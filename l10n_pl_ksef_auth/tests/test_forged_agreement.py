import base64
from unittest.mock import patch

from cryptography.hazmat.primitives import serialization

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import secret_digests, write_secrets
from odoo.addons.l10n_pl_ksef_auth.tools.identity import identity_of_enrollment_data
from odoo.addons.l10n_pl_ksef_auth.tools.x509_support import read_certificate

from .common import QUALIFIED, credentials, home_made, put
from .office_case import OfficeCase
from .test_agreement import OTHERS_NIP, AgreementCase
from .test_offline_certificate import OfflineCase

OWN_NIP = "5265877635"
OURS = "odoo.addons.l10n_pl_ksef_auth"


@tagged("post_install", "-at_install")
class TestForgedAgreement(AgreementCase):
    """What was not agreed to by a person opens nothing, however it came into the database."""

    def assert_nobody_logs_in(self):
        self.settle(days=6)
        self.let_days_pass(3)
        self.assertEqual(self.contexts() - {"5265877635"}, set())

    def row(self):
        return {
            "certificate_id": self.certificate.id,
            "company_id": self.company.id,
            "digits": OTHERS_NIP,
            "agreed_at": self.certificate._now(),
            "how": "accepted",
        }

    def test_a_row_that_was_written_by_the_orm_opens_nothing(self):
        self.env["l10n_pl_ksef.agreement"].create(self.row())
        self.company.vat = f"PL{OTHERS_NIP}"
        self.assert_nobody_logs_in()

    def test_a_row_that_was_changed_in_the_database_opens_nothing(self):
        self.env.cr.execute("UPDATE l10n_pl_ksef_agreement SET digits = %s", [OTHERS_NIP])
        self.company.vat = f"PL{OTHERS_NIP}"
        self.env.invalidate_all()
        self.assert_nobody_logs_in()

    def test_a_login_that_was_written_by_the_orm_is_not_signed(self):
        login = self.env["l10n_pl_ksef.session"]._certificate_login(self.company)
        login.context_value = OTHERS_NIP
        self.env.flush_all()
        with self.counted("xades-signature") as logins:
            self.advance(login)
        self.assertEqual((login.state, logins["calls"]), ("failed", 0))

    def forerunner_of_somebody_else(self, subject=None):
        """Have a stranger's certificate, agreed to for the client's NIP, named as replaced."""
        self.company.vat = f"PL{OTHERS_NIP}"
        key, made = home_made(subject=subject)
        der = made.public_bytes(serialization.Encoding.DER)
        self.certificate._keep(self.company, key, read_certificate(der))
        self.env.invalidate_all()
        self.assertIn(OTHERS_NIP, [digits for digits, *_rest in self.agreed()])
        stranger = self.certificate.search([("origin", "=", "loaded")])
        put(self.certificate, replaces_id=stranger.id)
        return stranger

    def signs_for_what_the_other_agreed_to(self):
        """Have our certificate log the company in; return whether it signed."""
        login = self.env["l10n_pl_ksef.session"]._certificate_login(self.company, self.certificate)
        self.env.flush_all()
        with self.counted("xades-signature") as logins:
            self.advance(login)
        self.assertEqual(login.certificate_id, self.certificate)
        return login.state != "failed" or logins["calls"]

    def test_a_home_made_certificate_that_names_the_same_owner_lends_nothing(self):
        stranger = self.forerunner_of_somebody_else(credentials(self.certificate)[1].subject)
        self.assertEqual(stranger._owner_digests(), self.certificate._owner_digests())
        self.assertFalse(self.signs_for_what_the_other_agreed_to())

    def test_a_certificate_that_is_named_as_replaced_lends_another_owner_nothing(self):
        self.forerunner_of_somebody_else()
        self.assertFalse(self.signs_for_what_the_other_agreed_to())

    def test_no_agreement_goes_over_to_a_certificate_of_another_owner(self):
        stranger = self.forerunner_of_somebody_else()
        put(self.certificate, state="trying")
        self.env.flush_all()
        with self.certificate._exclusive() as locked:
            with patch.object(type(locked), "_refuse_unlisted"):
                locked._switch()
                locked.replaces_id.state = "superseded"
                locked._activate_with(locked._stored_certificate())
            locked.env.cr.commit()
        self.env.invalidate_all()
        self.assertEqual(stranger.agreement_ids.mapped("digits"), [OTHERS_NIP])
        self.assertEqual(self.certificate.agreement_ids.mapped("digits"), ["5265877635"])

    def test_code_that_was_typed_into_odoo_agrees_to_nothing(self):
        self.env.user.company_ids |= self.company | self.client_b
        ways = {
            "directly": "env['l10n_pl_ksef.agreement'].sudo()._agree("
            "env['l10n_pl_ksef.certificate'].browse(%(certificate)s).sudo(),"
            " env['res.company'].browse(%(company)s), '1111111111', 'earlier')",
            "by the certificate": "env['l10n_pl_ksef.certificate'].browse(%(certificate)s).sudo()"
            "._agree_by_password({env['res.company'].browse(%(company)s): '1111111111'})",
            "by the screen": "env['res.company'].browse(%(company)s).l10n_pl_ksef_agree("
            "{'%(company)s': 'NIP 1111111111'})",
        }
        ids = {"certificate": self.certificate.id, "company": self.client_b.id}
        for way, code in ways.items():
            action = self.env["ir.actions.server"].create(
                {
                    "name": way,
                    "model_id": self.env["ir.model"]._get_id("res.company"),
                    "state": "code",
                    "code": code % ids,
                }
            )
            with self.subTest(way), self.confirmed(), self.assertRaises(AccessError):
                action.run()
            self.assertFalse(self.agreed(self.client_b))


@tagged("post_install", "-at_install")
class TestForgedColumns(AgreementCase):
    """What typed code writes between a signature and what comes of it makes no agreement."""

    def setUp(self):
        super().setUp()
        self.simulator.world.grant(QUALIFIED.identity, OTHERS_NIP)

    def numbers(self):
        return [digits for digits, *_rest in self.agreed()]

    def sent(self, signer="owner", consent=False):
        """Have a file signed and sent; return the window and its login, which KSeF checks."""
        window = self.open_window()
        # A slow machine does not see the end of the checks in the same call.
        with patch.object(self.simulator.settings, "auth_delay", 10):
            self.send_signed(window, signer, consent)
        login = self.env["l10n_pl_ksef.session"].search([], limit=1)
        self.assertEqual(login.state, "submitted")
        return window, login

    def test_somebody_elses_certificate_gets_nothing_from_a_signature(self):
        self.company.vat = f"PL{OTHERS_NIP}"
        self.env.flush_all()
        window, login = self.sent("qualified")
        login.signers_certificate_ids = [Command.set(self.certificate.ids)]
        with self.assertLogs(OURS, "ERROR") as logs:
            self.assertTrue(self.follow(window)["result"])
        self.assertIn("refused", str(logs.output))
        self.assertEqual(self.numbers(), [OWN_NIP])

    def test_a_signature_agrees_to_the_number_in_its_file(self):
        self.certificate.agreement_ids.unlink()
        window, login = self.sent()
        login.context_value = OTHERS_NIP
        self.follow(window)
        self.assertEqual(self.numbers(), [OWN_NIP])

    def test_a_signature_agrees_for_the_company_it_was_signed_for(self):
        self.certificate.agreement_ids.unlink()
        window, login = self.sent()
        login.company_id = self.client_b
        self.env.flush_all()
        login._advance()
        self.settle()
        self.assertFalse(self.agreed(self.client_b))

    def test_a_consent_that_nobody_gave_brings_no_certificate(self):
        self.certificate.agreement_ids.unlink()
        self.certificate._serve_no_more(self.company, OWN_NIP)
        put(self.certificate, state="revoked")
        window, login = self.sent()
        login.write({"consent_at": login._now(), "consent_offline": True})
        with self.counted("enroll") as applications:
            self.follow(window)
            self.settle()
        self.assertEqual(applications["calls"], 0)

    def test_an_agreement_does_not_go_over_to_another_environment(self):
        self.assertTrue(self.certificate.agreement_ids._is_genuine())
        self.certificate.environment = "production"
        self.assertFalse(self.certificate.agreement_ids._is_genuine())

    def test_a_certificate_that_ksefs_test_let_in_lends_production_nothing(self):
        self.settle(days=6)
        self.assertTrue(self.certificate._was_let_in())
        stranger = self.certificate
        twin = stranger.create(
            {"name": "x", "environment": "production", "replaces_id": stranger.id}
        )
        _key, made = credentials(stranger)
        put(stranger, environment="production")
        self.env.flush_all()
        with patch.object(type(twin), "_refuse_unlisted"):
            twin._activate_with(made)
        self.assertFalse(twin.agreement_ids)

    def other_signers_login(self):
        """Have somebody else sign for the client's company; return that login."""
        self.accountant.company_ids |= self.client_b
        return self.connect("qualified", company=self.client_b)

    def test_an_application_by_another_signers_login_is_agreed_to_by_that_signer_alone(self):
        other = self.other_signers_login()
        put(self.certificate, state="revoked")
        window, _login = self.sent(consent=True)
        self.follow(window)
        record = self.certificate.search([("state", "=", "checking")])
        self.assertTrue(record)
        record.session_id = other
        self.settle()
        issued = self.certificate.search([("id", "!=", self.certificate.id)])
        agreed = issued.agreement_ids.filtered(lambda one: one._is_genuine())
        self.assertNotIn((self.company, OWN_NIP), [(one.company_id, one.digits) for one in agreed])

    def test_a_successor_is_asked_for_by_the_owners_login_alone(self):
        other = self.other_signers_login()
        self.settle()
        other.certificate_id = self.certificate
        self.env["l10n_pl_ksef.session"].search([("id", "!=", other.id)]).write(
            {"certificate_id": False}
        )
        self.env.flush_all()
        self.assertEqual(self.certificate._owners_session(), other)
        with self.counted("enroll") as applications:
            self.certificate._begin_successor()
            self.settle()
        self.assertEqual(applications["calls"], 0)
        failed = self.certificate._successors()
        self.assertEqual((failed.state, failed.problem["code"]), ("failed", "renewal_needs_owner"))

    def test_nobody_joins_a_certificate_whose_column_alone_names_the_owner(self):
        self.accountant.company_ids |= self.client_b
        window = self.open_window(company=self.client_b)
        self.send_signed(window, "qualified", consent=True)
        self.follow(window)
        record = self.certificate.search([("state", "=", "checking")])
        with self.counted("enroll") as applications:
            self.forge_digest_of(record)
            self.settle()
        self.assertEqual(applications["calls"], 1)
        self.assertNotIn(self.client_b, self.certificate.company_ids)
        self.assertFalse(self.certificate._agreements_for(self.client_b, OTHERS_NIP))

    def forge_digest_of(self, record):
        """Have the certificate's column name the owner of an application."""
        with record._client() as client:
            data = client.enrollment_data(record._token())
        self.certificate.identity_digest = secret_digests(
            self.env, identity_of_enrollment_data(data)
        )[0]
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestForgedGrant(OfficeCase):
    """What a client signed for is given, to whom it named; no other client, no other office."""

    def waiting(self):
        """Have the client sign for the rights; return its window, login and grant."""
        window = self.asked()
        window.attach("x.xml", base64.b64encode(self.signed(self.downloaded(window))).decode())
        window.authenticate()
        self.env.invalidate_all()
        return window, self.env["l10n_pl_ksef.session"].search([], limit=1), self.grant()

    def goes_on_and_is_refused(self, window):
        """Let KSeF answer and everything take its course; Odoo logs what does not fit."""
        self.env.flush_all()
        with self.assertLogs(OURS, "ERROR"):
            self.follow(window)
            self.settle()

    def agreed(self):
        self.env.invalidate_all()
        found = self.office.certificate_id.agreement_ids.filtered(lambda one: one.how == "rights")
        return found.filtered(lambda one: one._is_genuine())

    def test_what_was_signed_for_is_agreed_to(self):
        self.given()
        self.assertEqual(self.agreed().mapped("digits"), [OWN_NIP])

    def test_a_grant_whose_number_was_changed_is_refused(self):
        window, _login, grant = self.waiting()
        grant.digits = OTHERS_NIP
        self.goes_on_and_is_refused(window)
        self.assertNotEqual(grant.state, "given")
        self.assertFalse(self.agreed())

    def test_a_login_that_was_pointed_at_another_grant_gives_it_nothing(self):
        client = self.make_company("Inny klient", OTHERS_NIP)
        other = self.env["l10n_pl_ksef.grant"]._create_for(self.office, client, "asked")
        window, login, _grant = self.waiting()
        login.grant_id = other
        self.goes_on_and_is_refused(window)
        self.assertNotEqual(other.state, "given")
        self.assertFalse(self.agreed())

    def test_only_the_certificate_of_whom_the_client_named_is_agreed_to(self):
        window, _login, _grant = self.waiting()
        self.office.certificate_id = self.strangers_certificate()
        self.goes_on_and_is_refused(window)
        self.assertNotIn("rights", self.office.certificate_id.agreement_ids.mapped("how"))

    def strangers_certificate(self):
        client = self.make_company("Obca", OTHERS_NIP)
        key, made = home_made()
        loaded = read_certificate(made.public_bytes(serialization.Encoding.DER))
        certificates = self.env["l10n_pl_ksef.certificate"]
        self.assertFalse(certificates._keep(client, key, loaded))
        return certificates.search([("origin", "=", "loaded")])


@tagged("post_install", "-at_install")
class TestForgedOffline(OfflineCase):
    """The second certificate signs for what its owner agreed to, whatever the columns say."""

    def test_an_agreement_for_another_owners_certificate_is_not_genuine(self):
        login, offline = self.both()
        self.assertTrue(offline.agreement_ids._is_genuine())
        _key, made = home_made()
        write_secrets(offline, certificate_secret=made.public_bytes(serialization.Encoding.DER))
        self.assertFalse(offline.agreement_ids._is_genuine())
        self.assertTrue(login.agreement_ids._is_genuine())
        with self.assertRaises(UserError):
            self.company.l10n_pl_ksef_certificate_link(OWN_NIP, b"x" * 32)
