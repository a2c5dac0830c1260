from odoo import models

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import why_locked
from odoo.addons.l10n_pl_ksef_auth.screens.rights import in_words

# States of the panel in which invoices go to KSeF, if the login may send them.
LIVE = ("connected", "limited", "expiring")
# What another signature mends.
SIGN = ("never", "disconnected", "ended", "refused", "attention", "rights")
# What a login must be allowed to do in KSeF, so that invoices go there.
RIGHT = "InvoiceWrite"
# So many are counted; who has more needs no exact figure.
MOST = 1000


class ResCompany(models.Model):
    """What keeps a company's invoices from KSeF, and how many of them are not there."""

    # What a screen says is no part of the state.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def _l10n_pl_ksef_edi_obstacle(self):
        """Return why the sender sends nothing of a company to KSeF now; KSeF is not asked.

        :return tuple: a word for the cause, and the sentences for it; None when nothing is wrong
        """
        self.ensure_one()
        company = self.sudo()
        connected = company in company._l10n_pl_ksef_edi_connected()
        if company.l10n_pl_edi_register and not connected:
            # It logs in with a certificate of the sender's own.
            return None
        panel = company.env["l10n_pl_ksef.panel"]._describe(company)
        alive = connected and panel["state"] in LIVE
        if alive and RIGHT in company._l10n_pl_ksef_session()._missing_rights():
            code = "rights"
        elif alive or (connected and company._l10n_pl_ksef_edi_machine_logs_in()):
            return None
        else:
            code = company._l10n_pl_ksef_edi_cause(panel["state"])
        return code, company._l10n_pl_ksef_edi_reason(code, panel)

    def _l10n_pl_ksef_edi_machine_logs_in(self):
        """Return True if the certificate will log in as soon as somebody sends."""
        principal = self._l10n_pl_ksef_principal()
        sessions = self.env["l10n_pl_ksef.session"]
        tried = sessions._hold_up(principal) or sessions._last_failure(principal)
        return bool(self._l10n_pl_ksef_certificate()._usable()) and not tried

    def _l10n_pl_ksef_edi_cause(self, state):
        """Return a word for what keeps invoices from KSeF.

        :param str state: of the panel
        """
        if why_locked(self.env):
            return "attention"
        principal = self._l10n_pl_ksef_principal()
        if state in LIVE:
            elsewhere = principal.l10n_pl_ksef_environment != self._l10n_pl_ksef_edi_environment()
            return "environment" if elsewhere else "disconnected"
        if state == "verifying":
            return "checking"
        sessions = self.env["l10n_pl_ksef.session"]
        failure = sessions._last_failure(principal)
        if failure and failure.state == "failed":
            return "refused"
        last = sessions._last_of_context(principal, ("activated_at", "!=", False))
        if not last:
            return "never"
        return "disconnected" if last.closed_by_user or last.revoke_requested else "ended"

    def _l10n_pl_ksef_edi_reason(self, code, panel):
        sentence = {
            "never": self.env._("The company was never connected to KSeF."),
            "disconnected": self.env._("The company was disconnected from KSeF."),
            "ended": self.env._("The connection to KSeF has ended."),
            "refused": self.env._("The login to KSeF failed."),
            "attention": self.env._("The connection to KSeF needs your attention."),
            "checking": self.env._("KSeF is checking the signature. Send in a moment."),
            "environment": self.env._("Odoo sends to another environment of KSeF."),
            "rights": self.env._(
                "The login lacks a right in KSeF: %(right)s. Let somebody sign who has it.",
                right=in_words(self.env, [RIGHT]),
            ),
        }[code]
        told = code in ("refused", "attention") and panel["problem"]
        return f"{sentence} {told['text']}" if told else sentence

    def l10n_pl_ksef_figures(self):
        # EXTENDS l10n_pl_ksef_auth
        figures = super().l10n_pl_ksef_figures()
        moves = self.env["account.move"]
        if not moves.has_access("read"):
            return figures
        # Of the companies that the list shows, too: a rule of Odoo's keeps both to them.
        count = moves.search_count([("l10n_pl_ksef_edi_state", "=", "missing")], limit=MOST)
        if count:
            number = f"{MOST - 1}+" if count == MOST else count
            text = self.env._("Not sent to KSeF: %s", number)
            figures.append({"text": text, "action": "l10n_pl_edi_ksef_auth.action_not_in_ksef"})
        return figures
