import re

from odoo import models
from odoo.http import request

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefError

# KSeF's code in the sender's error, which holds KSeF's answer as it came.
SESSION_UNAVAILABLE = re.compile(r"\b21184\b")


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    # It calls its parent for two groups of invoices, and neither returns anything.
    # pylint: disable-next=missing-return
    def _call_web_service_before_invoice_pdf_render(self, invoices_data):
        # EXTENDS l10n_pl_edi
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
            shut_out = self._l10n_pl_ksef_shut_out(ready)
            if shut_out:
                sender._call_web_service_before_invoice_pdf_render(shut_out)

    def _l10n_pl_ksef_shut_out(self, invoices_data):
        """Return the invoices whose online session KSeF has closed for a while, to be sent again.

        The sender would use that session on; now it opens another one (docs/ksef.md E7).
        """
        shut_out = {
            move: data
            for move, data in invoices_data.items()
            if SESSION_UNAVAILABLE.search(str(data.get("error") or ""))
        }
        for data in shut_out.values():
            del data["error"]
        companies = self.env["account.move"].union(*shut_out).company_id
        companies._l10n_pl_ksef_edi_forget_online_session()
        return shut_out

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
                    raise
                errors[company] = company._l10n_pl_ksef_edi_sentence(error)
        for move, data in invoices_data.items():
            if move.company_id in errors:
                data["error"] = {
                    "error_title": self.env._("The invoice was not sent to KSeF"),
                    "errors": [errors[move.company_id]],
                }
        return {move: data for move, data in invoices_data.items() if move.company_id not in errors}
