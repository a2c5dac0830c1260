"""The commands of `./run`."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Callable
from types import FrameType

from .places import CACHE, TESTS, require_sound_paths
from .say import StackError, say

USAGE = """\
./run demo                      Odoo with a KSeF simulator, to try the journey; Ctrl-C ends it
./run test [words for pytest]   the tests; -k WORD picks by name everywhere, a path picks a file
./run test fast [words]         those that need no Odoo
./run test releases [words]     the same on four releases of the package cryptography
./run test all [words]          the long proofs, full widths and Odoo's own tests too
./run lint                      style, types and the checks of Odoo's community
./run shell                     a Python prompt inside the demo's Odoo
./run simulator --port N        the KSeF simulator alone
./run draw                      draws the tables of states into the documentation
./run manual                    makes the pictures of the help anew, in the browser
./run readme                    writes each addon's README.rst and index.html, from its readme/

CACHE_DIR, ODOO_PATH, ODOO_PORT, SIMULATOR_PORT, CHROMIUM and PYTHON change where things are."""


def _test(words: list[str]) -> int:
    """Run tests."""
    from . import testing

    commands = {"fast": testing.fast, "releases": testing.releases}
    command = commands.get(words[0]) if words else None
    return command(words[1:]) if command else testing.everything(words)


def _lint(words: list[str]) -> int:
    """Run the linters."""
    from . import lint

    return lint.main()


def _demo(words: list[str]) -> int:
    """Run the demo until Ctrl-C."""
    from . import demo

    return demo.main()


def _shell(words: list[str]) -> int:
    """Open Odoo's shell."""
    from . import demo

    return demo.shell()


def _simulator(words: list[str]) -> int:
    """Run the simulator in the foreground."""
    from . import demo

    return demo.simulator(words)


def _draw(words: list[str]) -> int:
    """Draw the tables of states."""
    from . import drawing

    return drawing.main()


def _manual(words: list[str]) -> int:
    """Make the manual's pictures anew."""
    from . import testing

    os.environ["MANUAL"] = "write"
    return testing.everything(["tests/e2e", "-m", "manual", *words])


def _readme(words: list[str]) -> int:
    """Write the addons' read-mes."""
    from . import packages

    return packages.run("stack.readmes", words)


def _package(name: str) -> Callable[[list[str]], int]:
    """Return a command that runs the package `name` of tests/ with its own options."""

    def run(words: list[str]) -> int:
        from . import packages, programs

        if name in NETWORKED:
            packages.become(name, words)
        if name in BROWSING:
            # Before the package runs: it reaches this machine only.
            programs.browser()
        return packages.run(name, words)

    return run


UNWRITABLE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS),
    *(errno.ENOSPC, errno.EDQUOT),
    *(errno.ENOTDIR, errno.EEXIST),
}
COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": _demo,
    "test": _test,
    "lint": _lint,
    "shell": _shell,
    "simulator": _simulator,
    "draw": _draw,
    "readme": _readme,
    "manual": _manual,
}
PACKAGES = {
    "bench": ("benchmarks", "what things cost, measured against a baseline"),
    "soak": ("soak", "hours of use made minutes, with faults"),
    "i18n": ("texts", "exports all texts anew and says which lack a Polish one"),
    "pictures": ("pictures", "a picture of each screen and state in Polish, at four widths"),
    "fuzz": ("fuzz", "a long search for documents that the reader stumbles over"),
    "live": ("live", "the whole life on KSeF's TEST environment; clean, sign (see --help)"),
}
#: Packages that talk to the world outside this machine.
NETWORKED = {"live"}
#: Packages that need Chromium.
BROWSING = {"pictures"}
EXISTING = {
    name: each for name, each in PACKAGES.items() if (TESTS / each[0] / "__main__.py").exists()
}
COMMANDS |= {name: _package(folder) for name, (folder, _purpose) in EXISTING.items()}


def _usage() -> str:
    """Return the help: all commands that this checkout has, one a line."""
    more = "\n".join(f"{'./run ' + name:31} {purpose}" for name, (_, purpose) in EXISTING.items())
    return USAGE.replace("\n\n", f"\n{more}\n\n" if more else "\n\n")


def _heed_signals() -> None:
    """On Ctrl-C, a polite kill or the terminal's end, stop everything that was started."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    # `nohup` has it ignored, and wants us to go on.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    """Begin to stop; a second Ctrl-C is ignored, because every wait below has an end of its own."""
    for heeded in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(heeded, signal.SIG_IGN)
    if number == signal.SIGHUP:
        _write_to_no_terminal()
    raise KeyboardInterrupt


def _write_to_no_terminal() -> None:
    """Discard what would be written to the closed terminal; files and pipes stay."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stat.S_ISCHR(os.fstat(stream).st_mode):
            os.dup2(nowhere, stream)


def main(words: list[str]) -> int:
    """Run the command that the first word names; return the exit code."""
    command = COMMANDS.get(words[0]) if words else None
    if command is None:
        say(_usage())
        return 0 if words[:1] in ([], ["help"], ["--help"], ["-h"]) else 2
    _heed_signals()
    try:
        require_sound_paths()
        return command(words[1:])
    except StackError as error:
        print(f"./run {words[0]}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        print(
            f"./run {words[0]}: cannot write {error.filename or CACHE} ({error.strerror}): "
            "make room or get the right to write there, or name another folder in CACHE_DIR.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


sys.exit(main(sys.argv[1:]))
