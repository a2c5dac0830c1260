from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import EdiCase

TOKENS = ("l10n_pl_edi_access_token", "l10n_pl_edi_refresh_token")


@tagged("post_install", "-at_install")
class TestTokensStayClosed(EdiCase):
    """Only the sender's own code can read our tokens in the sender's fields."""

    def setUp(self):
        super().setUp()
        self.connect()
        self.admin = self.env.ref("base.user_admin")
        self.admin.company_ids |= self.company

    def test_an_administrator_does_not_read_them_in_the_browser(self):
        company = self.company.with_user(self.admin)
        for name in TOKENS:
            with self.subTest(name), self.assertRaises(AccessError):
                company.read([name])

    def test_the_settings_do_not_tell_them_either(self):
        settings = self.env["res.config.settings"].with_user(self.admin)
        config = settings.with_company(self.company).create({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            config.read(["l10n_pl_edi_access_token"])

    def test_code_that_was_typed_into_odoo_does_not_get_them(self):
        for way in (*TOKENS, *(f"web_read({{'{name}': {{}}}})" for name in TOKENS)):
            action = self.env["ir.actions.server"].create(
                {
                    "name": "x",
                    "model_id": self.env["ir.model"]._get_id("res.company"),
                    "state": "code",
                    "code": f"action = {{'help': str(record.sudo().{way})}}",
                }
            )
            here = {"active_model": "res.company", "active_id": self.company.id}
            self.env.invalidate_all()
            with self.subTest(way), self.assertRaisesRegex(AccessError, "typed into Odoo"):
                action.with_context(**here).run()
