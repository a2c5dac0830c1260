from odoo import fields, models


class L10n_Pl_KsefEdiNotice(models.AbstractModel):
    """Says on an invoice, and where invoices are sent, that KSeF does not get them."""

    _name = "l10n_pl_ksef_edi.notice"
    _description = "KSeF notice about invoices"

    l10n_pl_ksef_edi_notice = fields.Char("KSeF notice", compute="_compute_l10n_pl_ksef_edi_notice")
    # "sign", "send" or "other".
    l10n_pl_ksef_edi_cure = fields.Char("KSeF remedy", compute="_compute_l10n_pl_ksef_edi_notice")

    def _compute_l10n_pl_ksef_edi_notice(self):
        for record in self:
            record.l10n_pl_ksef_edi_cure, record.l10n_pl_ksef_edi_notice = (
                record._l10n_pl_ksef_edi_tell()
            )

    def _l10n_pl_ksef_edi_tell(self):
        """Return what helps, and the sentences; twice False where there is nothing to say."""
        raise NotImplementedError

    def _l10n_pl_ksef_edi_about(self):
        """Return the invoices that the notice is about."""
        raise NotImplementedError

    def action_l10n_pl_ksef_edi_connect(self):
        """Open the window "Account authorization", or the panel for who may not connect."""
        kept = self._l10n_pl_ksef_edi_about()._l10n_pl_ksef_edi_kept_away()
        companies = [move.company_id for move, (cure, _text) in kept.items() if cure == "sign"]
        return companies[0]._l10n_pl_ksef_way_to_login()[0] if companies else False
