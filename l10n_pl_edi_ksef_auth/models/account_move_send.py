import re

from odoo import models
from odoo.http import request

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefError

from .shown_token import sending

# What another online session cures: full, unknown, closed, or in maintenance (docs/ksef.md E7).
SESSION_REFUSED = re.compile(r'[cC]ode"\s*:\s*(21155|21173|21180|21184)\b')


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _get_all_extra_edis(self):
        # EXTENDS l10n_pl_edi
        edis = super()._get_all_extra_edis()
        by_sender = edis["pl_ksef"]["is_applicable"]
        edis["pl_ksef"] |= {
            "label": self.env._("KSeF (e-invoice)"),
            "is_applicable": lambda move: by_sender(move) and not move._l10n_pl_ksef_edi_refusal(),
        }
        return edis

    # It calls its parent for two groups of invoices, and neither returns anything.
    # pylint: disable-next=missing-return
    @sending
    def _call_web_service_before_invoice_pdf_render(self, invoices_data):
        # EXTENDS l10n_pl_edi
        invoices_data = self._l10n_pl_ksef_refuse(invoices_data)
        for_ksef = {
            move: data
            for move, data in invoices_data.items()
            if "pl_ksef" in data.get("extra_edis", []) and not move.l10n_pl_edi_status
        }
        others = {move: data for move, data in invoices_data.items() if move not in for_ksef}
        if others or not for_ksef:
            super()._call_web_service_before_invoice_pdf_render(others)
        ready = self._l10n_pl_ksef_prepare(for_ksef)
        if ready:
            # The sender's client reads fields that only administrators may.
            sender = super(AccountMoveSend, self.sudo())
            sender._call_web_service_before_invoice_pdf_render(ready)
            refused = self._l10n_pl_ksef_session_refused(ready)
            if refused:
                sender._call_web_service_before_invoice_pdf_render(refused)

    def _l10n_pl_ksef_refuse(self, invoices_data):
        """Return what may be sent; store the error of what must not go to KSeF now.

        The sender would send once more what another program sent, do nothing about what KSeF
        refused, and have a correction deny the invoice that is on its way.
        """
        allowed = {}
        for move, data in invoices_data.items():
            refusal = move._l10n_pl_ksef_edi_refusal(beside=invoices_data)
            if refusal and "pl_ksef" in data.get("extra_edis", []):
                data["error"] = self._l10n_pl_ksef_not_sent(refusal)
            else:
                allowed[move] = data
        return allowed

    def _l10n_pl_ksef_not_sent(self, reason):
        """Return a failure as Odoo's window of sending shows it."""
        return {
            "error_title": self.env._("The invoice was not sent to KSeF"),
            "errors": [reason],
        }

    def _l10n_pl_ksef_session_refused(self, invoices_data):
        """Return the invoices whose online session KSeF refused, ready for another one."""
        refused = {
            move: data
            for move, data in invoices_data.items()
            if SESSION_REFUSED.search(str(data.get("error", "")))
        }
        for data in refused.values():
            del data["error"]
        moves = self.env["account.move"].union(*refused)
        moves.company_id._l10n_pl_ksef_edi_forget_online_session()
        return refused

    def _l10n_pl_ksef_prepare(self, invoices_data):
        """Return the invoices whose companies are ready to send; store the error of the others.

        :raises LoginNeeded: for one who sends a single invoice: with the button to the window
        """
        moves = self.env["account.move"].union(*invoices_data)
        errors = {}
        for company in moves.company_id:
            try:
                company._l10n_pl_ksef_edi_prepare()
            except KsefError as error:
                if isinstance(error, LoginNeeded) and request and len(moves) == 1:
                    not_sent = self.env._("The invoice was not sent to KSeF.")
                    raise error.after(not_sent) from error
                errors[company] = company._l10n_pl_ksef_edi_sentence(error)
        for move, data in invoices_data.items():
            if move.company_id in errors:
                data["error"] = self._l10n_pl_ksef_not_sent(errors[move.company_id])
        return {move: data for move, data in invoices_data.items() if move.company_id not in errors}
