"""Programs that the set-up calls: none of them outlives the `./run` that started it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

_PR_SET_PDEATHSIG = 1


@contextlib.contextmanager
def started(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Start a program with text streams and `options` of Popen; kill what is left of it at the end.

    It has a session of its own: Ctrl-C reaches us alone, and we end it with whatever it started.
    """
    ours: dict[str, Any] = {"stdin": subprocess.DEVNULL, "preexec_fn": end_with_parent}
    process = subprocess.Popen(command, text=True, start_new_session=True, **(ours | options))
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run(
    command: list[str], text: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end with `text` on its input and `options` of Popen."""
    if text is not None:
        options["stdin"] = subprocess.PIPE
    with started(command, **options) as process:
        output, errors = process.communicate(text)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask Linux to send this process the signal `number` when the one that started it is gone.

    For `preexec_fn`: it is called in the new process.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def give_way(niceness: int) -> None:
    """Leave the cores to other programs as far as `niceness` says, with all that this one starts.

    For `preexec_fn`. Linux may share the cores among sessions first: then the session has to give
    way, too.

    :param niceness: 0 (not at all) to 19
    """
    os.nice(niceness)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as session:
        session.write(str(niceness))


def alive(pid: int) -> bool:
    """Return True if a process with this number runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
