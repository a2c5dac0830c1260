from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools import nip as nip_tools
from ..tools.auth_token_request import Context
from ..tools.client import KsefClient
from ..tools.const import ENVIRONMENTS, check_base_url
from ..tools.errors import KsefError, KsefUnavailable
from ..tools.http_pool import pool_of
from .base.const import ENVIRONMENT_LABELS
from .base.locks import locked
from .ksef_home import is_neutralized

CONNECT_GROUP = "l10n_pl_ksef_auth.group_ksef_connection"
SEE_GROUP = "account.group_account_invoice"
WHO_WE_ARE = {"vat", "l10n_pl_ksef_context_type", "l10n_pl_ksef_internal_id"}
# What a query that looks for a company's connection reads of companies.
PRINCIPAL_FIELDS = ("l10n_pl_ksef_principal_id", "l10n_pl_ksef_digits", "l10n_pl_ksef_environment")
# Odoo creates companies while this addon is not loaded yet, beside columns that it does not know.
DEFAULTS = {
    "l10n_pl_ksef_environment": "production",
    "l10n_pl_ksef_context_type": "nip",
    "l10n_pl_ksef_subject_type": "certificateSubject",
}


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_environment = fields.Selection(
        ENVIRONMENT_LABELS,
        string="KSeF environment",
        default=DEFAULTS["l10n_pl_ksef_environment"],
        required=True,
        help="Production for real invoices; the two others are for trials.",
    )
    l10n_pl_ksef_context_type = fields.Selection(
        [("nip", "NIP of the company"), ("internal_id", "Internal identifier (unit)")],
        string="KSeF context",
        default=DEFAULTS["l10n_pl_ksef_context_type"],
        required=True,
    )
    l10n_pl_ksef_internal_id = fields.Char(
        string="KSeF internal identifier",
        help="The NIP, a dash and five digits, as given to the unit in KSeF.",
    )
    l10n_pl_ksef_subject_type = fields.Selection(
        [
            ("certificateSubject", "PESEL or NIP in the signature"),
            ("certificateFingerprint", "Fingerprint of the certificate"),
        ],
        string="KSeF recognises the signer by",
        default=DEFAULTS["l10n_pl_ksef_subject_type"],
        required=True,
        help="The fingerprint is for certificates without a PESEL or NIP"
        " that were granted rights at KSeF.",
    )
    l10n_pl_ksef_responsible_id = fields.Many2one(
        "res.users",
        string="KSeF notices go to",
        help="Without a name here they go to the person who connected the company.",
    )

    l10n_pl_ksef_principal_id = fields.Many2one(
        "res.company",
        string="Company whose KSeF connection is used",
        compute="_compute_l10n_pl_ksef_principal_id",
        store=True,
        recursive=True,
    )
    l10n_pl_ksef_digits = fields.Char(
        string="NIP or unit at KSeF, in digits",
        compute="_compute_l10n_pl_ksef_digits",
        store=True,
    )

    def init(self):
        """Have PostgreSQL fill our mandatory columns where Odoo does not know them."""
        super().init()
        for name, value in DEFAULTS.items():
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE res_company ALTER COLUMN %s SET DEFAULT %s",
                    SQL.identifier(name),
                    value,
                )
            )

    @api.depends("partner_id.vat", "parent_id.l10n_pl_ksef_principal_id")
    def _compute_l10n_pl_ksef_principal_id(self):
        """Itself, or without a NIP the company that the one above it uses.

        docs/design.md, decision 16.
        """
        for company in self:
            has_nip = company.partner_id.vat not in (False, "", nip_tools.NOT_APPLICABLE)
            above = company.browse() if has_nip else company.parent_id.l10n_pl_ksef_principal_id
            company.l10n_pl_ksef_principal_id = above or company

    @api.depends("partner_id.vat", "l10n_pl_ksef_context_type", "l10n_pl_ksef_internal_id")
    def _compute_l10n_pl_ksef_digits(self):
        """For whom the company's logins are, without judging a NIP."""
        for company in self:
            unit = company.l10n_pl_ksef_context_type == "internal_id"
            number = company.l10n_pl_ksef_internal_id if unit else company.partner_id.vat
            company.l10n_pl_ksef_digits = nip_tools.digits(number)

    def write(self, vals):
        """Another NIP or unit needs another login: the scheduled action sees to it at once."""
        result = super().write(vals)
        if WHO_WE_ARE & set(vals):
            sessions = self.env["l10n_pl_ksef.session"].sudo()
            sessions._wake_cron_at(sessions._now())
        self.env["l10n_pl_ksef.audit"]._record_settings(self, vals)
        return result

    # ------------------------------------------------------------------
    # Who we are for KSeF
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_owner(self):
        """Return, as superuser, the company whose connection self uses."""
        self.ensure_one()
        company = self.sudo()
        return company.l10n_pl_ksef_principal_id or company

    def _l10n_pl_ksef_context(self):
        """The context identifier of self's connection.

        :return Context: NIP or internal identifier
        :raises nip_tools.InvalidNip: missing or wrong; its ``reason`` says how
        """
        owner = self._l10n_pl_ksef_owner()
        if owner.l10n_pl_ksef_context_type == "internal_id":
            return Context(
                "InternalId", nip_tools.normalise_internal_id(owner.l10n_pl_ksef_internal_id)
            )
        return Context("Nip", nip_tools.normalise(owner.vat))

    def _l10n_pl_ksef_nip(self):
        """Return self's NIP as people write it, with dashes; what is no NIP, as it was typed."""
        try:
            return nip_tools.formatted(nip_tools.normalise(self.vat))
        except nip_tools.InvalidNip:
            return self.vat or ""

    def _l10n_pl_ksef_base_url(self, environment):
        """An environment's address; a system parameter may name another (https or loopback).

        :raises KsefUnavailable: the other address is none that secrets may be sent to
        """
        parameters = self.env["ir.config_parameter"].sudo()
        other = parameters.get_param(f"l10n_pl_ksef_auth.base_url.{environment}")
        try:
            return check_base_url(other) if other else ENVIRONMENTS[environment].base_url
        except ValueError as error:
            # An outage and no refusal: no login is given up for it, and mending it is enough.
            raise KsefUnavailable(str(error), code="address", sent=False) from error

    def _l10n_pl_ksef_client(self, environment=None):
        """Return a client without a token, for use as a context manager.

        A run of the scheduled action hands down a pool of clients; other callers get their own.

        :param str environment: that of self's connection unless given
        :raises KsefError: the database is neutralized: it never talks to production
        """
        environment = environment or self._l10n_pl_ksef_owner().l10n_pl_ksef_environment
        if environment == "production" and is_neutralized(self.env):
            raise KsefError("a neutralized database keeps away from production", code="neutralized")
        base_url = self._l10n_pl_ksef_base_url(environment)
        pool = pool_of(self.env.context)
        return pool.client(base_url) if pool else KsefClient(base_url)

    # ------------------------------------------------------------------
    # The state of the connection
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_session(self):
        """The login that self's connection stands on now; empty when there is none."""
        owner = self._l10n_pl_ksef_owner()
        active = ("state", "=", "active"), ("revoke_requested", "=", False)
        live = self.env["l10n_pl_ksef.session"]._of_company(owner, *active)
        # A login of the NIP or unit that the company was before is not the company's any more.
        return live._of_present_context()[:1]

    def _l10n_pl_ksef_certificate(self):
        """The KSeF certificate that may log self in; empty when there is none."""
        owner = self._l10n_pl_ksef_owner()
        active = ("state", "=", "active")
        certificates = self.env["l10n_pl_ksef.certificate"]._of_company(owner, active)
        return certificates._usable()[:1] or certificates[:1]

    def _advance(self):
        """Log in with the KSeF certificate because the login ends or has ended.

        :return: the failure that it ended with, or None
        """
        name = self.env["l10n_pl_ksef.session"]._lock_name_of(self, self.l10n_pl_ksef_environment)
        with locked(self.env, name) as env:
            if env is None or not env["l10n_pl_ksef.due"]._wants_login(self):
                return None
            session = self.with_env(env)._l10n_pl_ksef_certificate_login()
            env.cr.commit()
            return session._run_due_steps() if session else None

    def _set_aside(self):
        """Do nothing: the scheduled action tries a company again in its next run."""

    def _l10n_pl_ksef_log_in_with_certificate(self, wait_seconds=0, certificate=None):
        """Log in with the KSeF certificate, as far as KSeF answers at once; the rest comes later.

        :param float wait_seconds: how long to wait for another worker that does it already
        :param certificate: one that is to be tried out; the company's own when omitted
        :return: the login, committed; empty when there is no certificate or another worker is at it
        """
        self.ensure_one()
        sessions = self.env["l10n_pl_ksef.session"]
        owner = self._l10n_pl_ksef_owner()
        name = sessions._lock_name_of(owner, owner.l10n_pl_ksef_environment)
        with locked(self.env, name, wait_seconds) as env:
            if env is None:
                return sessions
            session = owner.with_env(env)._l10n_pl_ksef_certificate_login(certificate)
            env.cr.commit()
            if session:
                session._run_due_steps()
            return session.with_env(self.env)

    def _l10n_pl_ksef_certificate_login(self, certificate=None):
        """The login with the certificate that is on its way, or a new one; under the lock."""
        sessions = self.env["l10n_pl_ksef.session"]
        certificate = certificate or self._l10n_pl_ksef_certificate()._usable()
        on_its_way = sessions.search(
            [
                ("company_id", "=", self.id),
                ("environment", "=", self.l10n_pl_ksef_environment),
                ("method", "=", "certificate"),
                ("state", "in", ("waiting", "submitted", "authorized")),
            ]
        )
        rightful = on_its_way._of_present_context()
        if rightful or not certificate:
            return rightful
        context = self._l10n_pl_ksef_context()
        on_its_way._give_way()
        # Before the new one, for the unique index.
        on_its_way.flush_recordset()
        return sessions.create(
            {
                "company_id": self.id,
                "environment": self.l10n_pl_ksef_environment,
                "method": "certificate",
                "certificate_id": certificate.id,
                "context_type": context.type,
                "context_value": context.value,
                "signer_name": certificate.owner_name,
                "signer_kind": "ksef_certificate",
                "signer_masked": certificate.identity_masked,
            }
        )

    def _l10n_pl_ksef_check_group(self, group):
        """Refuse who is not of a group, or does not belong to the company.

        :raises AccessError: with the name of the right that is missing
        """
        if self.env.su:
            return
        if not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    'This part of KSeF needs the right "%(right)s": ask your administrator for it.',
                    right=self.env.ref(group).sudo().name,
                )
            )
        if self not in self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "You do not work in this company in Odoo: ask your administrator for it."
                )
            )

    # ------------------------------------------------------------------
    # Called by the screens
    # ------------------------------------------------------------------
    def l10n_pl_ksef_panel(self):
        """What the panel "Connection to KSeF" shows; reads only, never calls KSeF.

        :return dict: see l10n_pl_ksef.panel
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_group(SEE_GROUP)
        return self.env["l10n_pl_ksef.panel"]._values(self)

    def l10n_pl_ksef_follow(self):
        """Do the next step of a connection on its way, and tell how it stands.

        :return dict: as l10n_pl_ksef_panel
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_group(SEE_GROUP)
        self.env["l10n_pl_ksef.panel"]._on_the_way(self)._advance()
        self.env["l10n_pl_ksef.panel"]._certificates_on_the_way(self)._advance()
        # What the steps committed is not in this transaction's snapshot.
        with self.env.registry.cursor() as cr:
            company = self.with_env(self.env(cr=cr))
            return company.env["l10n_pl_ksef.panel"]._values(company)

    def l10n_pl_ksef_open_authorization(self):
        """Open the window "Account authorization" for self's connection.

        :return dict: a client action
        """
        self.ensure_one()
        wizard = self.env["l10n_pl_ksef.authorization"]._open(self._l10n_pl_ksef_managed())
        return {
            "type": "ir.actions.client",
            "tag": "l10n_pl_ksef_authorization",
            "name": self.env._("Account authorization"),
            "target": "new",
            "context": {"dialog_size": "medium"},
            "params": {"wizard_id": wizard.id, "company_id": self.id},
        }

    def l10n_pl_ksef_open_account(self):
        """Open the screen "Account": certificates and sessions.

        :return dict: a client action
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_group(CONNECT_GROUP)
        # The stored action has an address: the page keeps its title when it is loaded again.
        action = self.env["ir.actions.actions"]._for_xml_id("l10n_pl_ksef_auth.action_account")
        return {**action, "target": "main", "params": {"company_id": self.id}}
