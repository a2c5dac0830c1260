from odoo import fields, models


class ResUsersSettings(models.Model):
    _inherit = "res.users.settings"

    # In the browser's time zone: "once a day" is the user's day.
    l10n_pl_ksef_panel_day = fields.Date(
        string="KSeF panel opened by itself on",
    )
