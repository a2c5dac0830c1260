import logging
from datetime import timedelta

from odoo import models
from odoo.tools import SQL

from ..tools.nip import InvalidNip
from . import ksef_problem, ksef_vault
from .base.locks import locked
from .certificate.states import TOLD
from .ksef_alert import ON_CERTIFICATE
from .ksef_owner import OWNER, SAME_CONTEXT
from .session.states import LOGGING_IN

_logger = logging.getLogger(__name__)

LOGIN_DAYS = (3, 1)
CERTIFICATE_DAYS = (30, 14, 7, 1)
# A renewal that is late by less than this repairs itself.
RENEWAL_PATIENCE = timedelta(days=1)
# A login that KSeF keeps refusing, although each refusal may pass, in days before the end.
REFUSED_TOO_LONG = timedelta(days=1)


class L10n_Pl_KsefAlertWatch(models.Model):
    """Compares what a human should know with what was told: raises, repeats, closes."""

    _inherit = "l10n_pl_ksef.alert"

    def _watch(self):
        """Bring the alerts up to date, each on its own; one worker does it at a time."""
        if not self._worth_a_look():
            return
        with locked(self.env, "ksef-alerts") as env:
            if env is None:
                return
            alerts = self.with_env(env)
            lock = ksef_vault.obstacle(env)
            if lock:
                alerts._tell_of_lock(lock)
            else:
                alerts._bring_up_to_date(alerts._wanted())

    def _worth_a_look(self):
        """Whether anything could have to be told or closed; one query for many companies."""
        self.env.flush_all()
        now = self.env["l10n_pl_ksef.session"]._now()
        query = SQL(
            """
            SELECT EXISTS (SELECT FROM l10n_pl_ksef_alert WHERE closed_at IS NULL)
                OR EXISTS (SELECT FROM l10n_pl_ksef_certificate
                            WHERE state IN %(noticed)s
                               OR (state = 'active' AND valid_to <= %(soon)s))
                OR EXISTS (%(suspicious)s)
            """,
            noticed=TOLD,
            soon=now + timedelta(days=max(CERTIFICATE_DAYS)),
            suspicious=_suspicious(now),
        )
        if self.env.execute_query(query)[0][0]:
            return True
        return bool(ksef_vault.obstacle(self.env))

    def _bring_up_to_date(self, wanted):
        for alert in self.search([("closed_at", "=", False)]):
            self._on_its_own(alert._keep_or_close, wanted.pop(alert._key(), None))
        for values in wanted.values():
            self._on_its_own(self._raise_alert, values)

    def _on_its_own(self, method, values):
        """Do and commit one alert; what goes wrong with it keeps no other back."""
        try:
            method(values)
            self.env.cr.commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: an alert could not be brought up to date: %s", values)

    def _raise_alert(self, values):
        self.create(values)._tell()

    def _tell_of_lock(self, lock):
        """The key is missing: one alert for all companies. A copy of a database tells nobody."""
        told = self.search([("reason", "=", "key"), ("closed_at", "=", False)], limit=1)
        session = self.env["l10n_pl_ksef.session"].search([("state", "=", "active")], limit=1)
        if lock.startswith("copy_") or told or not session:
            return
        problem = ksef_problem.local(lock)
        self.create(self._of_login("key", session, 0, problem))._tell()
        self.env.cr.commit()

    def _key(self):
        return (self.company_id.id, self.environment, self.reason, self.certificate_id.id)

    def _keep_or_close(self, values):
        if values is None:
            self._close()
        elif values["level"] < self.level:
            self.write(values)
            self._tell()

    def _wanted(self):
        """What a human should know now.

        :return dict: values of alerts by key
        """
        found = [*self._wanted_for_logins(), *self._wanted_for_certificates()]
        parts = ("company_id", "environment", "reason")
        return {
            (*(item[part] for part in parts), item.get("certificate_id", False)): item
            for item in found
        }

    # ------------------------------------------------------------------
    # Logins
    # ------------------------------------------------------------------
    def _wanted_for_logins(self):
        sessions = self.env["l10n_pl_ksef.session"]
        for live_id, newest_id in self._suspicious_logins():
            live, newest = sessions.browse(live_id or ()), sessions.browse(newest_id)
            level, problem = self._login_level(live, newest)
            if level is not None:
                yield self._of_login("login", newest if level == 0 else live, level, problem)
            if live and live.rights_checked_at and live._missing_rights():
                yield self._of_login("rights", live, 0, False)

    def _of_login(self, reason, session, level, problem):
        return {
            "company_id": session.company_id.id,
            "environment": session.environment,
            "reason": reason,
            "level": level,
            "problem": problem,
            "session_id": session.id,
        }

    def _login_level(self, live, newest):
        """How urgent a company's login is, in days, and why; None when a machine looks after it."""
        refused = newest.state == "failed" and newest.method == "certificate"
        if refused and not newest._may_log_in_again():
            return 0, newest.problem
        if newest.state in LOGGING_IN:
            return self._refused_too_long(live, newest)
        if not live:
            return self._ended_level(newest)
        if live.renew_at:
            return None, False
        return _reached(LOGIN_DAYS, live.refresh_valid_until - live._now()), False

    def _refused_too_long(self, live, newest):
        told = newest.problem and newest.problem["kind"] not in ("outage", "local")
        ends = live.refresh_valid_until - live._now() if live else timedelta()
        return (0, newest.problem) if told and ends < REFUSED_TOO_LONG else (None, False)

    def _ended_level(self, newest):
        company = newest.company_id
        try:
            company._l10n_pl_ksef_context()
        except InvalidNip as error:
            return 0, ksef_problem.of_nip(error)
        if company._l10n_pl_ksef_certificate()._usable() and newest._may_log_in_again():
            return None, False
        # A login that lives and yet is not the company's.
        changed = newest.state == "active" and ksef_problem.local("nip_changed")
        return 0, changed or newest.problem

    def _suspicious_logins(self):
        """The few companies that are worth a closer look, out of many.

        :return list: (id of the login that works or None, id of the newest) of each
        """
        self.env.flush_all()
        return self.env.execute_query(_suspicious(self.env["l10n_pl_ksef.session"]._now()))

    # ------------------------------------------------------------------
    # Certificates
    # ------------------------------------------------------------------
    def _wanted_for_certificates(self):
        certificates = self.env["l10n_pl_ksef.certificate"]
        now = certificates._now()
        ending = certificates.search(
            [
                ("state", "=", "active"),
                ("valid_to", "<=", now + timedelta(days=max(CERTIFICATE_DAYS))),
            ]
        )
        noticed = certificates.search([("state", "in", TOLD)])
        for certificate in ending:
            level = self._ending_level(certificate)
            if level is not None:
                yield self._of_certificate(certificate, level)
        for certificate in noticed.filtered(self._needs_a_human):
            yield self._of_certificate(certificate, 0)

    def _of_certificate(self, certificate, level):
        return {
            "company_id": certificate.company_ids[0].id,
            "environment": certificate.environment,
            "reason": ON_CERTIFICATE,
            "level": level,
            "problem": certificate.problem,
            "certificate_id": certificate.id,
        }

    def _ending_level(self, certificate):
        """Days of warning, once the renewal had its chance; some certificates live short."""
        life = certificate.valid_to - certificate.valid_from
        left = certificate.valid_to - certificate._now()
        begun = certificate.valid_to - life / 3 + RENEWAL_PATIENCE
        if not certificate.company_ids or certificate._now() < begun:
            return None
        return _reached(CERTIFICATE_DAYS, left)

    def _needs_a_human(self, certificate):
        """Whether a company depends on it, and nobody chose this state."""
        return certificate._nobody_chose_this() and any(
            certificate.environment == company.l10n_pl_ksef_environment
            and not company._l10n_pl_ksef_certificate()
            and not self._closed_by_hand(company)
            for company in certificate.company_ids
        )

    def _closed_by_hand(self, company):
        newest = self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "=", company.id),
                ("environment", "=", company.l10n_pl_ksef_environment),
            ],
            limit=1,
        )
        return newest.closed_by_user


def _suspicious(now):
    """SELECT the logins of companies that a human may have to look after."""
    return SQL(
        """
        SELECT live.id, newest.id
          FROM res_company AS company
          JOIN LATERAL (%(owner)s) AS owner ON owner.id = company.id
          JOIN LATERAL (
               SELECT * FROM l10n_pl_ksef_session
                WHERE company_id = company.id
                  AND environment = company.l10n_pl_ksef_environment
                  AND (method = 'certificate' OR reference_number IS NOT NULL)
                ORDER BY id DESC LIMIT 1) AS newest ON TRUE
     LEFT JOIN LATERAL (
               SELECT * FROM l10n_pl_ksef_session AS session
                WHERE company_id = company.id
                  AND environment = company.l10n_pl_ksef_environment
                  AND state = 'active'
                  AND %(same)s
                ORDER BY id DESC LIMIT 1) AS live ON TRUE
         WHERE company.active
           AND newest.closed_by_user IS NOT TRUE
           AND (live.id IS NULL
                OR newest.state = 'failed'
                OR newest.state IN %(under_way)s
                OR (live.renew_at IS NULL AND live.refresh_valid_until <= %(soon)s)
                OR (live.rights != ''
                    AND NOT (live.rights LIKE '%%InvoiceRead%%'
                             AND live.rights LIKE '%%InvoiceWrite%%')))
      ORDER BY company.id
        """,
        owner=OWNER,
        same=SAME_CONTEXT,
        under_way=LOGGING_IN,
        soon=now + timedelta(days=max(LOGIN_DAYS)),
    )


def _reached(levels, left):
    """The smallest level in days that time left has come down to, or None."""
    return min((days for days in levels if left <= timedelta(days=days)), default=None)
