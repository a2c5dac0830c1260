"""How Odoo and the simulator are called: configuration file, environment, command lines."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import apt, children, pdf
from .odoo_source import Odoo
from .places import CACHE, LOOPBACK, ROOT, TESTS, cache, environment_without
from .postgres import USER, Postgres
from .say import StackError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing listens on port 9: whatever wants to leave this machine fails at once.
NOWHERE = f"http://{LOOPBACK}:9"
# Odoo heeds these before its configuration file, which would lead it to another database.
HEEDED_BY_ODOO = ("PG", "ODOO_", "L10N_PL_KSEF")


class Programs:
    """Command lines and environment of the processes that work with one PostgreSQL server."""

    def __init__(self, odoo: Odoo, interpreter: Path, postgres: Postgres) -> None:
        """Write Odoo's configuration file for this process; those of killed ones are removed."""
        for left in cache("config").glob("odoo-*.conf"):
            if not children.alive(int(left.stem.removeprefix("odoo-"))):
                left.unlink(missing_ok=True)
        self.interpreter = interpreter
        self._odoo = odoo
        self.configuration = cache("config") / f"odoo-{os.getpid()}.conf"
        paths = self.addons_path = ",".join(map(str, (*odoo.addons_path, ROOT)))
        self.configuration.touch(mode=0o600)
        self.configuration.write_text(
            "[options]\n"
            f"addons_path = {paths}\ndata_dir = {cache('odoo-data')}\n"
            f"admin_passwd = {postgres.password}\n"
            f"db_host = {LOOPBACK}\ndb_port = {postgres.port}\n"
            f"db_user = {USER}\ndb_password = {postgres.password}\n"
            f"http_interface = {LOOPBACK}\nlist_db = False\nwith_demo = False\n"
            "server_wide_modules = base,web\n"
        )

    def odoo(self, database: str, command: str = "server") -> list[str]:
        """The command line that runs Odoo on `database`."""
        options = ["-c", str(self.configuration), "-d", database, "--db-filter", f"^{database}$"]
        if command == "shell":
            options = options[:4]
        return [str(self.interpreter), "-m", "odoo", command, *options]

    def environment(self) -> dict[str, str]:
        """Return Odoo's environment: its sources and ours on the path, no way into the network."""
        sources = os.pathsep.join(map(str, (self._odoo.python_path, TESTS)))
        environment = isolated(environment_without(*HEEDED_BY_ODOO))
        environment |= {"PYTHONPATH": sources, "ODOO_RC": str(self.configuration)}
        path = environment.get("PATH", os.defpath)
        return environment | {"PATH": f"{path}{os.pathsep}{pdf.install(self.interpreter)}"}

    def close(self) -> None:
        """Remove the configuration file."""
        self.configuration.unlink(missing_ok=True)


def isolated(environment: dict[str, str] | None = None) -> dict[str, str]:
    """Return the caller's environment (or the given one) so that programs stay on this machine.

    HTTP requests reach this machine only, and what programs remember lies in the cache.
    """
    environment = at_home(dict(os.environ) if environment is None else environment)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        environment.pop(name, None)
        environment[name.upper()] = environment[name] = NOWHERE
    environment["NO_PROXY"] = environment["no_proxy"] = f"localhost,{LOOPBACK}"
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # Compiled once, not at each start of Odoo, and not beside the sources.
    environment["PYTHONPYCACHEPREFIX"] = str(cache("pycache"))
    return environment


def at_home(environment: Mapping[str, str]) -> dict[str, str]:
    """Return `environment`, changed so that programs keep their own files in the cache.

    The cache is named by its whole path, whatever folder a program runs in.
    """
    home = cache("home")
    names = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HYPOTHESIS_STORAGE_DIRECTORY")
    return {**environment, **dict.fromkeys(names, str(home)), "CACHE_DIR": str(CACHE)}


def browser() -> str:
    """Return the path of Chromium; install it if it is missing. CHROMIUM names another one."""
    own = os.environ.get("CHROMIUM")
    if own:
        if not shutil.which(own):
            raise StackError(
                f"CHROMIUM={own} is not a program: name the path of Chromium or Google Chrome."
            )
        return own
    found = find_browser()
    if not found:
        apt.require("chromium", "the browser Chromium")
        found = find_browser()
    if not found:
        raise StackError("Chromium was not found after its installation: set CHROMIUM to its path.")
    return found


def find_browser() -> str | None:
    """The first Chromium on the path."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)
