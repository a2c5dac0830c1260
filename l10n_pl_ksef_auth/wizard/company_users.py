from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.res_company import CONNECT_GROUP


class L10n_Pl_KsefCompanyUsers(models.TransientModel):
    """The window in which an administrator chooses who may use companies, many at once."""

    _name = "l10n_pl_ksef.company.users"
    _description = "KSeF: who may use companies"

    company_ids = fields.Many2many(
        "res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.context.get("active_ids", []),
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Accountants",
        domain=[("share", "=", False)],
        default=lambda self: self._managers(),
    )

    @api.model
    def _managers(self):
        """Return who manages connections already, in some company."""
        members = self.env.ref(CONNECT_GROUP).all_user_ids
        return members.filtered(lambda user: user.active and not user.share)

    def action_give(self):
        """Let the chosen people use the companies; nobody loses any.

        :return dict: the action that says so, and closes the window
        :raises UserError: nobody was chosen
        """
        if not self.user_ids:
            raise UserError(self.env._("Choose at least one person."))
        # With the rights of the user: Odoo decides who may give companies to people.
        self.user_ids.write({"company_ids": [Command.link(one.id) for one in self.company_ids]})
        text = self.env._(
            "%(people)s may now use %(number)s companies.",
            people=", ".join(self.user_ids.sorted("name").mapped("name")),
            number=len(self.company_ids),
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": text,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
