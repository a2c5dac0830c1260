"""Browser tests use the demo of `./run demo`."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from journey import Journey
from manual import PICTURES
from playwright.sync_api import BrowserContext

from stack.demo import DemoStack
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
