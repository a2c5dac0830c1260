from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..models import ksef_home, ksef_problem, ksef_vault
from ..models.ksef_confirmation import sensitive
from ..models.res_company import CONNECT_GROUP
from ..models.session.states import LIVE


class L10n_Pl_KsefUnlock(models.TransientModel):
    """What to do about secrets that cannot be used here: a copy of the database, or a lost key.

    Until a person decides, nothing that is kept can be decrypted, so this database cannot use,
    renew or revoke what may belong to another one.
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
            texts = ksef_problem.texts(self.env, ksef_problem.local(window.code))
            window.text, window.action = texts["text"], texts["action"]
            window.can_continue = window.code.startswith("copy_")

    @api.model
    def _open(self, company):
        """The window for a company's user; None when nothing is wrong.

        :param company: where the user works
        :return dict: an action, or None
        """
        code = ksef_vault.obstacle(self.env)
        if not code:
            return None
        window = self.sudo().create({"company_id": company.id, "code": code})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": window.id,
            "name": self.env._("Connection to KSeF"),
            "target": "new",
            "views": [(False, "form")],
            "context": {"dialog_size": "medium"},
        }

    # ------------------------------------------------------------------
    # What a person decides
    # ------------------------------------------------------------------
    @sensitive
    def action_continue(self):
        """This is the original, moved or restored: go on with its secrets.

        :return dict: the action that shows the account
        """
        companies = self._check_decider()
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            ksef_home.claim(env)
            env["l10n_pl_ksef.audit"]._record(companies.with_env(env), "original")
            env["l10n_pl_ksef.session"]._wake_cron_at(env["l10n_pl_ksef.session"]._now())
        return self.company_id.l10n_pl_ksef_open_account()

    @sensitive
    def action_start_afresh(self):
        """This is a copy, or the key is lost: give all secrets up; nothing is told to KSeF.

        :return dict: the action that opens the window "Account authorization"
        """
        companies = self._check_decider()
        with self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            # Somebody else may have decided since this window was opened.
            if ksef_vault.obstacle(env):
                env["l10n_pl_ksef.unlock"]._give_up_secrets()
                env["l10n_pl_ksef.audit"]._record(companies.with_env(env), "afresh")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _check_decider(self):
        """Refuse who may not decide for all companies that the secrets belong to.

        :return: these companies
        :raises AccessError: one of them is not the user's
        """
        companies = self._companies_with_secrets() | self.company_id
        user = self.env.user
        mine = user.has_group(CONNECT_GROUP) and companies <= user.company_ids
        if not mine and not self.env.is_system():
            raise AccessError(
                self.env._(
                    "This decides for all companies that are connected to KSeF: it needs somebody"
                    ' with the right "KSeF connection" in each of them, or an administrator.'
                )
            )
        return companies

    def _companies_with_secrets(self):
        sessions = self.env["l10n_pl_ksef.session"].sudo().search([("state", "in", LIVE)])
        certificates = (
            self.env["l10n_pl_ksef.certificate"]
            .sudo()
            .search([("private_key_secret", "!=", False)])
        )
        return (sessions.company_id | certificates.company_ids).with_env(self.env)

    @api.model
    def _give_up_secrets(self):
        """Forget all secrets, and which key and place they belonged to; see data/neutralize.sql."""
        sessions = self.env["l10n_pl_ksef.session"].search([("state", "in", LIVE)])
        sessions._give_up_secrets()
        certificates = self.env["l10n_pl_ksef.certificate"].search(
            [("private_key_secret", "!=", False)]
        )
        certificates._give_up_secrets()
        for model in ksef_vault.secret_models(self.env):
            records = self.env[model]._with_secrets()
            records.write(dict.fromkeys(records._secret_fields(), False))
        parameters = self.env["ir.config_parameter"]
        for name in (ksef_vault.FINGERPRINT_PARAMETER, ksef_home.HOME_PARAMETER):
            parameters.set_param(name, False)
