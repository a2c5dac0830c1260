from odoo import api, models

OURS = "l10n_pl_ksef"


class IrDefault(models.Model):
    _inherit = "ir.default"

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """Give our records no default that people keep.

        Odoo writes them as superuser for a user, who may keep any default: commands for other
        records, a false name for the audit trail.
        """
        if model_name.startswith(OURS):
            return {}
        return super()._get_model_defaults(model_name, condition)
