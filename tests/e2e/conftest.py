"""Browser tests use the demo of `./run demo`."""

import os
from pathlib import Path

import pytest

from stack.fixtures import chromium, demo, polish_browser
from stack.places import cache

__all__ = ["chromium", "demo", "polish_browser"]


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder for screenshots: the one that PICTURES names, else one in the cache."""
    named = os.environ.get("PICTURES")
    return Path(named) if named else cache("pictures")
