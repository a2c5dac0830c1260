import json
import time
from functools import wraps

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.base.models.res_users import check_identity

PASSWORD_KEY, PHRASE_KEY = "identity-check-last", "l10n_pl_ksef_confirmed"
# As long as Odoo trusts its own check of the password.
TRUSTED_SECONDS = 10 * 60


def sensitive(method):
    """Ask for the password before an action, as Odoo does elsewhere; without one, for typed words.

    The method must be an action that a button calls over HTTP. What it is called with is kept in
    the database until the answer: it must hold no secret; see ``recently_confirmed``.
    """
    by_password = check_identity(method)

    @wraps(method)
    def asked(self, *args, **kwargs):
        if recently_confirmed(self.env):
            return method(self, *args, **kwargs)
        if self.env["l10n_pl_ksef.confirmation"]._has_credential():
            return by_password(self, *args, **kwargs)
        return self.env["l10n_pl_ksef.confirmation"]._ask(self, method.__name__, args, kwargs)

    # What Odoo's window for the password looks for before it calls the method.
    asked.__has_check_identity = True
    return asked


def recently_confirmed(env):
    """Whether the person at this browser confirmed a sensitive action within the last ten minutes.

    :param env: of the user
    :raises UserError: outside an HTTP request nobody can be asked
    """
    if not request:
        raise UserError(env._("This action can only be taken in the browser."))
    last = max(request.session.get(key, 0) for key in (PASSWORD_KEY, PHRASE_KEY))
    return last > time.time() - TRUSTED_SECONDS


class L10n_Pl_KsefConfirmation(models.TransientModel):
    """Typed words in place of a password, for users who log in without one (single sign-on)."""

    _name = "l10n_pl_ksef.confirmation"
    _description = "KSeF typed confirmation"

    request = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    phrase = fields.Char(readonly=True)
    typed = fields.Char(string="Type it here")

    def _has_credential(self):
        """Whether Odoo has a password or passkey of the user to ask for."""
        if self.env["res.users.identitycheck"]._get_default_auth_method() != "password":
            return True
        query = SQL("SELECT password IS NOT NULL FROM res_users WHERE id = %s", self.env.uid)
        return self.env.execute_query(query)[0][0]

    def _ask(self, records, method, args, kwargs):
        """The window that asks for the words, then calls a method.

        :param records: whose method it is
        :return dict: an action
        """
        window = self.sudo().create(
            {
                "request": json.dumps([records._name, records.ids, method, args, kwargs]),
                "phrase": self.env.user.login,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": window.id,
            "name": self.env._("Confirm"),
            "target": "new",
            "views": [(False, "form")],
            "context": {"dialog_size": "medium"},
        }

    def action_confirm(self):
        """Compare the words, then do what was asked for.

        :raises UserError: other words
        """
        self.ensure_one()
        if self.create_uid != self.env.user or not request:
            raise AccessError(self.env._("This window belongs to another user."))
        if (self.typed or "").strip() != self.phrase:
            raise UserError(self.env._("This is not what you were asked to type."))
        request.session[PHRASE_KEY] = time.time()
        model, ids, method, args, kwargs = json.loads(self.sudo().request)
        return getattr(self.env[model].browse(ids), method)(*args, **kwargs)
