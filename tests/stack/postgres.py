"""A PostgreSQL server in the cache: started by its first user, stopped by the last one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from . import apt
from .locks import Usage, exclusive
from .places import LOOPBACK, cache, environment_without, free_port
from .say import StackError, announce

USER = "odoo"
SETTINGS = f"""
listen_addresses = '{LOOPBACK}'
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'
"""


class Postgres:
    """The running server, shared by every `./run` of this cache; `close` ends our use of it."""

    def __init__(self) -> None:
        """Start the server, or join the one that runs already."""
        self._programs = _programs()
        self._home = cache("postgres", self._programs.parent.name)
        self.data = self._home / "data"
        self._usage = Usage("postgres-use")
        try:
            with exclusive("postgres"):
                if not self.data.exists():
                    self._create()
                if not self._answers():
                    self._start()
        except BaseException:
            self.close()
            raise
        self.port = self._port()

    @property
    def password(self) -> str:
        """The password of the server's one user: others on the machine see its port."""
        return (self._home / "password").read_text().strip()

    def program(self, name: str) -> Path:
        """One of PostgreSQL's programs, of the server's own version."""
        return self._programs / name

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement and return its rows, columns parted by |."""
        done = self._psql(statement, database)
        if done.returncode:
            raise StackError(f"PostgreSQL refused '{statement[:80]}': {done.stderr.strip()[-300:]}")
        return done.stdout.strip()

    def databases(self) -> list[str]:
        """Names of all databases but the server's own."""
        return self.sql(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        ).split()

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has used since its start."""
        server = (self.data / "postmaster.pid").read_text().split()[0]
        ticks = 0
        for file in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                # The number, the state and the parent's come first, the times of those that it has
                # waited for are the third and fourth of the four.
                number, words = file.parent.name, file.read_text().rpartition(")")[2].split()
                times = [int(word) for word in words[11:15]]
                ticks += sum(times) if number == server else 0
                ticks += sum(times[:2]) if words[1] == server else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Stop using the server; its last user also stops it."""
        with exclusive("postgres"):
            if self._usage.end() and (self.data / "postmaster.pid").exists():
                self._control("stop", "-m", "fast")

    def _psql(self, statement: str, database: str) -> subprocess.CompletedProcess[str]:
        """Hand one statement to psql."""
        command = [
            str(self._programs / "psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            LOOPBACK,
            "-U",
            USER,
        ]
        command += ["-p", str(self._port()), "-d", database, "-c", statement]
        environment = environment_without("PG") | {"PGPASSWORD": self.password}
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def _port(self) -> int:
        """The port of the last start, 0 before the first one."""
        file = self._home / "port"
        return int(file.read_text()) if file.exists() else 0

    def _answers(self) -> bool:
        """Return True if our server is up: one that accepts our password is ours."""
        return bool(self._port()) and self._psql("SELECT 1", "postgres").returncode == 0

    def _create(self) -> None:
        """Make the data folder; it gets its name only when it is finished."""
        announce("creating the PostgreSQL data folder")
        unfinished, password = self._home / "unfinished", self._home / "password"
        shutil.rmtree(unfinished, ignore_errors=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
        unfinished.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(unfinished, "postgres", "postgres")
            shutil.chown(password, "postgres")
        self._run(
            "initdb",
            "-D",
            str(unfinished),
            "-U",
            USER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
        )
        with open(unfinished / "postgresql.conf", "a") as configuration:
            configuration.write(SETTINGS)
        unfinished.rename(self.data)

    def _start(self) -> None:
        """Start the server on a port that is free now."""
        self._forget_dead_server()
        port = free_port()
        self._control("start", "-o", f"-p {port}", "-l", str(self.data / "server.log"))
        (self._home / "port").write_text(str(port))
        for _attempt in range(100):
            if self._answers():
                return
            time.sleep(0.1)
        raise StackError(
            f"PostgreSQL does not answer: see {self.data}/server.log, "
            f"or delete {self._home} and run this again."
        )

    def _forget_dead_server(self) -> None:
        """Remove the pid file of a killed server: another program may have its number by now."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        name = Path("/proc") / file.read_text().split()[0] / "comm"
        if Path("/proc/self").exists() and (
            not name.exists() or not name.read_text().startswith("postgres")
        ):
            file.unlink()

    def _control(self, *arguments: str) -> None:
        """Run pg_ctl and wait for what it does."""
        self._run("pg_ctl", "-D", str(self.data), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as a user that it accepts."""
        command = [*_as_accepted_user(self._home), str(self._programs / program), *arguments]
        # Output to a file: a started server would keep a pipe open for ever.
        log = self._home / f"{program}.log"
        with open(log, "w") as output:
            done = subprocess.run(command, cwd=self._home, stdout=output, stderr=subprocess.STDOUT)
        if done.returncode:
            raise StackError(f"PostgreSQL's {program} failed: {log.read_text().strip()[-300:]}")


def _programs() -> Path:
    """The folder of PostgreSQL's programs; installed when they are missing and root runs this."""
    return _installed() or _install()


def _installed() -> Path | None:
    """The newest complete set of PostgreSQL's programs on this machine."""
    on_path = shutil.which("initdb")
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3])
    )
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def _install() -> Path:
    """Install Debian's server and return where it is."""
    apt.require("postgresql", "the PostgreSQL server")
    installed = _installed()
    if installed is None:
        raise StackError(
            "Debian's package postgresql brought no server: install PostgreSQL 13 or newer by hand."
        )
    return installed


def _as_accepted_user(folder: Path) -> list[str]:
    """Return the words before a command: the server refuses to run as root.

    The user postgres cannot reach a checkout below /root; the one capability that can is lent.
    """
    if os.geteuid():
        return []
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    reachable = subprocess.run([*prefix, "test", "-x", str(folder)], cwd="/", capture_output=True)
    if reachable.returncode:
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return prefix
