import logging

from odoo import models

from ..models.res_company import CONNECT_GROUP, SEE_GROUP

_logger = logging.getLogger(__name__)
# What has been logged: the web client asks at each start, of each user.
_logged = set()


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client the KSeF dots, so that it needs no further request."""
        info = super().session_info()
        try:
            # What fails in the database must not spoil the transaction of the page.
            with self.env.cr.savepoint(flush=False):
                info |= self._l10n_pl_ksef_info()
        except Exception as error:
            self._l10n_pl_ksef_log_once(error)
        return info

    def _l10n_pl_ksef_info(self):
        user = self.env.user
        if not user._is_internal() or not user.has_group(SEE_GROUP):
            return {}
        # This method has the ids without a query.
        companies = self.env["res.company"].browse(user._get_company_ids())
        dots = self.env["l10n_pl_ksef.dot"]._for_bar(companies)
        return {"l10n_pl_ksef": {"dots": dots, "can_connect": user.has_group(CONNECT_GROUP)}}

    def _l10n_pl_ksef_log_once(self, error):
        kind = self.env.cr.dbname, type(error)
        if kind not in _logged:
            _logged.add(kind)
            _logger.exception("KSeF: the web client opens without its dot")
