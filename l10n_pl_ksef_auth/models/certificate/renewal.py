import logging
import random
from datetime import timedelta

from odoo import Command, models

from ...tools.errors import KsefRefused
from ...tools.vault import VaultCorrupt
from ...tools.x509_support import digest_of
from ..base.locks import also_locked
from ..base.steps import event
from ..session.states import LOGGING_IN
from ..vault.vault import read_secret
from .certificate import LOGIN, OFFLINE
from .states import ON_THE_WAY, VALID

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

    # The successor is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.certificate"  # pylint: disable=consider-merging-classes-inherited

    def _has_ended(self):
        """Return True if the certificate is not valid any more."""
        return self.valid_to <= self._now()

    def _is_past_its_end(self):
        """Return True if it signs no more because its time is over, noticed already or not."""
        return self.state == "expired" or (self.state in VALID and self._has_ended())

    def _has_no_plan(self):
        """Return True if nobody has chosen yet when to renew it."""
        return not self.renew_at

    def _renewal_is_due(self):
        """Return True if it is time to apply for a successor."""
        return self.renew_at <= self._now()

    def _step_plan(self):
        """Choose when to renew a certificate that came without a plan."""
        self._plan()

    def _renewal_moment(self):
        """Return a moment two months before the end, not everybody's; earlier in short lives."""
        life = self.valid_to - self.valid_from
        # The last application that KSeF takes goes to the login: the other one comes before it.
        first = RENEW_SPREAD if self.usage == OFFLINE else timedelta()
        early = RENEW_BEFORE + first + RENEW_SPREAD * random.random()
        return self.valid_to - min(early, life / 3)

    def _step_expire(self):
        self._succeed(state="expired", private_key_secret=False, revoke_requested=False)
        self._plan_renewals()

    def _step_renew(self):
        """Begin the enrollment of a successor, unless one is on its way or all were refused."""
        now = self._now()
        tried = self._successors()
        if self._is_being_renewed():
            self._succeed(renew_at=now + A_DAY)
        elif len(tried.filtered(_was_the_machines)) >= MOST_APPLICATIONS:
            self._succeed(renew_at=self.valid_to)
        elif not self.company_ids or self._is_needless() or not self._can_be_renewed():
            self._succeed(renew_at=now + A_DAY)
        else:
            self._begin_successor()
            self._succeed(renew_at=now + RETRY_RENEWAL * (1 + len(tried)))

    def _begin_successor(self, **values):
        successor = self._begin_enrollment(
            self._owners_session(),
            environment=self.environment,
            usage=self.usage,
            company_ids=[Command.set(self._served_and_archived().ids)],
            user_id=self.user_id.id,
            owner_name=self.owner_name,
            consent_text=self.consent_text,
            replaces_id=self.id,
            separate=True,
            **values,
        )
        successor._wake_cron_at(self._now())
        return successor

    def _served_and_archived(self):
        """Return the companies of self, those in the archive too: they may come back."""
        return self.with_context(active_test=False).company_ids

    def _successors(self):
        return self.search([("replaces_id", "=", self.id)], order="id desc")

    def _rightful_forerunner(self):
        """Return the certificate that this one replaces, if both are one owner's; or nothing.

        What the column names, anybody may have written; the stored certificates are sealed. What
        a certificate says of its owner counts once KSeF has let it in.

        :raises VaultError: they cannot be opened on this machine
        """
        old = self.replaces_id
        one_owner = bool(old) and set(self._owner_digests()) & set(old._owner_digests())
        return old if one_owner and old._was_let_in() else old.browse()

    def _was_let_in(self):
        """Return True if KSeF issued the stored certificate to Odoo, or gave tokens for it."""
        digest = digest_of(read_secret(self, "certificate_secret"))
        if _is_sealed(self, "issued_secret", digest):
            return True
        opened = [("certificate_id", "=", self.id), ("opened_with_secret", "!=", False)]
        logins = self.env["l10n_pl_ksef.session"].sudo().search(opened)
        return any(_is_sealed(login, "opened_with_secret", digest) for login in logins)

    def _is_being_renewed(self):
        """Return True if a successor is on its way."""
        return any(item.state in ON_THE_WAY for item in self._successors())

    def _step_try(self):
        """Log one company in with the new certificate; the old one stays until that has worked.

        One for offline invoices logs nobody in: it goes into service as soon as it is valid.
        """
        trial = [("certificate_id", "=", self.id)]
        login = self.env["l10n_pl_ksef.session"].search(trial, limit=1)
        needless = self.usage == OFFLINE or not self.replaces_id._usable()
        if login.activated_at or needless:
            self._switch()
        elif login.state in LOGGING_IN:
            login._advance()
            self._succeed(next_attempt=self._now() + LOOK_AGAIN)
        elif login:
            # It stays valid at KSeF until somebody revokes it there: see the account screen.
            self._succeed(state="failed", problem=login.problem, private_key_secret=False)
        else:
            self._begin_trial()

    def _begin_trial(self):
        session = self._owners_session().filtered(lambda login: self._may_be_tried_by(login))
        self._succeed(next_attempt=self._now() + (LOOK_AGAIN if session else A_DAY))
        self.env.cr.commit()
        if session:
            session._log_in(session.company_id, certificate=self)

    def _may_be_tried_by(self, login):
        """Return True if a login's company is served, for the NIP or unit that it has now."""
        company = login.company_id
        family = self | self._rightful_forerunner()
        agreed = self._agreed_for(company, ("id", "in", family.ids))
        return company in family.company_ids and bool(agreed)

    def _switch(self):
        """Go into service, and have the forerunner revoked."""
        old = self._rightful_forerunner()
        with also_locked(self.env, old._lock_name()):
            companies = (old | self)._served_and_archived()
            self._succeed(state="active", company_ids=[Command.set(companies.ids)])
            old.agreement_ids._move_to(self)
            if old.state == "active":
                old._give_way()
        self._wake_cron_at(self._now())

    @event
    def _give_way(self):
        """Go out of service: the successor has logged in."""
        self._succeed(
            state="superseded",
            # What was loaded by hand may be in use elsewhere: it is left to end by itself. So is
            # what signed invoices: their codes are judged when somebody scans them (F-3).
            revoke_requested=self.origin == "enrolled" and self.usage == LOGIN,
            private_key_secret=False,
        )

    def _step_retire(self):
        """Revoke the old certificate at KSeF, once no login needs it."""
        if self._has_ended():
            # Its owner did not log in again to revoke it, and now nobody has to.
            self._succeed(revoke_requested=False)
            return
        under_way = [("certificate_id", "=", self.id), ("state", "in", LOGGING_IN)]
        if self.env["l10n_pl_ksef.session"].search_count(under_way, limit=1):
            self._succeed(next_attempt=self._now() + WAIT_FOR_LOGINS)
            return
        self._revoke_at_ksef(self._token(), "Superseded")
        self._succeed(revoke_requested=False)

    def _revoke_at_ksef(self, token, reason, needless=NOT_TO_BE_REVOKED):
        """Revoke it, unless KSeF answers with a code by which that is needless."""
        try:
            with self._client() as client:
                client.revoke_certificate(token, self.serial_number, reason)
        except KsefRefused as error:
            if not any(error.has(code) for code in needless):
                raise
            _logger.info("KSeF certificate %s was revoked already", self.id)


def _is_sealed(record, name, digest):
    """Return True if a record's seal is of a certificate; one that does not open proves nothing."""
    try:
        return read_secret(record, name) == digest
    except VaultCorrupt:
        return False


def _was_the_machines(successor):
    """Return True if the scheduled action, not a user, sent this application."""
    return bool(successor.send_started_at) and not successor.asked_by_id
