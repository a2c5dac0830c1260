from datetime import date

from odoo import api, fields, models

# From this day on every Polish business must use KSeF.
SINCE = date(2026, 4, 1)


class ResCompany(models.Model):
    """Since when a company must use KSeF."""

    # Has nothing to do with how the sender logs in.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    l10n_pl_ksef_edi_since = fields.Date("We must use KSeF since", default=SINCE)

    @api.model
    def _l10n_pl_ksef_edi_obliged(self):
        """Return the Polish companies that must use KSeF from some day on."""
        polish = ("partner_id.country_id.code", "=", "PL")
        return self.sudo().search([polish, ("l10n_pl_ksef_edi_since", "!=", False)])
