from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.base.activities import leave_activity

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestKeptDefaults(KsefCase):
    """Any user may keep default values in Odoo: none of them gets into what Odoo writes for us."""

    def keep(self, model, field, value):
        """Have the accountant keep a default value, as a browser can."""
        defaults = self.env["ir.default"].with_user(self.accountant)
        defaults.set(model, field, value, user_id=True)

    def test_nobody_becomes_an_administrator_by_downloading_a_file(self):
        system = self.env.ref("base.group_system")
        user = {"name": "Intruz", "login": "intruder", "group_ids": [[4, system.id]]}
        company = {"name": "Intruz", "user_ids": [[0, 0, user]]}
        certificate = {"name": "Intruz", "environment": "test", "company_ids": [[0, 0, company]]}
        self.keep("l10n_pl_ksef.session", "signers_certificate_ids", [[0, 0, certificate]])
        self.downloaded(self.open_window())
        self.assertFalse(self.env["res.company"].search([("name", "=", "Intruz")]))
        self.assertFalse(self.env["res.users"].search([("login", "=", "intruder")]))

    def test_the_audit_trail_names_no_signer_that_a_user_thought_of(self):
        self.keep("l10n_pl_ksef.audit", "signer_name", "Jan Kowalski")
        self.company.with_user(self.accountant).l10n_pl_ksef_save_options(
            {"l10n_pl_ksef_offline": False}
        )
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "settings")], limit=1)
        self.assertTrue(line)
        self.assertFalse(line.signer_name)

    def test_an_activity_writes_no_file_that_a_user_thought_of(self):
        self.keep("mail.activity", "attachment_ids", [[0, 0, {"name": "x", "url": "/web/x.js"}]])
        env = self.env(user=self.accountant, su=True)
        activity = leave_activity(env, self.accountant, "KSeF", "KSeF")
        self.assertTrue(activity.user_id)
        self.assertFalse(activity.attachment_ids)
