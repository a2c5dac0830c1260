from odoo import models
from odoo.exceptions import UserError

from ..models.base.locks import fresh
from ..models.res_company import OFFICE_GROUP
from ..screens.sensitive import recently_confirmed


class L10n_Pl_KsefBatch(models.TransientModel):
    """Connecting many companies with what is there: certificates, and rights that clients gave."""

    # What connecting needs stands apart from what all kinds need.
    _inherit = "l10n_pl_ksef.batch"  # pylint: disable=consider-merging-classes-inherited

    def _received(self, company):
        """Return the rights that a client gave by itself and nobody has accepted yet, read anew."""
        with fresh(company._l10n_pl_ksef_principal()) as principal:
            found = principal.env["l10n_pl_ksef.grant"]._of_client(principal, "received")
            return self.env["l10n_pl_ksef.grant"].browse(found.ids)

    def _confirm_connection(self, companies):
        """Ask for the password where somebody has to agree; see confirm."""
        clients = companies.filtered(self._received)
        accepts = bool(clients) and self.env.user.has_group(OFFICE_GROUP)
        if accepts and not recently_confirmed(self.env):
            return {"confirm": companies[:1].l10n_pl_ksef_confirm()}
        return self._agree(companies - clients)

    def _agree(self, companies):
        """Have the user agree, once, to the numbers of companies that no certificate may log in."""
        certificates = self.env["l10n_pl_ksef.certificate"].sudo(False)
        actions = self.env["l10n_pl_ksef.account.actions"].sudo(False)
        lacking = companies.filtered(
            lambda one: (
                not actions._is_agreed(one)
                and certificates._to_be_offered(one._l10n_pl_ksef_principal())
            )
        )
        numbers = {
            str(line.company_id.id): line.number
            for line in self.line_ids
            if line.company_id in lacking
        }
        return lacking.l10n_pl_ksef_agree(numbers) if lacking else {}

    def _do_connect(self, line, principal, company):
        received = self._received(company)
        if received:
            return self._accept(received, line, principal, company)
        result = self.env["l10n_pl_ksef.account.actions"]._connect(company)
        return self._of_connection(result["state"], result["color"]), result["text"]

    def _accept(self, grant, line, principal, company):
        """Accept what a client gave, and have the office's certificate log it in."""
        grant = grant.sudo(False)
        grant._checked(OFFICE_GROUP)
        if not recently_confirmed(self.env):
            raise UserError(self.env._("Your password was given too long ago: begin once more."))
        grant._accept_as_user()
        return self._follow_connect(line, principal, company)

    def _follow_connect(self, _line, _principal, company):
        panel = company.l10n_pl_ksef_follow()
        with fresh(company) as connected:
            actions = connected.env["l10n_pl_ksef.account.actions"]
            text = actions._connect_text(connected, panel)
        return self._of_connection(panel["state"], panel["color"]), text

    def _of_connection(self, state, color):
        if state == "verifying":
            return "running"
        return "failed" if color == "red" else "done"
