from odoo import models

from .res_company import SIGN


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "l10n_pl_ksef_edi.notice"]
    _l10n_pl_ksef_edi_depends = (
        "l10n_pl_ksef_edi_state",
        "l10n_pl_edi_status",
        "reversed_entry_id.l10n_pl_ksef_edi_state",
    )

    def _l10n_pl_ksef_edi_about(self):
        return self

    def _l10n_pl_ksef_edi_tell(self, kept):
        if self.l10n_pl_ksef_edi_state != "missing":
            return False, False
        if self not in kept:
            return "send", self._l10n_pl_ksef_edi_send_sentence()
        cure, text = kept[self]
        return cure, " ".join([self.env._("This invoice is not in KSeF."), text])

    def _l10n_pl_ksef_edi_send_sentence(self):
        """Return what to do where nothing keeps an invoice from KSeF."""
        if self.reversed_entry_id.l10n_pl_ksef_edi_state == "missing":
            # It has no number yet that this one could name.
            return self.env._("This invoice is not in KSeF yet. Send the corrected invoice first.")
        return self.env._("This invoice is not in KSeF yet. Send it there.")

    def _l10n_pl_ksef_edi_kept_away(self):
        """Return what keeps invoices from KSeF that must go there, by invoice.

        :return dict: what helps, and the sentences; only of invoices that cannot go there now
        """
        missing = self.filtered(lambda move: move.l10n_pl_ksef_edi_state == "missing")
        obstacles = {
            company: company._l10n_pl_ksef_edi_obstacle() for company in missing.company_id
        }
        kept = {}
        for move in missing:
            refusal, obstacle = move._l10n_pl_ksef_edi_refusal(), obstacles[move.company_id]
            if refusal:
                kept[move] = "other", refusal
            elif obstacle:
                code, text = obstacle
                kept[move] = "sign" if code in SIGN else "other", text
        return kept

    def action_l10n_pl_ksef_edi_sent_outside(self):
        """Ask for the KSeF number of an invoice that another program sent."""
        self._l10n_pl_ksef_edi_check_sender()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sent to KSeF outside Odoo"),
            "res_model": "l10n_pl_ksef_edi.sent_outside",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_move_id": self.id, "dialog_size": "medium"},
        }
