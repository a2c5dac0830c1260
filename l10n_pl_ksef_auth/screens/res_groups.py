from odoo import api, models


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model
    def _get_view_group_hierarchy(self):
        # EXTENDS base, which translates the names of groups, and not what it calls having none
        hierarchy = super()._get_view_group_hierarchy()
        # Not env.ref: it takes a query to see whether the privilege still exists.
        found = self.env["ir.model.data"]._xmlid_to_res_id
        ours = found("l10n_pl_ksef_auth.privilege_ksef", raise_if_not_found=False)
        privileges = hierarchy["privileges"]
        if ours not in privileges:
            return hierarchy
        named = {**privileges[ours], "placeholder": self.env._("None")}
        # The former dictionaries are Odoo's cache.
        return {**hierarchy, "privileges": {**privileges, ours: named}}
