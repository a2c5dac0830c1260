from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.l10n_pl_ksef_auth.tools.ksef_number import InvalidKsefNumber, normalise


class L10n_Pl_KsefEdiSentOutside(models.TransientModel):
    """Asks for the KSeF number of an invoice that another program sent."""

    _name = "l10n_pl_ksef_edi.sent_outside"
    _description = "Invoice sent to KSeF outside Odoo"

    move_id = fields.Many2one("account.move", "Invoice", required=True, readonly=True)
    number = fields.Char("KSeF number", required=True)

    @api.constrains("move_id")
    def _check_move(self):
        """Refuse another company's invoice at once: its name says what that company issued.

        :raises AccessError: the user may not read the invoice
        """
        # Odoo checks constraints as superuser.
        self.sudo(False).move_id.check_access("read")

    def action_mark(self):
        """Mark the invoice.

        :raises UserError: the number is none, or another company's; see also account.move
        """
        self.ensure_one()
        seller = self.move_id.company_id._l10n_pl_ksef_principal().vat
        try:
            number = normalise(self.number, seller)
        except InvalidKsefNumber as error:
            raise UserError(self._sentence(error.reason)) from error
        self.move_id._l10n_pl_ksef_edi_mark_outside(number)
        return {"type": "ir.actions.act_window_close"}

    def _sentence(self, reason):
        return {
            "format": self.env._("This is no KSeF number. It has 35 characters: copy it whole."),
            "checksum": self.env._("This number has a typing error. Copy it again, whole."),
            "seller": self.env._("This number is of another company: it begins with another NIP."),
        }[reason]
