"""Whose turn it is in one run of the scheduled action: nobody waits for another's failures."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta

from ...tools.errors import KsefError, KsefRateLimited, KsefUnavailable
from ..base.locks import LockBusy
from ..base.steps import LONGEST_RETRY, retry_after

# How often a record has its turn in one run: a login that begins is finished by further turns.
MOST_TURNS = 5
# So many records in a row that fail at the same work are an outage, and more tries are of no use.
OUTAGE = 3
AFTER_OUTAGE = timedelta(minutes=2)
SHORTLY = timedelta(seconds=10)


@dataclass(frozen=True)
class Task:
    """A record with something to do, as a run's survey finds it.

    :param str model: of the record; a company logs in with its certificate
    :param int id: of the record
    :param tuple work: what it asks of KSeF: environment, model and state
    :param bool is_awaited: whether a person waits for it
    """

    model: str
    id: int
    work: tuple
    is_awaited: bool = False


class Turns:
    """What a run has learned: outages belong to an environment and a kind of work.

    KSeF's limits belong to the environment and this server's address (docs/ksef.md E6): who is
    asked to slow down is asked for all work there.

    After one failure the work that failed comes last in this run, and so does the environment if
    it kept silent, for silence costs the most time. After OUTAGE failures in a row, none of them
    the same record's, that work rests. A signature that a person waits for does not rest.
    """

    def __init__(self):
        self.go_on_at = self.surveyed_at = None
        self._turns, self._given_up = Counter(), set()
        self._failed, self._silent, self._rest = defaultdict(set), set(), set()

    def in_order(self, tasks):
        """Return the tasks that may have a turn; those of equal rank stay in their order."""
        return sorted(filter(self._may_have_a_turn, tasks), key=self._rank)

    def comes_last(self, task):
        """Return True if this run has seen failures at a task's work, or in its environment."""
        return self._rank(task) > 0

    def _may_have_a_turn(self, task):
        rests = not self._rest.isdisjoint((task.work, task.work[:1]))
        return (task.is_awaited or not rests) and (task.model, task.id) not in self._given_up

    def _rank(self, task):
        if self._failed.get(task.work) or self._failed.get(task.work[:1]):
            return 2
        return int(task.work[0] in self._silent)

    def had(self, task, failure, now, work=None):
        """Learn from a turn.

        :param Exception failure: what it ended with, or None
        :param datetime now: naive UTC
        :param tuple work: at which it failed; a login may have come some steps further
        """
        record = task.model, task.id
        self._turns[record] += 1
        if failure is None:
            self._failed.pop(task.work, None)
            self._failed.pop(task.work[:1], None)
        elif isinstance(failure, KsefUnavailable | KsefRateLimited):
            work = work or task.work
            slow_down = isinstance(failure, KsefRateLimited)
            self._note_outage(record, work[:1] if slow_down else work, failure, now)
        elif not isinstance(failure, KsefError):
            self._given_up.add(record)
        if isinstance(failure, LockBusy) or self._turns[record] == MOST_TURNS:
            self._given_up.add(record)
            self._go_on(now + SHORTLY)

    def _note_outage(self, record, work, failure, now):
        failed = self._failed[work]
        failed.add(record)
        if failure.status is None:
            self._silent.add(work[0])
        if len(failed) >= OUTAGE:
            self._rest.add(work)
            self._go_on(now + max(AFTER_OUTAGE, min(retry_after(failure), LONGEST_RETRY)))

    def break_off(self, tasks, now):
        """Learn that the time is over, and which tasks are left."""
        waiting = self.in_order(tasks)
        if waiting:
            self._go_on(now + AFTER_OUTAGE if self.comes_last(waiting[0]) else now)

    def _go_on(self, moment):
        self.go_on_at = min(filter(None, (self.go_on_at, moment)))
