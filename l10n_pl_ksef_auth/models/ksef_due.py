from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

from .ksef_certificate import ON_THE_WAY
from .ksef_session import LOGGING_IN


class L10n_Pl_KsefDue(models.AbstractModel):
    """What the scheduled actions have to do, and when next; few queries for many companies."""

    _name = "l10n_pl_ksef.due"
    _description = "KSeF work that is due"

    def _sessions(self):
        """Sessions with a step to do, now or later."""
        return Domain("state", "in", ("submitted", "authorized", "active")) | (
            Domain("state", "=", "waiting")
            & (Domain("method", "=", "certificate") | Domain("document_secret", "!=", False))
        )

    def _certificates(self):
        """Certificates with a step to do, now or later."""
        return Domain("state", "in", (*ON_THE_WAY, "trying", "active", "blocked")) | (
            Domain("state", "=", "superseded") & Domain("revoke_requested", "=", True)
        )

    def _works(self):
        return {
            "l10n_pl_ksef.session": self._sessions(),
            "l10n_pl_ksef.certificate": self._certificates(),
        }

    def _next_ids(self, model, after, backwards, limit):
        """The ids of records with something due, in order, from one id on.

        :param str model: l10n_pl_ksef.session, l10n_pl_ksef.certificate or res.company (to log in)
        :param int after: the last id seen; 0 for none
        :param bool backwards: from the greatest id down
        :param int limit: how many
        """
        self.env.flush_all()
        if model == "res.company":
            return self._companies_to_log_in(after, backwards, limit)
        now = self.env["l10n_pl_ksef.session"]._now()
        ready = Domain("next_attempt", "=", False) | Domain("next_attempt", "<=", now)
        domain = self._works()[model] & ready
        if after:
            domain &= Domain("id", "<" if backwards else ">", after)
        order = "id desc" if backwards else "id"
        return self.env[model].search(domain, order=order, limit=limit).ids

    def _companies_to_log_in(self, after, backwards, limit):
        """Companies whose certificate should log in now: before the end of a login, or after it.

        Not after a refusal of the same certificate (a human is told), nor after a disconnection.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company.id
                  FROM res_company AS company
                  JOIN l10n_pl_ksef_certificate_res_company_rel AS serves
                    ON serves.res_company_id = company.id
                  JOIN l10n_pl_ksef_certificate AS certificate
                    ON certificate.id = serves.l10n_pl_ksef_certificate_id
                   AND certificate.environment = company.l10n_pl_ksef_environment
                  JOIN LATERAL (
                       SELECT * FROM l10n_pl_ksef_session
                        WHERE company_id = company.id
                          AND environment = company.l10n_pl_ksef_environment
                          AND (method = 'certificate' OR activated_at IS NOT NULL)
                        ORDER BY id DESC LIMIT 1) AS newest ON TRUE
             LEFT JOIN LATERAL (
                       SELECT id, renew_at FROM l10n_pl_ksef_session
                        WHERE company_id = company.id
                          AND environment = company.l10n_pl_ksef_environment
                          AND state = 'active'
                        ORDER BY id DESC LIMIT 1) AS live ON TRUE
                 WHERE certificate.state = 'active'
                   AND certificate.valid_from <= %(now)s
                   AND certificate.valid_to > %(now)s + interval '1 minute'
                   AND newest.state NOT IN %(under_way)s
                   AND newest.closed_by_user IS NOT TRUE
                   AND (newest.state != 'failed'
                        OR newest.certificate_id IS DISTINCT FROM certificate.id)
                   AND (live.id IS NULL OR live.renew_at <= %(now)s)
                   AND %(beyond)s
              GROUP BY company.id
              ORDER BY company.id %(direction)s
                 LIMIT %(limit)s
                """,
                now=self.env["l10n_pl_ksef.session"]._now(),
                under_way=LOGGING_IN,
                beyond=_beyond(after, backwards),
                direction=SQL("DESC") if backwards else SQL("ASC"),
                limit=limit,
            )
        )
        return [company_id for (company_id,) in rows]

    def _next_moment(self):
        """When something will be due; None if nothing ever will.

        :return datetime: naive UTC by the addon's clock
        """
        sessions = self.env["l10n_pl_ksef.session"]
        now = sessions._now()
        renewing = Domain("state", "=", "active") & Domain("renew_at", ">", now)
        moments = [sessions.search(renewing, order="renew_at", limit=1).renew_at]
        for model, work in self._works().items():
            later = work & Domain("next_attempt", ">", now)
            moments.append(
                self.env[model].search(later, order="next_attempt", limit=1).next_attempt
            )
        return min((moment for moment in moments if moment), default=None)


def _beyond(after, backwards):
    if not after:
        return SQL("TRUE")
    return SQL("company.id < %s", after) if backwards else SQL("company.id > %s", after)
