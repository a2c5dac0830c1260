import base64
from unittest.mock import patch

from asn1crypto import pem
from cryptography.hazmat.primitives import serialization

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.screens import sensitive
from odoo.addons.l10n_pl_ksef_auth.tests.common import credentials

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestOwnCertificate(EdiCase):
    """A company that logs in with the certificate of Odoo's own sender."""

    def native(self):
        """Give the company a KSeF certificate the sender's way, and return the settings page."""
        self.certified()
        key, certificate = credentials(self.company._l10n_pl_ksef_certificate())
        files = _pem(key, certificate)
        self.company._l10n_pl_ksef_certificate().unlink()
        self.env["l10n_pl_ksef.session"].search([("company_id", "=", self.company.id)]).unlink()
        values = {"company_id": self.company.id, "name": "KSeF"}
        private = self.env["certificate.key"].create({**values, "content": files[1]})
        self.company.l10n_pl_edi_certificate = self.env["certificate.certificate"].create(
            {**values, "content": files[0], "private_key_id": private.id}
        )
        self.env.invalidate_all()
        config = self.env["res.config.settings"].with_company(self.company).create({})
        return config

    def test_it_goes_on_logging_in_and_sending(self):
        config = self.native()
        config._l10n_pl_edi_ksef_authenticate()
        self.assertTrue(self.company.l10n_pl_edi_register)
        self.assertTrue(self.fields_of_sender()["l10n_pl_edi_access_token"])
        self.assertEqual(self.sent().l10n_pl_edi_status, "sent")

    def test_saving_other_settings_does_not_log_in_again(self):
        config = self.native()
        with self.counted("challenge") as logins:
            config.execute()
        self.assertEqual(logins["calls"], 0)

    def test_its_tokens_are_found_by_a_search(self):
        config = self.native()
        config._l10n_pl_edi_ksef_authenticate()
        found = self.env["res.company"].search([("l10n_pl_edi_access_token", "!=", False)])
        self.assertIn(self.company, found)

    def test_one_click_moves_it_to_our_connection_without_a_signature(self):
        config = self.native()
        with self.confirmed():
            config.action_l10n_pl_ksef_use_certificate()
        self.env.invalidate_all()
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual((session.method, session.state), ("certificate", "active"))
        self.assertFalse(self.company.l10n_pl_edi_certificate)
        self.assertTrue(self.company.l10n_pl_edi_register)
        self.assertEqual(self.sent().l10n_pl_edi_status, "sent")

    def test_a_certificate_without_a_key_is_not_taken(self):
        config = self.native()
        self.company.l10n_pl_edi_certificate.private_key_id = False
        with self.confirmed(), self.assertRaisesRegex(UserError, "no private key"):
            config.action_l10n_pl_ksef_use_certificate()

    def administered(self, groups):
        """Return the settings page of an administrator with some further groups."""
        config = self.native()
        administrator = self.make_user("ksef_administrator", f"base.group_system,{groups}")
        return config.with_user(administrator).with_company(self.company).create({})

    def test_a_confirmation_is_asked_for_before_it_is_taken(self):
        config = self.administered("l10n_pl_ksef_auth.group_ksef_connection")
        self.env.cr.execute("UPDATE res_users SET password = NULL WHERE id = %s", [config.env.uid])
        with self.confirmed(), patch.object(sensitive, "TRUSTED_SECONDS", -1):
            asked = config.action_l10n_pl_ksef_use_certificate()
        self.assertEqual(asked["res_model"], "l10n_pl_ksef.confirmation")
        self.assertFalse(self.company._l10n_pl_ksef_certificate())

    def test_an_administrator_without_the_right_to_connect_does_not_take_it(self):
        config = self.administered("base.group_erp_manager")
        with self.confirmed(), self.assertRaises(AccessError):
            config.action_l10n_pl_ksef_use_certificate()
        self.assertFalse(self.company._l10n_pl_ksef_certificate())


def _pem(key, certificate):
    """Return certificate and key as Odoo's own records hold them: base64 of PEM."""
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = pem.armor("CERTIFICATE", certificate.der)
    return base64.b64encode(public), base64.b64encode(private)
