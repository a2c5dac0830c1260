import logging

from odoo import fields, models

from ..exceptions import LoginNeeded
from ..tools.errors import KsefRefused, KsefUnauthorized
from . import ksef_problem
from .ksef_certificate_renewal import NOT_TO_BE_REVOKED

_logger = logging.getLogger(__name__)


class L10n_Pl_KsefCertificateTakeOver(models.Model):
    """A certificate whose company another identity took over: it leaves, and may be revoked."""

    _inherit = "l10n_pl_ksef.certificate"

    former_company_ids = fields.Many2many(
        "res.company",
        "l10n_pl_ksef_certificate_former_company_rel",
        "certificate_id",
        "company_id",
        string="Companies that another identity took over",
        readonly=True,
        copy=False,
    )

    def _leave(self, company, revoke_by=None):
        """Serve a company no longer; under the certificate's lock.

        What other companies depend on is revoked for nobody who does not manage all of them.

        :param company: whose connection stands on another identity now
        :param revoke_by: the user who wants the certificate revoked, or None to keep it
        """
        self.write({"company_ids": [(3, company.id)], "former_company_ids": [(4, company.id)]})
        goes = self.state == "active" or self._is_on_the_way()
        if revoke_by and goes and self._serves_only(revoke_by):
            self.write({"revoke_requested": True, "next_attempt": False})
            self._wake_cron_at(self._now())

    def _was_left_by(self, company):
        return company in self.former_company_ids - self.company_ids

    def _serves_only(self, user):
        """Whether all companies that it serves are a user's."""
        return self.company_ids <= user.sudo().company_ids

    # ------------------------------------------------------------------
    # What was on its way when the last company left
    # ------------------------------------------------------------------
    def _due_step(self):
        step = super()._due_step()
        if step and self._is_nobodys():
            return self._instead_of(step)
        return step

    def _is_nobodys(self):
        """Whether no company waits any more for what is on its way."""
        if not self._is_on_the_way() or not self.former_company_ids:
            return False
        return not self.company_ids | self.replaces_id.company_ids

    def _instead_of(self, step):
        """Nothing new is begun or tried out; KSeF's answer to an application is still fetched."""
        if step == self._step_try:
            return self._step_revoke_left if self.revoke_requested else self._step_keep_untried
        if step in (self._step_check, self._step_enroll) or not self._owners_session():
            return self._step_give_up
        return step

    def _take(self, certificate, der):
        result = super()._take(certificate, der)
        if self.revoke_requested:
            self.next_attempt = False
        return result

    def _step_give_up(self):
        """Forget the key; what KSeF may yet issue for it can be revoked by its owner alone."""
        lost = self.revoke_requested and self.send_started_at
        problem = lost and ksef_problem.local("revocation_needs_owner")
        self._done(
            state="failed", problem=problem, revoke_requested=False, private_key_secret=False
        )

    def _step_keep_untried(self):
        """As its forerunner, it stays valid for its owner, and logs nobody in."""
        self._done(state="active", next_attempt=self._next_look())

    # ------------------------------------------------------------------
    # The revocation that was asked for with the new signature
    # ------------------------------------------------------------------
    def _due_when_active(self):
        step = super()._due_when_active()
        ended = step == self._step_expire
        return self._step_revoke_left if self.revoke_requested and not ended else step

    def _step_revoke_left(self):
        """Revoke at KSeF, through a login that is kept open for this.

        KSeF lets nobody but the owner, or a NIP or PESEL that it links with the owner
        (KSeF's contract, POST /certificates/{certificateSerialNumber}/revoke).
        """
        try:
            token = self._token()
            with self._client() as client:
                client.revoke_certificate(token, self.serial_number, "Unspecified")
        except LoginNeeded:
            self._keep_after_all(ksef_problem.local("revocation_needs_owner"))
            return
        except KsefRefused as error:
            if error.retryable or isinstance(error, KsefUnauthorized):
                raise
            if not any(error.has(code) for code in NOT_TO_BE_REVOKED):
                self._keep_after_all(ksef_problem.of_error(error))
                return
        self._done(state="revoked", revoke_requested=False, private_key_secret=False)
        self.env.cr.commit()
        self._plan_renewals()

    def _keep_after_all(self, problem):
        """Nobody can revoke it from here any more: say so, once, and go on."""
        _logger.info("KSeF certificate %s is kept: %s", self.id, problem["code"])
        self._done(revoke_requested=False, problem=problem, next_attempt=self._next_look())
        self._audit_certificate("revocation_failed")

    def _owners_session(self):
        found = super()._owners_session()
        return found or self._login_kept_open() if self.revoke_requested else found

    def _login_kept_open(self):
        """The owner's login that the new one has replaced, until it is closed."""
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
