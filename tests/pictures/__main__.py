"""`./run pictures [FOLDER] [-k WORD]`: a picture of each screen and state, in Polish."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from every_screen import SCREENS
from one_screen import SIZES, Screen
from playwright.sync_api import sync_playwright
from tour import Tour
from walk import FAILURES, opened

from stack.demo import demo_stack
from stack.fixtures import CHROMIUM_OPTIONS
from stack.places import cache
from stack.programs import browser
from stack.say import say


def main() -> int:
    """Make the pictures; return 1 if a screen could not be reached."""
    parser = argparse.ArgumentParser(prog="./run pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="for the pictures")
    parser.add_argument("-k", dest="word", default="", help="only names with this word")
    options = parser.parse_args()
    folder = options.folder or cache("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    missing = _all(folder, options.word)
    say(f"{folder}: {len(list(folder.glob('*.png')))} pictures; not reached: {missing or 'none'}")
    return 1 if missing else 0


def _all(folder: Path, word: str) -> list[str]:
    """Go through all screens; return the names of those that could not be reached."""
    missing = []
    files = tempfile.TemporaryDirectory()
    with demo_stack() as demo, sync_playwright() as playwright, files as tmp:
        chromium = playwright.chromium.launch(executable_path=browser(), args=CHROMIUM_OPTIONS)
        tour = Tour(demo, chromium, Path(tmp))
        for number, screen in enumerate(SCREENS, 1):
            try:
                _one(tour, screen, folder / f"{number:02}_{screen.name}", word in screen.name)
            except FAILURES as error:
                say(f"{screen.name}: {str(error).partition(chr(10))[0]}")
                missing.append(screen.name)
        tour.close()
    return missing


def _one(tour: Tour, screen: Screen, target: Path, is_wanted: bool) -> None:
    """Make a screen's pictures; one that is not wanted leaves its state to those behind it."""
    screen.prepare(tour)
    for page, width in opened(tour, screen, SIZES) if is_wanted else ():
        page.screenshot(path=target.with_name(f"{target.name}_{width}.png"))


if __name__ == "__main__":
    sys.exit(main())
