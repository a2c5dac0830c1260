from odoo import models
from odoo.tools import SQL

from .certificate.states import AT_WORK
from .ksef_owner import OWNER, SAME_CONTEXT
from .session.states import LOGGING_IN

SESSIONS, CERTIFICATES, COMPANIES = (
    "l10n_pl_ksef.session",
    "l10n_pl_ksef.certificate",
    "res.company",
)
# Records with a step to do, now or later.
WORK = {
    SESSIONS: SQL(
        "(state IN ('submitted', 'authorized', 'active')"
        " OR (state = 'waiting' AND (method = 'certificate' OR document_secret IS NOT NULL)))"
    ),
    CERTIFICATES: SQL(
        "(state IN %s OR (state = 'superseded' AND revoke_requested))",
        AT_WORK,
    ),
}


class L10n_Pl_KsefDue(models.AbstractModel):
    """What the scheduled actions have to do, and when next; few queries for many companies."""

    _name = "l10n_pl_ksef.due"
    _description = "KSeF work that is due"

    def _survey(self, companies):
        """What is due, and when something will be.

        :param bool companies: look for companies to log in too, the dearest part by far; when
            nothing else is due they are looked for in any case
        :return tuple: names of the models of due records, in the order in which they are best
            worked off; the next moment, naive UTC by the addon's clock, or None
        """
        self.env.flush_all()
        now = self.env[SESSIONS]._now()
        rows = self.env.execute_query(
            SQL(
                "%s UNION ALL %s UNION ALL SELECT FALSE, min(renew_at) FROM l10n_pl_ksef_session"
                " WHERE state = 'active' AND renew_at > %s",
                _state_of_work(SESSIONS, now),
                _state_of_work(CERTIFICATES, now),
                now,
            )
        )
        records = zip((SESSIONS, CERTIFICATES), rows, strict=False)
        models_due = [model for model, (due, _later) in records if due]
        if companies or not models_due:
            logins = SQL("SELECT EXISTS (%s)", _companies_to_log_in(now))
            if self.env.execute_query(logins)[0][0]:
                models_due.append(COMPANIES)
        return models_due, min((later for _due, later in rows if later), default=None)

    def _next_ids(self, model, after, backwards, limit):
        """The ids of records with something due, in order, from one id on.

        :param str model: session, certificate, or company (to log in)
        :param int after: the last id seen; 0 for none
        :param bool backwards: from the greatest id down
        :param int limit: how many
        """
        self.env.flush_all()
        now = self.env[SESSIONS]._now()
        if model == COMPANIES:
            due = _companies_to_log_in(now)
        else:
            due = SQL(
                "SELECT id FROM %s WHERE %s AND (next_attempt IS NULL OR next_attempt <= %s)",
                SQL.identifier(self.env[model]._table),
                WORK[model],
                now,
            )
        beyond = SQL("id < %s" if backwards else "id > %s", after) if after else SQL("TRUE")
        query = SQL(
            "SELECT id FROM (%s) AS due WHERE %s ORDER BY id %s LIMIT %s",
            due,
            beyond,
            SQL("DESC") if backwards else SQL("ASC"),
            limit,
        )
        return [row[0] for row in self.env.execute_query(query)]

    def _wants_login(self, company):
        """Whether a company's certificate should log in now."""
        self.env.flush_all()
        due = _companies_to_log_in(self.env[SESSIONS]._now())
        query = SQL("SELECT EXISTS (SELECT FROM (%s) AS due WHERE id = %s)", due, company.id)
        return self.env.execute_query(query)[0][0]


def _state_of_work(model, now):
    """SELECT whether a model has something due, and when it has next."""
    return SQL(
        "SELECT bool_or(next_attempt IS NULL OR next_attempt <= %(now)s),"
        " min(next_attempt) FILTER (WHERE next_attempt > %(now)s)"
        " FROM %(table)s WHERE %(work)s",
        now=now,
        table=SQL.identifier(model.replace(".", "_")),
        work=WORK[model],
    )


def _companies_to_log_in(now):
    """SELECT the companies whose certificate should log in now: before or after a login's end.

    Not after a refusal of the same certificate (a human is told), nor after a disconnection.
    In two parts, because PostgreSQL spends more time on planning this than on doing it.
    """
    return SQL(
        """
          WITH company AS MATERIALIZED (
               SELECT served.id, parent_path, certificate.environment,
                      certificate.id AS certificate_id
                 FROM l10n_pl_ksef_certificate AS certificate
                 JOIN l10n_pl_ksef_certificate_res_company_rel AS serves
                   ON serves.l10n_pl_ksef_certificate_id = certificate.id
                 JOIN res_company AS served
                   ON served.id = serves.res_company_id
                  AND served.l10n_pl_ksef_environment = certificate.environment
                WHERE served.active
                  AND state = 'active'
                  AND valid_from <= %(now)s
                  AND valid_to > %(now)s + interval '1 minute')
        SELECT company.id
          FROM company
          JOIN LATERAL (%(owner)s) AS owner ON owner.id = company.id
          JOIN LATERAL (
               SELECT state, closed_by_user, certificate_id FROM l10n_pl_ksef_session
                WHERE company_id = company.id
                  AND environment = company.environment
                  AND (method = 'certificate' OR activated_at IS NOT NULL)
                ORDER BY id DESC LIMIT 1) AS newest ON TRUE
     LEFT JOIN LATERAL (
               SELECT id, renew_at FROM l10n_pl_ksef_session AS session
                WHERE company_id = company.id
                  AND environment = company.environment
                  AND state = 'active'
                  AND %(same)s
                ORDER BY id DESC LIMIT 1) AS live ON TRUE
         WHERE newest.state NOT IN %(under_way)s
           AND newest.closed_by_user IS NOT TRUE
           AND (newest.state != 'failed'
                OR newest.certificate_id IS DISTINCT FROM company.certificate_id)
           AND (live.id IS NULL OR live.renew_at <= %(now)s)
      GROUP BY company.id
        """,
        now=now,
        owner=OWNER,
        same=SAME_CONTEXT,
        under_way=LOGGING_IN,
    )
