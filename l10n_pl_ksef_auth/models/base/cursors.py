"""A look at the database beside the caller's transaction."""

from contextlib import contextmanager


@contextmanager
def fresh(records):
    """Yield records on a cursor of their own, which sees what was committed until now.

    A transaction sees the database as it was when it began. What the block changes is committed
    at its end.

    :param records: of any model; without records, the environment is in their ``env``
    """
    with records.env.registry.cursor() as cr:
        yield records.with_env(records.env(cr=cr))
