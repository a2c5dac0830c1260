import logging

from odoo import models

from .shown_token import sending

_logger = logging.getLogger(__name__)

# What a correction says of the invoice that it corrects: issued outside KSeF, or there with a
# number (the form FA(3), DaneFaKorygowanej).
ISSUED_OUTSIDE = "<NrKSeFN>1</NrKSeFN>"
IN_KSEF = "<NrKSeF>1</NrKSeF><NrKSeFFaKorygowanej>%s</NrKSeFFaKorygowanej>"


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

    def _l10n_pl_edi_render_xml(self):
        # EXTENDS l10n_pl_edi, whose template says of each corrected invoice that it is not in KSeF.
        # Not by a view: a build of Odoo that mends the template could then not be installed.
        document = super()._l10n_pl_edi_render_xml()
        number = self.reversed_entry_id.l10n_pl_edi_number
        return document.replace(ISSUED_OUTSIDE, IN_KSEF % number) if number else document

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
