import logging
import time
from contextlib import closing
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import models, tools
from odoo.tools import split_every

from ...tools.errors import KsefError, KsefUnavailable
from ...tools.http_pool import HttpPool
from ...tools.nip import InvalidNip
from ..vault.vault import secret_models, why_locked

_logger = logging.getLogger(__name__)

# A login that one round begins is finished by the next.
MOST_ROUNDS = 5
BATCH = 25
# Seconds that one run works before others have their turn: Odoo ends a worker after two minutes.
LONGEST_RUN = 45
# After so many failures in a row to reach KSeF it is down, and more tries are of no use.
OUTAGE = 3
AFTER_OUTAGE = timedelta(minutes=2)
SHORTLY = timedelta(seconds=10)
SAFETY_NET = timedelta(hours=1)


class L10n_Pl_KsefKeepAlive(models.AbstractModel):
    """The scheduled action; one company's failure stops no other."""

    _name = "l10n_pl_ksef.keep_alive"
    _description = "KSeF scheduled action"

    def _cron_keep_alive(self):
        """Do all that is due, ask to be woken for the next thing, then tell people and tidy up.

        People are told whatever became of the work (docs/design.md 12 and 26).
        """
        self._beside(self._keep_alive)
        self._beside(self.env["l10n_pl_ksef.alert.watch"]._watch)
        for model in secret_models(self.env):
            self._beside(self.env[model]._forget_unused)
        self._beside(self.env["l10n_pl_ksef.housekeeping"]._remind_of_backup)

    def _keep_alive(self):
        """Do all that is due; while the secrets cannot be used here, leave everything as it is."""
        if not why_locked(self.env):
            self._wake_for_the_next(self._run())
            self.env["ir.cron"]._commit_progress(remaining=0)

    def _beside(self, task):
        """Run a task beside the others; log its failure, which must not stop them.

        Odoo switches off a scheduled action that fails for a week.
        """
        try:
            task()
            # The next task's failure must not undo this one's work.
            self.env["ir.cron"]._commit_progress()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", task.__qualname__)

    def _run(self):
        """Work until nothing is due or the time is over; return when to go on; None for never."""
        deadline = time.monotonic() + _run_seconds()
        with closing(HttpPool()) as pool:
            return self.with_context(**pool.context())._work_off(deadline)

    def _work_off(self, deadline):
        # Companies have no `next_attempt`: remember here which ones failed oddly in this run.
        unreached, hopeless = 0, set()
        for number in range(MOST_ROUNDS):
            record = None
            for record in self._due_records(number, hopeless):
                failure = self._do_task(record)
                if failure and not isinstance(failure, KsefError):
                    hopeless.add(record)
                unreached = unreached + 1 if isinstance(failure, KsefUnavailable) else 0
                if unreached >= OUTAGE:
                    return self._now() + AFTER_OUTAGE
                if time.monotonic() > deadline:
                    return self._now()
            if not record:
                return self.env["l10n_pl_ksef.due"]._next_moment()
        # Another worker has some records in its hands, or some became due this second.
        return self._now() + SHORTLY

    def _due_records(self, number, hopeless):
        """Yield the due records, the most urgent first, without those that failed oddly.

        What the first round does for logins and certificates decides which companies to log in.
        """
        due, found = self.env["l10n_pl_ksef.due"], False
        for find in (due._logins, due._certificates):
            for record in self._in_batches(find(), hopeless):
                found = True
                yield record
        if number or not found:
            yield from self._in_batches(due._companies(), hopeless)

    def _in_batches(self, records, hopeless):
        """Yield the records that are not hopeless, reading few at a time: memory stays flat."""
        for ids in split_every(BATCH, records.ids):
            self.env["ir.cron"]._commit_progress(len(ids))
            yield from (record for record in records.browse(ids) if record not in hopeless)
            self.env.invalidate_all()

    def _do_task(self, record):
        """Do what is due for one record; return the failure that it ended with, or None."""
        try:
            return record._advance()
        except InvalidNip as error:
            _logger.info("KSeF: %s has no usable NIP: %s", record, error.reason)
            return error
        except OperationalError as error:
            self.env.cr.rollback()
            _logger.info("KSeF: %s is busy: %s", record, error.pgcode)
        except Exception as error:
            # Whatever it is, it is this company's failure: the others go on (docs/design.md 12).
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", record)
            self._beside(record._set_aside)
            return error
        return None

    def _now(self):
        return self.env["l10n_pl_ksef.session"]._now()

    def _wake_for_the_next(self, moment):
        """Ask for the scheduled action at the moment that something is due."""
        if moment and moment < self._now() + SAFETY_NET:
            self.env["l10n_pl_ksef.session"]._wake_cron_at(moment)


def _run_seconds():
    limit = tools.config["limit_time_real_cron"]
    limit = tools.config["limit_time_real"] if limit is None or limit < 0 else limit
    return min(LONGEST_RUN, limit / 3) if limit else LONGEST_RUN
