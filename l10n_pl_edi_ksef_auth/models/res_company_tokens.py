import time

from odoo import api, fields, models

from odoo.addons.l10n_pl_ksef_auth.models.vault.guard import refuse_typed_code
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

SENDER = "odoo.addons.l10n_pl_edi."
HELD = "l10n_pl_ksef_edi_tokens"
# Seconds that a transaction may hold a token for; then the database knows a newer one.
HOLD = 120


class ResCompany(models.Model):
    """The sender's token fields: ours for connected companies, stored ones for the others.

    For the sender's code alone, which runs as superuser: nobody reads or exports them.
    No network here: _l10n_pl_ksef_edi_prepare renews, these fields only show what there is.
    """

    # The sender's token fields are a subject of their own.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    l10n_pl_edi_access_token = fields.Char(
        compute="_compute_l10n_pl_ksef_edi_tokens",
        inverse="_inverse_l10n_pl_edi_access_token",
        search="_search_l10n_pl_edi_access_token",
        compute_sudo=True,
        store=False,
        groups=fields.NO_ACCESS,
    )
    l10n_pl_edi_refresh_token = fields.Char(
        compute="_compute_l10n_pl_ksef_edi_tokens",
        inverse="_inverse_l10n_pl_edi_refresh_token",
        search="_search_l10n_pl_edi_refresh_token",
        compute_sudo=True,
        store=False,
        groups=fields.NO_ACCESS,
    )
    # Of companies that log in with the sender's own certificate.
    l10n_pl_ksef_edi_access_token = fields.Char(
        "Own KSeF token", groups=fields.NO_ACCESS, copy=False, prefetch=False
    )
    l10n_pl_ksef_edi_refresh_token = fields.Char(
        "Own KSeF refresh token", groups=fields.NO_ACCESS, copy=False, prefetch=False
    )

    @api.depends("l10n_pl_ksef_edi_access_token", "l10n_pl_ksef_edi_refresh_token")
    def _compute_l10n_pl_ksef_edi_tokens(self):
        connected = self._l10n_pl_ksef_edi_connected()
        for company in self:
            if company in connected:
                access, refresh = company._l10n_pl_ksef_edi_held()
            else:
                access = company.l10n_pl_ksef_edi_access_token
                refresh = company.l10n_pl_ksef_edi_refresh_token
            company.l10n_pl_edi_access_token = access
            company.l10n_pl_edi_refresh_token = refresh

    def _l10n_pl_ksef_edi_held(self):
        """Return access and refresh token of our connection, as this transaction sees them."""
        refuse_typed_code(self.env, but_through=SENDER)
        held = self.env.cr.cache.get(HELD, {}).get(self.id)
        if held and held[2] > time.monotonic():
            return held[:2]
        session = self._l10n_pl_ksef_session()
        try:
            return tuple(
                session._secret_read(name).decode() if session else False
                for name in ("access_token_secret", "refresh_token_secret")
            )
        except VaultError:
            return False, False

    def _l10n_pl_ksef_edi_hold(self, access, refresh):
        """Have the fields show these tokens: this transaction may still see older ones."""
        held = self.env.cr.cache.setdefault(HELD, {})
        held[self.id] = (access, refresh, time.monotonic() + HOLD)
        self.invalidate_recordset(["l10n_pl_edi_access_token", "l10n_pl_edi_refresh_token"])

    def _inverse_l10n_pl_edi_access_token(self):
        """Keep what the sender stores after a refresh or a login of its own, or forget it."""
        connected = self._l10n_pl_ksef_edi_connected()
        for company in self:
            token = company.l10n_pl_edi_access_token
            if company not in connected:
                company.l10n_pl_ksef_edi_access_token = token
            elif token:
                company._l10n_pl_ksef_edi_hold(token, company._l10n_pl_ksef_edi_held()[1])

    def _inverse_l10n_pl_edi_refresh_token(self):
        for company in self - self._l10n_pl_ksef_edi_connected():
            company.l10n_pl_ksef_edi_refresh_token = company.l10n_pl_edi_refresh_token

    def _search_l10n_pl_edi_access_token(self, operator, value):
        return self._l10n_pl_ksef_edi_search("l10n_pl_ksef_edi_access_token", operator, value)

    def _search_l10n_pl_edi_refresh_token(self, operator, value):
        return self._l10n_pl_ksef_edi_search("l10n_pl_ksef_edi_refresh_token", operator, value)

    def _l10n_pl_ksef_edi_search(self, stored, operator, value):
        """Find companies with a token, or without; nobody searches for the value of one."""
        if operator not in ("in", "not in") or set(value) != {False}:
            return NotImplemented
        companies = self.sudo().with_context(active_test=False)
        sessions = self.env["l10n_pl_ksef.session"].sudo().search([("activated_at", "!=", False)])
        served = companies.search([("l10n_pl_ksef_principal_id", "in", sessions.company_id.ids)])
        own = companies.search([(stored, "!=", False)])
        holders = served._l10n_pl_ksef_edi_connected() | own
        return [("id", "not in" if operator == "in" else "in", holders.ids)]
