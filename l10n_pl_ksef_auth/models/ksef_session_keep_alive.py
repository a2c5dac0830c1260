import logging
import time
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import models, tools

from ..tools.errors import KsefError, KsefUnavailable
from ..tools.nip import InvalidNip
from . import ksef_connections, ksef_vault
from .base.steps import IN_CRON, LONGEST_RETRY

_logger = logging.getLogger(__name__)

# A login that one round begins is finished by the next.
MOST_ROUNDS = 5
BATCH = 25
# Seconds that one run works before others have their turn: Odoo ends a worker after two minutes.
LONGEST_RUN = 45
# So many failures to reach KSeF, one after the other, mean that it is down: more are of no use.
OUTAGE = 3
AFTER_OUTAGE = timedelta(minutes=2)
SHORTLY = timedelta(seconds=10)
SAFETY_NET = timedelta(hours=1)


class L10n_Pl_KsefSessionKeepAlive(models.Model):
    """What the scheduled actions do: every company on its own, one failure stops no other.

    Two of them share the work, so that two cron workers of Odoo can: one from the front, one, woken
    only when there is much to do, from the back. Each record is claimed by its lock.
    """

    _inherit = "l10n_pl_ksef.session"

    def _cron_keep_alive(self, backwards=False):
        """Do all that is due, then ask to be woken for the next thing (docs/design.md 12).

        While the secrets cannot be used, everything stays as it is, and people are told.

        :param bool backwards: begin with the newest, as the second worker
        """
        if ksef_vault.obstacle(self.env):
            return self._tell_humans()
        worker = self.with_context(**{IN_CRON: True})
        try:
            moment = worker._work_off(backwards, time.monotonic() + worker._run_seconds())
        finally:
            ksef_connections.close_all()
        if not backwards:
            self._tell_humans()
        self._wake_for_the_next(moment)
        self.env["ir.cron"]._commit_progress(remaining=0)

    def _tell_humans(self):
        self._beside(self.env["l10n_pl_ksef.alert"]._watch)

    def _beside(self, task):
        """Do what goes with keeping the connections alive, and must never keep them from it.

        Odoo switches off a scheduled action that fails for a week.
        """
        try:
            task()
            # What one has done, the next one's failure must not undo.
            self.env["ir.cron"]._commit_progress()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", task.__qualname__)

    def _run_seconds(self):
        limit = tools.config["limit_time_real_cron"]
        limit = tools.config["limit_time_real"] if limit is None or limit < 0 else limit
        return min(LONGEST_RUN, limit / 3) if limit else LONGEST_RUN

    def _work_off(self, backwards, deadline):
        """Work until nothing is due.

        :return datetime: when to go on, naive UTC by the addon's clock; None for never
        """
        # A company's failure is on no record that could be put off.
        unreached, hopeless = 0, set()
        for number in range(MOST_ROUNDS):
            # What the first round does decides which companies are to log in.
            due, moment = self.env["l10n_pl_ksef.due"]._survey(companies=number > 0)
            record = None
            for record in self._records(due, backwards, hopeless):
                failure = self._do_task(record)
                if failure and not isinstance(failure, KsefError):
                    hopeless.add(record)
                unreached = unreached + 1 if isinstance(failure, KsefUnavailable) else 0
                if unreached >= OUTAGE:
                    return self._now() + AFTER_OUTAGE
                if time.monotonic() > deadline:
                    return self._now()
            # Others may have done what the first round was to do: it has not asked for companies.
            if not record and (number or not due):
                return moment
        # What another worker has in its hands just now, or what became due this second.
        return self._now() + SHORTLY

    def _records(self, models, backwards, hopeless):
        """The due records of some models, one after the other, but for those that failed oddly."""
        for model in models:
            for batch in self._batches(model, backwards):
                yield from (record for record in batch if record not in hopeless)

    def _batches(self, model, backwards):
        """The due records of a model, few at a time, so that memory stays flat."""
        last = 0
        progress = self.env["ir.cron"]
        while True:
            ids = self.env["l10n_pl_ksef.due"]._next_ids(model, last, backwards, BATCH)
            if not ids:
                return
            if len(ids) == BATCH and not last and not backwards:
                self._wake_helper()
            progress._commit_progress(len(ids))
            records = self.env[model].browse(ids)
            if model == self._name:
                # All that a lock's name is made of; each is read in full under its lock.
                records.fetch(["company_id", "environment"])
            yield records
            if len(ids) < BATCH:
                return
            self.env.invalidate_all()
            last = ids[-1]

    def _wake_helper(self):
        """Much to do: a second cron worker may help from the other end."""
        helper = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive_helper", False)
        if helper:
            helper._trigger()

    def _do_task(self, record):
        """Do what is due for one record.

        :return: the failure that it ended with, or None
        """
        try:
            if record._name == "res.company":
                return record._l10n_pl_ksef_renew_login()
            return record._advance()
        except InvalidNip as error:
            _logger.info("KSeF: %s has no usable NIP: %s", record, error.reason)
            return error
        except OperationalError as error:
            self.env.cr.rollback()
            _logger.info("KSeF: %s is busy: %s", record, error.pgcode)
        except Exception as error:
            # Whatever it is, it is this company's: the others go on (docs/design.md 12).
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", record)
            self._set_aside(record)
            return error
        return None

    def _may_log_in_again(self):
        """Whether a machine may follow this ended login: not if KSeF refused the certificate."""
        if self.state != "failed" or self.method != "certificate":
            return True
        return self.certificate_id != self.company_id._l10n_pl_ksef_certificate()

    def _set_aside(self, record):
        if record._name == "res.company":
            return
        with record._exclusive() as own:
            if own:
                own._postpone_for(LONGEST_RETRY)
                own.env.cr.commit()

    def _wake_for_the_next(self, moment):
        """Ask for the scheduled action at the moment that something is due.

        :param datetime moment: naive UTC by the addon's clock; None for never
        """
        if moment and moment < self._now() + SAFETY_NET:
            self._wake_cron_at(moment)
