"""What Playwright's own program needs from the system, and a minimal Debian lacks."""

from __future__ import annotations

import ctypes

from . import apt


def require() -> None:
    """Install the one library that is not part of Playwright's package, if it is missing."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        apt.require("libatomic1", "libatomic, which the browser tests need,")
