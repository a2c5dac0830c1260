"""The set-up leaves nothing running, and heeds no setting that was meant for another Odoo."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import apt, children
from stack.places import TESTS, environment_without
from stack.programs import HEEDED_BY_ODOO, isolated

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def gone(pid: int, patience: float = 10) -> bool:
    """Return True if the process ends, or is a zombie, within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_an_interrupted_program_of_the_set_up_is_ended_with_its_own_children():
    grandchild = f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True)"
    command = [sys.executable, "-c", f"{grandchild}; import time; time.sleep(60)"]
    with pytest.raises(KeyboardInterrupt):
        with children.started(command, stdout=subprocess.PIPE) as process:
            number = int(process.stdout.readline())
            raise KeyboardInterrupt
    assert process.returncode == -signal.SIGKILL
    assert gone(number)


def test_a_program_of_the_set_up_ends_when_the_run_that_started_it_was_killed():
    script = (
        "from stack import children\n"
        f"with children.started({SLEEP!r}) as process:\n"
        "    print(process.pid, flush=True)\n"
        "    process.wait()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-B", "-c", script],
        env={"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    number = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert gone(number)


def test_odoo_does_not_see_variables_that_lead_to_another_database(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example.com")
    monkeypatch.setenv("ODOO_DEV", "all")
    monkeypatch.setenv("L10N_PL_KSEF_KEY", "somebody's")
    left = isolated(environment_without(*HEEDED_BY_ODOO))
    assert not {"PGHOST", "ODOO_DEV", "L10N_PL_KSEF_KEY"} & set(left)


def test_programs_keep_their_own_files_in_the_cache():
    left = isolated()
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        assert left[name].startswith(left["CACHE_DIR"])
    assert os.path.isabs(left["CACHE_DIR"])


@pytest.mark.skipif(not apt.codename(), reason="Debian's archive is for Debian")
def test_a_machine_whose_apt_has_no_lists_yet_finds_its_mirror_all_the_same(monkeypatch, tmp_path):
    asked = []

    def answer(options: list[str], arguments: list[str], folder: Path = tmp_path) -> str:
        asked.append(next(word for word in arguments if not word.startswith("-")))
        listed = "update" in asked and arguments[0] == "indextargets"
        return f"{apt.codename()} main http://mirror.example/debian/\n" if listed else ""

    monkeypatch.setattr(apt, "_apt_get", answer)
    apt.Archive(tmp_path).update()
    assert asked == ["indextargets", "update", "indextargets", "update"]
    assert "http://mirror.example/debian/ sid main" in (tmp_path / "sources.list").read_text()
