from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Give a company its other partner by a write, which is audited: Odoo's is in SQL."""
        companies = src_partners.sudo().with_context(active_test=False).ref_company_ids
        for company in companies:
            # As Odoo does a moment later: the company is never without its number.
            dst_partner.vat = dst_partner.vat or company.partner_id.vat
            company.partner_id = dst_partner
        return super()._update_foreign_keys(src_partners, dst_partner)
