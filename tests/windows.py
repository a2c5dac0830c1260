"""Windows' behaviour in this process: what Odoo's installer for Windows gives an addon to live on.

What is patched is said by Python's manual: names that only Unix has, sockets that are no files, and
files that cannot be replaced or removed while they are open.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

#: Modules that Python for Windows does not have.
MODULES = frozenset(
    "_posixsubprocess fcntl grp nis ossaudiodev posix pty pwd resource spwd syslog termios tty "
    "readline curses".split()
)
#: What Python for Windows lacks of modules that it has.
NAMES: dict[ModuleType, frozenset[str]] = {
    os: frozenset(
        "O_CLOEXEC O_DIRECTORY O_DSYNC O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC WNOHANG chown chroot "
        "confstr ctermid eventfd fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs "
        "getegid geteuid getgid getgroups getloadavg getpgid getpgrp getpriority getresgid "
        "getresuid getsid getuid getxattr initgroups killpg lchown lockf major makedev "
        "memfd_create minor mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise "
        "posix_fallocate posix_spawn pread preadv pwrite pwritev readv sendfile setegid seteuid "
        "setgid setgroups setpgid setpriority setregid setresgid setresuid setreuid setsid setuid "
        "setxattr statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid "
        "writev".split()
    ),
    select: frozenset("epoll kqueue poll".split()),
    signal: frozenset(
        "SIGALRM SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 SIGUSR2 alarm getitimer pause "
        "pthread_kill pthread_sigmask setitimer siginterrupt sigwait".split()
    ),
    socket: frozenset("AF_UNIX MSG_DONTWAIT SO_REUSEPORT recv_fds send_fds".split()),
    time: frozenset("clock_gettime clock_settime pthread_getcpuclockid tzset".split()),
}
#: What takes a file descriptor there, which a socket's number is not.
_OF_FILES = ("dup", "fsync", "read", "write")


@contextmanager
def windows() -> Iterator[None]:
    """Let this process be as one on Windows, inside the block."""
    with ExitStack() as patches:
        # Of the other modules libraries have made their choice already.
        for name in NAMES[os] & set(dir(os)):
            patches.callback(setattr, os, name, getattr(os, name))
            delattr(os, name)
        for name in _OF_FILES:
            patches.enter_context(patch.object(os, name, _of_files(getattr(os, name))))
        for name in ("rename", "replace"):
            patches.enter_context(patch.object(os, name, _moving(name, getattr(os, name))))
        for name in ("remove", "unlink"):
            patches.enter_context(patch.object(os, name, _removing(getattr(os, name))))
        yield


def _of_files(function: Callable[..., Any]) -> Callable[..., Any]:
    def on_windows(descriptor: int, *more: Any) -> Any:
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return function(descriptor, *more)

    return on_windows


def _moving(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def on_windows(source: Any, target: Any, **more: Any) -> None:
        if name == "rename" and Path(target).exists():
            raise FileExistsError(errno.EEXIST, "that file exists", str(target))
        for path in (source, target):
            _refuse_open(path)
        function(source, target, **more)

    return on_windows


def _removing(function: Callable[..., Any]) -> Callable[..., Any]:
    def on_windows(path: Any, **more: Any) -> None:
        _refuse_open(path)
        function(path, **more)

    return on_windows


def _refuse_open(path: Any) -> None:
    """Refuse to touch a file that this process has open."""
    wanted = os.path.realpath(path)
    for descriptor in Path("/proc/self/fd").iterdir():
        if os.path.realpath(descriptor) == wanted:
            raise PermissionError(errno.EACCES, "another process is using it", str(path))
