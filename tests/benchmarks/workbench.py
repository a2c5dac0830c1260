"""The servers and databases that the measurements are made on."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from e2e.odoo_user import OdooUser, first_login

from ksef_simulator.control import Control
from stack.databases import DEMO_SCRIPT
from stack.demo import DemoStack
from stack.places import ROOT, free_port
from stack.servers import Server
from stack.workshop import Workshop, workshop


class Workbench:
    """A connected demo, and the same company in an Odoo without our addons ("alone")."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self.demo = DemoStack(shop, free_port(), free_port())
        self.simulator = Control(self.demo.simulator_url)
        self.alone = shop.databases.copy("base", "alone")
        self._alone_server: Server | None = None

    def start(self) -> None:
        """Start the servers and connect the demo's company."""
        self.demo.start()
        self.simulator.settings.rate_limits = "off"
        self._shell(self.alone, DEMO_SCRIPT.read_text())

    def connect(self) -> dict[str, int]:
        """Log in and get the certificate; return KSeF's requests by operation."""
        self.simulator.requests.clear()
        first_login(self.user(), self.simulator)
        return self.simulator.requests.counts()

    def user(self) -> OdooUser:
        """Return the accountant of the demo."""
        return OdooUser(self.demo.odoo_url, self.demo.database, "ksiegowa")

    def alone_server(self) -> Server:
        """Start an Odoo without our addons."""
        if self._alone_server is None:
            server = self.demo.another_odoo(free_port(), database=self.alone)
            self._alone_server = server.start()
        return self._alone_server

    def inside(self, module: str, database: str = "", **options: Any) -> Any:
        """Run a module's ``measure(env, **options)`` in Odoo's shell, and return its result."""
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            call = f"from benchmarks.inside import {module} as bench\nimport json\n"
            call += f"result = bench.measure(env, **json.loads({json.dumps(options)!r}))\n"
            call += f"open({file.name!r}, 'w').write(json.dumps(result))\n"
            self._shell(database or self.demo.database, call)
            return json.loads(file.read())

    def close(self) -> None:
        """Stop and remove everything."""
        if self._alone_server:
            self._alone_server.stop()
        self.demo.close()
        self._shop.databases.drop(self.alone)

    def _shell(self, database: str, script: str) -> None:
        guarded = (
            "import os, traceback\ntry:\n"
            f"    exec(compile({script!r}, 'bench', 'exec'), {{'env': env}})\n"
            "except BaseException:\n    traceback.print_exc()\n    os._exit(1)\n"
        )
        done = subprocess.run(
            [*self._shop.programs.odoo(database, "shell"), "--no-http", "--log-level=warn"],
            input=guarded,
            text=True,
            capture_output=True,
            cwd=ROOT,
            env=self._shop.programs.environment(),
        )
        if done.returncode:
            raise RuntimeError(f"in Odoo's shell on {database}: {done.stderr[-3000:]}")


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Give a workbench, and put it away at the end."""
    with workshop() as shop:
        bench = Workbench(shop)
        try:
            bench.start()
            yield bench
        finally:
            bench.close()
