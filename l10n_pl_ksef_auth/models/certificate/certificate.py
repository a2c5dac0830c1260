import logging
import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ...exceptions import LoginNeeded
from ...tools.identity import identity_of_certificate
from ...tools.vault import VaultCorrupt
from ...tools.x509_support import read_certificate
from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..base.steps import event, naive
from ..vault.vault import open_vault, place_of, read_secret, secret_digests, write_secrets
from .states import CERTIFICATE, ENDED, OLD, SHUT_OUT, STANDING, WORKING

_logger = logging.getLogger(__name__)

# What a certificate is for, and KSeF's word for it (docs/ksef.md F).
LOGIN, OFFLINE = "login", "offline"
TYPES_AT_KSEF = {LOGIN: "Authentication", OFFLINE: "Offline"}
# A separate certificate beside an existing one, only if one more place is free (docs/journey.md 5).
PLACES_FOR_SEPARATE = 2
SYNC_EVERY, ABOUT = timedelta(hours=24), timedelta(hours=1)
A_LOGIN = timedelta(minutes=1)
# KSeF's status of a certificate, as we call it (docs/ksef.md A1-list); others change nothing.
STATES = {"Active": "active", "Blocked": "blocked", "Revoked": "revoked", "Expired": "expired"}
# KSeF's words about a certificate that it does not let in (docs/ksef.md A1-460).
REFUSED_STATES = {"Certyfikat odwołany": "revoked", "Certyfikat zawieszony": "blocked"}
# The audit's events by the state that a certificate enters.
EVENTS = {
    "requested": "certificate_requested",
    "superseded": "certificate_replaced",
    "forgotten": "key_forgotten",
    "revoked": "certificate_revoked",
    "blocked": "certificate_blocked",
    "expired": "certificate_expired",
    "failed": "certificate_failed",
}
ORIGIN_EVENTS = {"enrolled": "certificate_issued", "loaded": "certificate_loaded"}


class L10n_Pl_KsefCertificate(models.Model):
    """A KSeF certificate: of one identity in one environment, serving any number of companies.

    docs/design.md 5: a person may hold six in all, so one is shared by the companies that its
    owner signs for; ``company_ids`` says which ones it serves, ``agreement_ids`` for which NIPs.
    """

    _name = "l10n_pl_ksef.certificate"
    _description = "KSeF certificate"
    _inherit = ["l10n_pl_ksef.step.mixin"]
    _order = "taken_at desc, id desc"
    _machine = CERTIFICATE

    name = fields.Char(required=True, readonly=True)
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    usage = fields.Selection(
        [(LOGIN, "Logging in"), (OFFLINE, "Offline invoices")],
        string="For",
        required=True,
        readonly=True,
        default=LOGIN,
    )
    company_ids = fields.Many2many("res.company", string="Companies it serves", readonly=True)
    former_company_ids = fields.Many2many(
        "res.company",
        "l10n_pl_ksef_certificate_former_company_rel",
        "certificate_id",
        "company_id",
        string="Companies that another identity took over",
        readonly=True,
        copy=False,
    )
    agreement_ids = fields.One2many(
        "l10n_pl_ksef.agreement", "certificate_id", string="What it logs in for", readonly=True
    )
    state = fields.Selection(
        CERTIFICATE.selection, required=True, readonly=True, default="checking", index=True
    )
    origin = fields.Selection(
        [("enrolled", "Issued for this Odoo"), ("loaded", "Loaded by hand")],
        required=True,
        readonly=True,
        default="enrolled",
    )
    identity_digest = fields.Char(groups=fields.NO_ACCESS, copy=False, index="btree_not_null")
    identity_masked = fields.Char(string="Owner's identifier", readonly=True, copy=False)
    owner_name = fields.Char(string="Owner", readonly=True, copy=False)

    session_id = fields.Many2one(
        "l10n_pl_ksef.session",
        string="Asked for through",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    user_id = fields.Many2one("res.users", readonly=True)
    consent_text = fields.Text(string="Consent", readonly=True, copy=False)
    private_key_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    # The certificate is public at KSeF, but names its owner's PESEL.
    certificate_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    # No secret: the digest of the certificate that KSeF gave to Odoo itself.
    issued_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    separate = fields.Boolean(string="Issued beside another one", readonly=True, copy=False)
    enrollment_remaining = fields.Integer(readonly=True, copy=False)
    certificate_remaining = fields.Integer(readonly=True, copy=False)
    # Of an application; until its number is known, the answer is missing.
    send_started_at = fields.Datetime(readonly=True, copy=False)
    reference_number = fields.Char(readonly=True, copy=False)
    serial_number = fields.Char(readonly=True, copy=False, index="btree_not_null")
    # The newest one that came is the one to log in with: whoever signs anew takes over.
    taken_at = fields.Datetime(string="Taken into use", readonly=True, copy=False)
    valid_from = fields.Datetime(readonly=True, copy=False)
    valid_to = fields.Datetime(readonly=True, copy=False)
    replaces_id = fields.Many2one(
        "l10n_pl_ksef.certificate",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    renew_at = fields.Datetime(string="Renewal", readonly=True, copy=False)
    asked_by_id = fields.Many2one(
        "res.users", string="Renewal asked for by", readonly=True, copy=False
    )
    # It has a successor, or a person took over and wants it revoked.
    revoke_requested = fields.Boolean(readonly=True, copy=False)
    noticed_at = fields.Datetime(string="Found revoked or blocked", readonly=True, copy=False)

    @api.depends("valid_to", "owner_name")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for certificate in self:
            env = certificate.env
            until = certificate.valid_to and format_date(env, certificate.valid_to)
            title = env._("Certificate")
            if until:
                title = env._("Certificate until %(date)s", date=until)
            certificate.display_name = ", ".join(filter(None, (title, certificate.owner_name)))

    def _lock_name(self):
        return f"ksef-certificate,{self.id}"

    def _client(self):
        """Return a client for this certificate's environment, for use as a context manager."""
        return self.env["res.company"]._l10n_pl_ksef_client(self.environment)

    def _of_company(self, principal, *conditions, usage=LOGIN, order=None, limit=None):
        """Return the certificates in a company's environment that serve it.

        :param usage: LOGIN or OFFLINE; None for both
        """
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        serving = ("company_ids", "in", principal.id)
        kind = [("usage", "=", usage)] if usage else []
        domain = [serving, environment, *kind, *conditions]
        return self.sudo().search(domain, order=order, limit=limit)

    def _standing_for(self, company, environment):
        """Return the certificates that serve a company in an environment, now or later."""
        serving = ("company_ids", "in", company.id), ("environment", "=", environment)
        return self.search([*serving, ("state", "in", STANDING)])

    def _owned_by(self, signer):
        """Return those of self that belong to whoever signed a file; none without a signer."""
        identity = signer and signer.identity
        known = secret_digests(self.env, identity) if identity else []
        return self.filtered(lambda one: one.identity_digest in known)

    def _agreed_for(self, principal, *conditions, usage=LOGIN):
        """Return the valid certificates that may serve a company for its NIP or unit of now."""
        number = ("digits", "=", principal.l10n_pl_ksef_digits)
        agreed = ("agreement_ids", "any", [("company_id", "=", principal.id), number])
        active = ("state", "=", "active")
        return self._of_company(principal, active, agreed, *conditions, usage=usage)

    def _agreements_for(self, principal, digits):
        """Return what was agreed to for a company's NIP or unit."""
        terms = (principal, digits)
        return self.agreement_ids.filtered(lambda one: (one.company_id, one.digits) == terms)

    def _has_worked_for(self, principal):
        """Return True if KSeF has let this certificate's owner in for a company's present number.

        By a signature or by the certificate: only then can its next login be promised.
        """
        agreements = self._agreements_for(principal, principal.l10n_pl_ksef_digits)
        return any(agreed._is_proof() for agreed in agreements) or bool(
            self.env["l10n_pl_ksef.session"]._last_of_context(
                principal,
                ("certificate_id", "in", (self | self.replaces_id).ids),
                ("activated_at", "!=", False),
            )
        )

    def _lacks_agreement(self, principal):
        """Return True if a certificate serves a company, but not for its NIP or unit of now."""
        serving = self._of_company(principal, ("state", "=", "active"))._usable()
        return bool(serving) and not self._agreed_for(principal)

    def _usable(self):
        """Return the certificates of self that are of use now, not only later."""
        return self.filtered_domain(self._usable_domain())

    def _usable_domain(self, takes=A_LOGIN):
        """Return the domain of certificates that are of use now (docs/ksef.md A2-28).

        :param timedelta takes: what they are needed for is over by then
        """
        now = self._now()
        begun = Domain("valid_from", "<=", now)
        lasts = Domain("valid_to", ">", now + takes)
        return Domain("state", "=", "active") & begun & lasts

    def _stored_certificate(self):
        """Return the certificate, an x509_support.Certificate."""
        return read_certificate(read_secret(self, "certificate_secret"))

    def _owner_digests(self):
        """Return digests of the stored certificate's owner, the current key's first.

        What a column says of the owner, anybody may have written; the certificate is sealed.

        :return list: empty while none is stored, or if it cannot be opened
        """
        try:
            stored = self.certificate_secret and self._stored_certificate()
        except (VaultCorrupt, ValueError):
            return []
        if not stored:
            return []
        return secret_digests(self.env, identity_of_certificate(stored, issued_by_ksef=True))

    def _owner_digest(self):
        """Return the current key's digest of the stored certificate's owner; empty without one."""
        return next(iter(self._owner_digests()), "")

    def _may_be_owned_by(self, owner):
        """Return True if an owner's digest is of whose certificate this is, or will turn out to be.

        Nothing is signed before a certificate is stored: then its owner is looked at.
        """
        return not self.certificate_secret or owner in self._owner_digests()

    def _signing_material(self):
        """Return the private key (PKCS#8 DER) and the certificate (DER), as xades takes them."""
        self.ensure_one()
        vault, record = open_vault(self.env), self.sudo()
        return tuple(
            vault.decrypt(record[name] or "", place_of(self, name))
            for name in ("private_key_secret", "certificate_secret")
        )

    def _activate_with(self, certificate, **secrets):
        """Store a certificate to be used, or to be tried out before its forerunner goes."""
        write_secrets(self, certificate_secret=certificate.der, **secrets)
        tried = self.replaces_id.state == "active"
        if not tried:
            self._rightful_forerunner().agreement_ids._move_to(self)
        self._succeed(
            state="trying" if tried else "active",
            taken_at=self._now(),
            valid_from=naive(certificate.valid_from),
            valid_to=naive(certificate.valid_to),
        )
        self._plan()

    def _plan(self):
        """Choose when to renew, and when to look at it next."""
        self.renew_at = self._renewal_moment()
        if self.revoke_requested or self._wants_offline() or self._unsigned_clients():
            self.next_attempt = False
        elif self.state == "trying":
            # A certificate may begin to be valid only later (docs/ksef.md A2-28).
            self.next_attempt = max(self.valid_from, self._now())
        else:
            self.next_attempt = self._next_look()

    # ------------------------------------------------------------------
    # The owner's login
    # ------------------------------------------------------------------
    def _token(self):
        """Return an access token of the owner; raise LoginNeeded if the owner has no login."""
        return self._owners_session()._shared_token()

    def _owners_session(self):
        """Return a login of the person or company that agreed to the certificate, or nothing.

        Best one that was opened with this certificate, its forerunner or its successor.
        """
        family = self | self.replaces_id | self._successors()
        opened = self.env["l10n_pl_ksef.session"].search(
            [
                ("certificate_id", "in", family.ids),
                ("environment", "=", self.environment),
                ("state", "=", "active"),
            ],
            limit=1,
        )
        found = opened or self._login_that_asked() or self._login_of_other_kind()
        return found or self._login_kept_open() if self.revoke_requested else found

    def _login_that_asked(self):
        """Return the login by which the certificate was asked for, or a later one by the signer.

        In another environment the signer has other certificates, and its tokens are no good here.
        """
        asked = self.session_id
        if asked.state == "active":
            return asked
        now = asked.company_id._l10n_pl_ksef_session() if asked else asked
        names = "environment", "signer_name", "signer_masked"
        same = all(now[name] == asked[name] for name in names)
        return now if same else asked.browse()

    def _login_kept_open(self):
        """Return the owner's login that another has replaced, until it is closed."""
        replaced = self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "in", self.former_company_ids.ids),
                ("environment", "=", self.environment),
                ("state", "=", "active"),
                ("revoke_requested", "=", True),
            ]
        )
        asked = self.session_id
        owners = [
            (asked.signer_name, asked.signer_masked),
            (self.owner_name, self.identity_masked),
        ]
        return replaced.filtered(lambda one: (one.signer_name, one.signer_masked) in owners)[:1]

    # ------------------------------------------------------------------
    # KSeF's own list, once a day
    # ------------------------------------------------------------------
    def _step_sync(self):
        """Compare the state with KSeF's list, then wait for the next thing that is due."""
        session = self._owners_session()
        try:
            token = session._shared_token()
        except LoginNeeded:
            # Nobody is logged in with it, so the list cannot be asked for.
            self._succeed(next_attempt=self._next_look())
            self._apply_status(self._state_told_by_login() or self.state)
            return
        with self._client() as client:
            listed = list(client.certificates(token, type=TYPES_AT_KSEF[self.usage]))
            ours = [item for item in listed if item.serial_number == self.serial_number]
            # KSeF is asked for nothing that it does not list.
            proof = ours and self._proof(client, token)
        del token
        if proof:
            write_secrets(self, issued_secret=proof)
        status = ours[0].status if ours else None
        self._succeed(next_attempt=self._next_look(session))
        if status in STATES:
            self._apply_status(STATES[status])
        else:
            _logger.warning("KSeF certificate %s: unknown status %r", self.id, status)

    def _next_look(self, session=None):
        """Return when to compare again; the owner's login is given where it is known."""
        now = self._now()
        later = now + SYNC_EVERY * random.uniform(0.9, 1)
        # Together with the owner's own daily check: one access token does for both.
        check = session.next_attempt if session else None
        if check and now + ABOUT < check < now + SYNC_EVERY + ABOUT:
            later = check
        renewal = self.renew_at if self.renew_at and self.renew_at > now else later
        return min(later, self.valid_to, renewal)

    def _apply_status(self, state):
        """Store the state that KSeF gives this certificate."""
        if state == self.state:
            return
        _logger.info("KSeF certificate %s: %s is now %s", self.id, self.state, state)
        values = {"state": state, "noticed_at": self._now()}
        if state in ENDED:
            values |= {"private_key_secret": False, "next_attempt": False}
        self.write(values)
        self._plan_renewals()

    def _nobody_chose_this(self):
        """Return True if KSeF, not a user of this database, put the certificate into this state."""
        if self.state in SHUT_OUT:
            return bool(self.noticed_at)
        # A renewal that failed is told as the end of the old certificate, when it comes near.
        return not (self.state == "failed" and self.replaces_id)

    def _state_told_by_login(self):
        """Return the state that KSeF named when it refused the last login with this certificate."""
        last = self.env["l10n_pl_ksef.session"].search([("certificate_id", "=", self.id)], limit=1)
        details = (last.problem or {}).get("details") or () if last.state == "failed" else ()
        return next((REFUSED_STATES[text] for text in details if text in REFUSED_STATES), None)

    def _look_at_once(self):
        """Have what is to be done or asked about it done soon, for a login whose lock is held.

        Never waits: locks are taken from certificate to login.
        """
        with self._exclusive() as locked:
            if locked:
                locked.next_attempt = locked._now()
                locked.env.cr.commit()

    @event
    def _give_up_secrets(self):
        """Leave certificates to the database whose key can open them."""
        self.write({"state": "foreign", "revoke_requested": False, "next_attempt": False})

    def _follow_key(self):
        """Renew the digest that finds the owner again: the key is part of it."""
        if self.certificate_secret:
            identity = identity_of_certificate(self._stored_certificate(), issued_by_ksef=True)
            self.identity_digest = secret_digests(self.env, identity)[0]

    def _whose(self):
        return {"signer": self.owner_name or ""}

    def write(self, vals):
        """Leave a line in the audit for each change of state, whoever makes it."""
        changing = self if {"state", "company_ids"} & set(vals) else self.browse()
        before = {one: (one.state, one.company_ids) for one in changing}
        result = super().write(vals)
        for certificate in changing:
            state, companies = before[certificate]
            joined = certificate.company_ids - companies
            if certificate.state != state:
                certificate._audit_state(state)
            elif joined and state == "active":
                certificate._audit_certificate("certificate_shared", joined)
        return result

    def _audit_state(self, old):
        # A certificate that is tried out was issued before that.
        came = self.state in WORKING and old not in OLD
        event_name = ORIGIN_EVENTS[self.origin] if came else EVENTS.get(self.state)
        if event_name:
            self._audit_certificate(event_name)

    def _audit_certificate(self, event_name, companies=None):
        """Leave a line for all companies that it serves or served, unless others are given."""
        self.env["l10n_pl_ksef.audit"]._record(
            companies or self.company_ids | self.former_company_ids,
            event_name,
            environment=self.environment,
            signer_name=self.owner_name,
            signer_masked=self.identity_masked,
            reference=self.serial_number or self.reference_number,
            # Lines of both kinds stand side by side.
            detail=self.usage == OFFLINE and OFFLINE,
            problem=problems.of_audit(self.problem, ""),
        )
