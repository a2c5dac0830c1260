from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.base import problems
from ..models.request.address import link_address, privacy_page, set_link_address
from ..tools.signing_link import InvalidAddress, check_address
from ..tools.vault import VaultError
from .sensitive import sensitive


class L10n_Pl_KsefLinkAddressChange(models.TransientModel):
    """The window in which an administrator says where links for signers point.

    web.base.url is proposed there and never asked later: Odoo changes it by itself, and code that
    was typed into Odoo can (docs/design.md 22).
    """

    _name = "l10n_pl_ksef.link.address.change"
    _description = "KSeF change of the address of links"

    address = fields.Char(required=True, default=lambda self: self._proposed())
    privacy = fields.Char(
        string="Page on the data of signers", default=lambda self: privacy_page(self.env)
    )
    warning_text = fields.Text(compute="_compute_warning_text")

    def _proposed(self):
        parameters = self.env["ir.config_parameter"].sudo()
        return link_address(self.env) or parameters.get_param("web.base.url")

    @api.depends("address")
    def _compute_warning_text(self):
        screen = self.env["l10n_pl_ksef.request.screen"]
        for window in self:
            try:
                warnings = screen._warnings(check_address(window.address or ""))
            except InvalidAddress as error:
                warnings = [self._told(f"link_{error.reason}")]
            window.warning_text = "\n".join(warnings)

    @sensitive
    def action_save(self):
        """Have links point to the address from now on; an administrator confirms by password.

        :return dict: the action that closes the window
        :raises AccessError: the user is no administrator
        :raises UserError: says what is wrong with an address
        """
        self.ensure_one()
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator sets where links point."))
        try:
            address = check_address(self.address)
            set_link_address(self.env, address, self._checked_privacy())
        except InvalidAddress as error:
            raise UserError(self._told(f"link_{error.reason}")) from error
        except VaultError as error:
            told = problems.texts(self.env, problems.of_error(error))
            raise UserError(told["text"]) from error
        self.env["l10n_pl_ksef.audit"]._record(
            self.env.user.company_id, "link_address", detail=address
        )
        return {"type": "ir.actions.act_window_close"}

    def _checked_privacy(self):
        """Return the address of the office's page, which may have a path."""
        page = (self.privacy or "").strip()
        if page and urlsplit(page).scheme != "https":
            raise UserError(self.env._("The page on the data of signers begins with https://."))
        return page

    def _told(self, code):
        return problems.texts(self.env, problems.local(code))["text"]
