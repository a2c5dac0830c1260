"""Lint: name the source files that are too long to be read as one subject.

Called with file names; it needs the standard library alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST = 500


def main(names: list[str]) -> int:
    """Print each file with more than LONGEST lines; the exit code."""
    lengths = {name: len(Path(name).read_bytes().splitlines()) for name in names}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST}
    for name, lines in long.items():
        print(f"{name}: {lines} lines, {LONGEST} at most: part it by subject")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
