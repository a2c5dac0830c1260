from datetime import timedelta
from unittest.mock import MagicMock, patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth import uninstall_hook
from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.upkeep.housekeeping import REMINDED_PARAMETER

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestHousekeeping(KsefCase):
    """Records that nobody needs any more are deleted without a human."""

    reminds_of_backup = True

    def age(self, records, **ago):
        """Set the records' dates back."""
        moment = fields.Datetime.now() - timedelta(**ago)
        records.flush_recordset()
        for column in ("create_date", "write_date"):
            query = f'UPDATE "{records._table}" SET {column} = %s WHERE id IN %s'
            self.env.cr.execute(query, [moment, tuple(records.ids)])
        records.invalidate_recordset()

    def test_a_document_goes_when_ksef_has_judged_it_although_the_window_was_closed(self):
        window = self.open_window()
        self.send_signed(window)
        self.assertTrue(window.sudo().document_secret)
        self.settle()
        self.assertEqual(window.sudo().session_id.state, "active")
        self.assertFalse(window.sudo().document_secret)

    def test_a_document_that_was_never_sent_goes_after_an_hour(self):
        window = self.open_window()
        self.attach(window, self.downloaded(window))
        self.keep_alive(seconds=5)
        self.assertTrue(window.sudo().document_secret)
        self.age(window.sudo(), minutes=61)
        self.keep_alive(seconds=5)
        self.assertFalse(window.sudo().document_secret)

    def test_a_window_that_was_left_open_overnight_is_still_there(self):
        window = self.open_window().sudo()
        self.age(window, hours=20)
        window._transient_vacuum()
        self.assertTrue(window.exists())
        self.age(window, days=8)
        window._transient_vacuum()
        self.assertFalse(window.exists())

    def test_a_login_forgets_its_document_once_ksef_has_judged_it(self):
        self.assertFalse(self.connect().document_secret)

    def test_requests_that_nobody_signed_go_after_a_week(self):
        window = self.open_window()
        self.downloaded(window)
        session = window.sudo().session_id
        self.env["l10n_pl_ksef.housekeeping"]._gc_requests()
        self.assertTrue(session.exists())
        self.age(session, days=8)
        self.env["l10n_pl_ksef.housekeeping"]._gc_requests()
        self.assertFalse(session.exists())

    def test_ended_logins_go_after_some_time_and_live_ones_stay(self):
        first = self.connect()
        second = self.connect()
        self.keep_alive(seconds=5)
        self.age(first | second, days=500)
        self.env["l10n_pl_ksef.housekeeping"]._gc_sessions()
        self.assertFalse(first.exists())
        self.assertTrue(second.exists())

    def test_a_company_that_was_disconnected_by_hand_stays_so_however_long_ago_it_was(self):
        self.certified()
        session = self.company._l10n_pl_ksef_session()
        self.disconnect()
        self.age(session, days=500)
        self.env["l10n_pl_ksef.housekeeping"]._gc_sessions()
        with self.assertRaises(LoginNeeded):
            self.company.l10n_pl_ksef_access_token()

    @mute_logger("odoo.addons.l10n_pl_ksef_auth.models.upkeep.keep_alive")
    def test_a_reminder_that_cannot_be_given_does_not_fail_the_scheduled_action(self):
        self.connect()
        activities = self.registry["mail.activity"]
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")
        with patch.object(activities, "create", side_effect=OSError):
            self.assertIs(cron.method_direct_trigger(), True)
        self.assertFalse(cron.failure_count)

    @mute_logger("odoo.addons.l10n_pl_ksef_auth.models.upkeep.keep_alive")
    def test_housekeeping_that_fails_does_not_undo_a_reminder(self):
        self.connect()
        self.env["ir.config_parameter"].set_param(REMINDED_PARAMETER, False)
        failing = MagicMock(side_effect=OSError, __qualname__="failing")
        windows = self.registry["l10n_pl_ksef.authorization"]
        with patch.object(windows, "_forget_unused", failing):
            self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(self.env["ir.config_parameter"].get_param(REMINDED_PARAMETER))

    def test_audit_lines_stay_for_six_years(self):
        self.connect()
        lines = self.env["l10n_pl_ksef.audit"].search([])
        self.age(lines, days=5 * 366)
        self.env["l10n_pl_ksef.housekeeping"]._gc_audit()
        self.assertTrue(lines.exists())
        self.age(lines, days=7 * 366)
        self.env["l10n_pl_ksef.housekeeping"]._gc_audit()
        self.assertFalse(lines.exists())

    def test_an_uninstalled_addon_leaves_no_parameter_behind(self):
        self.connect()
        parameters = self.env["ir.config_parameter"]
        ours = [("key", "=like", "l10n_pl_ksef_auth.%")]
        self.assertTrue(parameters.search(ours))
        uninstall_hook(self.env)
        self.assertFalse(parameters.search(ours))
