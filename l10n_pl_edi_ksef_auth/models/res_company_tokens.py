from odoo import fields, models

from .shown_token import SECRETS, TokenField


class ResCompany(models.Model):
    """The sender's token fields: ours for connected companies, stored ones for the others.

    For the sender's code alone, which runs as superuser: nobody reads or exports them.
    No network here: _l10n_pl_ksef_edi_prepare renews, these fields only show what there is.
    """

    # The sender's token fields are a subject of their own.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    l10n_pl_edi_access_token = TokenField(
        inverse="_inverse_l10n_pl_ksef_edi_tokens",
        search="_search_l10n_pl_edi_access_token",
        store=False,
        groups=fields.NO_ACCESS,
    )
    l10n_pl_edi_refresh_token = TokenField(
        inverse="_inverse_l10n_pl_ksef_edi_tokens",
        search="_search_l10n_pl_edi_refresh_token",
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

    def _inverse_l10n_pl_ksef_edi_tokens(self):
        """Keep what the sender stores after a login of its own, or forget it."""
        connected = self._l10n_pl_ksef_edi_connected()
        for company in self:
            for name in SECRETS:
                field = company._fields[name]
                if company.id not in field._get_cache(company.env):
                    continue
                token = field.written(company)
                if company not in connected:
                    company[name.replace("_edi_", "_ksef_edi_")] = token

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
