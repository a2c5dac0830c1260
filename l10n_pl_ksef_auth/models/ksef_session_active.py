import logging
import random
from datetime import timedelta

from odoo import models

from ..exceptions import LoginBusy
from ..tools.errors import KsefRefused, KsefUnauthorized, KsefUnavailable
from .ksef_session import NO_RIGHTS

_logger = logging.getLogger(__name__)

RIGHTS_CHECK = timedelta(hours=24)
# The new login comes two days and more before the old one ends: KSeF may be down for two days.
RENEW_BEFORE = timedelta(days=2, hours=2)
RENEW_SPREAD = timedelta(hours=24)


class L10n_Pl_KsefSessionActive(models.Model):
    """What is done with a login while it lives: renewed in time, its rights looked at, closed."""

    _inherit = "l10n_pl_ksef.session"

    def _due_when_active(self):
        now = self._now()
        if self.refresh_valid_until <= now:
            return self._step_expire
        if self.revoke_requested:
            return self._step_revoke
        if not self.rights_checked_at or self.rights_checked_at + RIGHTS_CHECK <= now:
            return self._step_check_rights
        return None

    def _plan_renewal(self):
        """Choose when the certificate logs in again: early, and not with everybody else."""
        if self.state != "active" or self.revoke_requested:
            return
        if not self.company_id._l10n_pl_ksef_certificate():
            self.renew_at = False
            return
        life = self.refresh_valid_until - self.activated_at
        early = min(RENEW_BEFORE + RENEW_SPREAD * random.random(), life / 2)
        self.renew_at = self.refresh_valid_until - early
        self._wake_cron_at(self.renew_at)

    def _after_activation(self):
        """What a new login brings about: older ones are closed, a certificate is asked for."""
        older = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("environment", "=", self.environment),
                ("state", "=", "active"),
                ("id", "!=", self.id),
            ]
        )
        older.write({"revoke_requested": True, "next_attempt": False, "renew_at": False})
        self.env["l10n_pl_ksef.certificate"]._enroll_after_login(self)
        self._wake_cron_at(self._now())

    def _step_check_rights(self):
        """Ask what this login may do: a login succeeds with any one right (docs/ksef.md A0-2)."""
        rights = self._ask_for_rights()
        now = self._now()
        # Rights that were there and are gone differ from an owner's, which KSeF need not list.
        gone = NO_RIGHTS if self.rights else ""
        if not self.renew_at:
            self._plan_renewal()
        self._done(
            rights=",".join(sorted(rights)) or gone,
            rights_checked_at=now,
            next_attempt=min(now + RIGHTS_CHECK, self.refresh_valid_until),
        )

    def _ask_for_rights(self):
        token = self._fresh_token()
        with self._client() as client:
            try:
                return client.personal_permissions(token)
            except KsefUnauthorized:
                # Refresh, once (docs/design.md 9): only a refusal of that ends the login.
                self._refresh()
            try:
                return client.personal_permissions(self._access_token())
            except KsefUnauthorized as error:
                raise KsefUnavailable(str(error), code="server", sent=True) from error

    def _step_revoke(self):
        """Close this login at KSeF; that it is closed already is as good."""
        try:
            with self._client() as client:
                client.revoke_current_session(self._bearer_for_revocation())
        except KsefRefused as error:
            if error.retryable:
                raise
            _logger.info("KSeF session %s was closed already", self.id)
        self._forget_secrets(state="revoked", revoke_requested=False, problem=False)

    def _disconnect(self, owner):
        """Close a company's login because a person wants it closed: no machine opens another.

        :param owner: the company that owns the connection
        """
        name = self._lock_name_of(owner, owner.l10n_pl_ksef_environment)
        with self._locked(name, wait_seconds=10) as env:
            if env is None:
                raise LoginBusy(
                    self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
                )
            live = self.with_env(env).search(
                [
                    ("company_id", "=", owner.id),
                    ("environment", "=", owner.l10n_pl_ksef_environment),
                    ("state", "in", ("waiting", "submitted", "authorized", "active")),
                ]
            )
            active = live.filtered(lambda session: session.state == "active")
            (live - active)._forget_secrets(state="revoked", closed_by_user=True)
            active.write({"revoke_requested": True, "closed_by_user": True, "next_attempt": False})
            env.cr.commit()
            for session in active:
                session._run_due_steps()

    def _bearer_for_revocation(self):
        """KSeF takes the refresh token here: no access token has to be fetched for it."""
        return self._secret_read("refresh_token_secret").decode()

    def _step_expire(self):
        self._forget_secrets(state="expired")
        self._wake_cron_at(self._now())
