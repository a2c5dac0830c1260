import logging
from datetime import timedelta

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..exceptions import LoginBusy, LoginNeeded
from ..tools.authorised_client import AuthorisedClient
from ..tools.errors import KsefError
from ..tools.nip import InvalidNip
from ..tools.vault import VaultError
from .base import problems
from .base.locks import fresh
from .res_company import CONNECT_GROUP, PRINCIPAL_FIELDS
from .session.token import AHEAD, MARGIN, await_token
from .vault.guard import door, for_modules
from .vault.vault import open_vault, place_of

_logger = logging.getLogger(__name__)

# A caller that says nothing gets a token for one request and some work before it.
DEFAULT_LIFE = timedelta(minutes=1)
# Access tokens live about 15 minutes (docs/ksef.md A0-1): nobody can be promised more than this.
LONGEST_LIFE = timedelta(minutes=10)
# Seconds a caller waits for KSeF and for other workers: a web worker must not be blocked for long.
DEFAULT_PATIENCE = 15
# Seconds that a caller gives to the next token although the present one still serves.
PATIENCE_AHEAD = 5


class ResCompany(models.Model):
    """The stable interface for other addons: a token, or a client that has one.

    They work from a user's request, a scheduled action and a thread, for every company that the
    environment's user may use, branches included. PostgreSQL is the only coordinator: among all
    workers and machines on one database exactly one talks to KSeF when a token is outdated.
    Nothing is written in the caller's transaction and no row of it is locked, so it is never
    replayed because of us. A caller that holds ``FOR UPDATE`` on its company's row (Odoo's own
    writes do not) gets LoginBusy when a login has to be recorded meanwhile.
    """

    # What other addons call stands apart from the settings.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    @api.private
    @for_modules
    def l10n_pl_ksef_access_token(self, life=DEFAULT_LIFE, wait_seconds=DEFAULT_PATIENCE):
        """Return a valid access token of self's connection to KSeF, in its environment.

        Warm, this costs one query and no request. An outdated token is renewed, an ended login is
        followed by one with the KSeF certificate, as long as the caller is willing to wait.

        :param timedelta life: how long the token must live at least; ten minutes at most.
            Half a minute for the request that carries it comes on top.
        :param float wait_seconds: how long other workers, KSeF's answers and its check of a login
            may take together. Only an answer that KSeF gives once is waited for beyond that
        :return str: the bearer; keep it no longer than ``life``
        :raises LoginNeeded: there is no login, and only a human can help, or a machine tries in
            vain so far; the web client shows a button to the window
        :raises LoginBusy: it takes longer than ``wait_seconds``; try again
        :raises KsefError: KSeF does not answer or refuses; l10n_pl_ksef_explain gives the sentences
        :raises AccessError: the user may not use this company; or the caller is no code of a module
            that names this method
        :raises ValueError: ``life`` is longer than ten minutes
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_company()
        if life > LONGEST_LIFE:
            raise ValueError(f"KSeF's tokens live too short for {life}")
        try:
            return self._l10n_pl_ksef_stored_token(
                life, wait_seconds
            ) or self._l10n_pl_ksef_new_token(life, wait_seconds)
        except VaultError as error:
            raise self._l10n_pl_ksef_login_needed(problems.of_error(error)) from error

    @api.private
    @for_modules
    def l10n_pl_ksef_api(self, time_limit=DEFAULT_PATIENCE * 2, wait_seconds=DEFAULT_PATIENCE):
        """Return a logged-in client: ``with company.l10n_pl_ksef_api() as api: api.request(…)``.

        :param float time_limit: seconds that one request may take, with KSeF's Retry-After and
            the wait for a token
        :param float wait_seconds: as in l10n_pl_ksef_access_token
        :return AuthorisedClient: requests raise what l10n_pl_ksef_access_token does, and KsefError
        """
        self.ensure_one()
        self._l10n_pl_ksef_check_company()
        return AuthorisedClient(
            self._l10n_pl_ksef_client(),
            door(
                lambda refused, left: (
                    self._l10n_pl_ksef_new_token(DEFAULT_LIFE, min(wait_seconds, left), refused)
                    if refused
                    else self.l10n_pl_ksef_access_token(wait_seconds=min(wait_seconds, left))
                )
            ),
            time_limit,
        )

    @api.private
    def l10n_pl_ksef_explain(self, error):
        """Return what a failure means and what to do, in the user's language.

        :param Exception error: a KsefError that one of the calls above raised, such as LoginNeeded
        :return dict: text, action, technical, way_back, final
        """
        self.ensure_one()
        if isinstance(error, UserError) and not isinstance(error, LoginBusy):
            # It holds its sentences, in the user's language.
            way_back = "sign" if isinstance(error, LoginNeeded) else "none"
            told = {"text": str(error), "action": "", "technical": ""}
            return {**told, "way_back": way_back, "final": True}
        nip = self._l10n_pl_ksef_number()
        return problems.texts(self.env, problems.of_error(error), nip=nip)

    def _l10n_pl_ksef_check_company(self):
        """Refuse who may not use the company; costs no query."""
        if not self.env.su and self.id not in self.env.user._get_company_ids():
            raise AccessError(
                self.env._("You are not allowed to use this company's connection to KSeF.")
            )

    # ------------------------------------------------------------------
    # Warm: one query
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_stored_token(self, life, wait_seconds):
        """Return the stored token if it lives long enough; renew one that ends soon in passing.

        The caller's snapshot may be old: a token in it that is not outdated still serves, for KSeF
        does not take access tokens back (docs/ksef.md A2-18).
        """
        row = self._l10n_pl_ksef_token_row()
        if not row:
            return None
        session_id, secret, valid_until, retry_at = row
        session = self.env["l10n_pl_ksef.session"].browse(session_id)
        left = valid_until - session._now() - MARGIN - life if valid_until else timedelta()
        if left <= timedelta():
            return None
        if left <= AHEAD and not (retry_at and retry_at > session._now()):
            session._renew_ahead(life, min(wait_seconds, PATIENCE_AHEAD))
        place = place_of(session, "access_token_secret")
        return open_vault(self.env).decrypt(secret, place).decode()

    def _l10n_pl_ksef_token_row(self):
        """Return session id, encrypted token, its end, and when to ask KSeF again; or None."""
        self.flush_model(PRINCIPAL_FIELDS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT session.id, session.access_token_secret,
                       session.access_valid_until, session.refresh_retry_at
                  FROM res_company AS company
                  JOIN res_company AS principal ON principal.id = company.l10n_pl_ksef_principal_id
                  JOIN l10n_pl_ksef_session AS session
                    ON session.company_id = principal.id
                   AND session.environment = principal.l10n_pl_ksef_environment
                   AND session.context_digits = principal.l10n_pl_ksef_digits
                 WHERE company.id = %s AND session.state = 'active'
                   AND session.purpose = 'connect'
                   AND session.revoke_requested IS NOT TRUE
                 ORDER BY session.id DESC
                 LIMIT 1
                """,
                self.id,
            )
        )
        return rows[0] if rows else None

    # ------------------------------------------------------------------
    # Outdated: one worker for all
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_new_token(self, life, wait_seconds, refused=None):
        """Return a token that KSeF gives now, or gave to another worker a moment ago.

        :param str refused: a bearer that KSeF refused
        """
        self._l10n_pl_ksef_refuse_hold_up()
        principal = self._l10n_pl_ksef_principal()
        sessions = self.env["l10n_pl_ksef.session"]
        return await_token(
            self.env,
            sessions._lock_name_of(principal, principal.l10n_pl_ksef_environment),
            lambda env: self._l10n_pl_ksef_due_token(env, life, refused),
            lambda env: self._l10n_pl_ksef_others_token(env, life, refused),
            wait_seconds,
        )

    def _l10n_pl_ksef_others_token(self, env, life, refused):
        """Return the token that another worker may have stored, or None."""
        company = self.with_env(env).exists()
        return company and company._l10n_pl_ksef_session()._token_if_good(life, refused)

    def _l10n_pl_ksef_refuse_hold_up(self):
        """Refuse at once while no login lives and the machine's tries fail: a wait brings nothing.

        Without the lock, which such a try may hold for as long as KSeF does not answer.
        """
        session = self._l10n_pl_ksef_session()
        if session and not session._has_ended():
            return
        # The caller's snapshot may be older than the next login.
        with fresh(self.sudo()) as company:
            principal = company.exists().l10n_pl_ksef_principal_id
            sessions = company.env["l10n_pl_ksef.session"]
            problem = principal and sessions._hold_up(principal)
        if problem:
            raise self._l10n_pl_ksef_login_needed(problems.lasting(problem))

    def _l10n_pl_ksef_due_token(self, env, life, refused):
        """See session._due_token; what only a human can mend is said in the user's language.

        So is what nobody thought of, by which no caller should come to grief.
        """
        company = self.with_env(env).exists()
        if not company:
            # It was created in the caller's own transaction, which nobody else can see yet.
            raise self._l10n_pl_ksef_login_needed(problems.local("not_connected"))
        principal = company._l10n_pl_ksef_principal()
        try:
            return env["l10n_pl_ksef.session"]._due_token(principal, life, refused)
        except InvalidNip as error:
            raise self._l10n_pl_ksef_login_needed(problems.of_nip(error)) from error
        except LoginNeeded as error:
            raise self._l10n_pl_ksef_login_needed(self._l10n_pl_ksef_why(principal)) from error
        except (KsefError, VaultError, UserError, psycopg2.Error):
            raise
        except Exception as error:
            _logger.exception("KSeF: no token for %s", principal)
            raise self._l10n_pl_ksef_login_needed(problems.local("internal")) from error

    def _l10n_pl_ksef_why(self, principal):
        """Return the problem by which a company has no login."""
        sessions = principal.env["l10n_pl_ksef.session"]
        held_up = problems.lasting(sessions._hold_up(principal))
        failed = sessions._last_failure(principal).problem
        lacking = principal.env["l10n_pl_ksef.certificate"]._lacks_agreement(principal)
        without = problems.local("not_agreed" if lacking else "not_connected")
        return held_up or failed or without

    # ------------------------------------------------------------------
    # Only a human can help
    # ------------------------------------------------------------------
    def _l10n_pl_ksef_login_needed(self, problem):
        """Return the exception that tells the user of this environment what to do.

        Its button leads to the window, or to the panel for who may not connect.
        """
        nip = self._l10n_pl_ksef_number()
        message = problems.paragraph(self.env, problem, nip=nip)
        return LoginNeeded(message, *self._l10n_pl_ksef_way_to_login())

    def _l10n_pl_ksef_way_to_login(self):
        """Return the action that leads a user to the next login, and its label."""
        if self.env.user.has_group(CONNECT_GROUP):
            tag, label = "l10n_pl_ksef_sign", self.env._("Refresh connection (signature)")
        else:
            tag, label = "l10n_pl_ksef_connection", self.env._("Connection to KSeF")
        action = {"type": "ir.actions.client", "tag": tag, "params": {"company_id": self.id}}
        return action, label
