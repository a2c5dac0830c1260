"""Real copies of a running database, and a look at what a copy does when Odoo starts on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from stack.demo import DemoStack
from stack.places import LOOPBACK, ROOT, cache
from stack.postgres import USER, Postgres
from stack.programs import Programs

# Everything is due: a copy that takes itself for the original would act at once.
MAKE_DUE = (
    "UPDATE l10n_pl_ksef_session SET next_attempt = NULL, access_valid_until = '2001-01-01',"
    " renew_at = '2001-01-01', rights_checked_at = '2001-01-01' WHERE state = 'active';"
    " UPDATE l10n_pl_ksef_certificate SET next_attempt = NULL, renew_at = '2001-01-01'"
)
LOOK = """
import json
env.cr.execute(MAKE_DUE)
env.cr.commit()
env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive").method_direct_trigger()
env.invalidate_all()
try:
    token = bool(env.company.l10n_pl_ksef_access_token())
except Exception as error:
    token = False
panel = env.company.with_context(lang="en_US").l10n_pl_ksef_panel()
print("LOOK" + json.dumps({"token": token, "panel": panel, "refused": refused}))
"""
DUPLICATE = """
import odoo.init
from odoo.service import db
from odoo.tools import config
config.parse_config(["-c", {configuration!r}])
config["list_db"] = True
db.exp_duplicate_database({source!r}, {copy!r}, neutralize_database={neutralize})
"""
DECIDE = """
from odoo.exceptions import UserError
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import why_locked
window = env["l10n_pl_ksef.unlock"].create(
    {{"company_id": env.company.id, "code": why_locked(env)}}
)
try:
    type(window).{method}.__wrapped__(window)
    env.cr.commit()
except UserError as error:
    env.cr.rollback()
    refused = str(error)
"""


class Copies:
    """Copies of a demo's database."""

    def __init__(self, demo: DemoStack) -> None:
        self.demo, self.shop = demo, demo._shop
        self.made: list[str] = []

    def name(self, purpose: str) -> str:
        """Return a name for a new copy."""
        copy = f"{purpose}_{os.getpid()}"
        self.shop.databases.drop(copy)
        self.made.append(copy)
        return copy

    def duplicate(self, purpose: str, neutralize: bool = False) -> str:
        """Duplicate as Odoo's database manager does."""
        copy = self.name(purpose)
        programs = self.shop.programs
        script = DUPLICATE.format(
            configuration=str(programs.configuration),
            source=self.demo.database,
            copy=copy,
            neutralize=neutralize,
        )
        command = [str(programs.interpreter), "-c", script]
        subprocess.run(command, env=programs.environment(), cwd=ROOT, check=True)
        return copy

    def template(self, purpose: str) -> str:
        """Copy as PostgreSQL does: Odoo's identifier stays."""
        copy = self.name(purpose)
        self.shop.postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self.demo.database}'"
        )
        self.shop.postgres.sql(f'CREATE DATABASE "{copy}" TEMPLATE "{self.demo.database}"')
        return copy

    def dump(self) -> bytes:
        """Return a backup of the database."""
        command = _program(self.shop.postgres, "pg_dump")
        return subprocess.run(
            [*command, "--no-owner", self.demo.database],
            env=_password(self.shop.postgres),
            capture_output=True,
            check=True,
        ).stdout

    def restore(self, backup: bytes, purpose: str, postgres: Postgres | None = None) -> str:
        """Restore a backup, on the same server or another one."""
        postgres, copy = postgres or self.shop.postgres, self.name(purpose)
        postgres.sql(f'CREATE DATABASE "{copy}" TEMPLATE template0')
        self.shop.databases.link_files(self.demo.database, copy)
        command = [*_program(postgres, "psql"), "-q", "-d", copy]
        subprocess.run(
            command, input=backup, env=_password(postgres), capture_output=True, check=True
        )
        return copy

    def give_key(self, copy: str) -> None:
        """Bring the original's key file to a copy."""
        source = cache("odoo-data", "l10n_pl_ksef") / f"{self.demo.database}.key"
        shutil.copy(source, source.with_name(f"{copy}.key"))

    def neutralize(self, copy: str) -> None:
        """Neutralize as Odoo's command does."""
        command = self.shop.programs.odoo(copy, "neutralize")[:8]
        environment = self.shop.programs.environment()
        subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)

    def remove(self) -> None:
        """Remove all copies."""
        for copy in self.made:
            self.shop.databases.drop(copy)
            (cache("odoo-data", "l10n_pl_ksef") / f"{copy}.key").unlink(missing_ok=True)


def replace_key(demo: DemoStack) -> tuple[int, str]:
    """Run the command that replaces the encryption key; return its exit status and its words."""
    command = demo._shop.programs.odoo(demo.database, "l10n_pl_ksef_rotate")[:8]
    environment = demo._shop.programs.environment()
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout or done.stderr[-2000:]


def look(programs: Programs, copy: str, decisions: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Start Odoo on a copy with everything due, run its scheduled actions, ask for a token.

    :param decisions: what a person in the browser then decides, action_continue or
        action_start_afresh; after each there is another look
    :return: for each look: `token`, True if one was given, `panel`, and what a decision was
        `refused` with, if it was
    """
    script = f"MAKE_DUE, refused = {MAKE_DUE!r}, ''\n{LOOK}"
    for method in decisions:
        script += DECIDE.format(method=method) + LOOK
    lines = [line for line in run(programs, copy, script).splitlines() if "LOOK" in line]
    return [json.loads(line.split("LOOK", 1)[1]) for line in lines]


def run(programs: Programs, database: str, script: str) -> str:
    """Run a script in Odoo's shell, and return what it printed."""
    guarded = (
        f"try:\n    exec({script!r})\nexcept BaseException as e:\n    print('FAILED', repr(e))\n"
    )
    done = subprocess.run(
        [*programs.odoo(database, "shell"), "--no-http"],
        input=guarded + "\n",
        text=True,
        capture_output=True,
        env=programs.environment(),
        cwd=ROOT,
        check=True,
    )
    assert "FAILED" not in done.stdout, done.stdout + done.stderr[-2000:]
    return done.stdout


def _program(postgres: Postgres, name: str) -> list[str]:
    place = ["-h", LOOPBACK, "-p", str(postgres.port), "-U", USER]
    return [str(postgres.program(name)), *place]


def _password(postgres: Postgres) -> dict[str, str]:
    return os.environ | {"PGPASSWORD": postgres.password}
