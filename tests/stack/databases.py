"""Databases: layers of templates in the cache, and copies of them that take a second.

base (Odoo's own modules) → addon (ours installed) → demo (the story's company and users); without
Polish, for Odoo's own tests, which compare English sentences: english → core (ours installed).
A template's name ends in a hash of what it was made from, so a changed source makes a new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import children
from .locks import exclusive
from .odoo_source import Odoo
from .places import ROOT, TESTS, addons, cache
from .postgres import Postgres
from .programs import Programs
from .say import StackError, progress

BASE_MODULES = ("account", "l10n_pl")
LANGUAGE = "pl_PL"
KEPT = 4
DEMO_SCRIPT = Path(__file__).with_name("demo_data.py")
OFFICE_SCRIPT = DEMO_SCRIPT.with_name("demo_office.py")
CLIENTS = TESTS / "ksef_simulator" / "office.py"
# Odoo's shell goes on after an error and ends well; this makes the error its end.
GUARD = """import os, traceback
try:
    exec(compile({script!r}, {name!r}, "exec"), {{"env": env}})
except BaseException:
    traceback.print_exc()
    os._exit(1)
"""
ASSETS_SCRIPT = "env['ir.qweb']._pregenerate_assets_bundles()\nenv.cr.commit()\n"


class Databases:
    """Templates and their copies on one server, for one Odoo."""

    def __init__(self, postgres: Postgres, odoo: Odoo, programs: Programs) -> None:
        """Use `postgres` for storage and `programs` to run Odoo."""
        self._postgres, self._programs = postgres, programs
        base = _digest(
            odoo.version.encode(),
            str(odoo.python_path).encode(),
            repr((BASE_MODULES, LANGUAGE)).encode(),
        )
        addon = _digest(base.encode(), *_sources())
        self._keys = {
            "base": base,
            "addon": addon,
            "english": base,
            "core": addon,
            "demo": _digest(addon.encode(), *_demo_sources(), *_assets()),
        }

    def copy(self, kind: str, purpose: str) -> str:
        """Copy the template `kind` ("addon", "demo", …) to a fresh database; return its name."""
        with exclusive("templates"):
            self._remove_abandoned()
            template = self._template(kind)
            name = f"{purpose}_{os.getpid()}"
            self.drop(name)
            self._clone(template, name)
        return name

    def drop(self, name: str) -> None:
        """Remove the database `name`, its files and its keys, even while somebody is connected."""
        self._postgres.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(_files(name), ignore_errors=True)
        for key in (cache("odoo-data") / "l10n_pl_ksef").glob(f"{name}.key*"):
            key.unlink()

    def _template(self, kind: str) -> str:
        """Return the name of the template `kind`; build it if its sources changed."""
        name = f"{kind}_{self._keys[kind]}"
        if name not in self._postgres.databases():
            building = f"building_{kind}"
            self.drop(building)
            _BUILDERS[kind](self, building)
            self._rename(building, name)
            self._remove_old(kind)
        return name

    def _build_base(self, name: str) -> None:
        """Odoo with accounting for Poland, in Polish, without demonstration data."""
        self._postgres.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        self._install(name, BASE_MODULES, "--load-language", LANGUAGE)

    def _build_addon(self, name: str) -> None:
        """The base with the addons of this checkout."""
        self._clone(self._template("base"), name)
        self._install(name, addons())

    def _build_english(self, name: str) -> None:
        """Odoo with accounting for Poland, in English alone."""
        self._postgres.sql(f'CREATE DATABASE "{name}" TEMPLATE template0')
        self._install(name, BASE_MODULES)

    def _build_core(self, name: str) -> None:
        """The English one with the addons of this checkout."""
        self._clone(self._template("english"), name)
        self._install(name, addons())

    def _build_demo(self, name: str) -> None:
        """The addons with the demo's company and users, and the web page's files made ready."""
        self._clone(self._template("addon"), name)
        self._script(name, DEMO_SCRIPT.read_text(), "the demo's company and users")
        self._script(name, OFFICE_SCRIPT.read_text(), "the demo's accounting office")
        self._script(name, ASSETS_SCRIPT, "the web client's files")

    def _install(self, name: str, modules: tuple[str, ...] | list[str], *options: str) -> None:
        """Install `modules` in the database `name`."""
        arguments = [
            "--stop-after-init",
            "--no-http",
            "--without-demo",
            "--init",
            ",".join(modules),
            *options,
        ]
        self._odoo(name, f"installing {', '.join(modules)} in Odoo", arguments, None)
        # Odoo passes over a module that it does not find or cannot install.
        installed = "SELECT name FROM ir_module_module WHERE state = 'installed'"
        missing = set(modules) - set(self._postgres.sql(installed, name).split())
        if missing:
            raise StackError(
                f"Odoo did not install {', '.join(sorted(missing))}: "
                f"see {cache('logs') / name}.log, and whether ODOO_PATH names a whole Odoo 19."
            )

    def _script(self, name: str, script: str, what: str) -> None:
        """Run a Python script in Odoo's shell on the database `name`."""
        guarded = GUARD.format(script=script, name=what)
        self._odoo(name, f"preparing {what}", ["--no-http"], guarded, command="shell")

    def _odoo(
        self, name: str, what: str, arguments: list[str], stdin: str | None, command: str = "server"
    ) -> None:
        """Run Odoo to its end and keep its log; the error of a failed run names the log."""
        log = cache("logs") / f"{name}.log"
        with progress(what, lambda: _last_module(log)), open(log, "w") as output:
            done = children.run(
                [*self._programs.odoo(name, command), *arguments],
                stdin or "",
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._programs.environment(),
                cwd=ROOT,
            )
        if done.returncode or _failed(log):
            raise StackError(f"{what} failed: {_reason(log)} (all of it in {log})")

    def _clone(self, template: str, name: str) -> None:
        """Copy a database."""
        self._postgres.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.link_files(template, name)

    def link_files(self, original: str, copy: str) -> None:
        """Give a copy its original's file store, as links: Odoo never changes a file in place."""
        shutil.rmtree(_files(copy), ignore_errors=True)
        if _files(original).exists():
            shutil.copytree(_files(original), _files(copy), copy_function=os.link)

    def _rename(self, old: str, new: str) -> None:
        """Give a finished template its name."""
        shutil.rmtree(_files(new), ignore_errors=True)
        if _files(old).exists():
            _files(old).rename(_files(new))
        _files(new).mkdir(parents=True, exist_ok=True)
        # A copied folder has the age of its model, and the oldest template is removed.
        os.utime(_files(new))
        self._postgres.sql(f'ALTER DATABASE "{old}" RENAME TO "{new}"')

    def _remove_old(self, kind: str) -> None:
        """Keep the latest templates of a kind; engineers who share a cache may each have one."""
        templates = [name for name in self._postgres.databases() if name.startswith(f"{kind}_")]
        templates.sort(
            key=lambda name: _files(name).stat().st_mtime if _files(name).exists() else 0
        )
        for name in templates[:-KEPT]:
            self.drop(name)

    def _remove_abandoned(self) -> None:
        """Remove the copies of processes that are gone."""
        for name in self._postgres.databases():
            kind, _mark, owner = name.rpartition("_")
            if kind not in _BUILDERS and owner.isdigit() and not children.alive(int(owner)):
                self.drop(name)


_BUILDERS: dict[str, Callable[[Databases, str], None]] = {
    "base": Databases._build_base,
    "addon": Databases._build_addon,
    "english": Databases._build_english,
    "core": Databases._build_core,
    "demo": Databases._build_demo,
}


def _files(name: str) -> Path:
    """The file store of the database `name`."""
    return cache("odoo-data", "filestore") / name


def _sources() -> list[bytes]:
    """Return what an installation depends on: the addons without tests, screens and read-me."""
    return _contents({"tests", "static", "readme", "__pycache__"})


def _demo_sources() -> list[bytes]:
    """Return what the demo's data depend on."""
    return [path.read_bytes() for path in (DEMO_SCRIPT, OFFICE_SCRIPT, CLIENTS)]


def _assets() -> list[bytes]:
    """Return what the prepared web pages depend on: the addons without tests and read-me."""
    return _contents({"tests", "readme", "__pycache__"})


def _contents(left_out: set[str]) -> list[bytes]:
    """Paths and contents of the addons' files, without the folders `left_out`."""
    found: list[bytes] = []
    for addon in addons():
        for file in sorted((ROOT / addon).rglob("*")):
            relative = file.relative_to(ROOT)
            if file.is_file() and not left_out & set(relative.parts):
                found += [str(relative).encode(), file.read_bytes()]
    return found


def _digest(*parts: bytes) -> str:
    """A short hash of `parts`."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


def _last_module(log: Path) -> str:
    """Return how far an installation is by Odoo's log, such as "module account (31/44)"."""
    lines = [
        line for line in log.read_text(errors="replace").splitlines() if "Loading module " in line
    ]
    return lines[-1].split("Loading ", 1)[1] if lines else ""


def _failed(log: Path) -> bool:
    """Return True if Odoo gave up although its exit code is 0."""
    text = log.read_text(errors="replace")
    return "Failed to load registry" in text or " CRITICAL " in text


def _reason(log: Path) -> str:
    """Return the line of Odoo's log that names the reason."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "Exception" in line]
    return (errors or lines or ["no reason given"])[-1][-300:]
