"""The set-up says in one sentence what it cannot do, and the remedy."""

import os
import socket
import subprocess
import sys

import pytest

from stack.odoo_source import odoo
from stack.places import ROOT, chosen_port
from stack.say import StackError


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call `./run` as a user does who has set some environment variables."""
    environment = os.environ | variables
    return subprocess.run(
        ["./run", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_a_wrong_odoo_path_is_named_with_what_to_write_instead(monkeypatch, tmp_path):
    monkeypatch.setenv("ODOO_PATH", str(tmp_path))
    with pytest.raises(StackError, match="name the folder that contains odoo/release.py"):
        odoo()


def test_another_major_version_of_odoo_is_refused(monkeypatch, tmp_path):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo/release.py").write_text("version = '18.0'\n")
    monkeypatch.setenv("ODOO_PATH", str(tmp_path))
    with pytest.raises(StackError, match="name an Odoo 19.0"):
        odoo()


def test_a_users_own_odoo_wins_over_the_download(monkeypatch, tmp_path):
    (tmp_path / "odoo/addons").mkdir(parents=True)
    (tmp_path / "addons").mkdir()
    (tmp_path / "odoo/release.py").write_text("version = '19.0'\n")
    monkeypatch.setenv("ODOO_PATH", str(tmp_path))
    found = odoo()
    assert found.python_path == tmp_path
    assert found.addons_path == (tmp_path / "addons", tmp_path / "odoo/addons")


def test_a_chosen_port_that_is_taken_is_not_replaced_silently(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("ODOO_PORT", str(taken.getsockname()[1]))
        with pytest.raises(StackError, match="set ODOO_PORT to a free port"):
            chosen_port("ODOO_PORT", 8069, "SIMULATOR_PORT")


def test_a_taken_default_port_is_replaced_and_the_replacement_announced(monkeypatch, capsys):
    monkeypatch.delenv("ODOO_PORT", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        default = taken.getsockname()[1]
        assert chosen_port("ODOO_PORT", default, "SIMULATOR_PORT") != default
    assert f"port {default} is taken" in capsys.readouterr().err


def test_without_words_the_commands_are_listed():
    answer = run()
    assert answer.returncode == 0
    assert all(f"./run {name}" in answer.stdout for name in ("demo", "test", "lint", "simulator"))


def test_an_unknown_command_is_refused_with_the_list():
    answer = run("demonstration")
    assert answer.returncode == 2
    assert "./run demo " in answer.stdout


def test_an_old_python_is_refused_with_the_version_that_is_needed(tmp_path):
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    answer = subprocess.run(
        ["./run", "test"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(old)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert "Python 3.10 or newer is needed" in answer.stderr


def test_the_set_up_runs_on_the_standard_library_alone():
    imported = "import stack.testing, stack.demo, stack.lint"
    done = subprocess.run(
        [sys.executable, "-BS", "-c", imported],
        env={"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("named", ["99999", "²", "0x50", "-1", "8069.0"])
def test_what_is_no_port_number_is_refused(monkeypatch, named):
    monkeypatch.setenv("ODOO_PORT", named)
    with pytest.raises(StackError, match="is not a port number; set it to a number like 8069"):
        chosen_port("ODOO_PORT", 8069, "SIMULATOR_PORT")


def test_one_port_named_for_both_servers_is_refused(monkeypatch):
    monkeypatch.setenv("ODOO_PORT", "18069")
    monkeypatch.setenv("SIMULATOR_PORT", "18069")
    with pytest.raises(StackError, match="name the same port"):
        chosen_port("ODOO_PORT", 8069, "SIMULATOR_PORT")


def test_a_default_port_gives_way_to_the_one_that_was_named_for_the_other_server(monkeypatch):
    monkeypatch.setenv("ODOO_PORT", "18070")
    monkeypatch.delenv("SIMULATOR_PORT", raising=False)
    assert chosen_port("SIMULATOR_PORT", 18070, "ODOO_PORT") != 18070


@pytest.mark.parametrize("name", ["one, two", "one:two"])
def test_a_folder_that_odoo_cannot_name_in_its_settings_is_refused(tmp_path, name):
    answer = run("shell", CACHE_DIR=str(tmp_path / name))
    assert answer.returncode == 1
    assert "has a comma or a colon in its name" in answer.stderr


def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(tmp_path):
    (tmp_path / "file").touch()
    answer = run("shell", CACHE_DIR=str(tmp_path / "file/cache"))
    assert answer.returncode == 1
    assert "name another folder in CACHE_DIR" in answer.stderr
    assert "Traceback" not in answer.stderr
