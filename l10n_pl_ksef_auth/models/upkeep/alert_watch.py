import logging
import socket
from datetime import timedelta
from functools import partial

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.deadline import Deadline
from ..base import problems
from ..base.locks import under_lock
from ..certificate.certificate import OFFLINE
from ..certificate.states import TOLD
from ..session.active import HICCUP, LAST_DAY
from ..session.states import IN_FLIGHT, LOGGING_IN
from ..vault import vault
from ..vault.database_identity import is_neutralized
from ..vault.guard import door
from .alert_texts import ON_CERTIFICATE, ON_GRANT, ON_KEY, ON_LOGIN, ON_RIGHTS
from .due import LIVE_LOGIN, newest_login

_logger = logging.getLogger(__name__)

# Days before the end: of a login that nothing renews, of one that a machine renews in vain.
LOGIN_DAYS, RENEWED_DAYS = (3, 1), (1,)
# The same of one that KSeF has refused to renew: people are told at once.
REFUSED_DAYS = (7, *LOGIN_DAYS)
CERTIFICATE_DAYS = (30, 14, 7, 1)
# Seconds for raising alerts in one run: Odoo ends a worker after two minutes.
LONGEST_TELLING = 20
# A certificate's renewal that is late by less than this repairs itself.
RENEWAL_PATIENCE = timedelta(days=1)
ENDING, NOTICED = Domain("state", "=", "active"), Domain("state", "in", TOLD)
OPEN = Domain("closed_at", "=", False)
UNSENT = Domain("mail_user_ids", "!=", False)
# What clients were asked for in vain, or to take back, unless something else came of it since.
REFUSED_GRANTS = SQL(
    """
    SELECT refused.id
      FROM l10n_pl_ksef_grant AS refused
     WHERE refused.state IN ('refused', 'given', 'left')
       AND refused.problem IS NOT NULL
       AND NOT EXISTS (SELECT FROM l10n_pl_ksef_grant AS later
                        WHERE later.company_id = refused.company_id
                          AND later.digits = refused.digits
                          AND later.environment = refused.environment
                          AND later.id > refused.id
                          AND later.state <> 'asked')
    """
)


class L10n_Pl_KsefAlertWatch(models.AbstractModel):
    """Compares what people should know with what they were told; raises and closes alerts.

    The rule (docs/design.md 26): if the newest login ends within a day or has ended, and no login
    has succeeded since the machine began to try, a person has been told, whatever the cause is.
    """

    _name = "l10n_pl_ksef.alert.watch"
    _description = "KSeF alerts to be raised or closed"

    def _watch(self):
        """Bring the alerts up to date; one worker at a time does it."""
        lock = vault.why_locked(self.env)
        if not lock and not self._is_worth_a_look():
            return
        with under_lock(self.env, "ksef-alerts") as env:
            # A copy for trials tells nobody of the original's connections.
            if env is not None and not is_neutralized(env):
                self.with_env(env)._bring_up_to_date(lock)

    @api.autovacuum
    @door
    def _watch_daily(self):
        """Watch in Odoo's own daily action, too: ours may be off, as Odoo ends what often fails."""
        self._watch()

    def _is_worth_a_look(self):
        """Return True if anything may have to be told or closed: one query for all companies."""
        self.env.flush_all()
        open_alerts = self.env["l10n_pl_ksef.alert"]._search(OPEN | UNSENT)
        certificates = self.env["l10n_pl_ksef.certificate"]._search(self._told_certificates())
        query = SQL(
            "SELECT EXISTS (%s) OR EXISTS (%s) OR EXISTS (%s) OR EXISTS (%s)",
            open_alerts.select("1"),
            certificates.select("1"),
            self._suspicious_logins(),
            REFUSED_GRANTS,
        )
        return self.env.execute_query(query)[0][0]

    def _bring_up_to_date(self, lock):
        """Raise, repeat or close alerts, then send the mails, one for many alerts.

        :param str lock: why the secrets cannot be used here, or None
        """
        # What a run that died has left.
        self._send_mails()
        self._watch_all(lock)
        self._send_mails()

    def _send_mails(self):
        alerts = self.env["l10n_pl_ksef.alert"]
        for letter in alerts._letters():
            self._on_its_own(alerts._send_letter, letter)

    def _watch_all(self, lock):
        """Look at each alert on its own; the next run goes on if it takes long."""
        deadline = Deadline(LONGEST_TELLING)
        self._on_its_own(self._watch_key, lock)
        wanted, unsure = self._wanted(lock)
        alerts = self.env["l10n_pl_ksef.alert"]
        for alert in alerts.search(OPEN & Domain("reason", "!=", ON_KEY)):
            values = wanted.pop(alert._key(), None)
            # A server without the key cannot say what became of a certificate.
            if alert.company_id not in unsure and (values or not lock or alert.reason == ON_LOGIN):
                self._on_its_own(alert._keep_or_close, values)
        for values in wanted.values():
            if deadline.left <= 0:
                session = self.env["l10n_pl_ksef.session"]
                session._wake_cron_at(session._now())
                self.env.cr.commit()
                return
            self._on_its_own(alerts._raise, values)

    def _on_its_own(self, method, values):
        """Do and commit one alert or mail, and log its failure: the others go on."""
        try:
            method(values)
            self.env.cr.commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: an alert could not be brought up to date: %s", values)

    # ------------------------------------------------------------------
    # The key, or the database's identity: one alert for all companies
    # ------------------------------------------------------------------
    def _watch_key(self, lock):
        """Tell once that the secrets cannot be used on this server; close it where they can."""
        told = self.env["l10n_pl_ksef.alert"].search(OPEN & Domain("reason", "=", ON_KEY), limit=1)
        file = vault.sources(self.env)["file"]
        place = {"host": socket.gethostname(), "file": str(file)}
        if not lock:
            told._close_if_over_at(place)
            return
        session = self.env["l10n_pl_ksef.session"].search([("state", "=", "active")], limit=1)
        problem = problems.local(lock, **place)
        if told:
            told._keep_or_close({"level": 0, "problem": problem, "tell_at": False})
            told._note_seen()
        elif session:
            told._raise({**self._of_login(ON_KEY, session, 0, problem), "seen_at": session._now()})

    # ------------------------------------------------------------------
    # What people should know
    # ------------------------------------------------------------------
    def _wanted(self, lock):
        """Return the values of all alerts that people should have now, by key.

        :return tuple: the values; the companies that could not be judged, by a mistake of ours
        """
        wanted, unsure = {}, self.env["res.company"]
        parts = ("company_id", "environment", "reason")
        self.env.flush_all()
        for company, judge in [
            *self._logins_to_judge(lock),
            *self._certificates_to_judge(lock),
            *self._grants_to_judge(),
        ]:
            try:
                for item in judge():
                    key = (*(item[part] for part in parts), item.get("certificate_id", False))
                    wanted[key] = item
            except Exception:
                self.env.cr.rollback()
                unsure |= company
                _logger.exception("KSeF: %s could not be judged", company)
        return wanted, unsure

    def _logins_to_judge(self, lock):
        companies, sessions = self.env["res.company"], self.env["l10n_pl_ksef.session"]
        for company_id, live_id, newest_id in self.env.execute_query(self._suspicious_logins()):
            live, newest = sessions.browse(live_id or ()), sessions.browse(newest_id)
            yield companies.browse(company_id), partial(self._wanted_for_login, live, newest, lock)

    def _certificates_to_judge(self, lock):
        certificates = self.env["l10n_pl_ksef.certificate"]
        for certificate in () if lock else certificates.search(self._told_certificates()):
            judge = partial(self._wanted_for_certificate, certificate)
            yield certificate.company_ids, judge

    def _grants_to_judge(self):
        grants = self.env["l10n_pl_ksef.grant"]
        for (grant_id,) in self.env.execute_query(REFUSED_GRANTS):
            grant = grants.browse(grant_id)
            yield grant.company_id, partial(self._wanted_for_grant, grant)

    def _wanted_for_grant(self, grant):
        of_signers = ("grant_id", "=", grant.id), ("purpose", "!=", "office")
        login = self.env["l10n_pl_ksef.session"].search([*of_signers], limit=1)
        # Rights that stay although one more signature came to nothing are no trouble.
        stays = grant.state != "refused" and login.purpose != "take_back"
        if login and not stays and grant._is_of_today():
            yield self._of_login(ON_GRANT, login, 0, grant.problem)

    def _wanted_for_login(self, live, newest, lock):
        level, problem, tell_at = self._login_level(live, newest)
        if level is not None:
            problem = problems.local(lock) if lock else problem
            yield self._of_login(ON_LOGIN, newest, level, problems.lasting(problem), tell_at)
        if live.rights_checked_at and live.lacks_rights and not lock:
            yield self._of_login(ON_RIGHTS, live, 0, False)

    def _of_login(self, reason, session, level, problem, tell_at=False):
        return {
            "company_id": session.company_id.id,
            "environment": session.environment,
            "reason": reason,
            "level": level,
            "problem": problem,
            "session_id": session.id,
            "tell_at": tell_at,
        }

    def _login_level(self, live, newest):
        """Return how urgent a company's login is, why, and when to tell people of it.

        The newest login is the newest that was sent, or that a machine began.

        :return tuple: days, None if nobody is needed; a problem or False; a moment, False for now
        """
        refused = newest.state == "failed" and newest.method == "certificate"
        refused = refused and not newest._may_log_in_again()
        if not live or live._has_ended():
            return (0, newest.problem, False) if refused else self._ended_level(newest)
        left = live.refresh_valid_until - live._now()
        if refused:
            return _reached(REFUSED_DAYS, left) or REFUSED_DAYS[0], newest.problem, False
        if live.renew_at and not live._is_running_out():
            return None, False, False
        level = _reached(RENEWED_DAYS if live.renew_at else LOGIN_DAYS, left)
        return level, live.renew_at and self._hindrance(newest), False

    def _ended_level(self, newest):
        """Return the same of a company whose login has ended."""
        company = newest.company_id
        obstacle = problems.of_company(company)
        if obstacle:
            return 0, obstacle, False
        under_way = newest.state in LOGGING_IN
        usable = company._l10n_pl_ksef_certificate()._usable() and newest._may_log_in_again()
        if under_way or usable:
            # What KSeF ended before its time, a machine mends within minutes.
            return 0, self._hindrance(newest), newest._now() + HICCUP
        if self.env["l10n_pl_ksef.certificate"]._lacks_agreement(company):
            return 0, problems.local("not_agreed"), False
        # A login lives, but for a NIP that the company no longer has.
        changed = newest.state == "active" and problems.local("nip_changed")
        return 0, changed or newest.problem, False

    def _hindrance(self, newest):
        """Return what keeps a machine from logging in, as far as it is known."""
        known = problems.of_company(newest.company_id) or newest.problem
        signed = newest.state in LOGGING_IN and newest.method == "signature"
        # While KSeF judges the first login after an outage, its lateness is no news.
        judged = newest.state in IN_FLIGHT
        return known or (not signed and not judged and problems.local("renewal_late"))

    def _suspicious_logins(self):
        """SELECT the few companies worth a closer look, with their live and newest login."""
        now = self.env["l10n_pl_ksef.session"]._now()
        return SQL(
            """
            SELECT company.id, live.id, newest.id
              FROM res_company AS company
              JOIN LATERAL (%(newest)s) AS newest ON TRUE
         LEFT JOIN LATERAL (%(live)s) AS live ON TRUE
             WHERE company.active
               AND (company.l10n_pl_ksef_principal_id = company.id
                    -- A branch that has lost its NIP, where nobody connected the company above.
                    OR NOT EXISTS (SELECT FROM l10n_pl_ksef_session AS above
                                    WHERE above.company_id = company.l10n_pl_ksef_principal_id
                                      AND above.activated_at IS NOT NULL))
               AND newest.closed_by_user IS NOT TRUE
               AND (live.id IS NULL
                    OR newest.state = 'failed'
                    OR live.refresh_valid_until <= %(last_day)s
                    OR (live.renew_at IS NULL AND live.refresh_valid_until <= %(soon)s)
                    OR live.lacks_rights)
          ORDER BY company.id
            """,
            newest=newest_login(
                SQL("session.method = 'certificate' OR session.reference_number IS NOT NULL")
            ),
            live=LIVE_LOGIN,
            last_day=now + LAST_DAY,
            soon=now + timedelta(days=max(LOGIN_DAYS)),
        )

    def _told_certificates(self):
        """Return the domain of the certificates that people may have to hear of."""
        soon = self.env["l10n_pl_ksef.certificate"]._now() + timedelta(days=max(CERTIFICATE_DAYS))
        return NOTICED | ENDING & Domain("valid_to", "<=", soon)

    def _wanted_for_certificate(self, certificate):
        level = self._ending_level(certificate) if certificate.state == "active" else 0
        for company in self._who_misses(certificate) if level is not None else ():
            yield {
                "company_id": company.id,
                "environment": certificate.environment,
                "reason": ON_CERTIFICATE,
                "level": level,
                "problem": certificate.problem,
                "certificate_id": certificate.id,
                "tell_at": False,
            }

    def _ending_level(self, certificate):
        """Return the days of warning; None while the renewal may still repair itself."""
        life = certificate.valid_to - certificate.valid_from
        left = certificate.valid_to - certificate._now()
        begun = certificate.valid_to - life / 3 + RENEWAL_PATIENCE
        if not certificate.company_ids or certificate._now() < begun:
            return None
        level = _reached(CERTIFICATE_DAYS, left)
        return level if level and self._who_misses(certificate) else None

    def _who_misses(self, certificate):
        """Return the companies whose people hear that a certificate ends, or that it is gone.

        Of one that logs in those of one company hear, the office's if it is an office's: the others
        hear of their logins. Of one for offline invoices each company hears that needs it and has
        no other.
        """
        companies = certificate.company_ids
        if certificate.state != "active":
            companies = companies.filtered(partial(self._depends_on, certificate))
        elif certificate.usage == OFFLINE:
            companies = companies.filtered(
                lambda one: (
                    one._l10n_pl_ksef_needs_offline()
                    and one._l10n_pl_ksef_offline_certificate() == certificate
                )
            )
        if certificate.usage == OFFLINE:
            return companies
        # An office can mend its certificate, its clients cannot.
        office = self.env["l10n_pl_ksef.office"].search([("certificate_id", "=", certificate.id)])
        return (companies & office.company_id or companies)[:1]

    def _depends_on(self, certificate, company):
        """Return True if a company has no other certificate, and nobody chose this one's state."""
        sessions = self.env["l10n_pl_ksef.session"]
        return (
            certificate._nobody_chose_this()
            and certificate.environment == company.l10n_pl_ksef_environment
            and not self._has_one_of(company, certificate.usage)
            and not sessions._of_company(company, limit=1).closed_by_user
        )

    def _has_one_of(self, company, usage):
        if usage != OFFLINE:
            return bool(company._l10n_pl_ksef_certificate())
        needless = not company._l10n_pl_ksef_needs_offline()
        return needless or bool(company._l10n_pl_ksef_offline_certificate())


def _reached(levels, left):
    """Return the smallest of some numbers of days that covers the time left, or None."""
    return min((days for days in levels if left <= timedelta(days=days)), default=None)
