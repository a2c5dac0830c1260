"""Transactions beside the caller's, most under a named lock that all workers of a database respect.

PostgreSQL's advisory locks: they survive commits, and end with the connection, whoever dies.
Waiting and then reading in the same snapshot would give the old row (docs/design.md 4): each
function here begins a new transaction after it has waited.
"""

from contextlib import contextmanager

from psycopg2.errors import LockNotAvailable

from ...tools.deadline import deadline_of
from ...tools.errors import KsefError

# Seconds. PostgreSQL does not see a deadlock between two connections of one worker.
ROW_LOCK_PATIENCE, LEAST_PATIENCE = 5, 0.5
ALSO_PATIENCE = 5
WAIT_ALONE = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
WAIT_SHARED = "SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))"


class LockBusy(KsefError):
    """Another worker holds the lock of the same record; the caller can wait."""

    retryable = True

    def __init__(self):
        super().__init__("another worker holds the lock", code="busy")


@contextmanager
def under_lock(env, name, wait_seconds=0):
    """Hold a lock on a new transaction; what the caller did not commit is given up at the end.

    :param env: any environment of the database
    :param str name: what is locked
    :param float wait_seconds: how long to wait for another worker; 0 does not wait
    :return: a superuser's environment on its own cursor; None when another worker holds the lock
    """
    with env.registry.cursor() as cr:
        if not _lock(cr, name, wait_seconds, patience=_row_patience(env)):
            yield None
            return
        try:
            yield env(cr=cr, su=True)
        finally:
            _unlock(cr, name)


@contextmanager
def after_others(env, name, wait_seconds):
    """Begin a new transaction as soon as the holder of a lock lets go of it.

    All who wait go on at once, none behind the other: they share the lock.

    :param env: any environment of the database
    :param str name: what is locked
    :param float wait_seconds: how long to wait
    :return: a superuser's environment on its own cursor; None when the time is over
    """
    with env.registry.cursor() as cr:
        if not _lock(cr, name, max(wait_seconds, 0.001), WAIT_SHARED):
            yield None
            return
        cr.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", [name])
        cr.commit()
        yield env(cr=cr, su=True)


@contextmanager
def also_locked(env, name):
    """Hold a second lock on the cursor of an environment; commit at the end.

    Take it from the newer record to the older, so that no two workers wait for each other.

    :param env: an environment on a cursor that `under_lock` gave
    :param str name: what is locked
    :raises LockBusy: another worker did not finish in time
    """
    if not _lock(env.cr, name, ALSO_PATIENCE):
        raise LockBusy()
    env.invalidate_all()
    try:
        yield
        env.cr.commit()
    finally:
        _unlock(env.cr, name)


@contextmanager
def fresh(records):
    """Yield records on a cursor of their own, which sees what was committed until now.

    A transaction sees the database as it was when it began. What the block changes is committed
    at its end.

    :param records: of any model; without records, the environment is in their ``env``
    """
    with records.env.registry.cursor() as cr:
        yield records.with_env(records.env(cr=cr))


def _row_patience(env):
    """Return the seconds to wait for a locked row: no longer than the caller waits."""
    deadline = deadline_of(env.context)
    return min(ROW_LOCK_PATIENCE, max(deadline.left, LEAST_PATIENCE)) if deadline else None


def _lock(cr, name, wait_seconds, statement=WAIT_ALONE, patience=None):
    """Take the lock and begin a new transaction; return False if another worker holds it.

    From then on the cursor waits for a locked row no longer than ``patience`` says, in seconds, or
    ROW_LOCK_PATIENCE: its holder may be the caller that waits for us. Odoo's pool takes that back
    when the cursor is closed.
    """
    patience = f"{int((patience or ROW_LOCK_PATIENCE) * 1000)}ms"
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
    # The transaction that waited would still read what was there before the wait.
    cr.commit()
    return taken


def _unlock(cr, name):
    """Give the lock back, and give up what was not committed."""
    cr.rollback()
    cr.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
    cr.commit()
