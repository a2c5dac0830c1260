"""The files that belong to the checkout."""

import subprocess

from stack.places import ROOT


def tracked(*patterns: str) -> list[str]:
    """Return the names of the tracked files that fit `patterns`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
