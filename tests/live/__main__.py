"""`./run live`: the facts, the cleaning up, a request signed by hand."""

from __future__ import annotations

import argparse
import json
import random
import select
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from stack.places import cache
from stack.say import say
from tools import clock as addon_clock
from tools import nip as tax_number
from tools.errors import KsefError

from . import report, runner
from .by_hand import ByHand
from .cleaning import Cleaner
from .door import COUNTED_PACE, PACE, TEST, Clock, Door, Pace, Stopped, checked_address
from .fact import NotSeen, Refused
from .journal import Journal
from .life import Life
from .redactor import Redactor
from .runner import AS_EXPECTED, Row


class Live:
    """One call of the command.

    :param options: as :func:`arguments` gives them
    :param clock: the runner's time
    :param adapter: sends the requests; a test's own calls a simulator without a socket
    """

    def __init__(
        self,
        options: argparse.Namespace,
        clock: Clock | None = None,
        adapter: BaseAdapter | None = None,
    ) -> None:
        self._options = options
        self._clock = clock or Clock()
        pace = Pace(self._clock, options.pace, options.pace * COUNTED_PACE / PACE)
        self._door = Door(options.base_url, pace, self._clock, adapter)
        self._redactor = Redactor()
        self._journal = Journal(options.journal)
        chance = random.SystemRandom()
        self.life = Life(self._door, self._journal, self._redactor, self._clock, chance)
        self._began = addon_clock.now()
        self._ended = ""
        self.rows: list[Row] = []

    def run(self) -> int:
        """See all facts, write the report, clean up; return the exit code."""
        if self._journal.left():
            say("An earlier run has left something at KSeF: ./run live clean")
            return 1
        try:
            for row in runner.rows(self.life, runner.wanted(self._options.block)):
                say(report.line(row))
                self.rows.append(row)
        except Stopped as error:
            self._ended = str(error)
        except BaseException as error:
            self._ended = type(error).__name__
            raise
        finally:
            self._finish()
        different = any(row.verdict != AS_EXPECTED for row in self.rows)
        return 1 if self._ended or different or self._journal.left() else 0

    def _finish(self) -> None:
        say(report.summary(self.rows))
        if self._ended:
            say(f"The run has ended early: {self._redactor.text(self._ended)}")
        try:
            self.clean()
        finally:
            self._write_report()

    def clean(self) -> int:
        """Remove what the journal holds; return the exit code."""
        try:
            if not self._door.stopped:
                self.life.leave_all()
                Cleaner(self.life, say).clean()
        except requests.RequestException as error:
            say(f"KSeF cannot be reached: {type(error).__name__}")
        except Stopped as error:
            say(f"Stopped for good: {self._redactor.text(str(error))}")
        left = len(self._journal.left())
        if left:
            say(f"{left} things are left at KSeF. Try again on another day: ./run live clean")
        else:
            say("Nothing is left at KSeF.")
        return 1 if left else 0

    def sign(self) -> int:
        """Have a human sign one request; return the exit code."""
        number = tax_number.normalise(self._options.nip)
        self._redactor.learn(number, "NIP")
        by_hand = ByHand(self.life, number, self._options.folder, say, self._ask)
        try:
            return 0 if by_hand.run() else 1
        except (Stopped, KsefError, NotSeen, Refused, requests.RequestException) as error:
            say(f"KSeF: {self._redactor.text(str(error))}")
            return 1
        finally:
            self._write_report()

    def _ask(self, seconds: float) -> str | None:
        """Wait, and return what was typed meanwhile."""
        if not sys.stdin.isatty():
            self._clock.sleep(seconds)
            return None
        ready, _out, _odd = select.select([sys.stdin], [], [], seconds)
        return sys.stdin.readline().strip() if ready else None

    def _write_report(self) -> None:
        told = report.for_an_issue(
            self._options.base_url,
            self._began,
            self.rows,
            self._door.exchanges,
            self._redactor,
            self.life.times,
            self._ended or self._door.stopped,
        )
        self._options.json.parent.mkdir(parents=True, exist_ok=True)
        self._options.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        say(f"For an issue: {self._options.json}")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    here = cache("live")
    parser = argparse.ArgumentParser(
        prog="./run live",
        description="The whole life of a connection on KSeF's TEST environment, as a guest: "
        "every fact known of KSeF that can be seen, as a table and as JSON for an issue.",
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("clean", "sign"),
        help="clean: remove what a killed run has left; sign: have a request signed by hand",
    )
    parser.add_argument("--base-url", default=TEST, help="a simulator on this machine")
    parser.add_argument("--block", action="store_true", help="block a context of our own, too")
    parser.add_argument("--pace", type=float, default=PACE, help="seconds between two requests")
    parser.add_argument("--nip", help="of the company whose request is signed")
    parser.add_argument("--folder", type=Path, default=here / "sign", help="for the request")
    parser.add_argument("--json", type=Path, default=here / "report.json", help="the report")
    parser.add_argument("--journal", type=Path, help="what there is to clean up")
    found = parser.parse_args(words)
    try:
        found.base_url = checked_address(found.base_url)
        host = urlsplit(found.base_url).netloc.replace(":", "-")
        found.journal = found.journal or here / f"journal-{host}.jsonl"
        if found.what == "sign":
            tax_number.normalise(found.nip)
    except ValueError as error:
        parser.error(str(error))
    if found.base_url == TEST and found.pace < PACE:
        parser.error(f"KSeF is asked every {PACE:g} s at most.")
    return found


def main(words: Sequence[str]) -> int:
    """Do what the words say; return the exit code."""
    options = arguments(words)
    # KSeF's own names are longer than X.520 allows (docs/ksef.md A2-21).
    warnings.filterwarnings("ignore", message="Attribute's length")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    live = Live(options)
    try:
        return {"clean": live.clean, "sign": live.sign}.get(options.what, live.run)()
    except KeyboardInterrupt:
        if live.life.journal.left():
            say("Something is left at KSeF: ./run live clean")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
