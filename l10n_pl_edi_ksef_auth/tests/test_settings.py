from lxml import etree

from odoo.tests import tagged
from odoo.tools import file_open

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestSettings(EdiCase):
    def save(self):
        """Save a settings page as the administrator does."""
        admin = self.env.ref("base.user_admin")
        admin.company_ids |= self.company
        settings = self.env["res.config.settings"].with_user(admin).with_company(self.company)
        config = settings.create({"company_id": self.company.id})
        config.execute()

    def test_saving_neither_logs_in_nor_wipes(self):
        self.connect()
        self.sent()
        before = self.fields_of_sender()
        seen = len(self.simulator.requests)
        self.save()
        self.assertEqual(self.fields_of_sender(), before)
        self.assertEqual(len(self.simulator.requests), seen)

    def test_there_is_one_section_for_ksef(self):
        arch = etree.fromstring(self.env["res.config.settings"].get_view(view_type="form")["arch"])
        (setting,) = arch.xpath("//setting[@id='l10n_pl_edi_register']")
        self.assertIn(setting.get("invisible"), ("1", "True"))
        self.assertTrue(arch.xpath("//block[@id='l10n_pl_ksef_settings']"))

    def test_a_note_says_when_the_sender_uses_another_environment(self):
        settings = self.env["res.config.settings"].with_company(self.company)
        self.assertFalse(settings.new().l10n_pl_ksef_edi_note)
        self.company.l10n_pl_ksef_environment = "demo"
        self.assertTrue(settings.new().l10n_pl_ksef_edi_note)

    def test_a_neutralized_copy_keeps_no_token_and_no_online_session(self):
        self.connect()
        self.sent()
        company = self.company.sudo()
        company.l10n_pl_ksef_edi_access_token = "own"
        company.flush_recordset()
        # Alone: the sender's own script leaves the key in some builds.
        with file_open("l10n_pl_edi_ksef_auth/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        columns = (
            "l10n_pl_edi_session_id, l10n_pl_edi_session_key, l10n_pl_edi_session_iv,"
            " l10n_pl_ksef_edi_access_token, l10n_pl_ksef_edi_login"
        )
        self.env.cr.execute(f"SELECT {columns} FROM res_company WHERE id = %s", (company.id,))
        self.assertEqual(self.env.cr.fetchone(), (None,) * 5)
