"""A long run: keeps what it has learnt and what it has found in the folder given."""

from __future__ import annotations

import argparse
import importlib.util
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from corpus.index import faulty, representatives

from stack.stage import CANNOT

REGRESSIONS = Path(__file__).parent / "regressions"
_ROOT = Path(__file__).parents[2]
#: libFuzzer's own bounds: seconds for one input, bytes of an input; at the end it says how many
#: inputs there were, and the slowest.
_BOUNDS = ("-timeout=20", "-max_len=100000", "-print_final_stats=1")
#: Megabytes for the process.
_MEMORY = 1024


def seed(folder: Path) -> None:
    """Put documents of the corpus and all regressions where the run starts from."""
    folder.mkdir(parents=True, exist_ok=True)
    for item in (*representatives(), *faulty()):
        (folder / item.file).write_bytes(item.data)
    for file in REGRESSIONS.glob("*.input"):
        shutil.copy(file, folder)


def run(folder: Path, seconds: int) -> int:
    """Fuzz for so many seconds; return the exit status, not 0 when something was found."""
    seed(folder / "seeds")
    (folder / "learnt").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "fuzz.target", f"-max_total_time={seconds}", *_BOUNDS]
    # Linux counts as a program's peak what its caller had in memory when it began the program.
    callers = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = f"-artifact_prefix={folder}/found-"
    corpus = [str(folder / "learnt"), str(folder / "seeds")]
    return subprocess.run(
        [*command, f"-rss_limit_mb={_MEMORY + callers}", found, *corpus]
    ).returncode


def main() -> int:
    """Read the arguments, run, and say where the findings are."""
    arguments = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=int, default=600)
    arguments.add_argument("--folder", type=Path, default=_ROOT / ".cache" / "fuzz")
    given = arguments.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: atheris has no wheel for this Python or platform")
        return CANNOT
    status = run(given.folder, given.seconds)
    for file in sorted(given.folder.glob("found-*")):
        print(f"Found: {file}; copy it to {REGRESSIONS} once it is mended.")
    return status


if __name__ == "__main__":
    sys.exit(main())
