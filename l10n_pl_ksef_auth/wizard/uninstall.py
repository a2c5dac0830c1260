from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.certificate.certificate import OFFLINE
from ..models.vault.kept_keys import kept_in

MODULE = "l10n_pl_ksef_auth"


class BaseModuleUninstall(models.TransientModel):
    """Odoo's window before an uninstallation: what stays open at KSeF, and what to do about it."""

    _inherit = "base.module.uninstall"

    l10n_pl_ksef_stays = fields.Text("Open at KSeF", compute="_compute_l10n_pl_ksef_stays")
    l10n_pl_ksef_out_of_reach = fields.Text(
        "Open at KSeF, out of reach", compute="_compute_l10n_pl_ksef_stays"
    )
    l10n_pl_ksef_codes = fields.Text("Codes on invoices", compute="_compute_l10n_pl_ksef_stays")
    l10n_pl_ksef_logins = fields.Selection(
        [("end", "End them now"), ("leave", "Leave them open until they end by themselves")],
        string="Logins to KSeF",
        default="end",
    )
    l10n_pl_ksef_certificates = fields.Selection(
        [
            ("keep", "Keep them valid, for a later installation on this server"),
            ("revoke", "Revoke them at KSeF; this cannot be undone"),
        ],
        string="KSeF certificates",
        default="keep",
    )

    @api.depends("module_ids")
    def _compute_l10n_pl_ksef_stays(self):
        farewell = self.env["l10n_pl_ksef.farewell"]
        logins, certificates = farewell._logins(), farewell._certificates()
        obstacle = farewell._obstacle()
        for window in self:
            ours = MODULE in window._get_modules().mapped("name")
            told = bool(ours and (logins or certificates)) and (
                self._l10n_pl_ksef_told(len(logins), len(certificates), obstacle)
            )
            window.l10n_pl_ksef_stays = told if not obstacle else False
            window.l10n_pl_ksef_out_of_reach = told if obstacle else False
            window.l10n_pl_ksef_codes = told and self._l10n_pl_ksef_codes_told(certificates)

    def _l10n_pl_ksef_told(self, logins, certificates, obstacle):
        if obstacle:
            return self.env._(
                "Open at KSeF now: logins %(logins)s, certificates %(certificates)s. %(why)s"
                " From here Odoo can neither end the logins, which end by themselves within seven"
                " days, nor revoke or keep the certificates. Mend this before you uninstall, or"
                " revoke the certificates in the Ministry's application for KSeF.",
                logins=logins,
                certificates=certificates,
                why=obstacle,
            )
        return self.env._(
            "Open at KSeF now: logins %(logins)s, certificates %(certificates)s. The keys of"
            " certificates that stay valid are kept, encrypted, in %(file)s. The encryption key"
            " stays on the server, too. With both a later installation goes on with these"
            " certificates, once their owner signs. Settings and audit trail are deleted.",
            logins=logins,
            certificates=certificates,
            file=kept_in(self.env),
        )

    def _l10n_pl_ksef_codes_told(self, certificates):
        if OFFLINE not in certificates.mapped("usage"):
            return False
        return self.env._(
            "Once a certificate is revoked, KSeF confirms none of its second codes on invoices."
        )

    def action_uninstall(self):
        # EXTENDS base
        if self.l10n_pl_ksef_stays:
            self._l10n_pl_ksef_take_leave()
        return super().action_uninstall()

    def _l10n_pl_ksef_take_leave(self):
        """Do at KSeF what was chosen; what could not be done is told before anything goes.

        :raises UserError: something stays open that was to be ended, or Odoo would not uninstall
        """
        self._l10n_pl_ksef_hold_scheduled_actions()
        left = self.env["l10n_pl_ksef.farewell"]._take_leave(
            self.l10n_pl_ksef_logins == "end", self.l10n_pl_ksef_certificates == "revoke"
        )
        if left:
            raise UserError(
                self.env._(
                    "Nothing was uninstalled: KSeF did not end everything. Try again later, or"
                    " choose to leave it open.\n\n%s",
                    "\n".join(left),
                )
            )

    def _l10n_pl_ksef_hold_scheduled_actions(self):
        """Take the lock that Odoo uninstalls under, before KSeF is told what cannot be undone.

        No scheduled action begins until the end of the request: none logs in again meanwhile.
        """
        try:
            with self.env.cr.savepoint():
                query = "SELECT FROM ir_cron FOR UPDATE NOWAIT"
                self.env.cr.execute(query, log_exceptions=False)
        except LockNotAvailable as error:
            raise UserError(
                self.env._(
                    "Nothing was uninstalled: Odoo is running a scheduled action. Try again in a"
                    " minute."
                )
            ) from error
