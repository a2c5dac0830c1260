from odoo import fields, models

from .request.address import link_address
from .vault.guard import door


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # The screen "Account" changes these: it says what is wrong at its field, and asks before
    # anything stops.
    l10n_pl_ksef_environment = fields.Selection(related="company_id.l10n_pl_ksef_environment")
    l10n_pl_ksef_context_type = fields.Selection(related="company_id.l10n_pl_ksef_context_type")
    l10n_pl_ksef_internal_id = fields.Char(related="company_id.l10n_pl_ksef_internal_id")
    l10n_pl_ksef_subject_type = fields.Selection(related="company_id.l10n_pl_ksef_subject_type")
    l10n_pl_ksef_responsible_ids = fields.Many2many(
        related="company_id.l10n_pl_ksef_responsible_ids"
    )
    l10n_pl_ksef_offline = fields.Boolean(related="company_id.l10n_pl_ksef_offline")
    l10n_pl_ksef_availability_off = fields.Boolean(
        string="Do not ask the Ministry whether KSeF is down",
        config_parameter="l10n_pl_ksef_auth.availability_off",
        help="Odoo asks its public service only while KSeF does not answer.",
    )
    l10n_pl_ksef_link_address = fields.Char(
        string="Links for signers begin with", compute="_compute_l10n_pl_ksef_link_address"
    )

    @door
    def _compute_l10n_pl_ksef_link_address(self):
        self.l10n_pl_ksef_link_address = link_address(self.env)
