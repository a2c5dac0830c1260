import logging
from datetime import timedelta

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.nip import InvalidNip
from ..base import problems
from ..base.locks import under_lock
from ..certificate.states import TOLD
from ..session.states import LOGGING_IN
from ..vault.vault import why_locked
from .alert import ON_CERTIFICATE
from .due import LIVE_LOGIN, newest_login

_logger = logging.getLogger(__name__)

LOGIN_DAYS = (3, 1)
CERTIFICATE_DAYS = (30, 14, 7, 1)
# A certificate's renewal that is late by less than this repairs itself.
RENEWAL_PATIENCE = timedelta(days=1)
# KSeF keeps refusing logins, although each refusal may pass: told so long before the end.
REFUSED_TOO_LONG = timedelta(days=1)
NOTICED = Domain("state", "in", TOLD)
OPEN = Domain("closed_at", "=", False)


class L10n_Pl_KsefAlertWatch(models.AbstractModel):
    """Compares what people should know with what they were told; raises and closes alerts."""

    _name = "l10n_pl_ksef.alert.watch"
    _description = "KSeF alerts to be raised or closed"

    def _watch(self):
        """Bring the alerts up to date; one worker at a time does it."""
        lock = why_locked(self.env)
        if not lock and not self._is_worth_a_look():
            return
        with under_lock(self.env, "ksef-alerts") as env:
            if env is None:
                return
            watch = self.with_env(env)
            if lock:
                watch._tell_of_lock(lock)
            else:
                watch._bring_up_to_date(watch._wanted())

    def _is_worth_a_look(self):
        """Return True if anything may have to be told or closed; few queries for all companies."""
        if self.env["l10n_pl_ksef.alert"].search_count(OPEN, limit=1):
            return True
        certificates = self.env["l10n_pl_ksef.certificate"]
        if certificates.search_count(NOTICED | self._ending_certificates(), limit=1):
            return True
        query = SQL("SELECT EXISTS (%s)", self._suspicious_logins())
        return self.env.execute_query(query)[0][0]

    def _bring_up_to_date(self, wanted):
        alerts = self.env["l10n_pl_ksef.alert"]
        for alert in alerts.search(OPEN):
            self._on_its_own(alert._keep_or_close, wanted.pop(alert._key(), None))
        for values in wanted.values():
            self._on_its_own(alerts._raise, values)

    def _on_its_own(self, method, values):
        """Do and commit one alert, and log its failure: the other alerts go on."""
        try:
            method(values)
            self.env.cr.commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: an alert could not be brought up to date: %s", values)

    def _tell_of_lock(self, lock):
        """Raise one alert for all companies if the key is missing; tell nothing in a copy."""
        alerts = self.env["l10n_pl_ksef.alert"]
        told = alerts.search(OPEN & Domain("reason", "=", "key"), limit=1)
        session = self.env["l10n_pl_ksef.session"].search([("state", "=", "active")], limit=1)
        if lock.startswith("copy_") or told or not session:
            return
        problem = problems.local(lock)
        alerts._raise(self._of_login("key", session, 0, problem))
        self.env.cr.commit()

    def _wanted(self):
        """Return the values of all alerts that people should have now, by key."""
        found = [*self._wanted_for_logins(), *self._wanted_for_certificates()]
        parts = ("company_id", "environment", "reason")
        return {
            (*(item[part] for part in parts), item.get("certificate_id", False)): item
            for item in found
        }

    def _wanted_for_logins(self):
        sessions = self.env["l10n_pl_ksef.session"]
        self.env.flush_all()
        for live_id, newest_id in self.env.execute_query(self._suspicious_logins()):
            live, newest = sessions.browse(live_id or ()), sessions.browse(newest_id)
            level, problem = self._login_level(live, newest)
            if level is not None:
                yield self._of_login("login", newest if level == 0 else live, level, problem)
            if live.rights_checked_at and live.lacks_rights:
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
        """Return how urgent a company's login is, and why: days and a problem or False.

        The days are None if a machine looks after it. The newest login is the newest that was sent.
        """
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
            return 0, problems.of_nip(error)
        if company._l10n_pl_ksef_certificate()._usable() and newest._may_log_in_again():
            return None, False
        # A login lives, but for a NIP that the company no longer has.
        changed = newest.state == "active" and problems.local("nip_changed")
        return 0, changed or newest.problem

    def _suspicious_logins(self):
        """SELECT the few companies worth a closer look: the ids of their live and newest login."""
        return SQL(
            """
            SELECT live.id, newest.id
              FROM res_company AS company
              JOIN LATERAL (%(newest)s) AS newest ON TRUE
         LEFT JOIN LATERAL (%(live)s) AS live ON TRUE
             WHERE company.active
               AND company.l10n_pl_ksef_principal_id = company.id
               AND newest.closed_by_user IS NOT TRUE
               AND (live.id IS NULL
                    OR newest.state = 'failed'
                    OR newest.state IN %(under_way)s
                    OR (live.renew_at IS NULL AND live.refresh_valid_until <= %(soon)s)
                    OR live.lacks_rights)
          ORDER BY company.id
            """,
            newest=newest_login(
                SQL("session.method = 'certificate' OR session.reference_number IS NOT NULL")
            ),
            live=LIVE_LOGIN,
            under_way=LOGGING_IN,
            soon=self.env["l10n_pl_ksef.session"]._now() + timedelta(days=max(LOGIN_DAYS)),
        )

    def _wanted_for_certificates(self):
        certificates = self.env["l10n_pl_ksef.certificate"]
        for certificate in certificates.search(self._ending_certificates()):
            level = self._ending_level(certificate)
            if level is not None:
                yield self._of_certificate(certificate, level)
        for certificate in certificates.search(NOTICED).filtered(self._needs_a_human):
            yield self._of_certificate(certificate, 0)

    def _ending_certificates(self):
        soon = self.env["l10n_pl_ksef.certificate"]._now() + timedelta(days=max(CERTIFICATE_DAYS))
        return Domain("state", "=", "active") & Domain("valid_to", "<=", soon)

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
        """Return the days of warning; None while the renewal may still repair itself."""
        life = certificate.valid_to - certificate.valid_from
        left = certificate.valid_to - certificate._now()
        begun = certificate.valid_to - life / 3 + RENEWAL_PATIENCE
        if not certificate.company_ids or certificate._now() < begun:
            return None
        return _reached(CERTIFICATE_DAYS, left)

    def _needs_a_human(self, certificate):
        """Return True if a company depends on the certificate, and nobody chose its state."""
        sessions = self.env["l10n_pl_ksef.session"]
        return certificate._nobody_chose_this() and any(
            certificate.environment == company.l10n_pl_ksef_environment
            and not company._l10n_pl_ksef_certificate()
            and not sessions._of_company(company, limit=1).closed_by_user
            for company in certificate.company_ids
        )


def _reached(levels, left):
    """Return the smallest of some numbers of days that covers the time left, or None."""
    return min((days for days in levels if left <= timedelta(days=days)), default=None)
