from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from ..certificate.certificate import LOGIN
from ..certificate.states import AT_WORK
from ..session.states import LOGGING_IN, SENT_AND_LIVE
from .turns import Task

SESSIONS, CERTIFICATES = "l10n_pl_ksef.session", "l10n_pl_ksef.certificate"
COMPANIES = "res.company"
# Records with a step to do, now or later, and the tables that they are in. In SQL, as each run
# asks several times: Odoo takes longer to translate a domain than PostgreSQL to answer.
SESSIONS_AT_WORK = SQL(
    """
    l10n_pl_ksef_session
    WHERE (state IN %s
           OR state = 'waiting' AND (method = 'certificate' OR document_secret IS NOT NULL))
    """,
    SENT_AND_LIVE,
)
CERTIFICATES_AT_WORK = SQL(
    "l10n_pl_ksef_certificate WHERE (state IN %s OR state = 'superseded' AND revoke_requested)",
    AT_WORK,
)


class L10n_Pl_KsefDue(models.AbstractModel):
    """Finds what the scheduled action has to do, the most urgent first, and when next."""

    _name = "l10n_pl_ksef.due"
    _description = "KSeF work that is due"

    def _records(self):
        """Return the sessions and certificates with a step due, a list of Task.

        First the logins that a person waits for, then the other logins on their way, then what
        ends soonest. Among equals what failed last time comes last.
        """
        self.env.flush_all()
        now = self.env[SESSIONS]._now()
        return [
            Task(model, number, (environment, model, state), is_awaited)
            for model, number, environment, state, is_awaited in self.env.execute_query(_due(now))
        ]

    def _logins_to_begin(self):
        """Return the companies that should log in with their certificate now, a list of Task."""
        return [
            Task(COMPANIES, company.id, (company.l10n_pl_ksef_environment, SESSIONS, "waiting"))
            for company in self._companies()
        ]

    def _next_moment(self, since):
        """Return when the next step is due, naive UTC by the addon's clock; None for never.

        :param datetime since: when a survey saw all that was due till then, naive UTC
        """
        self.env.flush_all()
        query = SQL(
            """
            SELECT least(
                   (SELECT min(next_attempt) FROM %(sessions)s AND next_attempt > %(since)s),
                   (SELECT min(next_attempt) FROM %(certificates)s AND next_attempt > %(since)s),
                   (SELECT min(renew_at) FROM l10n_pl_ksef_session
                     WHERE state = 'active' AND renew_at > %(since)s))
            """,
            sessions=SESSIONS_AT_WORK,
            certificates=CERTIFICATES_AT_WORK,
            since=since,
        )
        return self.env.execute_query(query)[0][0]

    def _companies(self):
        """Return the companies that should log in with their certificate now.

        First those without a login, then those whose login ends soonest.
        """
        return self._to_log_in(SQL("TRUE"))

    def _wants_login(self, company):
        """Return True if a company should log in with its certificate now."""
        return bool(self._to_log_in(SQL("company.id = %s", company.id)))

    def _to_log_in(self, condition):
        sessions = self.env[SESSIONS]
        self.env.flush_all()
        login = Domain("usage", "=", LOGIN)
        usable = self.env[CERTIFICATES]._search(login & self.env[CERTIFICATES]._usable_domain())
        rows = self.env.execute_query(_ending_logins(usable, sessions._now(), condition))
        newest = dict(rows)
        sessions.browse(newest.values()).fetch(
            ["company_id", "method", "state", "certificate_id", "closed_by_user"]
        )
        return self.env["res.company"].browse(
            company_id
            for company_id, session_id in newest.items()
            if sessions.browse(session_id)._may_log_in_again()
        )


def _due(now):
    """SELECT the sessions and certificates with a step due, in their order.

    :param datetime now: naive UTC
    """
    return SQL(
        """
          WITH due AS (
               SELECT %(session)s AS model, id, environment, state, attempts,
                      state != 'active' AND method = 'signature' AS is_awaited,
                      CASE WHEN state != 'active' THEN 1 ELSE 2 END AS rank,
                      refresh_valid_until AS ends
                 FROM %(sessions)s AND (next_attempt IS NULL OR next_attempt <= %(now)s)
            UNION ALL
               SELECT %(certificate)s, id, environment, state, attempts, FALSE, 3, valid_to
                 FROM %(certificates)s AND (next_attempt IS NULL OR next_attempt <= %(now)s))
        SELECT model, id, environment, state, is_awaited
          FROM due
      ORDER BY is_awaited DESC, rank, (attempts > 0) IS TRUE, ends NULLS FIRST, id
        """,
        session=SESSIONS,
        certificate=CERTIFICATES,
        sessions=SESSIONS_AT_WORK,
        certificates=CERTIFICATES_AT_WORK,
        now=now,
    )


def newest_login(condition):
    """SELECT the newest login of `company` in its environment, for a JOIN LATERAL.

    What becomes of one that is on its way is newer than all that has happened.

    :param SQL condition: which logins count
    """
    return SQL(
        """
        SELECT * FROM l10n_pl_ksef_session AS session
         WHERE session.company_id = company.id
           AND session.environment = company.l10n_pl_ksef_environment
           AND session.purpose = 'connect'
           AND (%s)
      ORDER BY session.state IN %s DESC, session.moved_at DESC, session.id DESC LIMIT 1
        """,
        condition,
        LOGGING_IN,
    )


# An active login for the NIP or unit that the company has now; not one that is to be closed.
LIVE_LOGIN = newest_login(
    SQL(
        """
        session.state = 'active' AND session.context_digits = company.l10n_pl_ksef_digits
        AND session.revoke_requested IS NOT TRUE
        """
    )
)


def _ending_logins(usable, now, condition):
    """SELECT the companies whose login ends or has ended, with a usable certificate.

    It was agreed that this certificate logs them in for the NIP or unit that they have now. With
    the newest login of each. In two parts, because PostgreSQL would spend more time on planning
    this than on doing it.
    """
    return SQL(
        """
          WITH company AS MATERIALIZED (
               SELECT company.id, company.l10n_pl_ksef_environment, company.l10n_pl_ksef_digits
                 FROM res_company AS company
                WHERE company.active
                  AND company.l10n_pl_ksef_principal_id = company.id
                  AND %(condition)s
                  AND EXISTS (
                      SELECT FROM l10n_pl_ksef_agreement AS agreement
                        JOIN l10n_pl_ksef_certificate AS certificate
                          ON certificate.id = agreement.certificate_id
                        JOIN l10n_pl_ksef_certificate_res_company_rel AS served
                          ON served.l10n_pl_ksef_certificate_id = certificate.id
                         AND served.res_company_id = agreement.company_id
                       WHERE agreement.company_id = company.id
                         AND agreement.digits = company.l10n_pl_ksef_digits
                         AND certificate.environment = company.l10n_pl_ksef_environment
                         AND certificate.id IN %(usable)s))
        SELECT company.id, newest.id
          FROM company
          JOIN LATERAL (%(newest)s) AS newest ON TRUE
     LEFT JOIN LATERAL (%(live)s) AS live ON TRUE
         WHERE newest.state NOT IN %(under_way)s
           AND (live.id IS NULL OR live.renew_at <= %(now)s)
      ORDER BY live.refresh_valid_until NULLS FIRST, company.id
        """,
        condition=condition,
        usable=usable.subselect(),
        newest=newest_login(
            SQL("session.method = 'certificate' OR session.activated_at IS NOT NULL")
        ),
        live=LIVE_LOGIN,
        under_way=LOGGING_IN,
        now=now,
    )
