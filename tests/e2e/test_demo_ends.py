"""However `./run demo` ends, it leaves no process and no database behind."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from stack.places import ROOT, cache, free_port
from stack.workshop import Workshop, workshop

READY = b"Ctrl-C ends the demo"
# Seconds: two cores may be busy with other tests beside this one.
PATIENCE = 90


@dataclass
class Terminal:
    """A demo in a terminal of its own; `screen` is the terminal's other end."""

    demo: subprocess.Popen[bytes]
    screen: int
    is_open: bool = True

    def wait_for(self, words: bytes | None, seconds: float) -> None:
        """Read until the demo has said these words, or (None) has closed its side.

        :raises AssertionError: if it does not in time
        """
        text, deadline = b"", time.monotonic() + seconds
        while words is None or words not in text:
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self.screen], [], [], left)[0], f"no {words!r}: {text[-2000:]!r}"
            part = self._read()
            if not part:
                assert words is None, f"ended without {words!r}: {text[-2000:]!r}"
                return
            text += part

    def _read(self) -> bytes:
        try:
            return os.read(self.screen, 4096)
        except OSError:  # so Linux says that nobody has the other side open
            return b""

    def close(self) -> None:
        """Close the terminal, once."""
        if self.is_open:
            self.is_open = False
            os.close(self.screen)

    def end(self) -> None:
        """End everything that runs, first kindly, then by force."""
        self.close()
        try:
            self.demo.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            servers = children_of(self.demo.pid)
            for pid in (self.demo.pid, *servers):
                os.kill(pid, signal.SIGKILL)
            self.demo.wait()


def press_ctrl_c_twice(terminal: Terminal) -> None:
    os.write(terminal.screen, b"\x03")
    terminal.wait_for(b"stopping", 20)
    os.write(terminal.screen, b"\x03")
    terminal.wait_for(None, 40)


def close_the_terminal(terminal: Terminal) -> None:
    terminal.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    """Give PostgreSQL, which knows the databases that are left."""
    with workshop() as made:
        yield made


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """Give a demo in a new terminal that has said that it is ready."""
    begun = started()
    try:
        begun.wait_for(READY, 600)
        yield begun
    finally:
        begun.end()


def started() -> Terminal:
    """Start the demo in a new terminal."""
    screen, inside = pty.openpty()
    environment = os.environ | {
        "ODOO_PORT": str(free_port()),
        "SIMULATOR_PORT": str(free_port()),
    }

    def take_terminal() -> None:
        # Whoever runs the tests in the background may have it ignored.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.setsid()
        os.close(os.open(os.ttyname(0), os.O_RDWR))

    demo = subprocess.Popen(
        ["./run", "demo"],
        cwd=ROOT,
        env=environment,
        preexec_fn=take_terminal,
        stdin=inside,
        stdout=inside,
        stderr=inside,
    )
    os.close(inside)
    return Terminal(demo, screen)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started itself."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(number) for number in file.read().split()]


@pytest.mark.parametrize(
    "end", [press_ctrl_c_twice, pytest.param(close_the_terminal, marks=pytest.mark.long)]
)
def test_an_ended_demo_leaves_no_process_no_database_and_no_password(
    shop: Workshop, terminal: Terminal, end: Callable[[Terminal], None]
):
    servers = children_of(terminal.demo.pid)
    end(terminal)
    assert terminal.demo.wait(PATIENCE) in (0, 130)
    assert len(servers) == 2
    assert not [pid for pid in servers if os.path.exists(f"/proc/{pid}")]
    assert not [name for name in shop.postgres.databases() if f"_{terminal.demo.pid}" in name]
    assert not (cache("config") / f"odoo-{terminal.demo.pid}.conf").exists()
