import logging
import random
from datetime import timedelta

from odoo import Command, models

from ...tools.const import NO_RIGHTS
from ...tools.errors import KsefRefused, KsefUnauthorized, KsefUnavailable
from ..base.locks import under_lock
from ..base.steps import event
from ..certificate.certificate import LOGIN, OFFLINE
from ..certificate.states import AT_WORK
from ..vault.vault import read_secret
from .session import BEGUN
from .statement import statement_of
from .states import LIVE, LOGGING_IN
from .token import busy

_logger = logging.getLogger(__name__)

RIGHTS_CHECK = timedelta(hours=24)
# The new login comes two days and more before the old one ends: KSeF may be down for two days.
RENEW_BEFORE = timedelta(days=2, hours=2)
RENEW_SPREAD = timedelta(hours=24)
LOOK_AGAIN = timedelta(seconds=10)
# A login that nothing has followed by then ends soon: people are told.
LAST_DAY = timedelta(days=1)
# Within this time most of KSeF's hiccups are over; nobody is told of those.
HICCUP = timedelta(hours=1)


class L10n_Pl_KsefSessionActive(models.Model):
    """A login while it lives: it is renewed in time, its rights are looked at, it is closed.

    By a login with takes_over_ids another identity takes the company's connection over. It does so
    when it works and has the rights that the company needs: until then the former identity can
    still keep the connection alive, from then on no machine logs in with its certificates again.
    """

    # What an active login does is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    def _has_ended(self):
        """Return True if KSeF gives no more access tokens for this login."""
        return self.refresh_valid_until <= self._now()

    def _is_running_out(self):
        """Return True if this login ends within a day, and the machine tries in vain to renew it.

        The one rule for panel, alerts and callers: whatever the reason is, people hear of it.
        """
        tried = self.renew_at and self.renew_at + HICCUP <= self._now()
        return bool(tried) and self.refresh_valid_until <= self._now() + LAST_DAY

    def _is_kept_open(self):
        """Return True if a certificate can be revoked only through this login, which is to go."""
        return self.revoke_requested and bool(self._heir() or self._is_needed_by_certificate())

    def _rights_are_outdated(self):
        """Return True once a day, and at the beginning."""
        return not self.rights_checked_at or self.rights_checked_at + RIGHTS_CHECK <= self._now()

    def _may_take_over(self):
        """Return True if this login takes the connection over and has the rights for it."""
        return bool(self.takes_over_ids) and not self._missing_rights()

    def _plan_renewal(self):
        """Choose when the certificate logs in again: early, and not with everybody else."""
        if self.state != "active" or self.revoke_requested:
            return
        certificate = self.company_id._l10n_pl_ksef_certificate()
        self.renewal_untried = bool(certificate) and not certificate._has_worked_for(
            self.company_id
        )
        if not certificate:
            self.renew_at = False
            return
        life = self.refresh_valid_until - self.activated_at
        early = min(RENEW_BEFORE + RENEW_SPREAD * random.random(), life / 2)
        self.renew_at = self.refresh_valid_until - early
        self._wake_cron_at(self.renew_at)

    def _after_activation(self):
        """Have older logins closed, and a certificate issued; keep what the signature agrees to."""
        older = self.search([*self._active_ones(), ("id", "!=", self.id)])
        older.write({"revoke_requested": True, "next_attempt": False, "renew_at": False})
        said = statement_of(self)
        if said and said.owner:
            self.signers_certificate_ids._agree_by_signature(self, said.owner)
        self.env["l10n_pl_ksef.certificate"]._enroll_after_login(self)
        if self._stands_on():
            self.certificate_id._of_same_owner(OFFLINE)._look_for_clients()
        self._wake_cron_at(self._now())

    def _step_check_rights(self):
        """Ask what this login may do: a login succeeds with any one right (docs/ksef.md A0-2)."""
        rights = self._ask_for_rights()
        now = self._now()
        # Rights that were there and are gone differ from an owner's, which KSeF need not list.
        gone = NO_RIGHTS if self.rights else ""
        if not self.renew_at:
            self._plan_renewal()
        self._succeed(
            rights=",".join(sorted(rights)) or gone,
            rights_checked_at=now,
            next_attempt=min(now + RIGHTS_CHECK, self.refresh_valid_until),
        )
        if self._may_take_over():
            self.next_attempt = False

    def _ask_for_rights(self):
        if not self._token_outlives():
            self._refresh()
        with self._client() as client:
            try:
                return client.personal_permissions(self._stored_token(), self._login_context())
            except KsefUnauthorized:
                # Refresh, once (docs/design.md 9): only a refusal of that ends the login.
                self._refresh()
            try:
                return client.personal_permissions(self._stored_token(), self._login_context())
            except KsefUnauthorized as error:
                raise KsefUnavailable(str(error), code="server", sent=True) from error

    def _step_stay_open(self):
        """Look again soon whether this login can be closed."""
        now = self._now()
        self._postpone_for(max(self._heir().next_attempt or now, now + LOOK_AGAIN) - now)

    def _heir(self):
        """Return the login that takes over from this one and has certificates to revoke first."""
        return self.search(
            [
                *self._active_ones(),
                ("revoke_requested", "=", False),
                ("revoke_taken_over", "=", True),
                ("takes_over_ids", "!=", False),
            ],
            limit=1,
        )

    def _is_needed_by_certificate(self):
        """Return True if a certificate that the company left is to be revoked by its owner."""
        return self.env["l10n_pl_ksef.certificate"].search_count(
            [
                ("former_company_ids", "in", self.company_id.id),
                ("environment", "=", self.environment),
                ("revoke_requested", "=", True),
                ("state", "in", AT_WORK),
            ],
            limit=1,
        )

    def _step_revoke(self):
        """Close this login at KSeF; one that was closed already is closed, too.

        A 401 may be a firewall's: it is believed only after some in a row (docs/design.md 9).
        """
        try:
            with self._client() as client:
                # KSeF takes the refresh token here: no access token has to be fetched for it.
                client.revoke_current_session(read_secret(self, "refresh_token_secret").decode())
        except KsefRefused as error:
            if error.retryable or isinstance(error, KsefUnauthorized):
                raise
            _logger.info("KSeF session %s was closed already", self.id)
        self._end("revoked", revoke_requested=False, problem=False)

    def _disconnect(self, principal):
        """Close a company's login because a person wants it closed: no machine opens another."""
        name = self._lock_name_of(principal, principal.l10n_pl_ksef_environment)
        with under_lock(self.env, name, wait_seconds=10) as env:
            if env is None:
                raise busy(self.env)
            live = self.with_env(env)._of_company(principal, ("state", "in", LIVE))
            active = live.filtered(lambda session: session.state == "active")
            (live - active)._close_by_hand()
            active.write({"revoke_requested": True, "closed_by_user": True, "next_attempt": False})
            # A failed try that is newer must not speak for the company any more.
            for conditions in ((), BEGUN):
                newest = self.with_env(env)._of_company(principal, *conditions, limit=1)
                newest.closed_by_user = True
            env.cr.commit()
            for session in active:
                session._run_due_steps()

    @event
    def _close_by_hand(self):
        """End logins on their way that a person does not want any more."""
        self._end("revoked", closed_by_user=True)

    def _step_expire(self):
        self._end("expired")
        self._wake_cron_at(self._now())

    def _step_take_over(self):
        """Have the former certificates leave the company, and revoke themselves where asked for."""
        for certificate in self.takes_over_ids | self._begun_since():
            with certificate._at_once() as locked:
                # What signed invoices is not revoked: their codes are judged later (F-3).
                revoke = self.revoke_taken_over and certificate.usage == LOGIN
                locked._leave(self.company_id, self.user_id if revoke else None)
        self._see_what_others_did()
        self._end_take_over()

    def _begun_since(self):
        """Return successors of the former certificates that began after the signature."""
        return self.takes_over_ids.search(
            [
                ("replaces_id", "in", self.takes_over_ids.ids),
                ("company_ids", "in", self.company_id.id),
            ]
        )

    def _end_take_over(self):
        numbers = ", ".join(filter(None, self.takes_over_ids.mapped("serial_number")))
        choice = "revoke" if self.revoke_taken_over else "keep"
        self._audit(
            "taken_over",
            user_id=self.user_id.id,
            address=self.address,
            detail=f"{numbers}: {choice}",
        )
        self._logins_of_former()._give_way()
        look = min(self.rights_checked_at + RIGHTS_CHECK, self.refresh_valid_until)
        self._succeed(takes_over_ids=[Command.clear()], next_attempt=look)
        self._plan_renewal()
        replaced = self.search([*self._active_ones(), ("revoke_requested", "=", True)])
        replaced.next_attempt = False
        self._wake_cron_at(self._now())

    def _logins_of_former(self):
        """Return logins on their way with a former certificate, which would take it back."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("certificate_id", "in", self.takes_over_ids.ids),
                ("state", "in", LOGGING_IN),
            ]
        )

    def _active_ones(self):
        """Return the domain of the company's active logins."""
        return [
            ("company_id", "=", self.company_id.id),
            ("environment", "=", self.environment),
            ("state", "=", "active"),
        ]
