import logging
from contextlib import contextmanager

from odoo import Command, models
from odoo.fields import Domain

from ...exceptions import LoginNeeded
from ...tools.errors import KsefRefused, KsefUnauthorized
from ..base import problems
from ..base.locks import LockBusy
from ..base.steps import event
from .certificate import OFFLINE
from .states import WORKING_SOON

_logger = logging.getLogger(__name__)


class L10n_Pl_KsefCertificateTakeOver(models.Model):
    """A certificate whose company another identity took over: it leaves, and may be revoked."""

    # Leaving a company is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.certificate"  # pylint: disable=consider-merging-classes-inherited

    def _leave(self, company, revoke_by=None):
        """Serve a company no longer; under the certificate's lock.

        It is revoked only for a user who manages all companies that it serves.
        """
        self.write(
            {
                "company_ids": [Command.unlink(company.id)],
                "former_company_ids": [Command.link(company.id)],
            }
        )
        self.agreement_ids.filtered(lambda agreed: agreed.company_id == company).unlink()
        goes = self.state in WORKING_SOON
        if revoke_by and goes and self._serves_only(revoke_by):
            self.write({"revoke_requested": True, "next_attempt": False})
            self._wake_cron_at(self._now())

    @contextmanager
    def _at_once(self):
        """Yield this certificate under its lock, and commit, for a login whose lock is held.

        Never waits: locks are taken from certificate to login.

        :raises LockBusy: another worker is at the certificate
        """
        with self._exclusive() as locked:
            if not locked:
                raise LockBusy()
            yield locked
            locked.env.cr.commit()

    def _serve_too(self, company):
        """Serve a company from now on: a login with this certificate has worked for it.

        Not one that another identity took over while that login was on its way.

        :raises LockBusy: another worker is at the certificate
        """
        with self._at_once() as locked:
            if not locked._was_left_by(company):
                locked.company_ids = [Command.link(company.id)]

    def _serve_no_more(self, company, digits):
        """Log a company in no more: KSeF says that the owner has no rights to it.

        The last company stays with the certificate, so that somebody can see and revoke it, but
        nothing is agreed to any more.

        :raises LockBusy: another worker is at the certificate
        """
        # Whoever has no rights there signs no codes there, either (docs/ksef.md F-3).
        for certificate in self | self._of_same_owner(OFFLINE):
            with certificate._at_once() as locked:
                if locked._served_and_archived() - company:
                    locked.company_ids = [Command.unlink(company.id)]
                locked._agreements_for(company, digits).unlink()

    def _forget_keys_of(self, company):
        """Forget the keys of certificates that have served one company and no other, ever.

        An office's own certificate is the office's.

        :raises LockBusy: another worker is at one of them
        """
        served = Domain("company_ids", "in", company.ids)
        former = Domain("former_company_ids", "in", company.ids)
        keyed = Domain("private_key_secret", "!=", False)
        found = self.sudo().search((served | former) & keyed)
        offices = self.env["l10n_pl_ksef.office"].sudo()
        used = offices.search([("certificate_id", "in", found.ids)]).certificate_id
        for certificate in found - used:
            ever = certificate.with_context(active_test=False)
            if ever.company_ids | ever.former_company_ids == company:
                with certificate._at_once() as locked:
                    locked._forget_key()

    @event
    def _forget_key(self):
        """Go out of service without a successor: the company that it served is served no more."""
        self.agreement_ids.unlink()
        self.write(
            {
                "state": "forgotten",
                "private_key_secret": False,
                "revoke_requested": False,
                "next_attempt": False,
            }
        )

    def _was_left_by(self, company):
        return company in self.former_company_ids - self.company_ids

    def _serves_only(self, user):
        """Return True if all companies that it serves are a user's, those in the archive too."""
        mine = user.sudo().with_context(active_test=False).company_ids
        return self._served_and_archived() <= mine

    def _is_left(self):
        """Return True if no company waits any more for what is on its way."""
        return bool(self.former_company_ids) and not (
            self.company_ids | self.replaces_id.company_ids
        )

    def _is_left_unsent(self):
        """Return True if nobody waits for it and nothing was applied for."""
        return not self.send_started_at and self._is_left()

    def _is_left_ownerless(self):
        """Return True if nobody waits for it and its owner is not logged in to fetch it."""
        return self._is_left() and not self._owners_session()

    def _is_left_to_revoke(self):
        """Return True if nobody waits for it and the person who took over wants it revoked."""
        return self.revoke_requested and self._is_left()

    def _step_give_up(self):
        """Forget the key; what KSeF may yet issue for it can be revoked by its owner alone."""
        lost = self.revoke_requested and self.send_started_at
        problem = lost and problems.local("revocation_needs_owner")
        self._succeed(
            state="failed", problem=problem, revoke_requested=False, private_key_secret=False
        )

    def _step_keep_untried(self):
        """Keep it valid for its owner, as its forerunner; it logs nobody in."""
        self._succeed(state="active", next_attempt=self._next_look())

    def _step_revoke_left(self):
        """Revoke at KSeF, through a login that is kept open for this.

        KSeF lets nobody but the owner, or a NIP or PESEL that it links with the owner
        (KSeF's contract, POST /certificates/{certificateSerialNumber}/revoke).
        """
        try:
            self._revoke_at_ksef(self._token(), "Unspecified")
        except LoginNeeded:
            self._keep_after_all(problems.local("revocation_needs_owner"))
            return
        except KsefRefused as error:
            if error.retryable or isinstance(error, KsefUnauthorized):
                raise
            self._keep_after_all(problems.of_error(error))
            return
        self._succeed(state="revoked", revoke_requested=False, private_key_secret=False)
        self._plan_renewals()

    def _keep_after_all(self, problem):
        """Nobody can revoke it from here any more: say so, once, and go on."""
        _logger.info("KSeF certificate %s is kept: %s", self.id, problem["code"])
        self._succeed(revoke_requested=False, problem=problem, next_attempt=self._next_look())
        self._audit_certificate("revocation_failed")
