"""However `./run demo` is ended, nothing of it is left running or lying about."""

import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from stack.places import ROOT, cache, free_port
from stack.workshop import Workshop, workshop

READY = b"Ctrl-C ends the demo"


@dataclass
class Terminal:
    """A demo that runs in a terminal of its own; `screen` is the terminal's other end."""

    demo: subprocess.Popen[bytes]
    screen: int

    def end_of_output(self) -> None:
        """Read on until the demo has closed its side."""
        try:
            while os.read(self.screen, 4096):
                pass
        except OSError:
            pass


def press_ctrl_c_twice(terminal: Terminal) -> None:
    os.write(terminal.screen, b"\x03")
    while b"stopping" not in os.read(terminal.screen, 4096):
        pass
    os.write(terminal.screen, b"\x03")
    terminal.end_of_output()


def close_the_terminal(terminal: Terminal) -> None:
    os.close(terminal.screen)


@pytest.fixture(scope="module")
def shop() -> Iterator[Workshop]:
    """PostgreSQL, to ask it for the databases that are left."""
    with workshop() as made:
        yield made


def started() -> Terminal:
    """The demo in a new terminal, when it says that it is ready."""
    screen, inside = pty.openpty()
    environment = os.environ | {
        "ODOO_PORT": str(free_port()),
        "SIMULATOR_PORT": str(free_port()),
    }

    def take_terminal() -> None:
        os.setsid()
        os.close(os.open(os.ttyname(0), os.O_RDWR))

    demo = subprocess.Popen(
        ["./run", "demo"], cwd=ROOT, env=environment, preexec_fn=take_terminal,
        stdin=inside, stdout=inside, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    text = b""
    while READY not in text:
        text += os.read(screen, 4096)
    return Terminal(demo, screen)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(number) for number in file.read().split()]


@pytest.mark.parametrize("end", [press_ctrl_c_twice, close_the_terminal])
def test_an_ended_demo_leaves_no_process_no_database_and_no_password(
    shop: Workshop, end: Callable[[Terminal], None]
):
    terminal = started()
    servers = children_of(terminal.demo.pid)
    end(terminal)
    assert terminal.demo.wait(40) in (0, 130)
    assert len(servers) == 2
    assert not [pid for pid in servers if os.path.exists(f"/proc/{pid}")]
    assert not [name for name in shop.postgres.databases() if f"_{terminal.demo.pid}" in name]
    assert not (cache("config") / f"odoo-{terminal.demo.pid}.conf").exists()
