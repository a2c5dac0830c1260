from odoo import models

from ..models.res_company import CONNECT_GROUP, SEE_GROUP


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client the KSeF dots, so that it needs no further request."""
        info = super().session_info()
        user = self.env.user
        if user._is_internal() and user.has_group(SEE_GROUP):
            # This method has the ids without a query.
            companies = self.env["res.company"].browse(user._get_company_ids())
            info["l10n_pl_ksef"] = {
                "dots": self.env["l10n_pl_ksef.dot"]._dots(companies),
                "can_connect": user.has_group(CONNECT_GROUP),
            }
        return info
