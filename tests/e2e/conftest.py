"""Browser tests use the demo of `./run demo`."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from journey import Journey
from manual import PICTURES
from one_screen import SIZES
from playwright.sync_api import Browser, BrowserContext
from tour import USUAL, Tour
from walk import Walk

from stack import sizes
from stack.demo import DemoStack, demo_stack
from stack.fixtures import chromium, demo, polish_browser
from stack.places import cache

__all__ = ["chromium", "demo", "polish_browser"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that make a picture of the manual, which `./run manual` picks."""
    for item in items:
        source = inspect.getsource(item.function) if hasattr(item, "function") else ""
        if any(f'picture("{name}")' in source for name in PICTURES):
            item.add_marker("manual")


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Return the folder for screenshots: the one that PICTURES names, else one in the cache."""
    named = os.environ.get("PICTURES")
    return Path(named) if named else cache("pictures")


@pytest.fixture
def journey(
    demo: DemoStack, polish_browser: BrowserContext, tmp_path: Path, pictures: Path
) -> Iterator[Journey]:
    """Give an accountant of the demo's company at a fresh browser.

    Fails if a picture of the manual shows something else than what the accountant saw.
    """
    lived = Journey(demo, polish_browser, tmp_path, pictures)
    yield lived
    assert not lived.outdated


@pytest.fixture(scope="session")
def tour(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    """Give a browser that is led through all screens, with a demo of its own."""
    with demo_stack() as demo:
        tour = Tour(demo, chromium, tmp_path_factory.mktemp("tour"))
        yield tour
        tour.close()


@pytest.fixture(scope="session")
def walk(tour: Tour) -> Walk:
    """Give the walk through all screens: at every width in `./run test all`, else at one."""
    return Walk(tour, SIZES if sizes.wide() else (USUAL,))
