import logging
import random
from contextlib import contextmanager
from datetime import timedelta, timezone

from psycopg2.errors import LockNotAvailable

from odoo import fields, models
from odoo.exceptions import MissingError

from ..tools import clock
from ..tools.errors import KsefError
from ..tools.http_pool import pool_of
from ..tools.vault import VaultError
from . import ksef_problem

_logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# Far more than any state machine here has steps: a step that changes nothing must not spin.
MOST_STEPS = 20
# Seconds. PostgreSQL does not see a deadlock between two connections of one worker.
ROW_LOCK_PATIENCE = 5
WAIT_ALONE = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
WAIT_SHARED = "SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))"


class LockBusy(KsefError):
    """Another worker is at the same record; it can wait."""

    retryable = True

    def __init__(self):
        super().__init__("another worker is at it", code="busy")


def naive(moment):
    """An aware UTC moment as Odoo stores it: naive UTC, whole seconds, rounded down."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0) if moment else False


class L10n_Pl_KsefStepMixin(models.AbstractModel):
    """A state machine whose steps talk to KSeF (docs/design.md 1, 2, 4, 9 and 12).

    Steps run one at a time for each lock name, on a cursor of their own, and are committed one by
    one: a caller's transaction is neither written to nor replayed, and a killed worker loses
    nothing.
    """

    _name = "l10n_pl_ksef.step.mixin"
    _description = "KSeF state machine"
    _inherit = ["l10n_pl_ksef.vault.mixin"]

    next_attempt = fields.Datetime(index=True, copy=False, readonly=True)
    attempts = fields.Integer(copy=False, readonly=True)
    problem = fields.Json(copy=False, readonly=True)

    def _now(self):
        """The present, naive UTC, by the addon's one clock."""
        return naive(clock.now())

    def _lock_name(self):
        """The name that all workers lock for this record's steps."""
        raise NotImplementedError

    def _due_step(self):
        """The bound method of the next due step, or None."""
        raise NotImplementedError

    def _on_refusal(self, error):
        """Record KSeF's final "no" to a step; the default keeps the state and tries later."""
        self._postpone(error)

    @contextmanager
    def _locked(self, name, wait_seconds=0):
        """A new transaction of its own under a lock that all workers respect.

        :param str name: what is locked
        :param float wait_seconds: how long to wait for another worker; 0 does not wait
        :return: an environment on its own cursor; None when another worker holds the lock
        """
        with self.env.registry.cursor() as cr:
            if not _lock(cr, name, wait_seconds):
                yield None
                return
            try:
                yield self.env(cr=cr, su=True)
            finally:
                _unlock(cr, name)

    @contextmanager
    def _after_others(self, name, wait_seconds):
        """A new transaction of its own, begun after the holder of a lock let go of it.

        All who wait go on at once, none behind the other: they share the lock.

        :param str name: what is locked
        :param float wait_seconds: how long to wait
        :return: an environment on its own cursor; None when the time is over
        """
        with self.env.registry.cursor() as cr:
            if not _lock(cr, name, max(wait_seconds, 0.001), WAIT_SHARED):
                yield None
                return
            cr.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [name])
            cr.commit()
            yield self.env(cr=cr, su=True)

    @contextmanager
    def _exclusive(self, wait_seconds=0):
        """This record, re-read in a new transaction of its own, under its lock.

        :param float wait_seconds: how long to wait for another worker; 0 does not wait
        :return: the record as superuser on its own cursor; empty when another worker holds the lock
        """
        self.ensure_one()
        with self._locked(self._lock_name(), wait_seconds) as env:
            # One query says whether it is still there, and what is in it.
            yield self.with_env(env).search_fetch([("id", "=", self.id)]) if env else self.browse()

    def _alone(self):
        """Read self anew between two steps: a step may be writing the same secrets."""
        return self._exclusive(wait_seconds=30)

    @contextmanager
    def _also_locked(self, name, wait_seconds=5):
        """A second lock on self's own cursor; begins a new transaction, and commits at the end.

        Taken from the newer record to the older, so that no two workers wait for each other.

        :param str name: what is locked
        :raises LockBusy: another worker did not finish in time
        """
        if not _lock(self.env.cr, name, wait_seconds):
            raise LockBusy()
        self.env.invalidate_all()
        try:
            yield
            self.env.cr.commit()
        finally:
            _unlock(self.env.cr, name)

    def _advance(self, wait_seconds=0):
        """Do all steps that are due now; safe to call from everywhere at once.

        :return: the failure that the last step of the last record ended with, or None
        """
        failure = None
        for record in self:
            with record._exclusive(wait_seconds) as own:
                failure = own._run_due_steps() if own else None
        return failure

    def _run_due_steps(self):
        step = self._due_step()
        for _count in range(MOST_STEPS):
            if not step:
                return None
            failure, step = self._run_step(step)
            if failure:
                return failure
        _logger.error("%s %s: more than %s steps in a row", self._name, self.id, MOST_STEPS)
        self._postpone_for(LONGEST_RETRY)
        self.env.cr.commit()
        return None

    def _run_step(self, step):
        """Run and commit one step; a failure is recorded and committed.

        :return tuple: the failure or None, the next due step or None
        """
        try:
            step()
            # Before the commit, which empties the cache.
            following = self._following_step()
        except (KsefError, VaultError) as error:
            self.env.cr.rollback()
            _logger.info("%s %s: %s: %s", self._name, self.id, step.__name__, error)
            self._on_failure(error)
            self.env.cr.commit()
            return error, None
        self.env.cr.commit()
        return None, following

    def _following_step(self):
        try:
            return self._due_step()
        except MissingError:
            # The step found that its record is not needed any more.
            return None

    def _on_failure(self, error):
        if isinstance(error, KsefError) and not error.retryable:
            self._on_refusal(error)
        else:
            self._postpone(error)

    def _postpone(self, error):
        """Record a failure and try again later, with growing distance, never before Retry-After."""
        growing = min(FIRST_RETRY * 2 ** min(self.attempts, 16), LONGEST_RETRY)
        asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
        self.problem = ksef_problem.of_error(error)
        self.attempts += 1
        self._postpone_for(max(growing * random.uniform(0.75, 1.25), asked))

    def _postpone_for(self, distance):
        self.next_attempt = self._now() + distance
        self._wake_cron_at(self.next_attempt)

    def _set_aside(self):
        """Put a record off for long, whose step failed in a way that nobody thought of."""
        with self._exclusive() as own:
            if own:
                own._postpone_for(LONGEST_RETRY)
                own.env.cr.commit()

    def _wake_cron_at(self, moment):
        """Have the scheduled action run at a moment (naive UTC by the addon's clock)."""
        if pool_of(self.env.context):
            # A run of the scheduled action asks by itself, for the next moment of all records.
            return
        cron = self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive", raise_if_not_found=False)
        if cron and moment:
            # Odoo's cron compares with the clock of PostgreSQL, not with ours.
            cron._trigger(at=fields.Datetime.now() + max(moment - self._now(), timedelta()))

    def _done(self, **values):
        """Store the outcome of a step that went well, and forget earlier failures."""
        self.write({"attempts": 0, "problem": False, "next_attempt": False, **values})


def _lock(cr, name, wait_seconds, statement=WAIT_ALONE):
    """Take the advisory lock; it survives commits and ends with the connection, whoever dies.

    From then on the cursor waits for a locked row no longer than ROW_LOCK_PATIENCE: its holder may
    be the caller that waits for us. Odoo's pool takes that back when the cursor is closed.
    """
    patience = f"{ROW_LOCK_PATIENCE}s"
    if not wait_seconds:
        cr.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 0)),"
            " set_config('lock_timeout', %s, false)",
            [name, patience],
        )
        taken = cr.fetchone()[0]
    else:
        cr.execute(
            "SELECT set_config('lock_timeout', %s, true)", [f"{int(wait_seconds * 1000) or 1}ms"]
        )
        try:
            cr.execute(statement, [name], log_exceptions=False)
            cr.execute("SELECT set_config('lock_timeout', %s, false)", [patience])
            taken = True
        except LockNotAvailable:
            cr.rollback()
            taken = False
    # A new transaction: the one that waited would still read what was there before the wait.
    cr.commit()
    return taken


def _unlock(cr, name):
    """Give the lock back; what was not committed is given up."""
    cr.rollback()
    cr.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    cr.commit()
