import os

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..tools import nip as nip_tools
from ..tools.auth_token_request import Context
from ..tools.client import KsefClient
from ..tools.const import (
    ENVIRONMENTS,
    EXCHANGE_TIMEOUT,
    STANDARD_PORTS,
    check_base_url,
    check_local_url,
)
from ..tools.deadline import Deadline, deadline_of
from ..tools.errors import KsefError, KsefUnavailable
from ..tools.http_pool import pool_of
from .base import problems
from .base.const import ENVIRONMENT_LABELS
from .certificate.certificate import OFFLINE
from .certificate.states import AT_WORK
from .session.session import STANDS_ON
from .session.states import SENT_AND_LIVE
from .vault.database_identity import copy_code, is_neutralized
from .vault.guard import refuse_typed_code

CONNECT_GROUP = "l10n_pl_ksef_auth.group_ksef_connection"
SEE_GROUP = "l10n_pl_ksef_auth.group_ksef_see"
SIGNER = ("l10n_pl_ksef_signer_name", "l10n_pl_ksef_signer_email")
KNOWS_SIGNERS = f"base.group_erp_manager,{SEE_GROUP}"
# May accept that the office's certificate logs a client in.
OFFICE_GROUP = "l10n_pl_ksef_auth.group_ksef_office"
CONTEXT = ("l10n_pl_ksef_context_type", "l10n_pl_ksef_internal_id")
# What a query that looks for a company's connection reads of companies.
PRINCIPAL_FIELDS = ("l10n_pl_ksef_principal_id", "l10n_pl_ksef_digits", "l10n_pl_ksef_environment")
# Of the mandatory columns, for PostgreSQL too: a module that Odoo loads before this addon may
# create companies, and then nobody else fills them.
DEFAULTS = {
    "l10n_pl_ksef_environment": "production",
    "l10n_pl_ksef_context_type": "nip",
    "l10n_pl_ksef_subject_type": "certificateSubject",
}

ADDRESS_OPTION = "l10n_pl_ksef_base_url"
ADDRESS_PARAMETER = "l10n_pl_ksef_auth.base_url."


# Read together and apart from the company's other columns, of which Odoo has more than a hundred.
OWN_FIELDS = "l10n_pl_ksef"


def own_ports():
    """Return the ports of Odoo itself, whose pages may be typed code, and of a proxy before it."""
    return {tools.config["http_port"], tools.config["gevent_port"], *STANDARD_PORTS.values()}


class ResCompany(models.Model):
    _inherit = "res.company"

    l10n_pl_ksef_environment = fields.Selection(
        ENVIRONMENT_LABELS,
        string="KSeF environment",
        default=DEFAULTS["l10n_pl_ksef_environment"],
        required=True,
        help="Production for real invoices; the two others are for trials.",
        prefetch=OWN_FIELDS,
    )
    l10n_pl_ksef_context_type = fields.Selection(
        [("nip", "NIP of the company"), ("internal_id", "Internal identifier (unit)")],
        string="KSeF context",
        default=DEFAULTS["l10n_pl_ksef_context_type"],
        required=True,
        prefetch=OWN_FIELDS,
    )
    l10n_pl_ksef_internal_id = fields.Char(
        string="KSeF internal identifier",
        help="The NIP, a dash and five digits, as given to the unit in KSeF.",
        prefetch=OWN_FIELDS,
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
        prefetch=OWN_FIELDS,
    )
    l10n_pl_ksef_responsible_ids = fields.Many2many(
        "res.users",
        string="KSeF notices go to",
        relation="l10n_pl_ksef_responsible_rel",
        help="Without a name here they go to the person who connected the company.",
    )

    # Who imports companies need not know of KSeF; employees need not know who signs.
    l10n_pl_ksef_signer_name = fields.Char(string="KSeF signer", groups=KNOWS_SIGNERS)
    l10n_pl_ksef_signer_email = fields.Char(string="KSeF signer's email", groups=KNOWS_SIGNERS)
    # Since when they are here because somebody was asked: nobody wrote or imported them.
    l10n_pl_ksef_signer_asked_at = fields.Datetime(
        string="KSeF signer known from a request since", groups=KNOWS_SIGNERS, copy=False
    )
    l10n_pl_ksef_offline = fields.Boolean(
        string="Certificate for offline invoices",
        default=True,
        help="Where the company issues invoices. It signs them while KSeF cannot be reached.",
        prefetch=OWN_FIELDS,
    )

    l10n_pl_ksef_principal_id = fields.Many2one(
        "res.company",
        string="Company whose KSeF connection is used",
        compute="_compute_l10n_pl_ksef_principal_id",
        store=True,
        recursive=True,
        prefetch=OWN_FIELDS,
    )
    l10n_pl_ksef_digits = fields.Char(
        string="NIP or unit at KSeF, in digits",
        compute="_compute_l10n_pl_ksef_digits",
        store=True,
        index="btree_not_null",
        prefetch=OWN_FIELDS,
    )

    def init(self):
        """Give our mandatory columns a default of the database's own."""
        for name, value in DEFAULTS.items():
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE res_company ALTER COLUMN %s SET DEFAULT %s",
                    SQL.identifier(name),
                    value,
                )
            )
        return super().init()

    @api.depends("partner_id.vat", "parent_id.l10n_pl_ksef_principal_id")
    def _compute_l10n_pl_ksef_principal_id(self):
        """Store the company whose connection each uses: itself, or the nearest above with a NIP.

        docs/design.md 16 and 25.
        """
        for company in self:
            has_nip = company.partner_id.vat not in (False, "", nip_tools.NOT_APPLICABLE)
            above = company.browse() if has_nip else company.parent_id.l10n_pl_ksef_principal_id
            company.l10n_pl_ksef_principal_id = above or company

    @api.depends("partner_id.vat", "l10n_pl_ksef_context_type", "l10n_pl_ksef_internal_id")
    def _compute_l10n_pl_ksef_digits(self):
        """Store for whom each company's logins are; a wrong NIP has digits too."""
        for company in self:
            company.l10n_pl_ksef_digits = company._l10n_pl_ksef_digits_as(company.partner_id.vat)

    @api.constrains("l10n_pl_ksef_context_type", "l10n_pl_ksef_internal_id")
    def _check_l10n_pl_ksef_unit(self):
        for company in self:
            unit = company.l10n_pl_ksef_internal_id
            # It may be written a moment after the kind of number.
            if unit and company.l10n_pl_ksef_context_type == "internal_id":
                company._l10n_pl_ksef_check_unit_of(unit)

    def _l10n_pl_ksef_check_unit_of(self, unit):
        """Refuse an internal identifier that is missing, is none, or is another company's.

        :raises ValidationError: says what is wrong
        """
        try:
            unit = nip_tools.normalise_internal_id(unit)
            if self.partner_id.vat:
                nip_tools.check_unit_of(unit, self.partner_id.vat)
        except nip_tools.InvalidNip as error:
            told = problems.texts(self.env, problems.of_nip(error))
            raise ValidationError(told["text"]) from error

    def _l10n_pl_ksef_digits_as(self, vat, settings=None):
        """Return for whom self's logins are if this is its NIP; nobody for a unit of another.

        :param dict settings: of CONTEXT, where they are to differ from the present ones
        """
        kind, unit = ((settings or {}).get(name, self[name]) for name in CONTEXT)
        if kind != "internal_id":
            return nip_tools.digits(vat)
        return nip_tools.digits(unit) if nip_tools.is_unit_of(unit, vat) else ""

    def write(self, vals):
        """Audit changed settings; wake the scheduled action, as people are told of a new unit."""
        if set(SIGNER) & set(vals):
            # What a person writes is kept as long as the company.
            vals = {"l10n_pl_ksef_signer_asked_at": False, **vals}
        # With another partner a company has another NIP.
        before = self._l10n_pl_ksef_nips() if "partner_id" in vals else {}
        result = super().write(vals)
        self._l10n_pl_ksef_audit_nips(before)
        if set(CONTEXT) & set(vals):
            sessions = self.env["l10n_pl_ksef.session"].sudo()
            sessions._wake_cron_at(sessions._now())
        self.env["l10n_pl_ksef.audit"]._record_settings(self, vals)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_l10n_pl_ksef_connected(self):
        """Refuse to delete what logs in at KSeF: only through here can that be ended there.

        A copy of the database ends nothing there.

        :raises UserError: a login is open, or a certificate serves nobody else
        """
        if copy_code(self.env) or is_neutralized(self.env):
            return
        logins = self.env["l10n_pl_ksef.session"].sudo()
        logins = logins.search([("company_id", "in", self.ids), ("state", "in", SENT_AND_LIVE)])
        certificates = self.env["l10n_pl_ksef.certificate"].sudo()
        serving = [("company_ids", "in", self.ids), ("state", "in", AT_WORK)]
        alone = certificates.search(serving).filtered(lambda one: one.company_ids <= self)
        connected = logins.company_id or alone.company_ids
        if connected:
            raise UserError(
                self.env._(
                    "%(company)s is connected to KSeF. Disconnect it and revoke its certificates"
                    " first: menu KSeF → Account.",
                    company=connected[:1].name,
                )
            )

    def _l10n_pl_ksef_nips(self):
        """Return the digits of each company's NIP, by the company."""
        # Not the company's own field, which may hold a new number before the partner does.
        return {company: nip_tools.digits(company.partner_id.vat) for company in self.sudo()}

    def _l10n_pl_ksef_audit_nips(self, before):
        """Leave in the audit trail whose NIP changed, of those that KSeF knows from here.

        The scheduled action tells whoever gets the notices.

        :param dict before: from _l10n_pl_ksef_nips, of companies that may have another NIP now
        """
        if not before:
            return
        sessions = self.env["l10n_pl_ksef.session"].sudo()
        connected = [("company_id", "in", self.ids), ("activated_at", "!=", False)]
        for company, now in sessions.search(connected).company_id._l10n_pl_ksef_nips().items():
            if now != before[company]:
                detail = f"{before[company]} > {now}"
                self.env["l10n_pl_ksef.audit"]._record(company, "nip_changed", detail=detail)
                sessions._wake_cron_at(sessions._now())

    def _l10n_pl_ksef_remember_signer(self, name, email):
        """Keep who is asked to sign, for the next time; it is forgotten with the requests."""
        asked_at = self.env["l10n_pl_ksef.request"]._now()
        values = dict(zip(SIGNER, (name, email), strict=True))
        self.write({**values, "l10n_pl_ksef_signer_asked_at": asked_at})

    def _l10n_pl_ksef_principal(self):
        """Return, as superuser, the company whose connection self uses."""
        self.ensure_one()
        company = self.sudo()
        return company.l10n_pl_ksef_principal_id or company

    def _l10n_pl_ksef_context(self):
        """Return the context identifier of self's connection: NIP or internal identifier.

        :raises nip_tools.InvalidNip: missing or wrong; its ``reason`` says how
        """
        principal = self._l10n_pl_ksef_principal()
        if principal.l10n_pl_ksef_context_type != "internal_id":
            return Context("Nip", nip_tools.normalise(principal.vat))
        unit = nip_tools.normalise_internal_id(principal.l10n_pl_ksef_internal_id)
        nip_tools.check_unit_of(unit, nip_tools.normalise(principal.vat))
        return Context("InternalId", unit)

    def _l10n_pl_ksef_nip(self):
        """Return self's NIP as people write it, with dashes; what is no NIP, as it was typed."""
        try:
            return nip_tools.formatted(nip_tools.normalise(self.vat))
        except nip_tools.InvalidNip:
            return self.vat or ""

    def _l10n_pl_ksef_number(self):
        """Return whom self's connection is for, as sentences name it: the NIP, or the unit."""
        principal = self._l10n_pl_ksef_principal()
        is_unit = principal.l10n_pl_ksef_context_type == "internal_id"
        unit = is_unit and principal.l10n_pl_ksef_internal_id
        return problems.number(self.env, unit, principal._l10n_pl_ksef_nip())

    def _l10n_pl_ksef_is_anothers(self, user):
        """Return True if a company that is not the user's has self's NIP or unit, too."""
        same = [("l10n_pl_ksef_digits", "=", self.l10n_pl_ksef_digits)]
        everywhere = self.sudo().with_context(active_test=False)
        return not everywhere.search(same) <= user.sudo().with_env(everywhere.env).company_ids

    def _l10n_pl_ksef_base_url(self, environment):
        """Return an environment's address, or the one that is named instead.

        Odoo's configuration may name any. A system parameter may name this machine alone: code that
        was typed into Odoo can write it (docs/design.md 16).

        :raises KsefUnavailable: the other address is none that secrets may be sent to
        """
        option = f"{ADDRESS_OPTION}_{environment}"
        given = tools.config.get(option) or os.environ.get(option.upper())
        other = self.env["ir.config_parameter"].sudo().get_param(ADDRESS_PARAMETER + environment)
        try:
            if given:
                return check_base_url(given)
            if other:
                return check_local_url(other, own_ports())
        except ValueError as error:
            # Told as an outage, so that no login is given up: it is enough to mend the address.
            code = "address" if given else "address_parameter"
            raise KsefUnavailable(str(error), code=code, sent=False) from error
        return ENVIRONMENTS[environment].base_url

    def _l10n_pl_ksef_client(self, environment=None):
        """Return a client without a token, for use as a context manager.

        A run of the scheduled action hands down a pool of clients; other callers get their own,
        which waits no longer than they do, and no longer than one exchange may last.

        :raises KsefError: the database is neutralized: it never talks to production
        :raises AccessError: the caller is code that was typed into Odoo: it could listen in
        """
        refuse_typed_code(self.env)
        environment = environment or self._l10n_pl_ksef_principal().l10n_pl_ksef_environment
        if environment == "production" and is_neutralized(self.env):
            raise KsefError("a neutralized database keeps away from production", code="neutralized")
        base_url = self._l10n_pl_ksef_base_url(environment)
        pool = pool_of()
        if pool:
            return pool.client(base_url)
        deadline = deadline_of(self.env.context) or Deadline(EXCHANGE_TIMEOUT)
        return KsefClient(base_url, deadline=deadline.moment)

    def _l10n_pl_ksef_session(self):
        """Return the login that self's connection stands on now; empty when there is none."""
        principal = self._l10n_pl_ksef_principal()
        return self.env["l10n_pl_ksef.session"]._last_of_context(principal, *STANDS_ON)

    def _l10n_pl_ksef_certificate(self):
        """Return the KSeF certificate that may log self in; empty when there is none.

        Somebody agreed to it for the NIP or unit of today. One that may log in only later comes
        last.
        """
        principal = self._l10n_pl_ksef_principal()
        certificates = self.env["l10n_pl_ksef.certificate"]._agreed_for(principal)
        return certificates._usable()[:1] or certificates[:1]

    def _l10n_pl_ksef_offline_certificate(self):
        """Return the certificate that signs self's offline invoices; empty when there is none."""
        principal = self._l10n_pl_ksef_principal()
        certificates = self.env["l10n_pl_ksef.certificate"]
        return certificates._agreed_for(principal, usage=OFFLINE)._usable()[:1]

    def _l10n_pl_ksef_needs_offline(self):
        """Return True if self is to have a certificate for offline invoices: it issues some."""
        principal = self._l10n_pl_ksef_principal()
        if not principal.l10n_pl_ksef_offline:
            return False
        sales = ("type", "=", "sale"), ("company_id", "child_of", principal.id)
        return bool(self.env["account.journal"].sudo().search_count(sales, limit=1))

    def _l10n_pl_ksef_is_sending(self):
        """Return True while invoices are on their way whose outcome only this login is told.

        What sends invoices extends this.
        """
        return False

    def _advance(self):
        """Log in with the certificate if the login ends soon or has ended; return a failure."""
        return self.env["l10n_pl_ksef.session"]._log_in(self, if_due=True)[1]

    def _set_aside(self):
        """Keep that Odoo failed; the scheduled action tries a company again in its next run."""
        self.env["l10n_pl_ksef.session"]._keep_stumble(self)
