from odoo.tests import HttpCase, JsonRpcException, tagged

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestConfirmation(HttpCase, KsefCase):
    """Sensitive actions ask for the password, or for typed words where there is none."""

    def begin(self):
        self.connect()

    def setUp(self):
        super().setUp()
        self.login = self.company._l10n_pl_ksef_session()
        self.authenticate("ksef_accountant", "ksef_accountant")

    def call(self, model, method, *args, **context):
        parameters = {
            "model": model,
            "method": method,
            "args": args,
            "kwargs": {"context": context} if context else {},
        }
        return self.make_jsonrpc_request(f"/web/dataset/call_kw/{model}/{method}", parameters)

    def click_disconnect(self):
        return self.call("res.company", "l10n_pl_ksef_disconnect", [self.company.id])

    def forget_password(self):
        """Make the accountant a user without a password, as single sign-on does."""
        self.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = %s", [self.accountant.id]
        )

    def test_a_disconnection_waits_for_the_password(self):
        action = self.click_disconnect()
        self.assertEqual(action["res_model"], "res.users.identitycheck")
        self.assertEqual(self.login.state, "active")
        self.call(action["res_model"], "run_check", [action["res_id"]], password="ksef_accountant")
        self.env.invalidate_all()
        self.assertEqual(self.login.state, "revoked")

    def test_a_take_over_waits_for_the_password_and_then_opens_the_window(self):
        asked = self.call("res.company", "l10n_pl_ksef_take_over", [self.company.id])
        self.assertEqual(asked["res_model"], "res.users.identitycheck")
        self.assertFalse(self.env["l10n_pl_ksef.authorization"].search([("take_over", "=", True)]))
        window = self.call(
            asked["res_model"], "run_check", [asked["res_id"]], password="ksef_accountant"
        )
        self.assertEqual(window["tag"], "l10n_pl_ksef_authorization")
        self.assertTrue(self.env["l10n_pl_ksef.authorization"].search([("take_over", "=", True)]))

    def test_the_audit_trail_tells_from_where_somebody_disconnected(self):
        action = self.click_disconnect()
        self.call(action["res_model"], "run_check", [action["res_id"]], password="ksef_accountant")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "disconnected")], limit=1)
        self.assertEqual((line.user_id, line.address), (self.accountant, "127.0.0.1"))

    def test_a_user_without_a_password_types_words(self):
        self.forget_password()
        action = self.click_disconnect()
        self.assertEqual(action["res_model"], "l10n_pl_ksef.confirmation")
        window = [action["res_id"]]
        self.call(action["res_model"], "write", window, {"typed": "ksef_accountant"})
        self.call(action["res_model"], "action_confirm", window)
        self.env.invalidate_all()
        self.assertEqual(self.login.state, "revoked")

    def test_other_words_confirm_nothing(self):
        self.forget_password()
        action = self.click_disconnect()
        with self.assertRaises(JsonRpcException):
            self.call(action["res_model"], "action_confirm", [action["res_id"]])
        self.assertEqual(self.login.state, "active")

    def test_typed_words_do_not_open_what_odoo_guards_by_the_password(self):
        self.forget_password()
        action = self.click_disconnect()
        self.call(action["res_model"], "write", [action["res_id"]], {"typed": "ksef_accountant"})
        self.call(action["res_model"], "action_confirm", [action["res_id"]])
        keys = self.call("res.users", "api_key_wizard", [self.accountant.id])
        self.assertEqual(keys["res_model"], "res.users.identitycheck")

    def test_typed_words_call_nothing_that_asks_for_no_confirmation(self):
        self.forget_password()
        window = self.env["l10n_pl_ksef.confirmation"].create(
            {
                "request": f'["res.company", {self.company.ids}, "_l10n_pl_ksef_nip", [], {{}}]',
                "phrase": "x",
                "typed": "x",
            }
        )
        self.env.cr.execute(
            "UPDATE l10n_pl_ksef_confirmation SET create_uid = %s WHERE id = %s",
            [self.accountant.id, window.id],
        )
        with self.assertRaisesRegex(JsonRpcException, "AccessError"):
            self.call(window._name, "action_confirm", window.ids)

    def test_loading_a_key_asks_first_and_keeps_nothing_of_it(self):
        answer = self.call(
            "res.company", "l10n_pl_ksef_load_certificate", [self.company.id], ["AAAA"], "tajne"
        )
        window = self.env["res.users.identitycheck"].browse(answer["confirm"]["res_id"])
        self.assertNotIn("tajne", window.sudo().request)
        self.assertNotIn("AAAA", window.sudo().request)
