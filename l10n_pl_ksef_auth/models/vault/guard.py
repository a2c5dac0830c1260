"""Who may open the vault: the code of installed modules, not code that was typed into Odoo.

Mail templates, server actions, automation rules and reports hold Python that editors of templates
and administrators write in the browser. Odoo runs it with every method of every record, those with
an underscore too. So the vault looks at who calls: typed code may use what a browser may use, and
nothing that would hand it a key, a token or a document.
"""

import builtins
import sys

from odoo.exceptions import AccessError

ADDONS = "odoo.addons."
OURS = "odoo.addons.l10n_pl_ksef_auth."
SCHEDULED = "_cron_"
# For the code of other addons alone: they return a token, or a client that carries one.
GIVES_SECRETS = ("l10n_pl_ksef_access_token", "l10n_pl_ksef_api")


def refuse_typed_code(env, but_through=None):
    """Refuse typed code that entered this addon by a method that is not meant for it.

    :param env: the environment, for the language of the refusal
    :param str but_through: modules, by the beginning of their names, that alone may lead here from
        typed code: what shows a secret in a field is reached by every method that reads fields
    :raises AccessError: mail template, report, server action or the like
    """
    entered = None
    frame = sys._getframe(1)
    while frame:
        if _is_typed(frame):
            if but_through or (entered and _gives_secrets(*entered)):
                raise AccessError(
                    env._("Code that was typed into Odoo may not read the secrets of KSeF.")
                )
            return
        module = frame.f_globals.get("__name__", "")
        if but_through and module.startswith(but_through):
            return
        if module.startswith(ADDONS):
            entered = module, frame.f_code.co_name
        frame = frame.f_back


def _is_typed(frame):
    """Return True if a frame runs typed code: Odoo gives it a short list of builtins."""
    return frame.f_builtins is not vars(builtins)


def _gives_secrets(module, method):
    if not module.startswith(OURS):
        return False
    private = method.startswith("_") and not method.startswith(SCHEDULED)
    return private or method in GIVES_SECRETS
