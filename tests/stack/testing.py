"""`./run test`: one result from several pytest runs, side by side so that no core waits."""

from __future__ import annotations

import contextlib
import itertools
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import playwright_driver, venvs
from .places import ROOT, TESTS, addons, cache
from .programs import browser
from .say import say
from .stage import Stage
from .workshop import Workshop, workshop

ON_ODOO_PINS = ("tests/protocol", "tests/reader")
# Long, with a database of their own and without a server: they may run beside the other tests.
TEN_YEARS = "l10n_pl_ksef_auth/tests/test_ten_years.py"
FAULTS = "l10n_pl_ksef_auth/tests/test_fault_matrix.py"


def fast(words: list[str]) -> int:
    """Run all that needs no Odoo."""
    words, paths = _split(words)
    return _run([[_plain(_chosen(paths, _plain_folders()))]], words, bool(words or paths))


def everything(words: list[str]) -> int:
    """Run all tests: the browser's, Odoo's, and beside them its longest and the plain ones."""
    words, paths = _split(words)
    ours = _chosen(paths, [name for name in addons() if (ROOT / name / "tests").is_dir()])
    plain = _plain(_chosen(paths, _plain_folders()))
    on_odoo_pins = _on_odoo_pins(_chosen(paths, _existing(ON_ODOO_PINS)))
    end_to_end = _chosen(paths, _existing(["tests/e2e"]))
    chosen = bool(words or paths)
    if not ours and not end_to_end:
        return _run([[plain, on_odoo_pins]], words, chosen)
    if end_to_end:
        browser()
        playwright_driver.require()
    in_parts = not paths and not any(word.startswith("-k") for word in words)
    with workshop() as shop, _odoo(shop, ours, in_parts) as (most, ten_years, faults):
        tracks = [[*ten_years, plain], [_end_to_end(end_to_end), *faults], [*most, on_odoo_pins]]
        return _run(tracks, words, chosen)


@contextlib.contextmanager
def _odoo(shop: Workshop, paths: list[str], in_parts: bool) -> Iterator[list[list[Stage]]]:
    """Odoo's tests: most of them, the ten years, the faults, each on a database of its own.

    :param in_parts: whether the two long ones are stages of their own
    """
    with contextlib.ExitStack() as databases:
        if not paths:
            yield [[], [], []]
            return
        most = _odoo_stage("odoo", paths, shop, databases)
        most.options += ["--odoo-http"]
        if not in_parts:
            yield [[most], [], []]
            return
        most.options += [f"--ignore={TEN_YEARS}", f"--ignore={FAULTS}"]
        ten_years = _odoo_stage("odoo-ten-years", [TEN_YEARS], shop, databases)
        yield [[most], [ten_years], [_odoo_stage("odoo-faults", [FAULTS], shop, databases)]]


def _odoo_stage(
    name: str, paths: list[str], shop: Workshop, databases: contextlib.ExitStack
) -> Stage:
    """A run of Odoo tests on a fresh database, which is dropped when `databases` is closed."""
    database = shop.databases.copy("addon", name.replace("-", "_"))
    databases.callback(shop.databases.drop, database)
    stage = Stage(name, paths, shop.programs.interpreter, environment=shop.programs.environment())
    stage.options = ["-p", "pytest_odoo"]
    stage.options += [f"--odoo-config={shop.programs.configuration}"]
    stage.options += [f"--odoo-database={database}"]
    return stage


def _plain(paths: list[str]) -> Stage:
    """The tests that need Python alone, on the lock file's packages."""
    stage = Stage("plain", paths, venvs.python())
    stage.environment["PYTHONPATH"] = str(TESTS)
    if any(path.startswith("tests/checkout") for path in paths):
        stage.environment["ODOO_PINS_PYTHON"] = str(venvs.python(venvs.ODOO_PINS))
        stage.environment["MISMATCHED_PACKAGES"] = str(venvs.mismatched_packages())
    return stage


def _on_odoo_pins(paths: list[str]) -> Stage:
    """The protocol layer's tests once more, on Odoo's own lxml and an xmlsec that fits it."""
    stage = Stage(
        "odoo-pins", paths, venvs.python(venvs.ODOO_PINS) if paths else Path(sys.executable)
    )
    stage.environment["PYTHONPATH"] = str(TESTS)
    return stage


def _end_to_end(paths: list[str]) -> Stage:
    """The tests that drive a browser through the running demo."""
    stage = Stage("e2e", paths, venvs.python())
    stage.environment["PYTHONPATH"] = str(TESTS)
    return stage


def _run(tracks: list[list[Stage]], words: list[str], chosen: bool) -> int:
    """Run the tracks side by side, the stages of each in turn; print the sum; the exit code."""
    tracks = [[stage for stage in track if stage.paths] for track in tracks]
    stages = [stage for track in tracks for stage in track]
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache("tmp")) as folder:
        _work_off(tracks, words, Path(folder))
    return _report(stages, chosen)


def _work_off(tracks: list[list[Stage]], words: list[str], folder: Path) -> None:
    """Run the stages of every track one after the other, the tracks beside each other."""
    over = threading.Event()

    def work_off(track: list[Stage]) -> None:
        for stage in track:
            if not over.is_set():
                stage.begin(words, folder)
                stage.wait()

    with ThreadPoolExecutor(len(tracks)) as pool:
        running = [pool.submit(work_off, track) for track in tracks]
        try:
            for track, future in zip(tracks, running, strict=True):
                for stage in track:
                    stage.relay(future)
        finally:
            over.set()
            for stage in itertools.chain(*tracks):
                stage.stop()


def _report(stages: list[Stage], chosen: bool) -> int:
    """Print failures, sum and measured figures; the exit code.

    The sum is the last line of a whole run; of a run of chosen tests their figures are.
    """
    failed = [f"{stage.name}: {name}" for stage in stages for name in stage.failed]
    passed, skipped = sum(stage.passed for stage in stages), sum(stage.skipped for stage in stages)
    say("────")
    for name in failed:
        say(f"FAILED {name}")
    if skipped:
        say(f"{skipped} skipped")
    if not passed and not failed:
        say("No test fits these words.")
    figures = "".join(stage.figures for stage in stages).strip()
    total = f"{passed} passed, {len(failed)} failed"
    say("\n".join(filter(None, (total, figures) if chosen else (figures, total))))
    return 1 if failed or not passed else 0


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Part the words for pytest from the paths of tests among them."""
    paths = [
        word for word in words if not word.startswith("-") and (ROOT / word.split("::")[0]).exists()
    ]
    return [word for word in words if word not in paths], paths


def _chosen(paths: list[str], folders: list[str]) -> list[str]:
    """Those of `paths` that lie in `folders`, or all `folders` when no path was named."""
    if not paths:
        return folders
    return [
        path
        for path in paths
        if any(path == folder or path.startswith(f"{folder}/") for folder in folders)
    ]


def _plain_folders() -> list[str]:
    """The folders of plain tests: all but those of the browser."""
    found = sorted(folder.name for folder in TESTS.iterdir() if folder.is_dir())
    return _existing([f"tests/{name}" for name in found if name != "e2e"])


def _existing(folders: list[str] | tuple[str, ...]) -> list[str]:
    """Those of `folders` that hold tests."""
    return [folder for folder in folders if any((ROOT / folder).rglob("test_*.py"))]
