from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.base.locks import fresh
from odoo.addons.l10n_pl_ksef_auth.models.res_company import PRINCIPAL_FIELDS
from odoo.addons.l10n_pl_ksef_auth.models.upkeep.due import newest_login
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefError

from .shown_token import hold

# Rendering and sending of one invoice; what takes longer is renewed on KSeF's refusal.
LIFE = timedelta(minutes=2)
MODE = "l10n_pl_edi_ksef.mode"


class ResCompany(models.Model):
    """Odoo's own invoice sender, with our connection instead of a certificate of its own."""

    _inherit = "res.company"

    l10n_pl_edi_register = fields.Boolean(compute_sudo=True)
    # In columns: the sender's script for test copies names them, and fails for all without them.
    l10n_pl_edi_session_key = fields.Binary(attachment=False)
    l10n_pl_edi_session_iv = fields.Binary(attachment=False)
    l10n_pl_ksef_edi_login = fields.Char("Sender's KSeF login", groups=fields.NO_ACCESS, copy=False)

    @api.depends("l10n_pl_edi_certificate")
    def _compute_l10n_pl_edi_register(self):
        # EXTENDS l10n_pl_edi
        result = super()._compute_l10n_pl_edi_register()
        self._l10n_pl_ksef_edi_connected().l10n_pl_edi_register = True
        return result

    def _l10n_pl_ksef_edi_connected(self):
        """Return the companies of self whose invoices the sender sends with our connection.

        A connection that ended by itself counts: who sends is told to sign, not led past KSeF.
        """
        stored = self.filtered("id")
        stored.flush_model(PRINCIPAL_FIELDS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT served.id
                  FROM res_company AS served
                  JOIN res_company AS company ON company.id = served.l10n_pl_ksef_principal_id
                  JOIN LATERAL (%s) AS login
                    ON (login.closed_by_user OR login.revoke_requested) IS NOT TRUE
                 WHERE served.id = ANY(%s) AND company.l10n_pl_ksef_environment = %s
                """,
                newest_login(SQL("session.activated_at IS NOT NULL")),
                list(stored.ids),
                self._l10n_pl_ksef_edi_environment(),
            )
        )
        return self.browse([company_id for (company_id,) in rows])

    @api.model
    def _l10n_pl_ksef_edi_environment(self):
        """Return the environment that the sender talks to: production without a mode."""
        mode = self.env["ir.config_parameter"].sudo().get_param(MODE) or "prod"
        return "production" if mode == "prod" else "test"

    def _l10n_pl_ksef_is_sending(self):
        # EXTENDS l10n_pl_ksef_auth
        moves = self.env["account.move"].sudo()
        family = ("company_id.l10n_pl_ksef_principal_id", "=", self.id)
        waiting = moves.search_count([family, ("l10n_pl_edi_status", "=", "sent")], limit=1)
        return bool(waiting) or super()._l10n_pl_ksef_is_sending()

    def _l10n_pl_ksef_edi_prepare(self):
        """Make sure that the sender finds a valid token of ours; nothing for other companies."""
        self.ensure_one()
        if not self._l10n_pl_ksef_edi_connected():
            return
        login = _hold_ours(self)
        if self.sudo().l10n_pl_ksef_edi_login != login:
            self._l10n_pl_ksef_edi_forget_online_session()
            self.sudo().l10n_pl_ksef_edi_login = login
            # A conflict with another worker shows now, before anything is sent.
            self.sudo().flush_recordset()

    def _l10n_pl_ksef_edi_forget_online_session(self):
        """Have the sender open a new online session: the old one belongs to another login."""
        self.sudo().write(
            {
                "l10n_pl_edi_session_id": False,
                "l10n_pl_edi_session_key": False,
                "l10n_pl_edi_session_iv": False,
            }
        )

    def _l10n_pl_ksef_edi_try_prepare(self):
        """Like _l10n_pl_ksef_edi_prepare, for one who waits for the answer on the screen.

        In a scheduled action, which goes on with other companies, return the failure or None.
        """
        try:
            self._l10n_pl_ksef_edi_prepare()
        except KsefError as error:
            if not request:
                return error
            if isinstance(error, LoginNeeded):
                raise
            raise UserError(self._l10n_pl_ksef_edi_sentence(error)) from error
        return None

    def _l10n_pl_ksef_edi_sentence(self, error):
        """Return what a failure means and what to do, in one paragraph."""
        texts = self.l10n_pl_ksef_explain(error)
        return " ".join(filter(None, (texts["text"], texts["action"])))


def _hold_ours(company):
    """Hold valid tokens for the sender; return which login they are of, in one word."""
    hold(company, l10n_pl_edi_access_token=company.l10n_pl_ksef_access_token(LIFE))
    # The session may be newer than this transaction's view of the database.
    with fresh(company.sudo()) as renewed:
        session = renewed._l10n_pl_ksef_session()
        refresh = read_secret(session, "refresh_token_secret")
        hold(company, l10n_pl_edi_refresh_token=refresh.decode())
        return f"{session.environment},{session.id}"
