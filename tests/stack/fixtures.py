"""pytest plugin for tests that drive a browser through the running demo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from .demo import DemoStack, demo_stack
from .programs import browser

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoStack]:
    """The running demo: simulator and Odoo on a fresh copy of the demo's database.

    Whatever the tests have Odoo send to the simulator is compared with KSeF's contract.
    """
    from ksef_simulator import Control

    with demo_stack() as stack:
        control = Control(stack.base_url)
        control.watch_contract()
        yield stack
        assert not control.breaches(), "not as KSeF's contract says"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of the run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser(), args=CHROMIUM_OPTIONS)
        yield started
        started.close()


def polish_context(
    chromium: Browser, size: tuple[int, int], *, is_still: bool = False
) -> BrowserContext:
    """Open a fresh Polish browser window that keeps downloads, without cookies.

    :param size: width and height of its page, in CSS pixels
    :param is_still: whether its user asks pages not to move
    """
    width, height = size
    return chromium.new_context(
        locale="pl-PL",
        timezone_id="Europe/Warsaw",
        accept_downloads=True,
        viewport={"width": width, "height": height},
        reduced_motion="reduce" if is_still else "no-preference",
    )


@pytest.fixture
def polish_browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh Polish browser window; no cookies of earlier tests."""
    context = polish_context(chromium, (1280, 800))
    context.set_default_timeout(20_000)
    yield context
    context.close()
