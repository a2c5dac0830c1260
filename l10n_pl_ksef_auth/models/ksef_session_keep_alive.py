import logging
from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from .ksef_certificate import ON_THE_WAY
from .ksef_step import LONGEST_RETRY

_logger = logging.getLogger(__name__)

# Statuses after which no machine may try again: the person died, or an incident (facts.md A1).
STOPPING_STATUSES = (470, 480)
# Without rights another login changes nothing until somebody grants them.
HUMAN_STATUSES = (415, *STOPPING_STATUSES)


class L10n_Pl_KsefSessionKeepAlive(models.Model):
    """What the scheduled action does: every company on its own, one failure stops no other."""

    _inherit = "l10n_pl_ksef.session"

    def _cron_keep_alive(self):
        """Do all that is due, then ask to be woken for the next thing (design, decision 12)."""
        tasks = self._due_tasks()
        progress = self.env["ir.cron"]
        time_left = progress._commit_progress(remaining=len(tasks))
        for task in tasks:
            if not time_left:
                return
            self._do_task(*task)
            time_left = progress._commit_progress(1)
        self._wake_for_the_next()
        progress._commit_progress(remaining=0)

    def _due_tasks(self):
        """What is due now.

        :return list: (method, record) pairs
        """
        now = self._now()
        ready = Domain("next_attempt", "=", False) | Domain("next_attempt", "<=", now)
        certificates = self.env["l10n_pl_ksef.certificate"]
        return [
            *((session._advance, session) for session in self.search(self._working() & ready)),
            *(
                (certificate._advance, certificate)
                for certificate in certificates.search(Domain("state", "in", ON_THE_WAY) & ready)
            ),
            *(
                (company._l10n_pl_ksef_log_in_with_certificate, company)
                for company in self._companies_to_log_in()
            ),
        ]

    def _working(self):
        """Sessions with a step to do, now or later."""
        return Domain("state", "in", ("submitted", "authorized", "active")) | (
            Domain("state", "=", "waiting")
            & (Domain("method", "=", "certificate") | Domain("document_secret", "!=", False))
        )

    def _do_task(self, method, record):
        try:
            method()
        except Exception:
            # Whatever it is, it is this company's: the others go on (design, decision 12).
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", record)
            if "next_attempt" in record._fields:
                record._postpone_for(LONGEST_RETRY)

    def _companies_to_log_in(self):
        """The companies whose certificate should log in now: before the end, or after it."""
        certificates = self.env["l10n_pl_ksef.certificate"].search([("state", "=", "active")])
        companies = self.env["res.company"]
        for certificate in certificates._usable():
            for company in certificate.company_ids:
                if company.l10n_pl_ksef_environment == certificate.environment:
                    companies |= company
        return companies.filtered(lambda company: self._wants_login(company))

    def _wants_login(self, company):
        """Whether a login with the certificate is due for a company."""
        last = self.search(
            [
                ("company_id", "=", company.id),
                ("environment", "=", company.l10n_pl_ksef_environment),
                "|",
                ("state", "!=", "waiting"),
                ("method", "=", "certificate"),
            ],
            limit=1,
        )
        if last.state == "active":
            return bool(last.renew_at) and last.renew_at <= self._now()
        if not last or last.closed_by_user or last.state in ("waiting", "submitted", "authorized"):
            return False
        return last._may_log_in_again()

    def _may_log_in_again(self):
        """Whether a machine may follow this ended login with another."""
        problem = self.problem or {}
        return not (
            problem.get("kind") == "auth_status" and problem.get("code") in HUMAN_STATUSES
        )

    def _wake_for_the_next(self):
        """Ask for the scheduled action at the earliest moment that something is due."""
        now = self._now()
        later = [
            self.search([("next_attempt", ">", now)], order="next_attempt", limit=1).next_attempt,
            self.search([("renew_at", ">", now)], order="renew_at", limit=1).renew_at,
        ]
        moments = [moment for moment in later if moment]
        if moments and min(moments) < now + timedelta(hours=1):
            self._wake_cron_at(min(moments))
