"""The checkout speaks of the product alone, and its files agree with each other."""

import ast
import configparser
import re
import subprocess
import sys

import pytest
from tracked_files import tracked

from stack import lengths, lint
from stack.places import ROOT, TESTS

PLACES = r"deb\.debian\.org|pypi\.org|files\.pythonhosted|registry\.npmjs|/tmp/prefetch"


def test_no_file_names_a_registry_or_a_place_of_one_machine():
    found = [
        name
        for name in tracked()
        if name != "tests/checkout/test_checkout.py"
        and re.search(PLACES, (ROOT / name).read_text(errors="replace"))
    ]
    assert not found


def test_the_build_servers_linters_have_the_locked_versions():
    locked = set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements.lock").read_text(), re.M))
    named = re.findall(r"[\w-]+==[\w.]+", (ROOT / ".pre-commit-config.yaml").read_text())
    assert named
    assert not set(named) - locked


def test_the_build_servers_linters_are_those_of_run_lint():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    for check in lint.checks():
        program, *options = check.command
        if check.name == "licences of dependencies":
            continue
        decisive = [word for word in options if word.startswith(("--select", "--ignore"))]
        decisive += [word for word in options if word == lint.LENGTHS]
        entries = [line for line in hooks.splitlines() if "entry:" in line and program in line]
        assert any(all(word in line for word in decisive) for line in entries), check.name


def test_the_build_servers_mypy_has_all_that_it_checks_and_imports():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text().split("- id: ")
    (hook,) = [hook for hook in hooks if hook.startswith("mypy\n")]
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    untyped = re.findall(r"(\w+)\.\*", " ".join(settings.sections()))
    installed = re.findall(r"([\w-]+)==", hook)
    known = {re.sub("^types-", "", one) for one in [*installed, *untyped]}
    checked = settings["mypy"]["packages"].split(", ")
    # The names of two packages, and what comes with another's types.
    distributions = {"PIL": "pillow", "urllib3": "requests"}
    wanted = {distributions.get(name, name) for name in third_parties(checked)}
    assert {"pillow", "jinja2"} <= wanted
    assert wanted <= known
    files = re.search("files: (.+)", hook)[1]
    assert all(re.match(files, f"{folder(name)}/") for name in checked)


def folder(package):
    """Return where a package that mypy checks lies."""
    return "l10n_pl_ksef_auth/tools" if package == "tools" else f"tests/{package}"


def third_parties(packages):
    """Return the top names of what some packages import, beside Python's own and each other."""
    found = set()
    for package in packages:
        for name in tracked(f"{folder(package)}/*.py"):
            for node in ast.walk(ast.parse((ROOT / name).read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add(node.module)
    tops = {name.split(".")[0] for name in found}
    return tops - sys.stdlib_module_names - {*packages, "ksef_simulator"}


def test_the_read_me_names_each_command_of_run_and_no_other():
    told = subprocess.run(
        [sys.executable, "-B", "-m", "stack", "help"],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = r"\./run ([a-z]\w+)"
    assert set(re.findall(commands, told)) == set(
        re.findall(commands, (ROOT / "README.rst").read_text())
    )


def test_a_build_server_calls_what_the_read_me_says():
    called = (ROOT / ".ci/run").read_text()
    assert re.findall(r"^\./run (\w+)", called, re.M) == ["lint", "test"]
    assert re.search(r"\.ci/run`` .*: lint and ``\./run test``", (ROOT / "README.rst").read_text())


def test_every_locked_package_has_hashes():
    for lock in ("requirements.lock", "tests/stack/odoo-pins.lock"):
        entries = re.split(r"^(?=\w)", (ROOT / lock).read_text(), flags=re.M)[1:]
        assert entries
        assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("lines, code", [(500, 0), (501, 1)])
def test_lint_reports_files_of_more_than_500_lines(tmp_path, capsys, lines, code):
    file = tmp_path / "module.py"
    file.write_text("pass\n" * lines)
    assert lengths.main([str(file)]) == code
    assert capsys.readouterr().out.startswith(f"{file}: 501 lines" if code else "")
