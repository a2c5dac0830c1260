from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.base import problems
from ..models.base.locks import fresh
from ..models.res_company import CONNECT_GROUP
from ..screens.sensitive import sensitive

# Seconds that a user waits to see whether the office logs in.
PATIENCE = 6


class L10n_Pl_KsefOfficeSetup(models.TransientModel):
    """Sets the office: whose certificate it logs in with, and its full legal name."""

    _name = "l10n_pl_ksef.office.setup"
    _description = "KSeF office to be set"

    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    possible_ids = fields.Many2many(
        "l10n_pl_ksef.certificate", compute="_compute_possible_ids", string="Possible certificates"
    )
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate",
        string="The office logs in with",
        domain="[('id', 'in', possible_ids)]",
        ondelete="cascade",
    )
    company_name = fields.Char(
        string="Full legal name",
        help="As in the register. A person's name is read from the certificate.",
    )

    @api.depends_context("company")
    def _compute_company_id(self):
        self.company_id = self.env.company._l10n_pl_ksef_principal()

    @api.depends("company_id")
    @api.depends_context("uid")
    def _compute_possible_ids(self):
        """Offer the company's certificates whose companies are all the user's."""
        for setup in self:
            certificates = self.env["l10n_pl_ksef.certificate"]
            held = certificates._of_company(setup.company_id, ("state", "=", "active"))._usable()
            setup.possible_ids = held.filtered(lambda one: one._serves_only(self.env.user))

    @api.model
    def default_get(self, fields_list):
        """Propose the company's own certificate and name."""
        values = super().default_get(fields_list)
        setup = self.new()
        certificate, name = setup.possible_ids[:1]._origin, setup.company_id.name
        return {**values, "certificate_id": certificate.id, "company_name": name}

    @api.constrains("certificate_id")
    def _check_certificate(self):
        """Refuse another company's certificate at once: its name says who signs there."""
        for setup in self:
            if setup.certificate_id:
                setup._check_own()

    def _check_own(self):
        if self.certificate_id not in self.possible_ids:
            raise UserError(self.env._("Choose one of the company's own certificates."))

    def _check_present(self):
        """Refuse to replace an office that is looked after in another company than the user's.

        :raises AccessError: the user does not manage that company
        """
        present = self.env["l10n_pl_ksef.office"]._of_environment(self.company_id)
        if present:
            keeper = present.company_id.with_env(self.env)
            keeper._l10n_pl_ksef_check_group(CONNECT_GROUP)

    @sensitive
    def action_set(self):
        """Make the owner of the certificate the office; its own login is tried at once.

        :return dict: the action that shows the office
        :raises UserError: KSeF would not take this name, or this certificate's owner
        """
        self.ensure_one()
        self.company_id.sudo(False)._l10n_pl_ksef_check_group(CONNECT_GROUP)
        self._check_own()
        self._check_present()
        with fresh(self.company_id.sudo()) as company:
            offices = company.env["l10n_pl_ksef.office"]
            certificate = self.certificate_id.sudo().with_env(company.env)
            problem = offices._establish(company, certificate, self.company_name or "")
        if problem:
            raise UserError(problems.paragraph(self.env, problem))
        with fresh(self.env["l10n_pl_ksef.request"].sudo()) as requests:
            requests._end_void_ones()
        with fresh(self.company_id.sudo()) as company:
            office = company.env["l10n_pl_ksef.office"]._of_environment(company)
            office._check_now(self.env.user, wait_seconds=PATIENCE)
        return self.env["ir.actions.actions"]._for_xml_id("l10n_pl_ksef_auth.action_office")
