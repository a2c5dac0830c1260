import logging
import time
from datetime import timedelta

from psycopg2.errors import LockNotAvailable

from odoo import models

from ...exceptions import LoginBusy, LoginNeeded
from ...tools.const import TIMEOUT
from ...tools.deadline import Deadline, deadline_of
from ...tools.errors import KsefError, KsefRateLimited, KsefUnavailable
from ...tools.http_pool import pool_of
from ...tools.vault import VaultCorrupt
from ..base import problems
from ..base.locks import after_others, under_lock
from ..base.steps import LONGEST_RETRY, naive, retry_after
from ..vault.vault import encrypted, read_secret
from .states import ENDED, HOLDING, IN_FLIGHT

_logger = logging.getLogger(__name__)

# A token must outlive the request that carries it (docs/design.md 8).
MARGIN = timedelta(seconds=TIMEOUT + 10)
# So long before its end a token is renewed, by whoever comes first; the others use the old one.
AHEAD = timedelta(minutes=2)
# A refresh that failed is not tried by everybody at once again.
PAUSE = timedelta(seconds=10)
# How long a caller needs a token that it uses at once.
AT_ONCE = timedelta()
# Seconds that the scheduled action waits for another worker: others wait for the scheduled action.
PATIENCE_IN_RUN = 2
# Seconds before another worker that let go of the lock without a token is relieved.
RESPITE = 0.05


def busy(env):
    """Return the exception for a caller who has waited long enough for another worker.

    :param env: the reader's environment
    """
    return LoginBusy(env._("Odoo is just logging in to KSeF. Try again in a minute."))


def await_token(env, name, attempt, look, wait_seconds):
    """Get a token from KSeF, or the one that another worker gets meanwhile: the one wait loop.

    :param env: the caller's environment
    :param str name: the lock of the company's logins
    :param attempt: does what is due, in an environment under the lock; returns the token or None,
        and the seconds until something is due
    :param look: returns the token that another worker stored, or None, in a fresh environment
    :param float wait_seconds: how long this may take
    :return str: the bearer
    :raises LoginBusy: it takes longer
    """
    deadline = Deadline(wait_seconds)
    while True:
        token, pause = _try_once(env, name, attempt, look, deadline)
        if token:
            return token
        if pause > deadline.left:
            raise busy(env)
        time.sleep(pause)


def _try_once(env, name, attempt, look, deadline):
    limited = env(context={**env.context, **deadline.context()})
    with under_lock(limited, name) as locked_env:
        if locked_env:
            try:
                return attempt(locked_env)
            except LockNotAvailable as error:
                _logger.info("%s: a row that a login needs is locked", name)
                raise busy(env) from error
    with after_others(env, name, deadline.left) as fresh:
        if fresh is None:
            raise busy(env)
        return look(fresh), RESPITE


class L10n_Pl_KsefSessionToken(models.Model):
    """The access token of a login, renewed by one worker for all."""

    # The access token is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.session"  # pylint: disable=consider-merging-classes-inherited

    # ------------------------------------------------------------------
    # For callers outside the login's own steps
    # ------------------------------------------------------------------
    def _shared_token(self, wait_seconds=20):
        """Return the access token of this login, refreshed if it has to be.

        :raises KsefError: KSeF did not give one
        :raises LoginBusy: another worker did not finish in time
        :raises LoginNeeded: the login has ended
        """
        if self._token_outlives():
            return self._stored_token()
        if not self:
            raise LoginNeeded()
        if pool_of():
            wait_seconds = min(wait_seconds, PATIENCE_IN_RUN)
        return await_token(
            self.env,
            self._lock_name(),
            lambda env: self._read_again(env)._live_or_needed(),
            lambda env: self._read_again(env)._token_if_good(),
            wait_seconds,
        )

    def _live_or_needed(self):
        token = self._live_token() if self.state == "active" else None
        if not token:
            raise LoginNeeded()
        return token, 0

    def _renew_ahead(self, life, wait_seconds):
        """Renew a token that still serves, unless another worker is at it; failures can wait."""
        if wait_seconds <= 0:
            return
        deadline = Deadline(wait_seconds)
        with self.with_context(**deadline.context())._exclusive() as locked:
            if locked and locked.state == "active":
                try:
                    locked._live_token(life + AHEAD)
                except KsefError as error:
                    _logger.info("%s: not renewed ahead of need: %s", self, error)

    # ------------------------------------------------------------------
    # What is stored
    # ------------------------------------------------------------------
    def _token_outlives(self, life=AT_ONCE):
        """Return True if the stored token lives longer than a timedelta and the margin."""
        until = self.access_valid_until
        return self.state in HOLDING and bool(until) and until > self._now() + life + MARGIN

    def _stored_token(self):
        return read_secret(self, "access_token_secret").decode()

    def _token_if_good(self, life=AT_ONCE, refused=None):
        """Return the stored token if it lives long enough and is not the one that KSeF refused."""
        if not self._token_outlives(life):
            return None
        token = self._stored_token()
        return token if token != refused else None

    # ------------------------------------------------------------------
    # Under the lock of the company's logins, on a cursor of its own
    # ------------------------------------------------------------------
    def _due_token(self, principal, life, refused=None):
        """Return the token of a company's live login, else do the next step of a new login.

        :param str refused: a bearer that KSeF refused although its time was not over
        :return tuple: the token or None; the seconds until something is due
        :raises LoginNeeded: only a human can help, or the machine's tries fail
        """
        session = principal._l10n_pl_ksef_session()
        token = session._live_token(life, refused) if session else None
        if token:
            return token, 0
        login = self._silent_login(principal)
        self.env.cr.commit()
        if not self._hold_up(principal):
            login._run_due_steps()
        elif not login.next_attempt:
            # It was never tried: what holds it up may have been mended since.
            login._wake_cron_at(self._now())
            self.env.cr.commit()
        if login.state == "active":
            return login._live_token(life), 0
        if login.state in ENDED or self._hold_up(principal):
            raise LoginNeeded()
        left = login.next_attempt and (login.next_attempt - login._now()).total_seconds()
        if login.problem and login.problem.get("kind") == "outage":
            raise KsefUnavailable(
                "KSeF did not answer a login",
                code=login.problem["code"],
                sent=bool(login.problem.get("sent")),
                retry_after=left or None,
            )
        return None, max(left or 0, 0.2)

    def _silent_login(self, principal):
        """Return the company's login that is on its way, or begin one with its certificate."""
        last = self._of_company(
            principal,
            # Not a signature that came to nothing: it does not undo a disconnection.
            "|",
            ("method", "=", "certificate"),
            "|",
            ("activated_at", "!=", False),
            ("state", "in", IN_FLIGHT),
            limit=1,
        )
        if last.state in IN_FLIGHT and last._of_present_context():
            return last
        login = last._may_log_in_again() and self._certificate_login(principal)
        if not login:
            raise LoginNeeded()
        return login

    def _live_token(self, life=AT_ONCE, refused=None):
        """Return the access token, refreshed if it has to be; None if KSeF has ended this login.

        The end is committed then. When KSeF gives no other token, one that dies sooner than asked
        for has to do.
        """
        self.ensure_one()
        token = self._token_if_good(life, refused)
        if token:
            return token
        if self._has_ended():
            self._run_step("_step_expire")
            return None
        deadline = deadline_of(self.env.context)
        if deadline and deadline.left <= 0:
            # The caller's time is over: that is no outage of KSeF's, for which others would wait.
            token = self._token_if_good(refused=refused)
            if token:
                return token
            raise busy(self.env)
        try:
            going_on = self._run_refresh()
        except KsefError:
            token = self._token_if_good(refused=refused)
            if not token:
                raise
            return token
        return self._stored_token() if going_on else None

    def _run_refresh(self):
        """Refresh; if KSeF refuses, commit what that means, and return False if it is the end."""
        try:
            self._refresh()
        except (KsefRateLimited, KsefUnavailable):
            raise
        except (KsefError, VaultCorrupt) as error:
            self._refuse(error)
            ended = self.state != "active"
            if ended:
                self._wake_cron_at(self._now())
            self.env.cr.commit()
            if not ended:
                raise
            _logger.info("%s has ended: %s", self, error)
            return False
        return True

    def _respect_pause(self):
        """Raise if KSeF has failed to refresh a moment ago, or asked Odoo to wait."""
        left = self.refresh_retry_at and self.refresh_retry_at - self._now()
        if left and left > timedelta():
            raise KsefUnavailable(
                "KSeF failed to refresh a moment ago",
                code="server",
                sent=False,
                retry_after=left.total_seconds(),
            )

    def _refresh(self):
        """Ask KSeF for another access token, and commit it; after a failure all wait a while."""
        self._respect_pause()
        try:
            with self._client() as client:
                access = client.refresh(read_secret(self, "refresh_token_secret").decode())
        except (KsefRateLimited, KsefUnavailable) as error:
            self._pause_refresh(error)
            raise
        valid_until = naive(access.valid_until)
        values = encrypted(self, access_token_secret=access.token.encode())
        del access
        # KSeF may give the token that it gave before (docs/design.md 9): then wait a while.
        same = valid_until <= (self.access_valid_until or valid_until - PAUSE)
        mended = {"attempts": 0, "problem": False} if self.refresh_retry_at else {}
        self.write(
            {
                **values,
                "access_valid_until": valid_until,
                "refresh_retry_at": self._now() + PAUSE if same else False,
                "refresh_failed_at": False,
                **mended,
            }
        )
        # A step that fails after this must not refresh again.
        self.env.cr.commit()

    def _pause_refresh(self, error):
        """Have nobody refresh for a while; the panel tells of it if KSeF has asked for that."""
        asked = min(retry_after(error), LONGEST_RETRY)
        self.refresh_retry_at = self._now() + max(PAUSE, asked)
        if asked > PAUSE:
            self.problem = problems.of_error(error, put_off_until=self.refresh_retry_at)
        if isinstance(error, KsefUnavailable):
            # The scheduled action asks the Ministry why; no step of its own may be due for hours.
            self.refresh_failed_at = self._now()
            self._wake_cron_at(self._now())
        self.env.cr.commit()
