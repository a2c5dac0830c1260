"""A stand-in for wkhtmltopdf, which Debian has dropped: Odoo's reports, printed by Chromium.

Odoo finds it under the name that it looks for, behind a real wkhtmltopdf if there is one. Page
headers and footers are left out. Without Chromium the report is a page that says so: an invoice
can be sent to KSeF in the demo all the same.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .places import TESTS, cache

# What Odoo asks the program for: below 0.12 it refuses it, and "patched" stands for no limits.
VERSION = "wkhtmltopdf 0.12.6 (with patched qt)"
CHROMIUM_OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]


def install(interpreter: Path) -> Path:
    """Write a program that runs this module with `interpreter`; return its folder, for PATH."""
    folder = cache("bin")
    program = folder / "wkhtmltopdf"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{TESTS}" exec "{interpreter}" -m stack.pdf "$@"\n')
    program.chmod(0o755)
    return folder


def main(arguments: list[str]) -> int:
    """Convert as `wkhtmltopdf [options] page.html result.pdf` does."""
    if "--version" in arguments:
        sys.stdout.write(f"{VERSION}\n")
        return 0
    page, result = Path(arguments[-2]), Path(arguments[-1])
    if not _print(page, result):
        _excuse(result)
    return 0


def _print(page: Path, result: Path) -> bool:
    """Have Chromium print a page; return True if it did."""
    from .programs import find_browser

    browser = find_browser()
    if not browser:
        return False
    options = [*CHROMIUM_OPTIONS, f"--print-to-pdf={result}", page.resolve().as_uri()]
    done = subprocess.run([browser, *options], capture_output=True, timeout=60)
    return done.returncode == 0 and result.exists()


def _excuse(result: Path) -> None:
    """Write a page that says why there is no report."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(result))
    canvas.drawString(72, 760, "To print reports, this demo needs wkhtmltopdf or Chromium.")
    canvas.save()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
