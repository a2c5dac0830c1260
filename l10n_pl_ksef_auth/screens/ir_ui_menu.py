from odoo import api, models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    @api.model
    def _visible_menu_ids(self, debug=False):
        """Leave out the menu KSeF of its own for who finds it in accounting."""
        visible = super()._visible_menu_ids(debug)
        # Not env.ref: it takes a query to see whether the menu still exists.
        found = self.env["ir.model.data"]._xmlid_to_res_id
        if found("account.menu_finance", raise_if_not_found=False) not in visible:
            return visible
        alone = found("l10n_pl_ksef_auth.menu_ksef_alone", raise_if_not_found=False)
        return visible - set(self.sudo().search([("id", "child_of", alone or [])]).ids)
