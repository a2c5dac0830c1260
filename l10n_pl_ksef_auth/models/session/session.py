from odoo import api, fields, models

from ...tools import auth_token_request, nip
from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..base.steps import event
from .states import ENDED, IN_FLIGHT, LOGGING_IN, SESSION

# What must be true for the green tick (docs/journey.md 1).
NEEDED_RIGHTS = ("InvoiceWrite", "InvoiceRead")


class L10n_Pl_KsefSession(models.Model):
    """One login to KSeF, from the file that waits for a signature to the end of its tokens."""

    _name = "l10n_pl_ksef.session"
    _description = "KSeF session"
    _inherit = ["l10n_pl_ksef.step.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "reference_number"
    _machine = SESSION

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    environment = fields.Selection(ENVIRONMENT_LABELS, required=True, readonly=True)
    method = fields.Selection(
        [("signature", "Signature"), ("certificate", "KSeF certificate")],
        required=True,
        readonly=True,
        default="signature",
    )
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", readonly=True, index="btree_not_null", ondelete="set null"
    )
    context_type = fields.Char(required=True, readonly=True, default="Nip")
    context_value = fields.Char(string="Context identifier", required=True, readonly=True)
    # As the company has them now, or this login is nobody's any more.
    context_digits = fields.Char(compute="_compute_context_digits", store=True)
    subject_type = fields.Char(required=True, readonly=True, default="certificateSubject")
    state = fields.Selection(
        SESSION.selection, required=True, readonly=True, default="waiting", index=True
    )
    challenge = fields.Char(readonly=True, copy=False)
    challenge_expires_at = fields.Datetime(readonly=True, copy=False)
    reference_number = fields.Char(readonly=True, copy=False, index="btree_not_null")
    warning = fields.Char(string="KSeF's warning", readonly=True, copy=False)

    document_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    authentication_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    # No secret: the digest of the certificate that KSeF let in, which nobody else can write.
    opened_with_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    refresh_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_valid_until = fields.Datetime(readonly=True, copy=False)
    refresh_valid_until = fields.Datetime(string="Expiry date", readonly=True, copy=False)
    refresh_retry_at = fields.Datetime(readonly=True, copy=False)

    send_started_at = fields.Datetime(readonly=True, copy=False)
    redeem_started_at = fields.Datetime(readonly=True, copy=False)
    activated_at = fields.Datetime(readonly=True, copy=False)
    renew_at = fields.Datetime(readonly=True, copy=False, index="btree_not_null")
    # Another login has replaced this one, or a person wants it closed.
    revoke_requested = fields.Boolean(readonly=True, copy=False)
    restarts = fields.Integer(readonly=True, copy=False)
    closed_by_user = fields.Boolean(string="Disconnected by hand", readonly=True, copy=False)

    user_id = fields.Many2one("res.users", string="Connected by", readonly=True, copy=False)
    address = fields.Char(string="Signed request came from", readonly=True, copy=False)
    consent_at = fields.Datetime(string="Consent to the certificate", readonly=True, copy=False)
    consent_text = fields.Text(readonly=True, copy=False)
    signer_name = fields.Char(readonly=True, copy=False)
    signer_kind = fields.Char(readonly=True, copy=False)
    signer_masked = fields.Char(string="Signer's identifier", readonly=True, copy=False)
    rights = fields.Char(string="Rights at KSeF", readonly=True, copy=False)
    rights_checked_at = fields.Datetime(readonly=True, copy=False)
    lacks_rights = fields.Boolean(compute="_compute_lacks_rights", store=True)
    takes_over_ids = fields.Many2many(
        "l10n_pl_ksef.certificate",
        "l10n_pl_ksef_take_over_rel",
        "session_id",
        "certificate_id",
        string="Takes over from",
        readonly=True,
        copy=False,
    )
    # Certificates of this Odoo that the signer owns: the signature agrees to this NIP for them.
    signers_certificate_ids = fields.Many2many(
        "l10n_pl_ksef.certificate",
        "l10n_pl_ksef_signer_rel",
        "session_id",
        "certificate_id",
        string="Signed by the owner of",
        readonly=True,
        copy=False,
    )
    revoke_taken_over = fields.Boolean(
        string="Revoke the former certificate", readonly=True, copy=False
    )

    _one_certificate_login = models.UniqueIndex(
        f"(company_id, environment) WHERE (method = 'certificate' AND state IN {LOGGING_IN})",
        "This company is already logging in with its certificate.",
    )

    @api.depends("context_value")
    def _compute_context_digits(self):
        for session in self:
            session.context_digits = nip.digits(session.context_value)

    @api.depends("rights")
    def _compute_lacks_rights(self):
        for session in self:
            session.lacks_rights = bool(session._missing_rights())

    def _lock_name(self):
        return self._lock_name_of(self.company_id, self.environment)

    def _lock_name_of(self, company, environment):
        # One name for all logins of a company: login, refresh and revocation exclude each other.
        return f"ksef-session,{company.id},{environment}"

    def _client(self):
        """Return a client for this session's environment, for use as a context manager."""
        return self.company_id._l10n_pl_ksef_client(self.environment)

    def _of_present_context(self):
        """Return the logins of self for the NIP or unit that their company has now."""
        return self.filtered(
            lambda session: session.context_digits == session.company_id.l10n_pl_ksef_digits
        )

    def _of_company(self, principal, *conditions, limit=None):
        """Return a company's sessions in its environment, the newest first."""
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        return self.sudo().search(
            [("company_id", "=", principal.id), environment, *conditions], limit=limit
        )

    def _last_of_context(self, principal, *conditions):
        """Return the newest such session for the NIP or unit that the company has now.

        A login of the NIP or unit that it was before is not the company's any more.
        """
        return self._of_company(principal, *conditions)._of_present_context()[:1]

    def _last_failure(self, principal):
        """Return the newest session of a company if it ended badly, else none."""
        last = self._last_of_context(principal, ("state", "!=", "waiting"))
        return last.filtered(lambda session: session.state in ENDED and session.problem)

    def _is_held_up(self):
        """Return True if the certificate logs in, and its last try failed: the machine goes on."""
        return self.method == "certificate" and self.state in LOGGING_IN and bool(self.problem)

    def _hold_up(self, principal):
        """Return what keeps a company's certificate from logging in while no login lives, or False.

        Nobody has to wait for it: there will be no token before the machine's next try. What left
        no trace on the login is known from what people were told.
        """
        live = principal.with_env(self.env)._l10n_pl_ksef_session()
        if live and not live._has_ended():
            return False
        certificates = "&", ("method", "=", "certificate"), ("state", "in", LOGGING_IN)
        newest = self._last_of_context(principal, "|", ("state", "in", IN_FLIGHT), *certificates)
        if newest.method != "certificate":
            return False
        return newest.problem or self.env["l10n_pl_ksef.alert"]._told_of_end(principal)

    def _keep_stumble(self, principal):
        """Keep on a company's newest login that following it failed by an error of Odoo's own."""
        last = self._of_company(
            principal, "|", ("method", "=", "certificate"), ("activated_at", "!=", False), limit=1
        )
        if last:
            with last._exclusive() as locked:
                locked.problem = problems.local("internal")
                locked.env.cr.commit()

    def _is_refused_signature(self):
        unsent = self.state == "waiting" and not self.sudo().document_secret
        return bool(self.problem) and (self.state == "failed" or unsent)

    def _is_later_than(self, other):
        """Return True if this login was created, or sent to KSeF, after another became active.

        A file may be signed and sent days after its download.
        """
        if self.id > other.id:
            return True
        sent, activated = self.send_started_at, other.activated_at
        return bool(sent and activated and sent > activated)

    def _may_log_in_again(self):
        """Return True if a machine may follow self, the company's newest login, when it ends.

        Not if a person closed it, nor if KSeF refused the certificate that would log in again.
        """
        if self.state == "failed" and self.method == "certificate":
            if self.certificate_id == self.company_id._l10n_pl_ksef_certificate():
                return False
        return not self.closed_by_user

    def _missing_rights(self):
        """Return the rights that sending and reading invoices need and this login lacks.

        KSeF need not list the rights of the company's owner, who may do everything (docs/ksef.md
        E1). So an empty list means that nothing is missing.
        """
        if not self.rights:
            return []
        present = set(self.rights.split(","))
        return [right for right in NEEDED_RIGHTS if right not in present]

    def _live_challenges(self):
        """Return the sessions of self whose file may still be signed."""
        waiting = ("state", "=", "waiting")
        return self.filtered_domain([waiting, ("challenge_expires_at", ">", self._now())])

    def _request_document(self):
        """Return the document to be signed, AuthTokenRequest.xml, in bytes."""
        self.ensure_one()
        return auth_token_request.build(self.challenge, self._login_context(), self.subject_type)

    def _login_context(self):
        """Return the company or unit that this login is for."""
        return auth_token_request.Context(self.context_type, self.context_value)

    def _end(self, state, **values):
        """Store a final state and forget the secrets."""
        self.write(
            {
                "state": state,
                "document_secret": False,
                "authentication_token_secret": False,
                "access_token_secret": False,
                "refresh_token_secret": False,
                "next_attempt": False,
                "renew_at": False,
                **values,
            }
        )

    @event
    def _give_way(self):
        """End logins on their way that another login of the company has replaced."""
        self._end("revoked", problem=False)

    @event
    def _give_up_secrets(self):
        """End logins whose secrets this database cannot use any more."""
        self._end("revoked", revoke_requested=False, problem=False)

    def _whose(self):
        return {
            "login": self.method,
            "signer": self.signer_name or "",
            "company": self.company_id.name,
        }

    def write(self, vals):
        """Leave a line in the audit for each change of a login's state, whoever makes it."""
        if "user_id" in vals:
            vals = {**vals, "address": self.env["l10n_pl_ksef.audit"]._address()}
        changing = self if {"state", "problem"} & set(vals) else self.browse()
        before = {session: (session.state, session.problem) for session in changing}
        result = super().write(vals)
        if "user_id" in vals:
            for session in self:
                session._audit("signed", consent=session.consent_text)
        for session in changing:
            session._audit_change(*before[session])
        return result

    def _audit_change(self, old_state, old_problem):
        # A file that nobody signed is no login that could be disconnected.
        unsigned = old_state == "waiting" and self.method == "signature"
        if unsigned and self.state == "revoked":
            return
        if self.state != old_state and self._audit_event():
            self._audit(self._audit_event())
        elif self.state == "waiting" and self.problem and not old_problem:
            # A refused document, or a login with the certificate that begins again.
            self._audit("failure")

    def _audit_event(self):
        if self.state == "active":
            return "login" if self.method == "signature" else "renewal"
        if self.state == "revoked" and self.closed_by_user:
            return "disconnected"
        if self.state == "revoked":
            return "ended" if self.problem else "closed"
        return {"failed": "failure", "expired": "expired"}.get(self.state)

    def _audit(self, event_name, **values):
        """Leave a line about this login; some values may differ from the login's."""
        # What a signature brings about may happen later, in the scheduled action.
        signer = {"user_id": self.user_id.id, "address": self.address}
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            event_name,
            **{
                "environment": self.environment,
                "signer_name": self.signer_name,
                "signer_masked": self.signer_masked,
                "signature": self.signer_kind,
                "reference": self.reference_number,
                "detail": problems.technical(self.env, self.problem),
                **(signer if event_name in ("signed", "login") else {}),
                **values,
            },
        )
