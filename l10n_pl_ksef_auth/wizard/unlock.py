from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models.base import problems
from ..models.base.locks import fresh
from ..models.res_company import CONNECT_GROUP
from ..models.session.states import LIVE
from ..models.vault.database_identity import HOME_PARAMETER
from ..models.vault.vault import FINGERPRINT_PARAMETER, claim_moved, secret_models, why_locked
from ..screens.sensitive import sensitive


class L10n_Pl_KsefUnlock(models.TransientModel):
    """The window that asks what to do about secrets that cannot be used here.

    The database is a copy, or its key is lost. Until a person decides, no secret can be decrypted:
    this database cannot use, renew or revoke what may belong to another one.
    """

    _name = "l10n_pl_ksef.unlock"
    _description = "KSeF secrets out of use"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    code = fields.Char(readonly=True)
    text = fields.Text(compute="_compute_text")
    action = fields.Text(compute="_compute_text")
    can_continue = fields.Boolean(compute="_compute_text")

    @api.depends("code")
    def _compute_text(self):
        for window in self:
            texts = problems.texts(self.env, problems.local(window.code))
            window.text, window.action = texts["text"], texts["action"]
            window.can_continue = window.code.startswith("copy_")

    @api.model
    def _open(self, company):
        """Return the window's action for a company's user; None if the secrets can be used."""
        code = why_locked(self.env)
        if not code:
            return None
        window = self.sudo().create({"company_id": company.id, "code": code})
        name = self.env._("Connection to KSeF")
        return window._get_records_action(
            name=name, target="new", context={"dialog_size": "medium"}
        )

    @sensitive
    def action_continue(self):
        """Declare this database the original, moved or restored, and go on with its secrets.

        :return dict: the action that shows the account
        :raises UserError: their key is not here: it has to come first
        """
        with fresh(self._check_decider().sudo()) as companies:
            actions = self.env["l10n_pl_ksef.account.actions"]
            actions._or_user_error(claim_moved, companies.env)
            companies.env["l10n_pl_ksef.audit"]._record(companies, "original")
            sessions = companies.env["l10n_pl_ksef.session"]
            sessions._wake_cron_at(sessions._now())
        return self.company_id.l10n_pl_ksef_open_account()

    @sensitive
    def action_start_afresh(self):
        """Give up all secrets of a copy, or of a lost key, without a call to KSeF.

        :return dict: the action that loads the page anew
        """
        with fresh(self._check_decider().sudo()) as companies:
            # Somebody else may have decided since this window was opened.
            if why_locked(companies.env):
                companies.env["l10n_pl_ksef.unlock"]._give_up_secrets()
                companies.env["l10n_pl_ksef.audit"]._record(companies, "afresh")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _check_decider(self):
        """Return the companies that the secrets belong to, if the user may decide for all."""
        sessions, certificates = self._with_secrets_in_use()
        served = (sessions.company_id | certificates.company_ids).with_env(self.env)
        companies = served | self.company_id
        user = self.env.user
        mine = user.has_group(CONNECT_GROUP) and companies <= user.company_ids
        if not mine and not self.env.is_system():
            raise AccessError(
                self.env._(
                    "This decides for all companies that are connected to KSeF: it needs somebody"
                    ' with the right "KSeF: Manage" in each of them, or an administrator.'
                )
            )
        return companies

    def _with_secrets_in_use(self):
        """Return, as superuser, the live sessions, and the certificates with a key."""
        models = self.sudo().env
        sessions = models["l10n_pl_ksef.session"].search([("state", "in", LIVE)])
        keyed = [("private_key_secret", "!=", False)]
        return sessions, models["l10n_pl_ksef.certificate"].search(keyed)

    @api.model
    def _give_up_secrets(self):
        """Forget all secrets, their key and the database that they belonged to.

        data/neutralize.sql does the same in a neutralized copy.
        """
        for records in self._with_secrets_in_use():
            records._give_up_secrets()
        # They say for which NIPs the original's certificates log in.
        self.env["l10n_pl_ksef.agreement"].search([("certificate_id", "!=", False)]).unlink()
        # Clients gave it to the original, and to what it logs in with.
        self.env["l10n_pl_ksef.office"].search([("certificate_id", "!=", False)]).unlink()
        for model in secret_models(self.env):
            records = self.env[model]._with_secrets()
            records.write(dict.fromkeys(records._secret_fields(), False))
        parameters = self.env["ir.config_parameter"]
        for name in (FINGERPRINT_PARAMETER, HOME_PARAMETER):
            parameters.set_param(name, False)
