import logging
import random
from datetime import timedelta

from odoo import fields, models

from ..tools.errors import KsefRefused
from .ksef_session import LOGGING_IN

_logger = logging.getLogger(__name__)

# Well before the first warning (30 days): a renewal has a month to repair itself.
RENEW_BEFORE = timedelta(days=60)
RENEW_SPREAD = timedelta(days=7)
# An identity has 12 applications in all (docs/ksef.md A2-24): none for a lost cause.
MOST_APPLICATIONS = 2
RETRY_RENEWAL = timedelta(days=3)
LOOK_AGAIN = timedelta(seconds=30)
WAIT_FOR_LOGINS = timedelta(minutes=10)
A_DAY = timedelta(days=1)
# It does not exist, or is revoked, blocked or expired already (docs/ksef.md A1-25008, A1-25009).
NOT_TO_BE_REVOKED = (25008, 25009)


class L10n_Pl_KsefCertificateRenewal(models.Model):
    """From a certificate to its successor: the old one goes only when the new one has logged in."""

    _inherit = "l10n_pl_ksef.certificate"

    replaces_id = fields.Many2one(
        "l10n_pl_ksef.certificate",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    renew_at = fields.Datetime(string="Renewal", readonly=True, copy=False)
    revoke_requested = fields.Boolean(readonly=True, copy=False)

    def _due_step(self):
        step = super()._due_step()
        if step or (self.next_attempt and self.next_attempt > self._now()):
            return step
        return {
            "active": self._due_when_active,
            "blocked": self._due_when_active,
            "trying": lambda: self._step_try,
            "superseded": lambda: self._step_retire if self.revoke_requested else None,
        }.get(self.state, lambda: None)()

    def _due_when_active(self):
        now = self._now()
        if self.valid_to <= now:
            return self._step_expire
        if not self.renew_at:
            return self._step_plan
        if self.state == "active" and self.renew_at <= now:
            return self._step_renew
        return self._step_sync

    def _step_plan(self):
        self.renew_at = self._renewal_moment()
        self.next_attempt = self._next_look()

    def _renewal_moment(self):
        """Two months before the end, not on the same day as everybody's; earlier in short lives."""
        life = self.valid_to - self.valid_from
        return self.valid_to - min(RENEW_BEFORE + RENEW_SPREAD * random.random(), life / 3)

    def _step_expire(self):
        self._done(state="expired", private_key_secret=False, revoke_requested=False)
        self.env.cr.commit()
        self._plan_renewals()

    # ------------------------------------------------------------------
    # The application for a successor
    # ------------------------------------------------------------------
    def _step_renew(self):
        """Begin the enrollment of a successor, unless one is on its way or all were refused."""
        now = self._now()
        tried = self._successors()
        if any(item._is_on_the_way() for item in tried):
            self._done(renew_at=now + A_DAY)
        elif len(tried.filtered(_was_the_machines)) >= MOST_APPLICATIONS:
            self._done(renew_at=self.valid_to)
        elif not self.company_ids or not self._owners_session():
            self._done(renew_at=now + A_DAY)
        else:
            self._begin_successor()
            self._done(renew_at=now + RETRY_RENEWAL * (1 + len(tried)))

    def _begin_successor(self, **values):
        successor = self.create(
            {
                "name": self._new_name(),
                "environment": self.environment,
                "company_ids": [(6, 0, self._served_and_archived().ids)],
                "session_id": self._owners_session().id,
                "user_id": self.user_id.id,
                "owner_name": self.owner_name,
                "replaces_id": self.id,
                "separate": True,
                **values,
            }
        )
        successor._wake_cron_at(self._now())
        return successor

    def _served_and_archived(self):
        """The companies of self, those in the archive too: they may come back."""
        return self.with_context(active_test=False).company_ids

    def _successors(self):
        return self.search([("replaces_id", "=", self.id)], order="id desc")

    def _is_on_the_way(self):
        return super()._is_on_the_way() or self.state == "trying"

    def _owners_session(self):
        """Best a login that was opened with this certificate, its forerunner or its successor."""
        family = self | self.replaces_id | self._successors()
        opened = self.env["l10n_pl_ksef.session"].search(
            [
                ("certificate_id", "in", family.ids),
                ("environment", "=", self.environment),
                ("state", "=", "active"),
            ],
            limit=1,
        )
        return opened or super()._owners_session()

    def _known_here(self, digests):
        return self.browse() if self.replaces_id else super()._known_here(digests)

    def _take(self, certificate, der):
        result = super()._take(certificate, der)
        self.renew_at = self._renewal_moment()
        self.next_attempt = self._next_look()
        if self.replaces_id.state == "active":
            # A certificate may begin to be valid only later (docs/ksef.md A2-28).
            self._done(state="trying", next_attempt=max(self.valid_from, self._now()))
        return result

    # ------------------------------------------------------------------
    # The switch
    # ------------------------------------------------------------------
    def _step_try(self):
        """Log one company in with the new certificate; the old one stays until that has worked."""
        login = self._trial()
        if login.activated_at or not self.replaces_id._usable():
            self._step_switch()
        elif login.state in LOGGING_IN:
            login._advance()
            self._done(next_attempt=self._now() + LOOK_AGAIN)
        elif login:
            self._done(state="failed", problem=login.problem)
        else:
            self._begin_trial()

    def _trial(self):
        return self.env["l10n_pl_ksef.session"].search([("certificate_id", "=", self.id)], limit=1)

    def _begin_trial(self):
        served = self.company_ids | self.replaces_id.company_ids
        session = self._owners_session().filtered(lambda login: login.company_id in served)
        self._done(next_attempt=self._now() + (LOOK_AGAIN if session else A_DAY))
        self.env.cr.commit()
        if session:
            session.company_id._l10n_pl_ksef_log_in_with_certificate(certificate=self)

    def _step_switch(self):
        old = self.replaces_id
        with self._also_locked(old._lock_name()):
            companies = (old | self)._served_and_archived()
            self._done(state="active", company_ids=[(6, 0, companies.ids)])
            if old.state == "active":
                # What was loaded by hand may be in use elsewhere: it is left to end by itself.
                ours = old.origin == "enrolled"
                old._done(state="superseded", revoke_requested=ours)
        self._wake_cron_at(self._now())

    def _step_retire(self):
        """Revoke the old certificate at KSeF, once no login needs it; if it is revoked, as good."""
        if self.valid_to <= self._now():
            # Its owner did not log in again to revoke it, and now nobody has to.
            self._done(revoke_requested=False, private_key_secret=False)
            return
        if self._logins_under_way():
            self._done(next_attempt=self._now() + WAIT_FOR_LOGINS)
            return
        token = self._token()
        try:
            with self._client() as client:
                client.revoke_certificate(token, self.serial_number, "Superseded")
        except KsefRefused as error:
            if not any(error.has(code) for code in NOT_TO_BE_REVOKED):
                raise
            _logger.info("KSeF certificate %s was revoked already", self.id)
        self._done(revoke_requested=False, private_key_secret=False)

    def _logins_under_way(self):
        return self.env["l10n_pl_ksef.session"].search_count(
            [("certificate_id", "=", self.id), ("state", "in", LOGGING_IN)], limit=1
        )


def _was_the_machines(successor):
    """Whether it was applied for, and not because a person asked for it."""
    return bool(successor.send_started_at) and not successor.asked_by_id
