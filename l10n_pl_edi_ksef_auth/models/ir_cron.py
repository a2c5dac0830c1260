import logging

from psycopg2 import OperationalError

from odoo import models

from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefError

from .shown_token import sending

_logger = logging.getLogger(__name__)
# Of addon l10n_pl_edi_qr_code: what waits for its first attempt, and what failed at one.
FAILED_OFFLINE = "offline_failed"
WAITING_OFFLINE = ("offline_pending", FAILED_OFFLINE)


class IrCron(models.Model):
    """The sender's scheduled actions find a fresh token of each company that they work for.

    Here and not in the actions' own methods: an addon that is loaded after this one, as
    l10n_pl_edi_qr_code is, stands before whatever this one could override. Builds without such an
    action have no record that names it.
    """

    _inherit = "ir.cron"

    @sending
    def _callback(self, cron_name, server_action_id):
        # EXTENDS base
        for company in self._l10n_pl_ksef_edi_companies():
            self._l10n_pl_ksef_edi_prepare(company)
        return super()._callback(cron_name, server_action_id)

    def _l10n_pl_ksef_edi_companies(self):
        """Return the companies that this action of the sender is about to work for."""
        code = self.sudo().code or ""
        companies = self.env["res.company"].sudo()
        if "_cron_l10n_pl_edi_download_bills" in code:
            return companies.search([("l10n_pl_edi_access_token", "!=", False)])
        if "_cron_l10n_pl_edi_send_offline" in code:
            moves = self.env["account.move"].sudo()
            waiting = moves.search([("l10n_pl_edi_status", "in", WAITING_OFFLINE)])
            # What was refused may have been its online session: the next attempt opens another.
            failed = waiting.filtered(lambda move: move.l10n_pl_edi_status == FAILED_OFFLINE)
            failed.company_id._l10n_pl_ksef_edi_forget_online_session()
            return waiting.company_id
        return companies

    def _l10n_pl_ksef_edi_prepare(self, company):
        """Make a company's token ready; one company's failure stops no other."""
        try:
            with self.env.cr.savepoint():
                company._l10n_pl_ksef_edi_prepare()
        except (KsefError, OperationalError) as error:
            _logger.info("KSeF: no token for company %s: %s", company.id, error)
