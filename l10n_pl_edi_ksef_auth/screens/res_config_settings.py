import base64

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.l10n_pl_ksef_auth.models.base import problems
from odoo.addons.l10n_pl_ksef_auth.screens.sensitive import sensitive
from odoo.addons.l10n_pl_ksef_auth.tools.errors import KsefError

from ..models.shown_token import sending


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Related as superuser: it would tell every administrator what the company's field does not.
    l10n_pl_edi_access_token = fields.Char(groups=fields.NO_ACCESS)
    l10n_pl_ksef_edi_since = fields.Date(
        related="company_id.l10n_pl_ksef_edi_since", readonly=False
    )
    l10n_pl_ksef_edi_note = fields.Char("KSeF note", compute="_compute_l10n_pl_ksef_edi_note")

    @api.depends("company_id", "l10n_pl_ksef_environment")
    def _compute_l10n_pl_ksef_edi_note(self):
        sender = self.env["res.company"]._l10n_pl_ksef_edi_environment()
        labels = dict(self._fields["l10n_pl_ksef_environment"]._description_selection(self.env))
        for config in self:
            ours = config.l10n_pl_ksef_environment
            config.l10n_pl_ksef_edi_note = (
                ours
                and ours != sender
                and self.env._(
                    "Odoo sends invoices to the environment %(sender)s, so they cannot be sent"
                    " with a connection to %(ours)s.",
                    sender=labels[sender],
                    ours=labels[ours],
                )
            )

    # An inverse returns nothing, and the parent's is called for some companies only.
    # pylint: disable-next=missing-return
    def _set_l10n_pl_edi_certificate(self):
        # EXTENDS l10n_pl_edi, which logs in or wipes whenever any setting is saved
        changed = self.filtered(
            lambda config: (
                config.l10n_pl_edi_certificate != config.company_id.sudo().l10n_pl_edi_certificate
            )
        )
        connected = changed.company_id._l10n_pl_ksef_edi_connected()
        for config in changed:
            if config.company_id in connected:
                company = config.company_id.sudo()
                company.l10n_pl_edi_certificate = config.l10n_pl_edi_certificate
            else:
                super(ResConfigSettings, config)._set_l10n_pl_edi_certificate()

    @sending
    def _l10n_pl_edi_ksef_authenticate(self):
        # EXTENDS l10n_pl_edi: a company with our connection does not need another login
        self.ensure_one()
        if not self.company_id._l10n_pl_ksef_edi_connected():
            # Its client reads the company's tokens.
            return super(ResConfigSettings, self.sudo())._l10n_pl_edi_ksef_authenticate()
        return self.company_id._l10n_pl_ksef_edi_prepare()

    @sensitive
    def action_l10n_pl_ksef_use_certificate(self):
        """Move the company from the sender's own login to ours, with the certificate it has.

        :raises AccessError: the user does not manage the connection
        """
        self.ensure_one()
        principal = self.company_id._l10n_pl_ksef_managed()
        company = self.company_id.sudo()
        self._l10n_pl_ksef_take_certificate(company, principal)
        self.env["l10n_pl_ksef.session"]._log_in(principal, wait_seconds=5)
        try:
            company.l10n_pl_ksef_access_token()
        except KsefError as error:
            raise UserError(company._l10n_pl_ksef_edi_sentence(error)) from error
        company.write(
            {
                "l10n_pl_edi_certificate": False,
                "l10n_pl_ksef_edi_access_token": False,
                "l10n_pl_ksef_edi_refresh_token": False,
            }
        )
        return {"type": "ir.actions.client", "tag": "reload"}

    def _l10n_pl_ksef_take_certificate(self, company, principal):
        """Keep the sender's certificate and key as ours, encrypted."""
        native = company.l10n_pl_edi_certificate.with_context(bin_size=False)
        files = [native.pem_certificate, native.private_key_id.pem_key]
        if not all(files):
            raise UserError(self.env._("The certificate has no private key in this Odoo."))
        certificates = self.env["l10n_pl_ksef.certificate"].sudo()
        problem = certificates._load(principal, [base64.b64decode(file) for file in files], None)
        if problem:
            raise UserError(problems.paragraph(self.env, problem))
