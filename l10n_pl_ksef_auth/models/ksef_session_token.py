from datetime import timedelta

from odoo import models

from ..tools.const import TIMEOUT
from ..tools.errors import KsefError
from .ksef_step import naive

# A token must outlive the request that carries it (design, decision 8).
MARGIN = timedelta(seconds=TIMEOUT + 10)


class LoginBusy(KsefError):
    """Another worker is talking to KSeF for this company and did not finish in time."""

    retryable = True

    def __init__(self):
        super().__init__("another worker is logging in", code="busy")


class LoginNeeded(KsefError):
    """There is no login to work with, now: a later one may serve as well."""

    retryable = True

    def __init__(self):
        super().__init__("there is no login", code="not_connected")


class L10n_Pl_KsefSessionToken(models.Model):
    """The access token of a session that is connected."""

    _inherit = "l10n_pl_ksef.session"

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
            return self._secret_read("access_token_secret").decode()
        if not self:
            raise LoginNeeded()
        with self._exclusive(wait_seconds) as own:
            if not own:
                raise LoginBusy()
            if own.state != "active":
                raise LoginNeeded()
            return own._fresh_token(life)

    def _fresh_token(self, life=timedelta()):
        """The access token, refreshed at KSeF if it would not live long enough.

        Called under the session's lock, on its own cursor: it commits (design, decision 2).

        :param timedelta life: how long the caller needs it
        :return str: the bearer
        :raises KsefError: KSeF did not give one
        """
        self.ensure_one()
        if not self._token_outlives(life):
            self._refresh()
        return self._secret_read("access_token_secret").decode()

    def _refresh(self):
        refresh_token = self._secret_read("refresh_token_secret").decode()
        with self._client() as client:
            access = client.refresh(refresh_token)
        self._secret_write(access_token_secret=access.token.encode())
        self.write({"access_valid_until": naive(access.valid_until)})
        self.env.cr.commit()
