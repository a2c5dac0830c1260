import os
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.upkeep.housekeeping import REMINDED_PARAMETER
from odoo.addons.l10n_pl_ksef_auth.models.vault import kept_keys, rotation
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import encrypted, read_secret
from odoo.addons.l10n_pl_ksef_auth.tools import vault

from .common import KsefCase, windows


@tagged("post_install", "-at_install")
class TestRotation(KsefCase):
    """The encryption key is replaced while connections stay alive."""

    reminds_of_backup = True

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        file = vault_room.sources(self.env)["file"]
        # The file outlives the test; the database's other tests need the key that it has now.
        text, old = file.read_text() if file.exists() else None, Path(f"{file}.old")
        self.addCleanup(lambda: file.write_text(text) if text else file.unlink(missing_ok=True))
        self.addCleanup(old.unlink, missing_ok=True)
        self.file, self.old = file, old
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.session = self.company._l10n_pl_ksef_session()

    def rotate(self):
        counts = rotation.rotate(self.env)
        self.env.invalidate_all()
        return counts

    def test_a_generated_key_is_replaced_and_nothing_is_lost(self):
        before, token = self.file.read_text(), self.session._stored_token()
        counts = self.rotate()
        self.assertGreater(counts["encrypted"], 3)
        self.assertEqual(counts["unreadable"], 0)
        self.assertNotIn(before.strip(), self.file.read_text())
        self.assertEqual(self.session._stored_token(), token)

    def test_the_old_key_is_kept_for_old_backups(self):
        before = self.file.read_text().strip()
        self.rotate()
        self.assertIn(before, self.old.read_text())
        self.assertEqual(self.old.stat().st_mode & 0o077, 0)

    def test_files_of_keys_stay_with_the_user_that_odoo_runs_as(self):
        if os.geteuid():
            self.skipTest("only root can give a file to somebody")
        nobody = 65534
        os.chown(self.file, nobody, nobody)
        self.rotate()
        owners = {file.name: file.stat().st_uid for file in (self.file, self.old)}
        self.assertEqual(set(owners.values()), {nobody}, owners)

    def test_the_connection_renews_itself_afterwards(self):
        self.rotate()
        self.settle(days=5)
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")
        self.assertEqual(self.panel()["color"], "green")

    def test_on_windows_the_key_is_replaced_and_the_connection_renews_itself(self):
        before = self.file.read_text()
        with windows():
            counts = self.rotate()
            self.settle(days=5)
        self.assertGreater(counts["encrypted"], 3)
        self.assertNotIn(before.strip(), self.file.read_text())
        self.assertIn(before.strip(), self.old.read_text())
        self.assertFalse(list(self.file.parent.glob(f".{self.file.name}*")))
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")

    def test_a_draft_that_a_broken_run_has_left_is_replaced_and_never_followed(self):
        elsewhere = self.file.with_name("elsewhere.txt")
        elsewhere.write_text("nobody's key")
        self.addCleanup(elsewhere.unlink)
        self.file.with_name(f".{self.file.name}.new").symlink_to(elsewhere)
        self.rotate()
        self.assertEqual(elsewhere.read_text(), "nobody's key")
        self.assertTrue(self.session._stored_token())

    def test_the_owner_of_a_certificate_is_still_found(self):
        self.rotate()
        with self.counted("enroll") as applications:
            self.connect(consent=True)
            self.settle()
        self.assertEqual(applications["calls"], 0)

    def keep_key(self):
        """Have the certificate's key kept as at an uninstallation; return what finds it again."""
        kept_keys.keep(self.env, self.certificate)
        self.addCleanup(kept_keys.kept_in(self.env).unlink, missing_ok=True)
        return self.certificate.environment, self.certificate.serial_number

    def test_keys_that_an_earlier_installation_kept_open_with_the_new_key(self):
        where = self.keep_key()
        before = kept_keys.kept_in(self.env).stat()
        self.assertEqual(self.rotate()["busy"], 0)
        kept = kept_keys.kept_key(self.env, *where)
        self.assertEqual(kept, read_secret(self.certificate, "private_key_secret"))
        after = kept_keys.kept_in(self.env).stat()
        self.assertEqual((after.st_uid, after.st_mode), (before.st_uid, before.st_mode))

    def test_while_kept_keys_cannot_be_written_the_old_key_stays(self):
        where, before = self.keep_key(), self.file.read_text().strip()
        with patch.object(kept_keys.kept_keys, "write", side_effect=PermissionError):
            counts = self.rotate()
        self.assertEqual((counts["busy"], counts["old_keys"]), (1, None))
        self.assertIn(before, self.file.read_text())
        self.assertTrue(kept_keys.kept_key(self.env, *where))
        self.assertEqual(self.rotate()["busy"], 0)
        self.assertTrue(kept_keys.kept_key(self.env, *where))

    def test_a_kept_key_that_nobody_can_open_stays_as_it_is(self):
        self.keep_key()
        file = kept_keys.kept_in(self.env)
        lost = vault.Vault([bytes(32)]).encrypt(b"lost", "kept,test,1")
        kept_keys.kept_keys.write(file, {"kept,test,1": lost})
        counts = self.rotate()
        self.assertEqual((counts["unreadable"], counts["busy"]), (1, 0))
        self.assertEqual(kept_keys.kept_keys.read(file), {"kept,test,1": lost})

    def test_a_break_in_the_middle_is_mended_by_a_repetition(self):
        with patch.object(rotation, "_settle", side_effect=OSError), suppress(OSError):
            self.rotate()
        self.assertTrue(self.session._stored_token())
        counts = self.rotate()
        self.assertEqual(counts["encrypted"], 0)
        self.assertTrue(self.session._stored_token())

    def test_what_somebody_uses_keeps_its_key_until_the_command_is_repeated(self):
        before, token = self.file.read_text().strip(), self.session._stored_token()
        with self.others_at_it():
            counts = self.rotate()
        self.assertGreater(counts["busy"], 3)
        self.assertIn(before, self.file.read_text())
        self.assertFalse(self.old.exists())
        self.assertEqual(self.session._stored_token(), token)
        self.assertEqual(self.rotate()["busy"], 0)
        self.assertNotIn(before, self.file.read_text())
        self.assertEqual(self.session._stored_token(), token)

    def test_what_a_worker_stored_with_the_old_key_meanwhile_is_not_lost(self):
        late = encrypted(self.session, access_token_secret=b"late")
        settled = rotation._left

        def write_late(env):
            self.session.write(late)
            self.session.flush_recordset()
            late.clear()
            return settled(env)

        with patch.object(rotation, "_left", write_late):
            self.rotate()
        self.assertEqual(read_secret(self.session, "access_token_secret"), b"late")

    def test_a_key_in_a_file_of_the_configuration_is_used_and_stays_there(self):
        new, old = vault.generate_key(), self.file.read_text().strip()
        given = self.file.with_suffix(".given")
        given.write_text(f"{new}\n{old}\n")
        self.addCleanup(given.unlink)
        with patch.dict(os.environ, {vault_room.KEY_VARIABLE: f"file:{given}"}):
            self.assertEqual(self.rotate()["busy"], 0)
            self.assertTrue(self.session._stored_token())
        self.assertEqual(given.read_text(), f"{new}\n{old}\n")

    def test_a_key_of_the_environment_is_replaced_by_the_one_before_it(self):
        new, old = vault.generate_key(), self.file.read_text().strip()
        with patch.dict(os.environ, {vault_room.KEY_VARIABLE: f"{new},{old}"}):
            self.rotate()
        with patch.dict(os.environ, {vault_room.KEY_VARIABLE: new}):
            self.assertTrue(self.session._stored_token())
        self.assertFalse(self.old.exists())

    def reminders(self):
        activities = self.env["mail.activity"].search([("res_model", "=", False)])
        return activities.filtered(lambda item: self.file.name in (item.note or ""))

    def test_a_worker_that_has_not_heard_of_the_new_key_yet_works_on(self):
        new, old = vault.generate_key(), self.file.read_text().strip()
        with patch.dict(os.environ, {vault_room.KEY_VARIABLE: f"{new},{old}"}):
            self.rotate()
        parameters = self.registry["ir.config_parameter"]
        former = {vault_room.FINGERPRINT_PARAMETER: vault.key_fingerprint(*vault.parse_keys(old))}
        get_param = parameters.get_param

        def remembered(model, key, default=False):
            return former.get(key) or get_param(model, key, default)

        with (
            patch.dict(os.environ, {vault_room.KEY_VARIABLE: new}),
            patch.object(parameters, "get_param", remembered),
        ):
            self.assertTrue(self.session._stored_token())

    def test_whoever_connected_is_reminded_once_to_back_the_key_up(self):
        self.keep_alive(hours=1)
        self.keep_alive(hours=1)
        self.assertEqual(len(self.reminders()), 1)
        self.assertEqual(self.reminders().user_id, self.accountant)

    def test_an_administrator_of_the_company_is_reminded_instead(self):
        groups = "base.group_system,l10n_pl_ksef_auth.group_ksef_connection"
        administrator = self.make_user("ksef_administrator", groups)
        self.reminders().unlink()
        self.env["ir.config_parameter"].set_param(REMINDED_PARAMETER, False)
        self.keep_alive(hours=1)
        self.assertEqual(self.reminders().user_id, administrator)

    def test_the_reminder_goes_when_a_copy_is_confirmed(self):
        self.keep_alive(hours=1)
        answer = self.company.with_user(self.accountant).l10n_pl_ksef_diagnose()
        self.assertTrue(answer["asks_for_backup"])
        answer = self.company.with_user(self.accountant).l10n_pl_ksef_key_backed_up()
        self.assertFalse(answer["asks_for_backup"])
        self.assertFalse(self.reminders())

    def test_the_reminder_of_a_new_key_takes_the_place_of_the_former_ones(self):
        self.keep_alive(hours=1)
        former = self.reminders()
        self.rotate()
        self.keep_alive(hours=1)
        self.assertEqual(len(self.reminders()), 1)
        self.assertNotEqual(self.reminders(), former)
