"""Browser tests use the demo of `./run demo`."""

from stack.fixtures import chromium, demo, polish_browser

__all__ = ["chromium", "demo", "polish_browser"]
