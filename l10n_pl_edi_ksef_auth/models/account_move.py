import logging

from odoo import models

from .shown_token import sending

_logger = logging.getLogger(__name__)


class AccountMove(models.Model):
    _inherit = "account.move"

    @sending
    def action_l10n_pl_edi_update_invoice_status(self):
        # EXTENDS l10n_pl_edi, whose client reads fields that only administrators may
        move = self._l10n_pl_ksef_edi_ready()
        return bool(move) and super(AccountMove, move).action_l10n_pl_edi_update_invoice_status()

    @sending
    def action_l10n_pl_edi_get_invoice_UPO(self):
        # EXTENDS l10n_pl_edi
        move = self._l10n_pl_ksef_edi_ready()
        return bool(move) and super(AccountMove, move).action_l10n_pl_edi_get_invoice_UPO()

    def _l10n_pl_ksef_edi_ready(self):
        """Make a token ready for the sender; return self with the rights that its client needs.

        Return nothing if a scheduled action has to come back later.
        """
        self.ensure_one()
        self.check_access("write")
        error = self.company_id._l10n_pl_ksef_edi_try_prepare()
        if error:
            _logger.info("KSeF: nothing was asked about invoice %s: %s", self.id, error)
            return self.browse()
        return self.sudo()
