from odoo import models

from ..tools import nip


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        """Leave in the audit trail who changes the NIP of a company that KSeF knows from here.

        A company's tax ID is stored with its partner. The scheduled action tells whoever gets the
        notices.
        """
        if "vat" not in vals:
            return super().write(vals)
        companies = self.sudo().with_context(active_test=False).ref_company_ids
        # Not the company's own field, which may hold the new number already.
        before = {company: nip.digits(company.partner_id.vat) for company in companies}
        result = super().write(vals)
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        connected = [("company_id", "in", companies.ids), ("activated_at", "!=", False)]
        for company in companies and sessions.search(connected).company_id:
            now = nip.digits(company.partner_id.vat)
            if now != before[company]:
                detail = f"{before[company]} > {now}"
                self.env["l10n_pl_ksef.audit"]._record(company, "nip_changed", detail=detail)
                sessions._wake_cron_at(sessions._now())
        return result
