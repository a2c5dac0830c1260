"""`./run test`: one result from several programs, side by side so that no core waits."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import children, packages, playwright_driver, report, sizes, tally, venvs
from .core import Core
from .places import CACHE, ROOT, TESTS, addons, cache
from .programs import browser
from .screen import Screen
from .stage import Program, Pytest, Stage
from .workshop import Workshop, workshop

ON_ODOO_PINS = ("tests/protocol", "tests/reader")
# Long, with a database of their own and without a server: they may run beside the other tests.
PROOFS = {
    "odoo-ten-years": ["l10n_pl_ksef_auth/tests/test_ten_years.py"],
    "odoo-crashes": ["l10n_pl_ksef_auth/tests/test_crash_matrix.py"],
    "odoo-faults": [
        "l10n_pl_ksef_auth/tests/test_fault_matrix.py",
        "l10n_pl_ksef_auth/tests/test_nobody_is_left.py",
    ],
}
# A page of tests in a browser of its own: beside another one it may stand still on a slow machine.
COMPONENTS = "l10n_pl_ksef_auth/tests/test_javascript.py"
# The words for pytest that leave out the long proofs.
SHORT = ["-m", "not long"]
# What ./run test all has besides pytest's tests; `-k` finds them by these names in either size.
EXTRAS = ("core", "fuzz", "soak", "bench")
FUZZ = ["--seconds", "300", "--folder", str(CACHE / "fuzz")]
SOAK = ["--minutes", "3", "--seed", "11"]
BENCH = ["--companies", "40", "login", "token", "signing", "codes", "reader", "renewals"]
# Stages side by side: two more than two cores, as each of them waits now and then.
LANES = 4
# How much more a stage gives way to others than the one before it: those that take longest, or wait
# for a browser, come first, and the end finds no core idle. Of 19.
STEP_BACK, FURTHEST_BACK = 2, 12
KEPT_LOGS = 30


def fast(words: list[str]) -> int:
    """Run the tests that need no Odoo; return the exit code."""
    words, paths = _split(words)
    stage = _plain(_chosen(paths, _plain_folders()))
    return _run([[stage]], words or ([] if paths else SHORT), bool(words or paths))


def releases(words: list[str]) -> int:
    """Run the same tests on each release of cryptography; return the exit code."""
    words, paths = _split(words)
    chosen = _chosen(paths, _plain_folders())
    stages = [*_on_releases(chosen), _plain(chosen)]
    return _run([stages], words or ([] if paths else SHORT), bool(words or paths))


def everything(words: list[str]) -> int:
    """Run the tests, after the word "all" the long proofs and full widths too; return the code."""
    size = sizes.ALL if words[:1] == [sizes.ALL] else sizes.SHORT
    words, paths = _split(words[1:] if size == sizes.ALL else words)
    os.environ[sizes.VARIABLE] = size
    chosen = bool(words or paths)
    if not chosen and size == sizes.SHORT:
        words = SHORT
    ours = _chosen(paths, [name for name in addons() if (ROOT / name / "tests").is_dir()])
    end_to_end = _chosen(paths, _existing(["tests/e2e"]))
    others = [_plain(_chosen(paths, _plain_folders()))]
    others += [_on_odoo_pins(_chosen(paths, _existing(ON_ODOO_PINS)))]
    if size == sizes.ALL and not chosen:
        others += _on_releases(_plain_folders(), SHORT)
    extras = [] if paths else _extras(words, size == sizes.ALL and not chosen)
    if not ours and not end_to_end:
        return _run([others], words, chosen)
    if end_to_end:
        browser()
        playwright_driver.require()
    in_parts = not paths and not any(word.startswith("-k") for word in words)
    with workshop() as shop, contextlib.ExitStack() as databases:
        beside = [_core(shop, databases)] if "core" in extras else []
        beside += _odoo(shop, ours, in_parts, databases, _end_to_end(end_to_end))
        # It lasts as long as it is told to: begun last, it would keep one core alone at the end.
        beside += [*_packages(extras, {"fuzz": ("fuzz", FUZZ)}), *others]
        alone = _packages(extras, {"soak": ("soak", SOAK), "bench": ("benchmarks", BENCH)})
        return _run([beside, *([stage] for stage in alone)], words, chosen, shop)


def _extras(words: list[str], every: bool) -> list[str]:
    """Return what to run besides pytest's tests: every extra, or those that `words` name."""
    named = " ".join(words).split()
    return [name for name in EXTRAS if every or name in named]


def _core(shop: Workshop, databases: contextlib.ExitStack) -> Stage:
    """Odoo's own tests, on databases of their own with our addons and without."""
    ours, plain = shop.databases.copy("core", "core"), shop.databases.copy("english", "plain")
    for database in (ours, plain):
        databases.callback(shop.databases.drop, database)
    return Core(shop, ours, plain)


def _packages(extras: list[str], calls: dict[str, tuple[str, list[str]]]) -> list[Stage]:
    """The packages of tests/ that are among the `extras`, with their options."""
    environment = packages.environment
    return [
        Program(name, packages.command(*call), environment())
        for name, call in calls.items()
        if name in extras
    ]


def _odoo(
    shop: Workshop,
    paths: list[str],
    in_parts: bool,
    databases: contextlib.ExitStack,
    end_to_end: Stage,
) -> list[Stage]:
    """The stages that need Odoo, in the order of `_Run.work_off`: the browser's come first.

    :param in_parts: whether the long proofs are stages of their own, and the others two
    """
    if not paths:
        return [end_to_end]
    parts = {"odoo": paths}
    if in_parts:
        ten_years, *matrices = PROOFS.items()
        parts = dict([ten_years, *_halves(paths).items(), *matrices])
    return [
        end_to_end,
        *(_odoo_stage(name, files, shop, databases) for name, files in parts.items() if files),
    ]


def _halves(folders: list[str]) -> dict[str, list[str]]:
    """Deal the files of Odoo's tests to two stages, in turn: neighbours in the alphabet are alike.

    The proofs that are stages of their own are left out. The components' own tests come last: the
    browser's stage has ended by then.
    """
    proofs = {path for paths in PROOFS.values() for path in paths}
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("test_*.py"))]
    files = [str(file.relative_to(ROOT)) for file in found]
    files = [file for file in files if file not in proofs]
    last = [file for file in files if file == COMPONENTS]
    files = [file for file in files if file != COMPONENTS]
    return {"odoo-1": files[::2], "odoo-2": files[1::2] + last}


def _odoo_stage(
    name: str, paths: list[str], shop: Workshop, databases: contextlib.ExitStack
) -> Pytest:
    """A run of Odoo tests on a fresh database, which is dropped when `databases` is closed."""
    database = shop.databases.copy("addon", name.replace("-", "_"))
    databases.callback(shop.databases.drop, database)
    options = ["-p", "pytest_odoo", f"--odoo-config={shop.programs.configuration}"]
    options += [f"--odoo-database={database}"]
    if name not in PROOFS:
        options += ["--odoo-http"]
    programs = shop.programs
    return Pytest(name, paths, programs.interpreter, options, programs.environment())


def _plain(paths: list[str]) -> Pytest:
    """The tests that need Python alone, on the lock file's packages."""
    stage = Pytest("plain", paths, venvs.python())
    stage.environment["PYTHONPATH"] = str(TESTS)
    if any(path.startswith("tests/checkout") for path in paths):
        stage.environment["ODOO_PINS_PYTHON"] = str(venvs.python(venvs.ODOO_PINS))
        stage.environment["MISMATCHED_PACKAGES"] = str(venvs.mismatched_packages())
    return stage


def _on_odoo_pins(paths: list[str]) -> Pytest:
    """The protocol layer's tests once more, on Odoo's own lxml and an xmlsec that fits it."""
    stage = Pytest("odoo-pins", paths, venvs.python(venvs.ODOO_PINS) if paths else Path())
    stage.environment["PYTHONPATH"] = str(TESTS)
    return stage


def _on_releases(paths: list[str], options: Sequence[str] = ()) -> list[Pytest]:
    """The plain tests once more on other releases of cryptography, which reads certificates.

    The checkout's own tests need none of it.

    :param options: further words for pytest
    """
    paths = [path for path in paths if not path.startswith("tests/checkout")]
    stages = []
    for version, folder in venvs.releases("cryptography").items() if paths else ():
        stage = Pytest(f"cryptography-{version}", paths, venvs.python(), options)
        stage.environment["PYTHONPATH"] = os.pathsep.join(map(str, (folder, TESTS)))
        stage.environment[sizes.VARIABLE] = sizes.SHORT
        stages.append(stage)
    return stages


def _end_to_end(paths: list[str]) -> Pytest:
    """The tests that drive a browser through the running demo."""
    stage = Pytest("e2e", paths, venvs.python())
    stage.environment["PYTHONPATH"] = str(TESTS)
    return stage


def _run(
    groups: Sequence[Sequence[Stage]], words: list[str], chosen: bool, shop: Workshop | None = None
) -> int:
    """Run the groups one after the other and print the sum; return the exit code.

    :param groups: stages that run side by side, each before those that give way to it
    :param chosen: whether the user named tests
    :param shop: what runs Odoo, if it does
    """
    groups = [[stage for stage in group if _has_tests(stage)] for group in groups]
    stages = [stage for group in groups for stage in group]
    costs = report.Costs(shop)
    screen, logs = Screen(), _logs()
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache("tmp")) as folder:
        run = _Run(stages, screen, lambda stage: stage.run(words, logs, Path(folder)))
        for group in groups:
            run.work_off(group)
    screen.clear()
    return report.show(stages, costs, logs, chosen)


def _has_tests(stage: Stage) -> bool:
    """Return False for a stage of pytest without paths: pytest would run everything."""
    return not isinstance(stage, Pytest) or bool(stage.paths)


class _Run:
    """All stages of a run, and the screen that shows how far they are."""

    def __init__(self, stages: list[Stage], screen: Screen, start: Callable[[Stage], None]) -> None:
        self._stages, self._screen, self._start = stages, screen, start
        self._began = time.monotonic()

    def work_off(self, group: Sequence[Stage]) -> None:
        """Run the stages of a group beside each other, a few at a time; the first go first."""
        for place, stage in enumerate(group):
            stage.niceness = min(STEP_BACK * place, FURTHEST_BACK)
        with ThreadPoolExecutor(LANES) as pool:
            running = [pool.submit(self._start, stage) for stage in group]
            try:
                while not all(future.done() for future in running):
                    self._look()
                    time.sleep(0.2)
                self._look()
                for future in running:
                    future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for stage in group:
                    stage.stop()

    def _look(self) -> None:
        """Show the failures that are new, and how far everything is."""
        for stage in self._stages:
            for failure in stage.news():
                self._screen.tell(report.failure(stage.name, failure))
        now = time.monotonic()
        tallies = [stage.tally for stage in self._stages]
        self._screen.update(tally.line(tallies, now, now - self._began))


def _logs() -> Path:
    """Make the folder for the logs of this run; remove the oldest of finished runs."""
    runs = sorted(cache("logs").glob("test-*"), key=lambda folder: folder.stat().st_mtime)
    finished = [old for old in runs if not children.alive(int(old.name.removeprefix("test-")))]
    for old in finished[:-KEPT_LOGS]:
        shutil.rmtree(old, ignore_errors=True)
    return cache("logs", f"test-{os.getpid()}")


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the words for pytest, and the paths of tests among them."""
    paths = [
        word for word in words if not word.startswith("-") and (ROOT / word.split("::")[0]).exists()
    ]
    return [word for word in words if word not in paths], paths


def _chosen(paths: list[str], folders: list[str]) -> list[str]:
    """Return those of `paths` that lie in `folders`, or all `folders` when no path was named."""
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
