from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_time

from ...tools import auth_token_request, nip
from ..base import problems
from ..base.const import ENVIRONMENT_LABELS
from ..base.steps import event
from .states import ENDED, IN_FLIGHT, LOGGING_IN, SESSION

# What must be true for the green tick (docs/journey.md 1).
NEEDED_RIGHTS = ("InvoiceWrite", "InvoiceRead")
# The status of a login whose owner has no rights to the company (docs/ksef.md A1-415).
NO_RIGHTS_THERE = 415

# Which logins answer a question about a company: conditions for the newest one.
STANDS_ON = (("state", "=", "active"), ("revoke_requested", "=", False))
TRIED = (("state", "!=", "waiting"),)
WORKED = (("activated_at", "!=", False),)
COUNTS = ("|", *WORKED, ("closed_by_user", "=", True))
# Logins that reached KSeF, or that a machine began: of the newest one people are told.
BEGUN = ("|", ("method", "=", "certificate"), ("reference_number", "!=", False))
# What a login is for; only one for the connection gives others its tokens (docs/design.md 21).
CONNECT = "connect"
PURPOSES = [
    (CONNECT, "Connection"),
    ("grant", "Giving the office rights"),
    ("take_back", "Taking the office's rights back"),
    ("office", "The office's own check"),
]
# What people sign for; the office logs in by itself.
OF_SIGNERS = [one for one in PURPOSES if one[0] != "office"]
# The audit names for these who began the login, whoever does its steps.
BEGUN_BY_A_PERSON = ("signed", "login", "renewal", "failure", "errand")


class L10n_Pl_KsefSession(models.Model):
    """One login to KSeF, from the file that waits for a signature to the end of its tokens."""

    _name = "l10n_pl_ksef.session"
    _description = "KSeF session"
    _inherit = ["l10n_pl_ksef.step.mixin"]
    # The newest login is the one that came further last: a file is sent long after it is made.
    _order = "moved_at desc, id desc"
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
    purpose = fields.Selection(PURPOSES, required=True, readonly=True, default=CONNECT)
    certificate_id = fields.Many2one(
        "l10n_pl_ksef.certificate", readonly=True, index="btree_not_null", ondelete="set null"
    )
    # Of a login for one task: what is given or taken back, or whose check it is.
    grant_id = fields.Many2one(
        "l10n_pl_ksef.grant", readonly=True, index="btree_not_null", ondelete="set null"
    )
    office_id = fields.Many2one(
        "l10n_pl_ksef.office", readonly=True, index="btree_not_null", ondelete="set null"
    )
    # Only through the page of this request its file comes back.
    request_id = fields.Many2one(
        "l10n_pl_ksef.request", readonly=True, index="btree_not_null", ondelete="set null"
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
    # No secret either: what a person signed, for whom, where and to what end.
    statement_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    refresh_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_valid_until = fields.Datetime(readonly=True, copy=False)
    refresh_valid_until = fields.Datetime(string="Expiry date", readonly=True, copy=False)
    refresh_retry_at = fields.Datetime(readonly=True, copy=False)
    # Who wanted to send got no token, while no step of the login was due.
    refresh_failed_at = fields.Datetime(readonly=True, copy=False)

    send_started_at = fields.Datetime(readonly=True, copy=False)
    redeem_started_at = fields.Datetime(readonly=True, copy=False)
    activated_at = fields.Datetime(readonly=True, copy=False)
    # When it was begun, sent or let in, whichever came last.
    moved_at = fields.Datetime(string="Last step", compute="_compute_moved_at", store=True)
    renew_at = fields.Datetime(readonly=True, copy=False, index="btree_not_null")
    # Whoever plans the renewal has not seen this certificate log the company in.
    renewal_untried = fields.Boolean(readonly=True, copy=False)
    # Another login has replaced this one, or a person wants it closed.
    revoke_requested = fields.Boolean(readonly=True, copy=False)
    restarts = fields.Integer(readonly=True, copy=False)
    # 401 in a row, while a login for one task is being closed.
    unclear_refusals = fields.Integer(readonly=True, copy=False)
    closed_by_user = fields.Boolean(string="Disconnected by hand", readonly=True, copy=False)

    user_id = fields.Many2one("res.users", string="Connected by", readonly=True, copy=False)
    address = fields.Char(string="Signed request came from", readonly=True, copy=False)
    consent_at = fields.Datetime(string="Consent to the certificate", readonly=True, copy=False)
    consent_text = fields.Text(readonly=True, copy=False)
    consent_offline = fields.Boolean(
        string="Consent names the certificate for offline invoices", readonly=True, copy=False
    )
    signer_name = fields.Char(readonly=True, copy=False)
    signer_kind = fields.Char(readonly=True, copy=False)
    signer_masked = fields.Char(string="Signer's identifier", readonly=True, copy=False)
    rights = fields.Char(string="Rights at KSeF", readonly=True, copy=False)
    rights_checked_at = fields.Datetime(readonly=True, copy=False)
    lacks_rights = fields.Boolean(compute="_compute_lacks_rights", store=True)
    problem_text = fields.Char(string="What went wrong", compute="_compute_problem_texts")
    problem_action = fields.Char(string="What to do", compute="_compute_problem_texts")
    problem_technical = fields.Char(string="For support", compute="_compute_problem_texts")
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
        "(company_id, environment, purpose)"
        f" WHERE (method = 'certificate' AND state IN {LOGGING_IN})",
        "This company is already logging in with its certificate.",
    )

    @api.depends("activated_at", "send_started_at", "signer_name")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        for session in self:
            moment = session.activated_at or session.send_started_at or session.create_date
            session.display_name = session.env._(
                "Connection %(date)s %(time)s%(signer)s",
                date=format_date(session.env, moment),
                time=format_time(session.env, moment, time_format="short"),
                signer=f", {session.signer_name}" if session.signer_name else "",
            )

    def _number(self):
        """Return whom this login is for, as sentences name it."""
        value = self.context_value or ""
        unit = value if self.context_type == "InternalId" else ""
        return problems.number(self.env, unit, nip.formatted(value))

    @api.depends("problem", "signer_name", "context_type", "context_value")
    @api.depends_context("lang", "tz")
    def _compute_problem_texts(self):
        for session in self:
            told = session.problem and problems.texts(
                session.env,
                session.problem,
                nip=session._number(),
                signer=session.signer_name or "",
            )
            session.problem_text = told and told["text"]
            session.problem_action = told and told["action"]
            session.problem_technical = told and told["technical"]

    @api.depends("activated_at", "send_started_at")
    def _compute_moved_at(self):
        for session in self:
            came = session.activated_at or session.send_started_at
            session.moved_at = came or session.moved_at or session._now()

    def _init_column(self, column_name):
        """Say of the logins of an older version when each was begun, sent or let in."""
        if column_name != "moved_at":
            super()._init_column(column_name)
            return
        self.env.cr.execute(
            "UPDATE l10n_pl_ksef_session"
            " SET moved_at = COALESCE(activated_at, send_started_at, create_date)"
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
        # All else is read under the lock.
        self.fetch(["company_id", "environment"])
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

    def _is_of_today(self):
        """Return True if this login is for the number and the environment of its company now."""
        environment = self.company_id.l10n_pl_ksef_environment
        return bool(self._of_present_context()) and self.environment == environment

    def _of_company(self, principal, *conditions, limit=None):
        """Return a company's sessions in its environment, the newest first.

        Not those for one task: they are no part of its connection.
        """
        environment = ("environment", "=", principal.l10n_pl_ksef_environment)
        own = ("company_id", "=", principal.id), ("purpose", "=", CONNECT)
        return self.sudo().search([*own, environment, *conditions], limit=limit)

    def _last_of_context(self, principal, *conditions):
        """Return the newest such session for the NIP or unit that the company has now.

        A login of the NIP or unit that it was before is not the company's any more.
        """
        return self._of_company(principal, *conditions)._of_present_context()[:1]

    def _newest_of(self, principals, *conditions):
        """Return the newest such session of many companies, as _last_of_context does of one.

        :return dict: by the company; one without such a session has no entry
        """
        own = [("company_id", "in", principals.ids), ("purpose", "=", CONNECT)]
        self.flush_model(["moved_at"])
        query = SQL(
            """
              SELECT DISTINCT ON (company_id, environment, context_digits)
                     company_id, environment, context_digits, id
                FROM l10n_pl_ksef_session
               WHERE id IN %s
            ORDER BY company_id, environment, context_digits, moved_at DESC, id DESC
            """,
            self.sudo()._search([*own, *conditions]).subselect(),
        )
        found = {tuple(key): number for *key, number in self.env.execute_query(query)}
        numbers = {}
        for one in principals:
            key = (one.id, one.l10n_pl_ksef_environment, one.l10n_pl_ksef_digits or None)
            if key in found:
                numbers[one] = found[key]
        return dict(zip(numbers, self.sudo().browse(numbers.values()), strict=True))

    def _last_failure(self, principal):
        """Return the newest session of a company if it ended badly, else none."""
        return self._last_of_context(principal, *TRIED)._ended_badly()

    def _ended_badly(self):
        """Return those of self that ended with a problem.

        Who has disconnected the company need not hear of it.
        """
        return self.filtered(
            lambda one: one.state in ENDED and one.problem and not one.closed_by_user
        )

    def _last_that_counts(self, principal):
        """Return the newest session of a company that worked, or that a person ended."""
        return self._last_of_context(principal, *COUNTS)

    def _is_held_up(self):
        """Return True if the certificate logs in, and its last try failed: the machine goes on."""
        return self.method == "certificate" and self.state in LOGGING_IN and bool(self.problem)

    def _hold_up(self, principal):
        """Return what keeps a company's login from coming about while none lives, or False.

        Nobody has to wait for it: there will be no token before the machine's next try. What left
        no trace on a certificate's login is known from what people were told.
        """
        live = principal.with_env(self.env)._l10n_pl_ksef_session()
        if live and not live._has_ended():
            return False
        certificates = "&", ("method", "=", "certificate"), ("state", "in", LOGGING_IN)
        newest = self._last_of_context(principal, "|", ("state", "in", IN_FLIGHT), *certificates)
        by_machine = newest.method == "certificate"
        told = by_machine and self.env["l10n_pl_ksef.alert"]._told_of_end(principal)
        return newest.problem or told

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
        """Return True if this login was begun, or sent to KSeF, after another; or without one."""
        return not other or (self.moved_at, self.id) > (other.moved_at, other.id)

    def _may_log_in_again(self):
        """Return True if a machine may follow self, the company's newest login, when it ends.

        Not if a person closed it, nor if KSeF refused the certificate that would log in again.
        """
        if self.state == "failed" and self.method == "certificate":
            own = self.company_id._l10n_pl_ksef_certificate()
            if self.certificate_id == own or (not own and self._was_denied()):
                return False
        return not self.closed_by_user

    def _was_denied(self):
        """Return True if KSeF said that whoever logged in has no rights to the company."""
        return problems.is_one(self.problem, "auth_status", NO_RIGHTS_THERE)

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
                "statement_secret": False,
                "access_token_secret": False,
                "refresh_token_secret": False,
                "next_attempt": False,
                "renew_at": False,
                **values,
            }
        )
        self._tell_the_office()

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
                came = session.request_id._as_detail()
                session._audit("signed", consent=session.consent_text, detail=came, problem=False)
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
        if self.purpose == "office":
            # Once a day, and of no company's connection.
            return None
        if self.state == "opened":
            return "errand"
        if self.state == "active":
            return "login" if self.method == "signature" else "renewal"
        if self.state == "revoked" and self.closed_by_user:
            return "disconnected"
        if self.state == "revoked":
            return "ended" if self.problem else "closed"
        return {"failed": "failure", "expired": "expired"}.get(self.state)

    def _audit(self, event_name, **values):
        """Leave a line about this login; some values may differ from the login's."""
        # What a person began may happen later, in the scheduled action.
        began = {"user_id": self.user_id.id, "address": self.address}
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            event_name,
            **{
                "environment": self.environment,
                "signer_name": self.signer_name,
                "signer_masked": self.signer_masked,
                "signature": self.signer_kind,
                "reference": self.reference_number,
                "problem": problems.of_audit(self.problem, self.context_value),
                **(began if self.user_id and event_name in BEGUN_BY_A_PERSON else {}),
                **values,
            },
        )
