from odoo import api, fields, models


class L10n_Pl_KsefEdiNotice(models.AbstractModel):
    """Says on an invoice, and where invoices are sent, that KSeF does not get them."""

    _name = "l10n_pl_ksef_edi.notice"
    _description = "KSeF notice about invoices"
    # The fields that the notice of a model depends on.
    _l10n_pl_ksef_edi_depends = ()

    l10n_pl_ksef_edi_notice = fields.Char("KSeF notice", compute="_compute_l10n_pl_ksef_edi_notice")
    # "sign", "send" or "other".
    l10n_pl_ksef_edi_cure = fields.Char("KSeF remedy", compute="_compute_l10n_pl_ksef_edi_notice")

    @api.depends(lambda notices: notices._l10n_pl_ksef_edi_depends)
    def _compute_l10n_pl_ksef_edi_notice(self):
        every = self._l10n_pl_ksef_edi_about()._l10n_pl_ksef_edi_kept_away()
        for record in self:
            moves = record._l10n_pl_ksef_edi_about()
            kept = {move: every[move] for move in moves if move in every}
            record.l10n_pl_ksef_edi_cure, record.l10n_pl_ksef_edi_notice = (
                record._l10n_pl_ksef_edi_tell(kept)
            )

    def _l10n_pl_ksef_edi_tell(self, kept):
        """Return what helps, and the sentences; twice False where there is nothing to say.

        :param dict kept: of _l10n_pl_ksef_edi_kept_away, what is about the record
        """
        raise NotImplementedError

    def _l10n_pl_ksef_edi_about(self):
        """Return the invoices that the notice is about."""
        raise NotImplementedError

    def action_l10n_pl_ksef_edi_connect(self):
        """Open the window "Account authorization", or the panel for who may not connect."""
        kept = self._l10n_pl_ksef_edi_about()._l10n_pl_ksef_edi_kept_away()
        companies = [move.company_id for move, (cure, _text) in kept.items() if cure == "sign"]
        return companies[0]._l10n_pl_ksef_way_to_login()[0] if companies else False
