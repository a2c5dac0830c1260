import logging
import random
from contextlib import contextmanager
from datetime import timedelta, timezone
from functools import wraps

from odoo import fields, models
from odoo.exceptions import MissingError

from ...tools import clock
from ...tools.deadline import Deadline, deadline_of
from ...tools.errors import KsefBlocked, KsefError, KsefRateLimited, KsefUnavailable
from ...tools.http_pool import pool_of
from ...tools.vault import VaultCorrupt, VaultError
from ..vault.vault import MIXIN
from . import problems
from .locks import LockBusy, under_lock

_logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# Seconds that what has to come between two steps waits for its turn.
PATIENCE = 30
# When KSeF is back after an outage, nobody is to wait for longer than this.
LONGEST_OUTAGE_RETRY = timedelta(minutes=10)
# What is of use for a while only is tried once more so long before its end.
LAST_TRY = timedelta(minutes=2)
# Seconds after which no further step begins: Odoo ends a worker after two minutes.
LONGEST_CHAIN = 30
# The model and method whose row of the table says which states may be stored now.
RUNNING = "l10n_pl_ksef_running"
# Far more than any table has steps in a row: a step that changes nothing must not spin.
MOST_STEPS = 20


class UnlistedTransition(Exception):
    """Code stored a state that the table does not lead to: a mistake of ours, not of KSeF's."""


def naive(moment):
    """Return an aware UTC moment as Odoo stores it: naive UTC, whole seconds, rounded down."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0) if moment else False


def longest_retry(error):
    """Return how far apart two tries are at most; a wall before KSeF is left alone for longer.

    :param Exception error: the failure of the last try
    """
    away = isinstance(error, KsefUnavailable | KsefRateLimited)
    return LONGEST_OUTAGE_RETRY if away and not isinstance(error, KsefBlocked) else LONGEST_RETRY


def retry_after(error):
    """Return how long a failed call's answer asked Odoo to stay away; nothing if it did not.

    :param Exception error: a KsefError or a VaultError
    :return timedelta:
    """
    return timedelta(seconds=getattr(error, "retry_after", None) or 0)


def event(method):
    """Let a method that the table lists as an Event store the states of its row."""

    @wraps(method)
    def within(self, *args, **kwargs):
        return method(self._within(method.__name__), *args, **kwargs)

    return within


class L10n_Pl_KsefStatesMixin(models.AbstractModel):
    """A record whose states and ways between them stand in a table; the table alone changes it."""

    _name = "l10n_pl_ksef.states.mixin"
    _description = "KSeF table of states"
    # The model's base.table.Table.
    _machine = None

    def _now(self):
        """Return the present, naive UTC, by the addon's one clock."""
        return naive(clock.now())

    def write(self, vals):
        """Refuse a state that the table does not lead to.

        :raises UnlistedTransition: no row of the running method leads there
        """
        if "state" in vals:
            self._refuse_unlisted(vals["state"])
        return super().write(vals)

    def _running(self):
        """Return the method of the row that runs, or None."""
        running = self.env.context.get(RUNNING)
        # A browser can fill the context, too, but JSON makes no tuple.
        model, method = running if isinstance(running, tuple) else (None, None)
        return method if model == self._name else None

    def _refuse_unlisted(self, state):
        method = self._running()
        for record in self:
            if record.state != state and not self._machine.allows(method, record.state, state):
                raise UnlistedTransition(
                    f"{record}: {method or 'nothing that the table knows'} leads from"
                    f" {record.state} to {state}"
                )

    def _within(self, method):
        """Return self, able to store the states that the rows of a method lead to."""
        return self.with_context(**{RUNNING: (self._name, method)})


class L10n_Pl_KsefStepMixin(models.AbstractModel):
    """The walker of a table of states, whose steps talk to KSeF (docs/design.md 1, 2, 4, 9 and 12).

    Steps run one at a time for each lock name, on a cursor of their own, and are committed one by
    one: a caller's transaction is neither written to nor replayed, and a killed worker loses
    nothing.
    """

    _name = "l10n_pl_ksef.step.mixin"
    _description = "KSeF state machine"
    _inherit = ["l10n_pl_ksef.states.mixin", MIXIN]

    next_attempt = fields.Datetime(index=True, copy=False, readonly=True)
    attempts = fields.Integer(copy=False, readonly=True)
    problem = fields.Json(copy=False, readonly=True)

    def _lock_name(self):
        """Return the name that all workers lock for this record's steps."""
        raise NotImplementedError

    # ------------------------------------------------------------------
    # The table
    # ------------------------------------------------------------------
    def write(self, vals):
        """Keep with a problem whose it is."""
        if vals.get("problem"):
            vals = {**vals, "problem": {**self[:1]._whose(), **vals["problem"]}}
        return super().write(vals)

    def _whose(self):
        """Return whom the sentences about a problem of this record name, see problems.texts."""
        return {}

    def _due_step(self):
        """Return the row of the step that is due now, or None."""
        self.ensure_one()
        if self.next_attempt and self.next_attempt > self._now():
            return None
        return next((row for row in self._machine.steps if self._applies(row)), None)

    def _applies(self, row):
        if not row.covers(self.state):
            return False
        condition = getattr(self, row.when) if row.when else True
        return condition() if callable(condition) else bool(condition)

    # ------------------------------------------------------------------
    # The walker
    # ------------------------------------------------------------------
    @contextmanager
    def _exclusive(self, wait_seconds=0):
        """Read this record again in a new transaction of its own, under its lock.

        Yield it as superuser; nothing when another worker holds the lock longer than one waits.
        """
        self.ensure_one()
        with under_lock(self.env, self._lock_name(), wait_seconds) as env:
            yield self._read_again(env) if env else self.browse()

    def _read_again(self, env):
        """Return this record in another environment: one query says if it is there, and more."""
        return self.with_env(env).search_fetch([("id", "=", self.id)])

    def _advance(self):
        """Do all due steps, from anywhere; return the failure that the last record's ended with."""
        failure = None
        for record in self:
            with record._exclusive() as locked:
                failure = locked._run_due_steps() if locked else LockBusy()
        return failure

    def _run_due_steps(self):
        """Do all due steps, under the record's lock, on its own cursor; return the last failure.

        None begins when the caller's time is over: it is due for whoever comes next.
        """
        row = self._due_step()
        if not row:
            self._put_aside_if_due()
        deadline = deadline_of(self.env.context) or Deadline(LONGEST_CHAIN)
        for _count in range(MOST_STEPS):
            if not row:
                return None
            if deadline.left <= 0:
                self._wake_cron_at(self._now())
                self.env.cr.commit()
                return None
            failure, row = self._run_step(row.method)
            if failure:
                return failure
        _logger.error("%s: more than %s steps in a row", self, MOST_STEPS)
        self._stumble()
        self.env.cr.commit()
        return None

    def _run_step(self, method):
        """Run and commit one step, or its failure; return the failure, and the row that follows."""
        running = self._within(method)
        try:
            getattr(running, method)()
            # Before the commit, which empties the cache.
            following = self._following_step()
            failure = None
        except (KsefError, VaultError, UnlistedTransition) as error:
            self.env.cr.rollback()
            _logger.info("%s: %s: %s", self, method, error)
            running._on_failure(error)
            failure, following = error, None
        self.env.cr.commit()
        return failure, following

    def _following_step(self):
        try:
            return self._due_step()
        except MissingError:
            # The step found that its record is not needed any more.
            return None

    def _alone(self):
        """Read self anew between two steps: a step may be writing the same secrets."""
        return self._exclusive(wait_seconds=PATIENCE)

    # ------------------------------------------------------------------
    # How a step ends
    # ------------------------------------------------------------------
    def _succeed(self, **values):
        """Store the outcome of a step that went well, and forget earlier failures."""
        self.write({"attempts": 0, "problem": False, "next_attempt": False, **values})

    def _on_failure(self, error):
        if isinstance(error, UnlistedTransition):
            _logger.error("KSeF: refused: %s", error)
            self._stumble()
        elif isinstance(error, VaultCorrupt) or (
            isinstance(error, KsefError) and not error.retryable
        ):
            # What cannot be decrypted now never can.
            self._refuse(error)
        else:
            self._postpone(error)

    def _refuse(self, error):
        """Do what the table lists for a final no in this state; else try again later."""
        row = self._machine.refusal(self.state)
        if row:
            getattr(self._within(row.method), row.method)(error)
        else:
            self._postpone(error)

    def _postpone(self, error):
        """Record a failure and try again later."""
        self._postpone_for(self._note(error))

    def _note(self, error):
        """Record a failure; return when to try again: in growing distance, and after Retry-After.

        Neither keeps Odoo away for more than an hour, nor beyond the end of what waits for KSeF.
        """
        looks = self._machine.only_looks(self._running())
        longest = LONGEST_RETRY if looks else longest_retry(error)
        growing = min(FIRST_RETRY * 2 ** min(self.attempts, 16), longest)
        asked = min(retry_after(error), LONGEST_RETRY)
        distance = self._before_the_end(max(growing * random.uniform(0.75, 1.25), asked))
        put_off_until = asked and self._now() + distance
        self._keep_problem(problems.of_error(error, put_off_until))
        self.attempts += 1
        return distance

    def _keep_problem(self, problem):
        """Keep why a step failed that is tried again."""
        self.problem = problem

    def _before_the_end(self, distance):
        """Shorten a distance, so that a last try comes before the end, and a sentence at it."""
        end, now = self._end_of_use(), self._now()
        if not end or end <= now:
            return distance
        last = end - LAST_TRY
        return min(distance, (last if last > now else end) - now)

    def _end_of_use(self):
        """Return when what waits for KSeF is of no use any more, naive UTC; None for never."""
        return None

    def _postpone_for(self, distance):
        self.next_attempt = self._now() + distance
        self._wake_cron_at(self.next_attempt)

    def _stumble(self):
        """Try again much later, and keep that the error was Odoo's own."""
        self._keep_problem(problems.local("internal"))
        self._postpone_for(LONGEST_RETRY)

    def _put_aside_if_due(self):
        """Have no run look in vain again and again at a record that is due and has no step."""
        waits = self.next_attempt and self.next_attempt > self._now()
        # Its time may have come since the caller looked.
        if waits or self._due_step():
            return
        if any(row.covers(self.state) for row in self._machine.steps):
            self._postpone_for(LONGEST_RETRY)
            self.env.cr.commit()

    def _set_aside(self):
        """Put a record off for long, whose step failed in a way that nobody thought of."""
        with self._exclusive() as locked:
            if locked:
                locked._stumble()
                locked.env.cr.commit()

    def _wake_cron_at(self, moment):
        """Have the scheduled action run at a moment (naive UTC by the addon's clock)."""
        if pool_of():
            # A run of the scheduled action asks by itself, for the next moment of all records.
            return
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive", raise_if_not_found=False)
        if cron and moment:
            # Odoo's cron compares with the clock of PostgreSQL, not with ours.
            cron._trigger(at=fields.Datetime.now() + max(moment - self._now(), timedelta()))
