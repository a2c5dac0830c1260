import os
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.models.vault.database_identity import HOME_PARAMETER, claim
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import (
    encrypted,
    keys_of,
    place_of,
    read_secret,
    write_secrets,
)
from odoo.addons.l10n_pl_ksef_auth.tools import vault

from .common import KsefCase

SERVER_ACTION = "{'type': 'ir.actions.act_window_close', 'help': str(record.%s)}"


@tagged("post_install", "-at_install")
class TestSecrets(KsefCase):
    """A stored secret is bound to its record, unreadable without its key, closed to typed code."""

    def begin(self):
        self.connect()

    def setUp(self):
        super().setUp()
        self.session = self.company._l10n_pl_ksef_session()

    def other_key(self, *more):
        """Set another key than the database's own in the environment, and more keys behind it."""
        listed = ",".join([vault.generate_key(), *more])
        return patch.dict(os.environ, {vault_room.KEY_VARIABLE: listed})

    def own_key(self):
        return vault_room.sources(self.env)["file"].read_text().strip()

    def run_code(self, code):
        """Run a server action of the administrator's on a session, and return its result."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "model_id": self.env["ir.model"]._get_id(self.session._name),
                "state": "code",
                "code": f"action = {SERVER_ACTION % code}",
            }
        )
        here = {"active_model": self.session._name, "active_id": self.session.id}
        return action.with_context(**here).run()["help"]

    def test_a_token_is_not_stored_in_clear(self):
        token = self.session._stored_token()
        self.assertNotIn(token, self.session.access_token_secret)

    def test_a_value_copied_to_another_field_does_not_decrypt(self):
        self.session.refresh_token_secret = self.session.access_token_secret
        with self.assertRaises(vault.VaultCorrupt):
            read_secret(self.session, "refresh_token_secret")

    def test_a_value_copied_to_another_record_does_not_decrypt(self):
        other = self.session.copy({"access_token_secret": self.session.access_token_secret})
        with self.assertRaises(vault.VaultCorrupt):
            read_secret(other, "access_token_secret")

    def test_a_value_of_another_database_with_the_same_key_does_not_decrypt(self):
        ours = self.home()
        self.name_database("theirs")
        stolen = encrypted(self.session, access_token_secret=b"theirs")
        claim(self.env, ours)
        self.session.write(stolen)
        with self.assertRaises(vault.VaultCorrupt):
            read_secret(self.session, "access_token_secret")

    def test_a_database_cannot_give_itself_the_name_of_another(self):
        home = self.home()
        self.env["ir.config_parameter"].set_param(HOME_PARAMETER, home.replace(self.bound(), "x"))
        with self.assertRaises(vault.VaultCorrupt):
            read_secret(self.session, "access_token_secret")

    def test_what_was_stored_before_secrets_were_bound_opens_and_is_bound_when_written(self):
        bound, token = self.bound(), self.session._stored_token()
        unbound = vault.Vault(keys_of(self.env))
        place = place_of(self.session, "access_token_secret")
        self.session.access_token_secret = unbound.encrypt(token.encode(), place)
        home = self.home().split("/")
        self.env["ir.config_parameter"].set_param(HOME_PARAMETER, "/".join(home[:4]))
        self.assertEqual(self.session._stored_token(), token)
        self.keep_alive(minutes=1)
        self.assertNotIn(self.bound(), ("", bound))
        self.assertEqual(self.session._stored_token(), token)
        write_secrets(self.session, access_token_secret=token.encode())
        self.assertTrue(self.session.access_token_secret.startswith("v2:"))

    def home(self):
        return self.env["ir.config_parameter"].get_param(HOME_PARAMETER)

    def bound(self):
        """Return the name that this database's secrets are bound to."""
        return self.home().split("/")[4]

    def name_database(self, bound):
        """Have the secrets bound to another name, as another database with the same key has it."""
        home = "/".join([*self.home().split("/")[:4], bound])
        claim(self.env, f"{home}/{vault.mark(keys_of(self.env)[0], home)}")

    def test_a_copied_session_has_no_secrets(self):
        self.assertFalse(any(self.session.copy()[name] for name in self.session._secret_fields()))

    def test_without_its_key_the_panel_says_so_and_everything_else_goes_on(self):
        with self.other_key():
            panel = self.panel()
            self.keep_alive(hours=1)
        self.assertEqual((panel["state"], panel["color"]), ("attention", "red"))
        self.assertIn("key", panel["problem"]["text"])
        self.assertEqual(self.session.state, "active")

    def test_a_machine_with_another_key_never_invents_one(self):
        fingerprint = self.env["ir.config_parameter"].get_param(vault_room.FINGERPRINT_PARAMETER)
        with self.other_key(), self.assertRaises(vault.VaultKeyMissing):
            write_secrets(self.session, access_token_secret=b"x")
        now = self.env["ir.config_parameter"].get_param(vault_room.FINGERPRINT_PARAMETER)
        self.assertEqual(now, fingerprint)

    def test_a_second_key_still_decrypts(self):
        with self.other_key(self.own_key()):
            self.assertTrue(self.session._stored_token())

    def test_the_key_file_lies_outside_the_file_store_and_is_the_owners_alone(self):
        file = vault_room.sources(self.env)["file"]
        self.assertFalse(file.is_relative_to(config.filestore(self.env.cr.dbname)))
        self.assertEqual(file.stat().st_mode & 0o077, 0)

    def test_a_server_action_of_the_administrator_gets_no_token(self):
        for code in ("_stored_token()", "company_id.l10n_pl_ksef_access_token()"):
            with self.subTest(code), self.assertRaisesRegex(AccessError, "typed into Odoo"):
                self.run_code(code)

    def test_a_server_action_may_do_what_a_browser_may_do(self):
        self.assertIn("connected", self.run_code("company_id.l10n_pl_ksef_panel()"))

    def test_a_lost_key_ends_in_a_new_connection(self):
        with self.other_key():
            action = self.company.with_user(self.accountant).l10n_pl_ksef_open_authorization()
            self.assertEqual(action["res_model"], "l10n_pl_ksef.unlock")
            window = self.env[action["res_model"]].with_user(self.accountant)
            with self.confirmed():
                window.browse(action["res_id"]).action_start_afresh()
            self.env.invalidate_all()
            self.assertEqual(self.connect().state, "active")
            self.assertEqual(self.panel()["color"], "green")

    def test_nobody_gives_up_the_secrets_of_a_company_that_is_not_his_or_hers(self):
        other = self.make_company("Obca Sp. z o.o.", "1111111111")
        stranger = self.make_user("ksef_stranger", "l10n_pl_ksef_auth.group_ksef_connection", other)
        with self.other_key():
            action = other.with_user(stranger).l10n_pl_ksef_open_authorization()
            window = self.env[action["res_model"]].with_user(stranger).browse(action["res_id"])
            with self.confirmed(), self.assertRaises(AccessError):
                window.action_start_afresh()
