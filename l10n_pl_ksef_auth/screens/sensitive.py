"""Sensitive actions ask for the password first, or for typed words where there is none."""

import time
from functools import wraps

from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.base.models.res_users import check_identity

from ..models.vault.guard import refuse_typed_code

PASSWORD_KEY, PHRASE_KEY = "identity-check-last", "l10n_pl_ksef_confirmed"
# As long as Odoo trusts its own check of the password.
TRUSTED_SECONDS = 10 * 60


def sensitive(method):
    """Ask for the password before an action, as Odoo does elsewhere; without one, for typed words.

    The database keeps the arguments until the answer: they must hold no secret. A method that takes
    a secret is ``confirmed_first`` instead.

    :param method: an action that a button calls over HTTP
    """
    by_password = check_identity(method)

    @wraps(method)
    def asked(self, *args, **kwargs):
        if recently_confirmed(self.env):
            return method(self, *args, **kwargs)
        if self.env["l10n_pl_ksef.confirmation"]._has_credential():
            return by_password(self, *args, **kwargs)
        return self.env["l10n_pl_ksef.confirmation"]._ask(self, method.__name__, args, kwargs)

    # Odoo's window for the password calls no method without this mark.
    asked.__has_check_identity = True
    return asked


def confirmed_first(method):
    """Ask for the password before an action, without keeping its arguments, which may be secret.

    Instead of the method's own answer the browser gets ``confirm``, the action that asks; it calls
    again when that window has closed.

    :param method: of companies, all of which the user has to manage
    """

    @wraps(method)
    def asked(self, *args, **kwargs):
        for company in self:
            company._l10n_pl_ksef_managed()
        if not recently_confirmed(self.env):
            return {"confirm": self.l10n_pl_ksef_confirm()}
        return method(self, *args, **kwargs)

    return asked


def recently_confirmed(env):
    """Return True if the user confirmed a sensitive action within the last ten minutes.

    :param env: of the user
    :raises UserError: outside an HTTP request nobody can be asked
    :raises AccessError: code that was typed into Odoo is nobody
    """
    refuse_typed_code(env)
    if not request:
        raise UserError(env._("This action can only be taken in the browser."))
    last = max(request.session.get(key, 0) for key in (PASSWORD_KEY, PHRASE_KEY))
    return last > time.time() - TRUSTED_SECONDS
