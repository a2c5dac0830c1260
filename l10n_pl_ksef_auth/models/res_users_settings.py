from odoo import fields, models


class ResUsersSettings(models.Model):
    _inherit = "res.users.settings"

    # Text as the browser writes it: the user's own day; the web client's page can hold no date.
    l10n_pl_ksef_panel_day = fields.Char(string="KSeF panel opened by itself on")
