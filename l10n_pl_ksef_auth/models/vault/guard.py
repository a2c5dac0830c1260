"""Who may open the vault: the code of installed modules, not code that was typed into Odoo.

Mail templates, server actions, automation rules, reports, computed fields and record rules hold
Python that editors of templates and administrators write in the browser. Odoo runs it with every
method of every record, those with an underscore too. What returns a secret is therefore a function,
which typed code cannot reach; and the functions look at who calls, because methods call them. Typed
code may begin what is marked as a door, and learns no secret there.

``str.format`` reads the variables of whoever called typed code, too. It is called while records are
written: so nobody holds a clear secret then, and says ``del``.
"""

import builtins
import sys
import traceback
from functools import wraps

import requests

from odoo.exceptions import AccessError

OURS = ("odoo.addons.l10n_pl_ksef_auth.", "odoo.addons.l10n_pl_edi_ksef_auth.")


def refuse_typed_code(env):
    """Refuse to go on for code that was typed into Odoo, unless it came through a door.

    :param env: the environment, for the language of the refusal
    :raises AccessError: for a mail template, report, server action or the like, and for whoever was
        handed a method of ours that is not for others
    """
    inner, frame = None, sys._getframe(1)
    while frame and frame.f_code is not _DOOR:
        if _is_typed(frame) or (inner and _was_handed_over(inner, frame)):
            raise _refusal(env)
        inner, frame = frame, frame.f_back


def door(function):
    """Mark what typed code may begin and whose secrets it does not get, such as sending invoices.

    Whatever fails behind a door, the exception forgets the local variables of its frames: typed
    code reads them with ``str.format``.

    :param function: returns no secret
    """

    @wraps(function)
    def behind_door(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            _forget_locals(error)
            raise

    return behind_door


def for_modules(method):
    """Let only code of installed modules call a method that returns a secret, and by its name.

    Typed code might hand the method to somebody who calls it later, as ``map`` does.

    :param method: of any model
    """
    inside = door(method)

    @wraps(method)
    def by_name(self, *args, **kwargs):
        caller = sys._getframe(1)
        if _is_typed(caller) or not _names(caller, method.__name__):
            raise _refusal(self.env)
        return inside(self, *args, **kwargs)

    return by_name


_DOOR = door(len).__code__


def _refusal(env):
    return AccessError(env._("Code that was typed into Odoo may not read the secrets of KSeF."))


def _is_typed(frame):
    """Return True if a frame runs typed code: Odoo gives it a short list of builtins."""
    return frame.f_builtins is not vars(builtins)


def _was_handed_over(inner, outer):
    """Return True if a frame of others runs a private method of ours that its code does not name.

    A method that typed code handed to somebody is called by code that knows nothing of it.
    """
    name = inner.f_code.co_name
    private = name.startswith("_") and not name.startswith("__")
    return private and _is_ours(inner) and not _is_ours(outer) and not _names(outer, name)


def _names(frame, name):
    """Return True if the code of a frame names a method."""
    return name in frame.f_code.co_names


def _is_ours(frame):
    return frame.f_globals.get("__name__", "").startswith(OURS)


def _forget_locals(error):
    """Forget what the frames of an exception held, and those of the exceptions before it."""
    open_ones, seen = [error], set()
    while open_ones:
        error = open_ones.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, requests.RequestException):
            # The request carries the bearer.
            error.request = error.response = None
        open_ones += [error.__cause__, error.__context__]
