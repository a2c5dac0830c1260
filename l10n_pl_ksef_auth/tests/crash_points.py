"""Kills a process at a chosen point: before or after a request, or a commit that stores."""

import os
import signal
from contextlib import contextmanager, nullcontext, suppress
from unittest.mock import patch

from odoo import sql_db

from odoo.addons.l10n_pl_ksef_auth.tools.transport import Transport

STORING = ("insert", "update", "delete")
SECONDS = 60


class CrashPoints:
    """Reports each point that the work passes, and kills the process at one of them.

    :param int fatal: the number of the point to die at; a great one for none
    :param int report: file descriptor to which the points' names are written
    """

    def __init__(self, fatal, report):
        self._left, self._report = fatal, report

    def passed(self, name):
        """Report a point, and die there if it is the fatal one."""
        os.write(self._report, f"{name}\n".encode())
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    @contextmanager
    def watched(self):
        """Watch all requests to KSeF and all transactions of this process."""
        execute, commit, request = sql_db.Cursor.execute, sql_db.Cursor.commit, Transport.request
        storing = set()

        def watched_execute(cr, query, *args, **kwargs):
            text = str(getattr(query, "code", query)).lstrip().lower()
            if text.startswith(STORING):
                storing.add(id(cr))
            return execute(cr, query, *args, **kwargs)

        def watched_commit(cr):
            cr.flush()
            if id(cr) not in storing:
                return commit(cr)
            storing.discard(id(cr))
            self.passed("before a commit")
            commit(cr)
            self.passed("after a commit")

        def watched_request(transport, method, path, *args, **kwargs):
            call = f"{method} {'/'.join(path.split('/')[:3])}"
            self.passed(f"before {call}")
            answer = request(transport, method, path, *args, **kwargs)
            self.passed(f"after {call}")
            return answer

        with (
            patch.object(sql_db.Cursor, "execute", watched_execute),
            patch.object(sql_db.Cursor, "commit", watched_commit),
            patch.object(Transport, "request", watched_request),
        ):
            yield


def in_a_process(work, meanwhile=None):
    """Run work in a forked process of its own, and return what it wrote to its report.

    :param work: a function that takes the file descriptor of the report
    :param meanwhile: a context manager of this process that lasts as long as the work; entered
        after the fork, since the threads that it may start cannot be forked
    :return str: the report, up to the process's end, whatever ended it
    """
    reading, writing = os.pipe()
    waiting, starting = os.pipe()
    process = os.fork()
    if not process:
        # Whatever happens here, this process must not return into the test runner.
        with suppress(BaseException):
            signal.alarm(SECONDS)
            os.close(reading)
            os.close(starting)
            os.read(waiting, 1)
            work(writing)
        os._exit(0)
    os.close(writing)
    os.close(waiting)
    with meanwhile or nullcontext(), os.fdopen(reading) as report:
        os.close(starting)
        text = report.read()
    os.waitpid(process, 0)
    return text
