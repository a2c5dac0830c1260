from contextlib import suppress
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret
from odoo.addons.l10n_pl_ksef_auth.tests.typed_code import look_up

from ..models.shown_token import HIDDEN
from .common import EdiCase

TOKENS = ("l10n_pl_edi_access_token", "l10n_pl_edi_refresh_token")


@tagged("post_install", "-at_install")
class TestTokensStayClosed(EdiCase):
    """Only the sender's own code can read our tokens in the sender's fields."""

    def begin(self):
        self.connect()

    def setUp(self):
        super().setUp()
        self.session = self.company._l10n_pl_ksef_session()
        self.admin = self.env.ref("base.user_admin")
        self.admin.company_ids |= self.company

    def tokens(self):
        """Return the last letters of both tokens."""
        names = ("access_token_secret", "refresh_token_secret")
        return [read_secret(self.session, name).decode()[-40:] for name in names]

    def run_code(self, code):
        """Run a server action of the administrator's on the company, and return its result."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "x",
                "model_id": self.env["ir.model"]._get_id("res.company"),
                "state": "code",
                "code": f"action = {{'help': str({code})}}",
            }
        )
        here = {"active_model": "res.company", "active_id": self.company.id}
        return action.with_context(**here).run()["help"]

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
        for name in TOKENS:
            for way in (
                f"record.sudo().{name}",
                f"record.sudo().{name} + ''",
                f"'{{0}} {{0!s}} {{0!r}}'.format(record.sudo().{name})",
                f"'Bearer %s' % record.sudo().{name}",
                f"record.sudo().read(['{name}'])",
                f"record.sudo().web_read({{'{name}': {{}}}})",
                f"record.sudo().mapped('{name}')",
                f"record.sudo()._l10n_pl_ksef_edi_prepare() or record.sudo().{name}",
                "(record.sudo()._l10n_pl_ksef_edi_prepare(), env.cr.cache, env.transaction.cache)",
            ):
                with self.subTest(way), suppress(AccessError):
                    self.env.invalidate_all()
                    self.assert_nothing_in(self.run_code(way))

    def assert_nothing_in(self, *texts):
        for token in self.tokens():
            self.assertFalse([text for text in texts if token in text])

    def test_the_senders_own_code_gets_them(self):
        service = KsefApiService(self.company.sudo())
        access, refresh = (service._make_headers(self.company.sudo()[name]) for name in TOKENS)
        told = [one["Authorization"].removeprefix("Bearer ")[-40:] for one in (access, refresh)]
        self.assertEqual(told, self.tokens())

    def test_automation_rules_find_none_while_an_invoice_is_sent_and_afterwards(self):
        self.seen = []
        write = self.registry["account.move"].write

        def observed(moves, vals):
            result = write(moves, vals)
            self.look_around(moves)
            return result

        with patch.object(self.registry["account.move"], "write", observed):
            move = self.sent()
            self.travel(minutes=16)
            move.action_l10n_pl_edi_update_invoice_status()
        self.assertEqual(move.l10n_pl_edi_status, "accepted")
        self.look_around(move)
        self.assertTrue(any(HIDDEN in text for text in self.seen))
        self.assert_nothing_in(*self.seen)

    def look_around(self, moves):
        """Look where automation rules can: the cursor, the ORM's cache, whoever called."""
        company = moves.company_id.sudo()
        names = {"cr": moves.env.cr, "company": company}
        self.seen.append(safe_eval("str((cr.cache, company.l10n_pl_edi_access_token))", names))
        self.seen += look_up()
        self.seen += [str(dict(company._fields[name]._get_cache(company.env))) for name in TOKENS]

    def test_a_server_action_may_send_an_invoice(self):
        move = self.invoice()
        sender = "env['account.move.send'].sudo()"
        self.run_code(
            f"{sender}._generate_and_send_invoices(env['account.move'].browse({move.id}),"
            " sending_methods=[], extra_edis={'pl_ksef'}, invoice_edi_format=False)"
        )
        self.assertEqual(move.l10n_pl_edi_status, "sent")
