from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Leave in the audit trail who changes the NIP of a company that KSeF knows from here.

        A company's tax ID is stored with its partner.
        """
        if "vat" not in vals:
            return super().write(vals)
        companies = self.sudo().with_context(active_test=False).ref_company_ids
        before = companies._l10n_pl_ksef_nips()
        result = super().write(vals)
        companies._l10n_pl_ksef_audit_nips(before)
        return result
