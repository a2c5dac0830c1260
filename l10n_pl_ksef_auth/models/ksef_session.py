from datetime import timedelta

from odoo import api, fields, models

from ..tools import auth_token_request, nip
from . import ksef_problem

ENVIRONMENT_LABELS = [
    ("production", "Production"),
    ("demo", "Demo (pre-production)"),
    ("test", "Test"),
]
# KSeF was seen to say "in progress" for half an hour (docs/ksef.md A1-100).
LONG_VERIFICATION = timedelta(minutes=2)
IN_FLIGHT = ("submitted", "authorized")
LOGGING_IN = ("waiting", *IN_FLIGHT)
# What must be true for the green tick (docs/journey.md 1).
NEEDED_RIGHTS = ("InvoiceWrite", "InvoiceRead")
NO_RIGHTS = "none"


class L10n_Pl_KsefSession(models.Model):
    """One login to KSeF, from the file that waits for a signature to the end of its tokens."""

    _name = "l10n_pl_ksef.session"
    _description = "KSeF session"
    _inherit = ["l10n_pl_ksef.step.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "reference_number"

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
        [
            ("waiting", "Waiting for the signature"),
            ("submitted", "Being verified"),
            ("authorized", "Verified"),
            ("active", "Connected"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    challenge = fields.Char(readonly=True, copy=False)
    challenge_expires_at = fields.Datetime(readonly=True, copy=False)
    reference_number = fields.Char(readonly=True, copy=False, index="btree_not_null")
    warning = fields.Char(string="KSeF's warning", readonly=True, copy=False)

    document_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    authentication_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    refresh_token_secret = fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    access_valid_until = fields.Datetime(readonly=True, copy=False)
    refresh_valid_until = fields.Datetime(string="Expiry date", readonly=True, copy=False)

    send_started_at = fields.Datetime(readonly=True, copy=False)
    redeem_started_at = fields.Datetime(readonly=True, copy=False)
    activated_at = fields.Datetime(readonly=True, copy=False)
    renew_at = fields.Datetime(readonly=True, copy=False, index="btree_not_null")
    revoke_requested = fields.Boolean(readonly=True, copy=False)
    restarts = fields.Integer(readonly=True, copy=False)
    closed_by_user = fields.Boolean(string="Disconnected by hand", readonly=True, copy=False)

    user_id = fields.Many2one("res.users", string="Connected by", readonly=True, copy=False)
    consent_at = fields.Datetime(string="Consent to the certificate", readonly=True, copy=False)
    consent_text = fields.Text(readonly=True, copy=False)
    signer_name = fields.Char(readonly=True, copy=False)
    signer_kind = fields.Char(readonly=True, copy=False)
    signer_masked = fields.Char(string="Signer's identifier", readonly=True, copy=False)
    rights = fields.Char(string="Rights at KSeF", readonly=True, copy=False)
    rights_checked_at = fields.Datetime(readonly=True, copy=False)
    lacks_rights = fields.Boolean(compute="_compute_lacks_rights", store=True)

    _one_certificate_login = models.UniqueIndex(
        "(company_id, environment) WHERE (method = 'certificate'"
        " AND state IN ('waiting', 'submitted', 'authorized'))",
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
        """A client for this session's environment; used as a context manager."""
        return self.company_id._l10n_pl_ksef_client(self.environment)

    def _of_present_context(self):
        """The logins of self that are for the NIP or unit that their company has now."""
        return self.filtered(
            lambda session: session.context_digits == session.company_id.l10n_pl_ksef_digits
        )

    def _of_company(self, owner, *conditions, limit=None):
        """Return a company's logins in its environment, the newest first.

        :param owner: the company that owns the connection
        :param conditions: of a search domain
        :param int limit: how many at most
        """
        environment = ("environment", "=", owner.l10n_pl_ksef_environment)
        return self.sudo().search(
            [("company_id", "=", owner.id), environment, *conditions], limit=limit
        )

    def _last_of_context(self, owner, *conditions):
        """Return the newest such login for the NIP or unit that the company has now."""
        return self._of_company(owner, *conditions)._of_present_context()[:1]

    def _last_failure(self, owner):
        """Return the newest login of a company if it ended badly, else none."""
        last = self._last_of_context(owner, ("state", "!=", "waiting"))
        return last.filtered(
            lambda session: session.state in ("failed", "revoked", "expired") and session.problem
        )

    def _is_refused_signature(self):
        unsent = self.state == "waiting" and not self.sudo().document_secret
        return bool(self.problem) and (self.state == "failed" or unsent)

    def _is_later_than(self, other):
        """Whether self was made, or sent, after another login: a signed file may wait for long."""
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
        """The rights that sending and reading invoices need and this login lacks.

        An empty list is an owner's, whose rights are no grants: nobody without any right gets in.
        """
        if not self.rights:
            return []
        present = set(self.rights.split(","))
        return [right for right in NEEDED_RIGHTS if right not in present]

    def _live_challenges(self):
        """The sessions of self whose file may still be signed."""
        now = self._now()
        return self.filtered(
            lambda session: (
                session.state == "waiting"
                and session.challenge_expires_at
                and session.challenge_expires_at > now
            )
        )

    def _request_document(self):
        """The document to be signed: AuthTokenRequest.xml, in bytes."""
        self.ensure_one()
        context = auth_token_request.Context(self.context_type, self.context_value)
        return auth_token_request.build(self.challenge, context, self.subject_type)

    def _outcome(self):
        """How a login that was sent stands, for the window that waits for it.

        :return dict: result, verifying, back_to (the step to go back to), problem
        """
        if self.state == "active":
            checked = bool(self.rights_checked_at)
            result = checked and ("limited" if self._missing_rights() else "connected")
            return self._outcome_values(result=result, verifying=not checked)
        if self.state == "waiting" and not self.sudo().document_secret:
            # Refused; or not even taken over, because another worker was at it for too long.
            problem = self.problem or ksef_problem.local("busy")
            return self._outcome_values(back_to="upload", problem=problem)
        if self.state in ("failed", "revoked", "expired"):
            return self._outcome_values(back_to="download")
        return self._outcome_values(verifying=True)

    def _outcome_values(self, result=False, verifying=False, back_to=False, problem=None):
        since = self.send_started_at
        return {
            "result": result,
            "back_to": back_to,
            "problem": problem or self.problem,
            "verifying": verifying
            and {
                "since": fields.Datetime.to_string(since) if since else False,
                "long": bool(since) and self._now() - since > LONG_VERIFICATION,
            },
        }

    def _forget_secrets(self, **values):
        """Store a final outcome and drop what is of no use any more."""
        self.write(
            {
                "document_secret": False,
                "authentication_token_secret": False,
                "access_token_secret": False,
                "refresh_token_secret": False,
                "next_attempt": False,
                "renew_at": False,
                **values,
            }
        )
