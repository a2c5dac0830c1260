"""Whoever has the addons' folders alone can run their tests, with Odoo's own command."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from stack.places import TESTS, free_port
from stack.workshop import workshop

WHY = "the KSeF simulator is not on the path"
RESULT = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading database")
COMPONENTS = re.compile(r"TestJavascript\.test_the_components_pass_their_own_tests")


@pytest.mark.long
def test_without_the_simulator_the_tests_that_need_it_say_so_and_the_others_pass() -> None:
    with workshop() as shop:
        database = shop.databases.copy("base", "plain")
        environment = shop.programs.environment()
        known = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in known if path != str(TESTS))
        command = [*shop.programs.odoo(database), "--init", "l10n_pl_ksef_auth", "--test-enable"]
        command += ["--stop-after-init", f"--http-port={free_port()}"]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
        finally:
            shop.databases.drop(database)
    failed, errors, total = map(int, RESULT.findall(done.stderr)[-1])
    told = re.findall(r"^.* (?:ERROR|CRITICAL) .*(?:\n(?!\d{4}-).*)*", done.stderr, re.M)
    assert (done.returncode, failed, errors) == (0, 0, 0), "\n".join(told)[-6000:]
    assert total > 5
    # The components' tests need a browser and no simulator.
    assert COMPONENTS.search(done.stderr)
    skipped = re.findall(r"skipped (.*)", done.stderr)
    assert len([reason for reason in skipped if WHY in reason]) > 30
    assert not [reason for reason in skipped if WHY not in reason]
