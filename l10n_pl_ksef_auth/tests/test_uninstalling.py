import os
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth import uninstall_hook
from odoo.addons.l10n_pl_ksef_auth.models.upkeep import farewell
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.models.vault.kept_keys import kept_in
from odoo.addons.l10n_pl_ksef_auth.tools import kept_keys, vault

from .common import OWNER, KsefCase


@tagged("post_install", "-at_install")
class TestUninstalling(KsefCase):
    """Who uninstalls the addon is asked what becomes of that which is open at KSeF."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.session = self.company._l10n_pl_ksef_session()
        self.addCleanup(kept_in(self.env).unlink, missing_ok=True)

    def window(self, module="l10n_pl_ksef_auth", **choices):
        modules = self.env["ir.module.module"].search([("name", "=", module)])
        return self.env["base.module.uninstall"].create({"module_ids": modules.ids, **choices})

    def uninstall(self, **choices):
        """Press the button; return whether Odoo's own uninstallation began."""
        window = self.window(**choices)
        self.env.flush_all()
        button = patch.object(type(window.module_ids), "button_immediate_uninstall")
        with button as begun:
            try:
                window.action_uninstall()
            finally:
                self.env.invalidate_all()
        return begun.called

    def test_the_window_says_what_is_open_and_what_stays(self):
        told = self.window().l10n_pl_ksef_stays
        self.assertIn("logins 1, certificates 1", told)
        self.assertIn(str(kept_in(self.env)), told)

    def test_the_window_says_what_a_revocation_does_to_codes_on_invoices(self):
        self.assertFalse(self.window().l10n_pl_ksef_codes)
        self.certificate.usage = "offline"
        self.assertIn("none of its second codes", self.window().l10n_pl_ksef_codes)

    def test_the_window_of_another_module_says_nothing(self):
        self.assertFalse(self.window("sms").l10n_pl_ksef_stays)

    def test_logins_are_ended_unless_somebody_wants_otherwise(self):
        with self.counted("session-revoke") as ended:
            self.assertTrue(self.uninstall())
        self.assertEqual((ended["calls"], self.session.state), (1, "revoked"))
        self.assertFalse(self.at_ksef(self.certificate).revoked)

    def test_what_was_ended_is_not_logged_in_again_while_odoo_ends_the_rest(self):
        self.assertTrue(self.uninstall())
        self.settle()
        self.assertFalse(self.company._l10n_pl_ksef_session())

    def test_a_login_that_could_not_be_ended_is_renewed_as_before(self):
        self.simulator.faults.add("session-revoke", "503", times=-1)
        with self.assertRaises(UserError):
            self.uninstall()
        self.assertFalse(self.session.closed_by_user)

    def test_logins_may_be_left_open(self):
        with self.counted("session-revoke") as ended:
            self.assertTrue(self.uninstall(l10n_pl_ksef_logins="leave"))
        self.assertEqual((ended["calls"], self.session.state), (0, "active"))

    def test_certificates_are_revoked_before_their_owner_is_logged_out(self):
        self.assertTrue(self.uninstall(l10n_pl_ksef_certificates="revoke"))
        self.assertTrue(self.at_ksef(self.certificate).revoked)
        self.assertEqual(self.session.state, "revoked")

    def test_while_ksef_is_down_nothing_is_uninstalled_unless_it_is_left_open(self):
        self.simulator.faults.add("session-revoke", "503", times=-1)
        with self.assertRaisesRegex(UserError, "Nothing was uninstalled"):
            self.uninstall()
        self.assertTrue(self.uninstall(l10n_pl_ksef_logins="leave"))

    def connect_another(self):
        """Connect a second company of the same owner, and return it."""
        self.simulator.world.add_company("1111111111", "Klient B")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        company = self.make_company("Klient B", "1111111111")
        self.accountant.company_ids |= company
        self.connect(company=company)
        return company

    def test_while_ksef_is_down_it_is_asked_once_and_all_is_told(self):
        another = self.connect_another()
        self.simulator.faults.add("session-revoke", "503", times=-1)
        with self.counted("session-revoke") as ended:
            with self.assertRaises(UserError) as refused:
                self.uninstall()
        self.assertEqual(ended["calls"], 1)
        for company in (self.company, another):
            self.assertIn(company.name, str(refused.exception))

    def test_nothing_further_is_begun_when_the_time_is_over(self):
        over = patch.object(farewell, "LONGEST_LEAVE", 0)
        with over, self.counted("session-revoke") as ended:
            with self.assertRaisesRegex(UserError, self.company.name):
                self.uninstall()
        self.assertEqual((ended["calls"], self.session.state), (0, "active"))

    def test_a_copy_leaves_the_originals_connection_alone(self):
        with patch.object(farewell, "why_locked", return_value="copy_moved"):
            window = self.window()
            self.assertFalse(window.l10n_pl_ksef_stays or window.l10n_pl_ksef_out_of_reach)
            with self.counted("session-revoke") as ended:
                self.assertTrue(self.uninstall())
            uninstall_hook(self.env)
        self.assertEqual(ended["calls"], 0)
        self.assertFalse(kept_in(self.env).exists())

    def test_without_the_key_the_window_says_what_stays_open_and_asks_nothing(self):
        lost = {vault_room.KEY_VARIABLE: vault.generate_key()}
        with patch.dict(os.environ, lost), self.counted("session-revoke") as ended:
            window = self.window()
            self.assertFalse(window.l10n_pl_ksef_stays)
            told = window.l10n_pl_ksef_out_of_reach
            self.assertIn("logins 1, certificates 1", told)
            self.assertIn("lacks the key", told)
            self.assertTrue(self.uninstall(l10n_pl_ksef_certificates="revoke"))
            uninstall_hook(self.env)
        self.assertEqual((ended["calls"], self.session.state), (0, "active"))
        self.assertFalse(kept_in(self.env).exists())

    def test_with_the_key_nothing_is_out_of_reach(self):
        self.assertFalse(self.window().l10n_pl_ksef_out_of_reach)

    def forget_everything(self):
        """Uninstall, and install anew: nothing is left but what stays on the server."""
        number = self.certificate.serial_number
        uninstall_hook(self.env)
        address = "l10n_pl_ksef_auth.base_url.test"
        self.env["ir.config_parameter"].set_param(address, self.simulator.base_url)
        for model in ("session", "certificate", "agreement"):
            self.env[f"l10n_pl_ksef.{model}"].search([]).unlink()
        self.env.flush_all()
        return number

    def test_after_a_reinstallation_the_certificate_is_no_stranger(self):
        number = self.forget_everything()
        self.assertNotIn(b"PRIVATE", kept_in(self.env).read_bytes())
        with self.counted("enroll") as applications:
            certificate = self.certified()
        self.assertEqual((certificate.serial_number, certificate.state), (number, "active"))
        self.assertEqual(applications["calls"], 0)
        self.assertFalse(kept_in(self.env).exists())
        self.settle(days=6)
        self.assertEqual(self.company._l10n_pl_ksef_session().certificate_id, certificate)

    def test_another_signer_does_not_get_it(self):
        number = self.forget_everything()
        self.connect("qualified", consent=True)
        self.settle()
        self.assertNotEqual(self.company._l10n_pl_ksef_certificate().serial_number, number)
        self.assertTrue(kept_in(self.env).exists())

    def test_with_another_encryption_key_the_certificate_is_a_stranger(self):
        self.forget_everything()
        texts = kept_keys.read(kept_in(self.env))
        kept_keys.write(kept_in(self.env), {name: "v1:0:AAAA" for name in texts})
        self.connect(consent=True)
        self.settle()
        found = self.env["l10n_pl_ksef.certificate"].search([])
        self.assertEqual(found.mapped("state"), ["exists"])
