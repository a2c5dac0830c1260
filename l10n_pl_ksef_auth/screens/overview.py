from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..models.base.const import ENVIRONMENT_LABELS
from ..models.base.steps import naive
from ..models.upkeep.due import LIVE_LOGIN
from ..models.vault.vault import why_locked
from ..tools import clock
from ..tools import nip as nip_tools
from .known import Known
from .panel import COLORS
from .panel_ways import COMPANY_GROUP

STATES = [
    ("disconnected", "Not connected"),
    ("waiting", "Waiting for the signature"),
    ("verifying", "KSeF is checking the signature"),
    ("connected", "Connected"),
    ("limited", "Connected, but a right is missing"),
    ("expiring", "The connection ends soon"),
    ("attention", "Needs attention"),
]
ENDS_SOON = timedelta(days=7)
# Seconds. As on the panel: while less than an hour is missing, a day counts as whole.
DAY, PADDING = 86400, 3600
# Of the panel's; Odoo's lists have names of their own for colours.
KANBAN_COLORS = {"red": 1, "amber": 3, "green": 10}


class L10n_Pl_KsefOverview(models.Model):
    """One line for each company: how it stands with KSeF, for who looks after many.

    A line is a company with the login that its connection stands on, as the database has them.
    What a panel decides is decided by the panel's own code, for all lines at once.
    """

    _name = "l10n_pl_ksef.overview"
    _description = "KSeF: companies"
    _auto = False
    _order = "name, id"
    _depends = {
        "res.company": [
            "name",
            "active",
            "partner_id",
            "account_fiscal_country_id",
            "l10n_pl_ksef_principal_id",
            "l10n_pl_ksef_digits",
            "l10n_pl_ksef_environment",
            "l10n_pl_ksef_signer_name",
            "l10n_pl_ksef_signer_email",
        ],
        "l10n_pl_ksef.session": [
            "company_id",
            "purpose",
            "environment",
            "context_digits",
            "state",
            "revoke_requested",
            "activated_at",
            "rights_checked_at",
            "refresh_valid_until",
            "signer_name",
        ],
        "l10n_pl_ksef.request": ["company_id", "state", "valid_until", "sent_at", "opened_at"],
    }

    company_id = fields.Many2one("res.company", string="Company in Odoo", readonly=True)
    principal_id = fields.Many2one(
        "res.company", string="Company whose KSeF connection is used", readonly=True
    )
    name = fields.Char(string="Company", readonly=True)
    nip = fields.Char(string="NIP", compute="_compute_nip", search="_search_nip")
    digits = fields.Char(string="NIP or unit, in digits", readonly=True)
    environment = fields.Selection(ENVIRONMENT_LABELS, readonly=True)
    signer = fields.Char(readonly=True)
    signer_email = fields.Char(string="Signer's email", readonly=True)
    expires_at = fields.Datetime(string="Expiry date", readonly=True)
    checked_at = fields.Datetime(string="Last check", readonly=True)
    asked_at = fields.Datetime(string="Asked to sign", readonly=True)
    opened_at = fields.Datetime(string="Link opened", readonly=True)
    is_asked = fields.Boolean(string="Somebody is asked to sign", readonly=True)
    was_connected = fields.Boolean(string="Connected once", readonly=True)

    state = fields.Selection(STATES, compute="_compute_state", search="_search_state")
    color = fields.Integer(compute="_compute_state")
    days_left = fields.Integer(string="Days left", compute="_compute_state")
    ends_soon = fields.Boolean(
        string="Ends within 7 days, and nothing renews it",
        compute="_compute_state",
        search="_search_ends_soon",
    )
    stands_on = fields.Char(string="Stands on", compute="_compute_state")
    problem = fields.Char(string="Last problem", compute="_compute_state")

    @property
    def _table_query(self):
        poland = self.env["ir.model.data"]._xmlid_to_res_id("base.pl")
        return SQL(
            """
            SELECT line.id,
                   line.id AS company_id,
                   company.id AS principal_id,
                   line.name,
                   company.l10n_pl_ksef_digits AS digits,
                   company.l10n_pl_ksef_environment AS environment,
                   COALESCE(login.signer_name, company.l10n_pl_ksef_signer_name) AS signer,
                   company.l10n_pl_ksef_signer_email AS signer_email,
                   login.refresh_valid_until AS expires_at,
                   COALESCE(login.rights_checked_at, login.activated_at) AS checked_at,
                   request.sent_at AS asked_at,
                   request.opened_at,
                   COALESCE(request.state = 'open' AND request.valid_until > %s, FALSE) AS is_asked,
                   EXISTS (SELECT FROM l10n_pl_ksef_session AS earlier
                            WHERE earlier.company_id = company.id
                              AND earlier.purpose = 'connect'
                              AND earlier.environment = company.l10n_pl_ksef_environment
                              AND earlier.activated_at IS NOT NULL) AS was_connected
              FROM res_company AS line
              JOIN res_company AS company ON company.id = line.l10n_pl_ksef_principal_id
         LEFT JOIN LATERAL (%s) AS login ON TRUE
         LEFT JOIN LATERAL (
                   SELECT asked.*
                     FROM l10n_pl_ksef_request AS asked
                    WHERE asked.company_id = company.id
                 ORDER BY asked.state = 'open' AND asked.valid_until > %s DESC, asked.id DESC
                    LIMIT 1) AS request ON TRUE
             WHERE line.active
               AND (line.account_fiscal_country_id = %s
                    OR line.account_fiscal_country_id IS NULL
                    OR login.id IS NOT NULL)
            """,
            naive(clock.now()),
            LIVE_LOGIN,
            naive(clock.now()),
            poland,
        )

    # ------------------------------------------------------------------
    # What the panel decides
    # ------------------------------------------------------------------
    @api.depends("principal_id")
    def _compute_nip(self):
        for line in self:
            line.nip = line.sudo().principal_id._l10n_pl_ksef_nip()

    def _search_nip(self, operator, value):
        """Find a NIP however it is written: with dashes, with PL, or a part of it."""
        if operator not in ("ilike", "=", "in"):
            return NotImplemented
        wanted = [value] if isinstance(value, str) else value
        written = [nip_tools.digits(one) or one for one in wanted if one]
        found = Domain.OR(Domain("digits", "ilike", one) for one in written)
        return found | Domain("digits", "in", [False, ""]) if False in wanted else found

    @api.depends("principal_id")
    @api.depends_context("lang", "tz")
    def _compute_state(self):
        panel = self.env["l10n_pl_ksef.panel"]
        known = Known(self.sudo().principal_id)
        states = panel._states(known, self.sudo().principal_id)
        obstacle = why_locked(self.env)
        told = panel._local(obstacle)["text"] if obstacle else ""
        for line in self:
            principal = line.sudo().principal_id
            session, state = known.session(principal), states[principal]
            left = panel._seconds_left(session)
            line.state, line.color = state, KANBAN_COLORS[COLORS[state]]
            line.days_left = (left + PADDING) // DAY if left else 0
            line.ends_soon = line._is_ending(session)
            line.stands_on = line._foundation(principal, known)
            problem = not told and panel._problem(principal, known)
            line.problem = problem["text"] if problem else told

    def _is_ending(self, session):
        """Return True if a login ends within a week and no certificate will surely follow it."""
        if not session or session._has_ended():
            return False
        soon = session.refresh_valid_until <= session._now() + ENDS_SOON
        return soon and not self.env["l10n_pl_ksef.panel"]._renews(session)

    def _foundation(self, principal, known):
        """Return on what a connection stands, and whose it is; empty without a connection."""
        session, certificate = known.session(principal), known.certificate(principal)
        grant = known.grant(principal)
        if grant:
            return self.env["l10n_pl_ksef.panel"]._stands_on(session, grant)
        if session and certificate._usable():
            return self.env._("KSeF certificate: %s", certificate.owner_name or certificate.name)
        if session and session.method == "certificate":
            return self.env._("login with the certificate of %s", session.signer_name or "")
        return self.env._("signature: %s", session.signer_name or "?") if session else ""

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        known, panel = self._known_to_user(), self.env["l10n_pl_ksef.panel"]
        states = panel._states(known, known.principals)
        return Domain("principal_id", "in", [one.id for one in states if states[one] in value])

    def _search_ends_soon(self, operator, value):
        if operator != "in":
            return NotImplemented
        known = self._known_to_user()
        ending = [one.id for one in known.principals if self._is_ending(known.session(one))]
        found = Domain("principal_id", "in", ending)
        return found if True in value else ~found

    def _known_to_user(self):
        """Return what is known of all companies that the user may use."""
        mine = Domain("company_id", "in", self.env.user.company_ids.ids)
        return Known(self.search(mine).sudo().principal_id)

    # ------------------------------------------------------------------
    # For the selected companies
    # ------------------------------------------------------------------
    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Give the cards, which a phone shows, the buttons of the list."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "kanban":
            arch.insert(0, super()._get_view(None, "list", **options)[0].find("header"))
        return arch, view

    def action_for_all(self):
        """Begin what a button is there for, for the selected companies.

        The button names it in the context: ``ksef_kind``, of the kinds of l10n_pl_ksef.batch.

        :return dict: the action that shows the companies: what is to be chosen, and the results
        :raises UserError: nothing of this name can be done for many companies
        """
        self.check_access("read")
        batches, kind = self.env["l10n_pl_ksef.batch"], self.env.context.get("ksef_kind")
        if kind not in dict(batches._fields["kind"].selection):
            raise UserError(self.env._("This cannot be chosen here."))
        return batches._open(self.company_id, kind)

    @api.model
    def action_add(self):
        """Open Odoo's list of companies, which imports them.

        :return dict: an action
        :raises UserError: somebody else may add companies
        """
        if not self.env.user.has_group(COMPANY_GROUP):
            self.check_access("read")
            names = self.env.company._l10n_pl_ksef_names_of(COMPANY_GROUP)
            raise UserError(
                self.env._(
                    "Companies are added by: %(names)s. They also choose who may use them.",
                    names=names or self.env._("your administrator"),
                )
            )
        return self.env["ir.actions.actions"]._for_xml_id("base.action_res_company_form")
