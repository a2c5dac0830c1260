"""Our tokens in the sender's hands: its code alone can write them into a request.

The sender reads its tokens from fields of the company. What stands in the fields of a connected
company is no token, but becomes one where the sender's own code puts it into a text. So no token
lies in the ORM's cache, in the cursor's or in the sender's variables, where automation rules and
other code that was typed into Odoo could read it.
"""

import sys
from contextvars import ContextVar
from functools import wraps

from odoo import fields

from odoo.addons.l10n_pl_ksef_auth.models.vault.guard import door
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

SENDER = "odoo.addons.l10n_pl_edi."
HIDDEN = "(KSeF)"
SECRETS = {
    "l10n_pl_edi_access_token": "access_token_secret",
    "l10n_pl_edi_refresh_token": "refresh_token_secret",
}
# By database, company and field, what the work in hand uses: the caller's transaction may be older.
_held = ContextVar("l10n_pl_ksef_edi_held", default=None)


def sending(method):
    """Mark what works with the sender's tokens: what was held for it is forgotten at its end.

    :param method: of any model; returns no token
    """

    @door
    @wraps(method)
    def holding(*args, **kwargs):
        before = _held.set({})
        try:
            return method(*args, **kwargs)
        finally:
            _held.reset(before)

    return holding


def hold(company, **tokens):
    """Have the sender use these tokens of a company until the work in hand is done.

    :param company: that has our connection
    :param tokens: by the names of the sender's fields
    """
    held = _held.get()
    if held is not None:
        held.update({_place(company, name): token for name, token in tokens.items()})


class ShownToken(str):
    """Stands for a company's token, and is it in a text that the sender's code makes."""

    def __new__(cls, company, name):
        """Make what the field ``name`` of a company holds."""
        shown = super().__new__(cls, HIDDEN)
        shown._of = company, name
        return shown

    def __format__(self, spec):
        return _open(self) if _is_sender(sys._getframe(1)) else HIDDEN

    def __str__(self):
        return _open(self) if _is_sender(sys._getframe(1)) else HIDDEN


class TokenField(fields.Char):
    """A token of the sender's: it shows ours for connected companies, stored ones for others."""

    def __get__(self, record, owner=None):
        if record is None or not record.env.su or len(record) != 1 or not record.id:
            # Refused to all but the superuser.
            return super().__get__(record, owner)
        if record._l10n_pl_ksef_edi_connected():
            return ShownToken(record, self.name)
        return record[self.name.replace("_edi_", "_ksef_edi_")]

    # A setter returns nothing.
    # pylint: disable-next=missing-return
    def __set__(self, records, value):
        """Keep what the sender got from KSeF without a write, which automation rules listen to."""
        connected = records._l10n_pl_ksef_edi_connected()
        for company in connected if value else ():
            hold(company, **{self.name: value})
        if records - connected:
            super().__set__(records - connected, value)

    def written(self, company):
        """Return what is being written to a company's field; it goes out of the cache with that."""
        # Not what __get__ above shows.
        value = fields.Char.__get__(self, company)
        company.invalidate_recordset([self.name])
        return value


def _place(company, name):
    return company.env.cr.dbname, company.id, name


def _is_sender(frame):
    return frame.f_globals.get("__name__", "").startswith(SENDER)


def _open(shown):
    company, name = shown._of
    held = (_held.get() or {}).get(_place(company, name))
    session = company._l10n_pl_ksef_session()
    try:
        return held or (read_secret(session, SECRETS[name]).decode() if session else "")
    except VaultError:
        return ""
