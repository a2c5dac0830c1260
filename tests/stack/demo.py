"""`./run demo`: Odoo and the simulator side by side; also the shell and the simulator alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import venvs
from .mailbox import Mailbox
from .places import LOOPBACK, ROOT, TESTS, cache, chosen_port, free_port
from .programs import isolated
from .say import StackError, announce, say
from .servers import Server
from .workshop import Workshop, workshop

ODOO_PORT = 8069
SIMULATOR_PORT = 8070
ENVIRONMENTS = ("production", "demo", "test")


class DemoStack:
    """One Odoo on a fresh copy of the demo's database, beside one simulator."""

    def __init__(
        self,
        shop: Workshop,
        odoo_port: int,
        simulator_port: int,
        workers: int = 0,
        helper: Path | None = None,
        mailbox_port: int = 0,
    ) -> None:
        """Describe the servers; `workers` above 0 makes Odoo use that many processes.

        `helper` is the folder of an addon that only adds routes for a test; it is not installed.
        """
        self._shop, self._helper = shop, helper
        self.simulator_url = f"http://{LOOPBACK}:{simulator_port}"
        self.base_url = f"{self.simulator_url}/v2"
        self.signing_url = f"{self.simulator_url}/podpis"
        self.odoo_url = f"http://{LOOPBACK}:{odoo_port}"
        self.mailbox = Mailbox(mailbox_port)
        self._proxy_port = free_port()
        self._authority = cache("config") / f"proxy-{simulator_port}.pem"
        self.simulator = _simulator_server(
            simulator_port, self.signing_url, self._proxy_port, self._authority
        )
        self.database = shop.databases.copy("demo", f"demo{odoo_port}")
        self.odoo = self.another_odoo(odoo_port, workers)

    def start(self) -> None:
        """Start the simulator, point the database at it, start Odoo."""
        self.simulator.start()
        self._point_at_simulator()
        self.odoo.start()

    def restart_odoo(self) -> None:
        """Stop Odoo and start it again on the same database."""
        self.odoo.stop()
        self.odoo.start()

    def close(self) -> None:
        """Stop both servers and remove the database."""
        self.odoo.stop()
        self.simulator.stop()
        self.mailbox.close()
        self._authority.unlink(missing_ok=True)
        self._shop.databases.drop(self.database)

    def sql(self, statement: str) -> str:
        """Run one statement on the demo's database; rows as text, columns parted by |."""
        return self._shop.postgres.sql(statement, self.database)

    def another_odoo(self, port: int, workers: int = 0, database: str = "") -> Server:
        """Describe one more Odoo on our database; `workers` above 0 makes it use processes."""
        database = database or self.database
        command = [
            *self._shop.programs.odoo(database),
            "--http-port",
            str(port),
            f"--workers={workers}",
        ]
        command += ["--smtp", LOOPBACK, "--smtp-port", str(self.mailbox.smtp_port)]
        command += ["--max-cron-threads=1", "--gevent-port", str(free_port())]
        if self._helper:
            paths = f"{self._shop.programs.addons_path},{self._helper.parent}"
            command += ["--addons-path", paths, "--load", f"base,web,{self._helper.name}"]
        url = f"http://{LOOPBACK}:{port}/web/login"
        return Server(f"odoo-{database}-{port}", command, self._environment(), url)

    def _environment(self) -> dict[str, str]:
        """Return Odoo's environment; HTTPS reaches KSeF's names, at the simulator, alone."""
        environment = self._shop.programs.environment()
        proxy = f"http://{LOOPBACK}:{self._proxy_port}"
        environment |= {"HTTPS_PROXY": proxy, "https_proxy": proxy}
        return environment | {"REQUESTS_CA_BUNDLE": str(self._authority)}

    def _point_at_simulator(self) -> None:
        """Let every KSeF environment be the simulator, so that nothing reaches the real one."""
        values = {f"l10n_pl_ksef_auth.base_url.{name}": self.base_url for name in ENVIRONMENTS}
        values |= {"l10n_pl_ksef_auth.signing_url": self.signing_url, "web.base.url": self.odoo_url}
        for key, value in values.items():
            self.sql(f"UPDATE ir_config_parameter SET value = '{value}' WHERE key = '{key}'")


@contextmanager
def demo_stack(
    workers: int = 0,
    odoo_port: int = 0,
    simulator_port: int = 0,
    helper: Path | None = None,
    mailbox_port: int = 0,
) -> Iterator[DemoStack]:
    """Run a demo, stop and remove it at the end; a free port stands in for a port of 0."""
    with workshop() as shop:
        ports = odoo_port or free_port(), simulator_port or free_port()
        stack = DemoStack(shop, *ports, workers, helper, mailbox_port)
        try:
            stack.start()
            yield stack
        finally:
            stack.close()


def main() -> int:
    """Run the demo in the foreground until Ctrl-C."""
    ports = (
        chosen_port("ODOO_PORT", ODOO_PORT, "SIMULATOR_PORT"),
        chosen_port("SIMULATOR_PORT", SIMULATOR_PORT, "ODOO_PORT"),
    )
    with demo_stack(0, *ports) as stack:
        try:
            _welcome(stack)
            _wait(stack)
        except KeyboardInterrupt:
            announce("stopping …")
    announce("stopped; the next ./run demo starts afresh")
    return 0


def _welcome(stack: DemoStack) -> None:
    """Print where to go and what to do there."""
    say(
        f"""
Odoo:               {stack.odoo_url}
  accountant        login ksiegowa, password ksiegowa
  accounting office login biuro, password biuro (twelve clients: KSeF, Firmy; its
                    own company signs with "Pieczęć biura", then KSeF, Biuro)
  administrator     login admin, password admin
KSeF simulator:     {stack.base_url}
Mails of Odoo's:    {stack.mailbox.url}
signing site:       {stack.signing_url}   (stands in for moj.gov.pl)

Next step: open {stack.odoo_url}, log in as ksiegowa,
and press KSeF, beside the red dot at the top right.
Nothing here can reach the real KSeF. Every start begins anew. Ctrl-C ends the demo."""
    )


def _wait(stack: DemoStack) -> None:
    """Wait for Ctrl-C; raises StackError when one of the servers is gone."""
    pause = threading.Event()
    while not pause.wait(1):
        for server in (stack.odoo, stack.simulator):
            if not server.running():
                raise StackError(f"{server.name} ended by itself: see {server.log}.")


def shell() -> int:
    """Open Odoo's shell on a fresh copy of the demo's database."""
    with workshop() as shop:
        database = shop.databases.copy("demo", "shell")
        try:
            command = [*shop.programs.odoo(database, "shell"), "--no-http"]
            # Ctrl-C at the prompt is the prompt's.
            signal.signal(signal.SIGINT, lambda number, frame: None)
            return subprocess.call(command, env=shop.programs.environment(), cwd=ROOT)
        finally:
            shop.databases.drop(database)


def simulator(words: list[str]) -> int:
    """Become the simulator; `words` are its own options."""
    interpreter = str(venvs.python())
    sys.stdout.flush()
    os.execve(interpreter, [interpreter, "-m", "ksef_simulator", *words], _simulator_environment())


def _simulator_server(port: int, address: str, proxy_port: int, authority: Path) -> Server:
    """The simulator as a background process, with its proxy for HTTPS."""
    command = [str(venvs.python()), "-m", "ksef_simulator", "--port", str(port)]
    command += ["--proxy-port", str(proxy_port), "--proxy-ca", str(authority)]
    name = f"simulator-{urllib.parse.urlsplit(address).port}"
    return Server(name, command, _simulator_environment(), address)


def _simulator_environment() -> dict[str, str]:
    """The simulator's package on the path."""
    return isolated() | {"PYTHONPATH": str(TESTS)}
