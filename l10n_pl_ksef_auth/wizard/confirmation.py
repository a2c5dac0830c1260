import json
import time

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import SQL

from ..models.vault.guard import refuse_typed_code
from ..screens.sensitive import PHRASE_KEY


class L10n_Pl_KsefConfirmation(models.TransientModel):
    """Asks users who have no password (single sign-on) to type some words instead."""

    _name = "l10n_pl_ksef.confirmation"
    _description = "KSeF typed confirmation"

    request = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    phrase = fields.Char(readonly=True)
    typed = fields.Char(string="Type it here")

    def _has_credential(self):
        """Return True if the user has a password or passkey that Odoo can ask for."""
        if self.env["res.users.identitycheck"]._get_default_auth_method() != "password":
            return True
        query = SQL("SELECT password IS NOT NULL FROM res_users WHERE id = %s", self.env.uid)
        return self.env.execute_query(query)[0][0]

    def _ask(self, records, method, args, kwargs):
        """Return the window that asks for the words, then calls a method.

        The database holds the arguments, as JSON, until the answer: they must hold no secret.
        """
        window = self.sudo().create(
            {
                "request": json.dumps([records._name, records.ids, method, args, kwargs]),
                "phrase": self.env.user.login,
            }
        )
        return window._get_records_action(
            name=self.env._("Confirm"), target="new", context={"dialog_size": "medium"}
        )

    def action_confirm(self):
        """Compare the words, then call the method.

        :raises UserError: other words
        :raises AccessError: another user's window, a method that asks for no confirmation, or code
            that was typed into Odoo
        """
        refuse_typed_code(self.env)
        self.ensure_one()
        if self.create_uid != self.env.user or not request:
            raise AccessError(self.env._("This window belongs to another user."))
        if (self.typed or "").strip() != self.phrase:
            raise UserError(self.env._("This is not what you were asked to type."))
        model, ids, name, args, kwargs = json.loads(self.sudo().request)
        method = getattr(self.env[model].browse(ids), name)
        if not getattr(method, "__has_check_identity", False):
            raise AccessError(self.env._("This needs no confirmation."))
        request.session[PHRASE_KEY] = time.time()
        return method(*args, **kwargs)
