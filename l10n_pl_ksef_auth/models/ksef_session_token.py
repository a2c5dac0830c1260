import logging
import time
from datetime import timedelta

from odoo import fields, models

from ..exceptions import LoginBusy, LoginNeeded
from ..tools.const import TIMEOUT
from ..tools.errors import KsefError, KsefRateLimited, KsefUnavailable
from .ksef_step import naive

_logger = logging.getLogger(__name__)

# A token must outlive the request that carries it (docs/design.md 8).
MARGIN = timedelta(seconds=TIMEOUT + 10)
# So long before its end a token is renewed, by whoever comes first; the others use the old one.
AHEAD = timedelta(minutes=2)
# A refresh that failed is not tried by everybody at once again.
PAUSE = timedelta(seconds=10)
# Access tokens live about 15 minutes (docs/ksef.md A0-1): more than this nobody can be promised.
LONGEST_LIFE = timedelta(minutes=10)


class L10n_Pl_KsefSessionToken(models.Model):
    """The access token of a session that is connected, renewed by one worker for all."""

    _inherit = "l10n_pl_ksef.session"

    refresh_retry_at = fields.Datetime(readonly=True, copy=False)

    def _token_outlives(self, life):
        """Whether the access token at hand lives longer than a timedelta and the margin."""
        until = self.access_valid_until
        return self.state == "active" and bool(until) and until > self._now() + life + MARGIN

    def _token_for_others(self, life=timedelta(), wait_seconds=20):
        """The access token of self, for a caller outside the session's own steps.

        :param timedelta life: how long the caller needs it
        :param float wait_seconds: how long another worker's step may take
        :return str: the bearer
        :raises KsefError: KSeF did not give one
        :raises LoginBusy: another worker did not finish in time
        :raises LoginNeeded: the login has ended
        """
        if self._token_outlives(life):
            return self._access_token()
        if not self:
            raise LoginNeeded()
        deadline = time.monotonic() + wait_seconds
        while True:
            with self._exclusive() as own:
                if own:
                    return own._token_or_login_needed(life)
            with self._after_others(self._lock_name(), deadline - time.monotonic()) as env:
                if env is None:
                    raise LoginBusy()
                own = self.with_env(env).exists()
                if own._token_outlives(life):
                    return own._access_token()

    def _token_or_login_needed(self, life):
        token = self._live_token(life) if self.state == "active" else None
        if not token:
            raise LoginNeeded()
        return token

    def _access_token(self):
        return self._secret_read("access_token_secret").decode()

    # ------------------------------------------------------------------
    # Under the session's lock, on its own cursor
    # ------------------------------------------------------------------
    def _live_token(self, life, refused=None):
        """The access token, refreshed if it has to be; None when KSeF has ended this login.

        When KSeF gives no other, one that dies sooner than asked for has to do.

        :param timedelta life: how long the caller needs it
        :param str refused: a bearer that KSeF refused although its time was not over
        :return str: the bearer, or None: the end of the login is committed
        :raises KsefError: KSeF did not give one now, and what is at hand does not do
        """
        self.ensure_one()
        if self._token_outlives(life) and self._access_token() != refused:
            return self._access_token()
        if self.refresh_valid_until <= self._now():
            self._run_step(self._step_expire)
            return None
        try:
            self._respect_pause()
            going_on = self._run_refresh()
        except (KsefRateLimited, KsefUnavailable):
            if not self._serves(refused):
                raise
            return self._access_token()
        return self._access_token() if going_on else None

    def _serves(self, refused=None):
        """Whether the token at hand does for a request that is sent at once."""
        return self._token_outlives(timedelta()) and self._access_token() != refused

    def _renew_ahead(self, life):
        """Renew a token that still serves, unless another worker is at it; failures can wait.

        :param timedelta life: how long callers need it
        """
        with self._exclusive() as own:
            if own and own.state == "active":
                try:
                    own._live_token(life + AHEAD)
                except KsefError as error:
                    _logger.info("KSeF session %s: not renewed ahead of need: %s", self.id, error)

    def _run_refresh(self):
        """Refresh; on a failure record and commit what it means, and return False or raise."""
        try:
            self._refresh()
        except (KsefRateLimited, KsefUnavailable) as error:
            asked = timedelta(seconds=error.retry_after or 0)
            self.refresh_retry_at = self._now() + max(PAUSE, asked)
            self.env.cr.commit()
            raise
        except KsefError as error:
            self._on_refusal(error)
            ended = self.state != "active"
            if ended:
                self._wake_cron_at(self._now())
            self.env.cr.commit()
            if not ended:
                raise
            _logger.info("KSeF session %s has ended at KSeF: %s", self.id, error)
            return False
        return True

    def _respect_pause(self):
        """Do not ask KSeF again right after it failed somebody else.

        :raises KsefUnavailable: with the seconds that are left
        """
        left = self.refresh_retry_at and self.refresh_retry_at - self._now()
        if left and left > timedelta():
            raise KsefUnavailable(
                "KSeF failed to refresh a moment ago",
                code="server",
                sent=False,
                retry_after=left.total_seconds(),
            )

    def _fresh_token(self, life=timedelta()):
        """The access token for a step of this session, refreshed if it would not live long enough.

        Called under the session's lock, on its own cursor: it commits (docs/design.md 2).

        :param timedelta life: how long the caller needs it
        :return str: the bearer
        :raises KsefError: KSeF did not give one
        """
        self.ensure_one()
        if not self._token_outlives(life):
            self._refresh()
        return self._access_token()

    def _refresh(self):
        refresh_token = self._secret_read("refresh_token_secret").decode()
        with self._client() as client:
            access = client.refresh(refresh_token)
        valid_until = naive(access.valid_until)
        # KSeF may give the token that it gave before (docs/design.md 9): ask no more for a while.
        same = valid_until <= (self.access_valid_until or valid_until - PAUSE)
        self._secret_write(access_token_secret=access.token.encode())
        self.write(
            {
                "access_valid_until": valid_until,
                "refresh_retry_at": self._now() + PAUSE if same else False,
            }
        )
        # Whatever becomes of what it was asked for: a step that fails then does not ask again.
        self.env.cr.commit()
