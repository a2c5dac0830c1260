import logging
import time

from psycopg2.errors import LockNotAvailable

from odoo import models

from ..exceptions import LoginBusy, LoginNeeded
from ..tools import nip as nip_tools
from ..tools.errors import KsefUnavailable
from . import ksef_problem
from .ksef_session import IN_FLIGHT
from .res_company import CONNECT_GROUP

_logger = logging.getLogger(__name__)


class ResCompany(models.Model):
    """How an outdated token becomes a valid one: by one worker, for all of them."""

    _inherit = "res.company"

    # ------------------------------------------------------------------
    # Outdated: one worker for all
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_other_token(self, life, wait_seconds, refused=None):
        """A token that KSeF gives now, or gave to another worker a moment ago.

        :param timedelta life: how long it must live
        :param float wait_seconds: how long this may take
        :param str refused: a bearer that KSeF refused
        """
        sessions = self.env["l10n_pl_ksef.session"]
        owner = self._l10n_pl_ksef_owner()
        name = sessions._lock_name_of(owner, owner.l10n_pl_ksef_environment)
        deadline = time.monotonic() + wait_seconds
        while True:
            token, pause = self._l10n_pl_ksef_try_token(name, life, refused)
            if not token and pause is None:
                token = self._l10n_pl_ksef_await_token(name, life, refused, deadline)
            if token:
                return token
            if time.monotonic() + (pause or 0) > deadline:
                raise LoginBusy(
                    self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
                )
            time.sleep(pause or 0)

    def _l10n_pl_ksef_try_token(self, name, life, refused):
        """Do what is due, unless another worker is at it.

        :return tuple: the token or None; seconds until something is due, None when another is at it
        """
        with self.env["l10n_pl_ksef.session"]._locked(name) as env:
            if env is None:
                return None, None
            own = self.with_env(env).exists()
            try:
                return own._l10n_pl_ksef_due_token(life, refused)
            except LockNotAvailable as error:
                _logger.info("KSeF: a row that a login needs is locked for company %s", self.id)
                raise LoginBusy(
                    self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
                ) from error
            except nip_tools.InvalidNip as error:
                raise self._l10n_pl_ksef_login_needed(ksef_problem.of_nip(error)) from error
            except LoginNeeded as error:
                raise self._l10n_pl_ksef_login_needed(own._l10n_pl_ksef_last_problem()) from error

    def _l10n_pl_ksef_await_token(self, name, life, refused, deadline):
        """What the worker that is at it got, or None."""
        sessions = self.env["l10n_pl_ksef.session"]
        with sessions._after_others(name, deadline - time.monotonic()) as env:
            if env is None:
                raise LoginBusy(
                    self.env._("Odoo is just logging in to KSeF. Try again in a minute.")
                )
            session = self.with_env(env)._l10n_pl_ksef_session()
            if session._token_outlives(life) and session._access_token() != refused:
                return session._access_token()
        return None

    # ------------------------------------------------------------------
    # Under the lock, on a cursor of its own
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_due_token(self, life, refused):
        """The token of a live login, else the next step of a login on its way.

        :return tuple: the token or None; seconds until something is due
        :raises LoginNeeded: only a human can help
        """
        owner = self._l10n_pl_ksef_owner()
        session = owner._l10n_pl_ksef_session()
        if session.revoke_requested:
            raise LoginNeeded()
        token = session._live_token(life, refused) if session else None
        if token:
            return token, 0
        login = owner._l10n_pl_ksef_silent_login()
        self.env.cr.commit()
        login._run_due_steps()
        if login.state == "active":
            return login._live_token(life), 0
        if login.state in ("failed", "revoked", "expired"):
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

    def _l10n_pl_ksef_silent_login(self):
        """The login that is on its way, or a new one with the certificate.

        :raises LoginNeeded: there is none, and none may be begun by a machine
        """
        sessions = self.env["l10n_pl_ksef.session"]
        last = sessions.search(
            [
                ("company_id", "=", self.id),
                ("environment", "=", self.l10n_pl_ksef_environment),
                # Not a signature that came to nothing: it does not undo a disconnection.
                "|",
                ("method", "=", "certificate"),
                "|",
                ("activated_at", "!=", False),
                ("state", "in", IN_FLIGHT),
            ],
            limit=1,
        )
        if last.state in IN_FLIGHT and last._of_present_context():
            return last
        if not last._may_log_in_again():
            raise LoginNeeded()
        login = self._l10n_pl_ksef_certificate_login()
        if not login:
            raise LoginNeeded()
        return login

    def _l10n_pl_ksef_last_problem(self):
        """Why there is no login, as kept on the last one."""
        owner = self._l10n_pl_ksef_owner()
        last = self.env["l10n_pl_ksef.session"]._last_failure(owner)
        return last.problem or ksef_problem.local("not_connected")

    # ------------------------------------------------------------------
    # Only a human can help
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_login_needed(self, problem):
        """The exception for the user of this environment.

        :param dict problem: why, as kept on a record
        :return LoginNeeded: with a button to the window, or to the panel for who may not connect
        """
        nip = self._l10n_pl_ksef_owner()._l10n_pl_ksef_nip()
        texts = ksef_problem.texts(self.env, problem, nip=nip)
        message = " ".join(filter(None, (texts["text"], texts["action"])))
        if self.env.user.has_group(CONNECT_GROUP):
            tag, label = "l10n_pl_ksef_sign", self.env._("Refresh connection (signature)")
        else:
            tag, label = "l10n_pl_ksef_connection", self.env._("Connection to KSeF")
        action = {"type": "ir.actions.client", "tag": tag, "params": {"company_id": self.id}}
        return LoginNeeded(message, action, label)
