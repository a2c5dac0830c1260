import logging
import time
from datetime import timedelta

from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import TransactionRollbackError

from odoo import SUPERUSER_ID, models, tools
from odoo.http import request

from ...tools.deadline import Deadline
from ...tools.errors import KsefRateLimited, KsefUnavailable
from ...tools.http_pool import HttpPool
from ...tools.nip import InvalidNip
from ..base.locks import LockBusy, fresh
from ..vault.guard import door
from ..vault.vault import bind_secrets, models_that_forget, why_locked
from .due import COMPANIES, SESSIONS
from .turns import AFTER_OUTAGE, Turns

_logger = logging.getLogger(__name__)

# Records between two looks at what is due: a signature that comes meanwhile waits no longer.
BATCH = 25
# Seconds that one run works before others have their turn: Odoo ends a worker after two minutes.
LONGEST_RUN = 45
SAFETY_NET = timedelta(hours=1)
# A step that is due so soon is waited for, in the first seconds of a run.
SOON, MOST_WAITING = timedelta(seconds=3), 15


class L10n_Pl_KsefKeepAlive(models.AbstractModel):
    """The scheduled action; one company's failure stops no other."""

    _name = "l10n_pl_ksef.keep_alive"
    _description = "KSeF scheduled action"

    @door
    def _cron_keep_alive(self):
        """Keep all connections alive, whatever companies the scheduled action's user may use."""
        self.with_user(SUPERUSER_ID)._run_all()

    def _run_all(self):
        """Do all that is due, ask to be woken for the next thing, then tell people and tidy up.

        People are told whatever became of the work (docs/design.md 12 and 26).
        """
        watch = self.env["l10n_pl_ksef.alert.watch"]._watch
        if self._has_died():
            # Some step takes the process down with it, and will before people are told.
            self._beside(watch)
        self._beside(self._bind_secrets)
        self._beside(self._look_round)
        self._beside(self._keep_alive)
        # Before anybody is alarmed: KSeF may be down for all.
        self._beside(self.env["l10n_pl_ksef.availability"]._look)
        self._beside(watch)
        self._beside(self.env["l10n_pl_ksef.request"].sudo()._tend)
        for model in models_that_forget(self.env):
            self._beside(self.env[model]._forget_unused)
        self._beside(self.env["l10n_pl_ksef.housekeeping"]._remind_of_backup)

    def _has_died(self):
        """Return True if the run before this one came to no end."""
        progress = self.env["ir.cron.progress"].sudo()
        # Odoo counts this run, too, until it has ended.
        return progress.browse(self.env.context.get("ir_cron_progress_id")).timed_out_counter > 1

    def _bind_secrets(self):
        if not why_locked(self.env):
            bind_secrets(self.env)

    def _look_round(self):
        if not why_locked(self.env):
            self.env["l10n_pl_ksef.office"]._look_round()

    def _keep_alive(self):
        """Do all that is due; while the secrets cannot be used here, leave everything as it is."""
        if why_locked(self.env):
            return
        try:
            moment = self._run()
        except Exception:
            # Its steps asked nobody to be woken: a signature may wait for its next one.
            self.env.cr.rollback()
            _logger.exception("KSeF: the run broke off")
            moment = self._now() + AFTER_OUTAGE
        self._wake_for_the_next(moment)
        self.env["ir.cron"]._commit_progress(remaining=0)

    def _beside(self, task):
        """Run a task beside the others; log its failure, which must not stop them.

        Odoo switches off a scheduled action that fails for a week.
        """
        try:
            task()
            # The next task's failure must not undo this one's work. Odoo's own way to commit would
            # read its record of the run, too, which counts nothing here.
            self.env.cr.commit()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", task.__qualname__)

    def _run(self):
        """Work until nothing is due or the time is over; return when to go on; None for never."""
        deadline, waiting, turns = Deadline(_run_seconds()), Deadline(MOST_WAITING), Turns()
        with HttpPool().shared():
            while True:
                self.with_context(**deadline.context())._work_off(turns, deadline)
                # What the last steps planned is not in this transaction's snapshot.
                self.env.cr.commit()
                self.env.invalidate_all()
                # Not since now: a step may have become due after the last survey.
                moment = self.env["l10n_pl_ksef.due"]._next_moment(turns.surveyed_at)
                pause = self._pause_before(moment)
                if not 0 < pause < waiting.left:
                    break
                time.sleep(pause)
        moments = moment, turns.go_on_at
        return min(filter(None, moments), default=None)

    def _pause_before(self, moment):
        """Return for how many seconds this run waits for its next step, 0 for not at all.

        Odoo looks once a minute for what it was asked to do later: each step of a login would cost
        whoever signed a minute. Nobody who runs the action by hand waits.
        """
        if not moment or request or not self.env.context.get("cron_end_time"):
            return 0
        pause = moment - self._now()
        return pause.total_seconds() if pause <= SOON else 0

    def _work_off(self, turns, deadline):
        while tasks := self._tasks(turns):
            for number, task in enumerate(tasks[:BATCH]):
                if deadline.left <= 0:
                    turns.break_off(tasks[number:], self._now())
                    return
                if self._have_turn(task, turns):
                    # Others come first now.
                    break
            # What the steps committed on their own cursors is not in this transaction's snapshot.
            self.env["ir.cron"]._commit_progress(number + 1)
            self.env.invalidate_all()

    def _tasks(self, turns):
        """Return what has its turn now, in this order.

        What logins and certificates do decides which companies to log in: these come after them,
        but before what fails.
        """
        due = self.env["l10n_pl_ksef.due"]
        turns.surveyed_at = self._now()
        tasks = turns.in_order(due._records())
        if not tasks or turns.comes_last(tasks[0]):
            tasks = turns.in_order([*tasks, *due._logins_to_begin()])
        return tasks

    def _have_turn(self, task, turns):
        """Do what is due for one record; return True if it failed for want of KSeF."""
        record = self.env[task.model].browse(task.id)
        failure = self._do_task(record)
        unreached = isinstance(failure, KsefUnavailable | KsefRateLimited)
        turns.had(task, failure, self._now(), self._work_of(record) if unreached else None)
        return unreached

    def _work_of(self, record):
        """Return what a record asks of KSeF now, or None: in a turn it may go several steps."""
        with fresh(record) as one:
            if one._name == COMPANIES:
                one = one.env[SESSIONS]._of_company(one, limit=1)
            return one.exists() and (one.environment, one._name, one.state) or None

    def _do_task(self, record):
        """Do what is due for one record; return the failure that it ended with, or None."""
        try:
            return record._advance()
        except InvalidNip as error:
            _logger.info("KSeF: %s has no usable NIP: %s", record, error.reason)
            return error
        except (LockNotAvailable, TransactionRollbackError) as error:
            self.env.cr.rollback()
            _logger.info("KSeF: %s is busy: %s", record, error.pgcode)
            return LockBusy()
        except Exception as error:
            # Whatever it is, it is this company's failure: the others go on (docs/design.md 12).
            self.env.cr.rollback()
            _logger.exception("KSeF: %s failed", record)
            self._beside(record._set_aside)
            return error

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
