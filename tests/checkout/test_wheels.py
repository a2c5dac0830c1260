"""Each addon is installable as a wheel that holds all it needs at run time."""

import ast
import subprocess
import sys
import zipfile
from glob import glob

import pytest

from stack.places import ROOT, addons

NEEDED = {".py", ".xml", ".csv", ".sql", ".js", ".scss", ".po", ".png", "LICENSE"}


@pytest.mark.parametrize("addon", addons())
def test_an_addon_becomes_a_wheel_with_all_its_files(addon, tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    made = subprocess.run(
        [*command, "--wheel-dir", str(tmp_path), f"./{addon}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name.removeprefix("odoo/addons/") for name in zipfile.ZipFile(wheel).namelist()}
    listed = subprocess.run(["git", "ls-files", addon], cwd=ROOT, capture_output=True, text=True)
    wanted = {
        name
        for name in listed.stdout.splitlines()
        if any(name.endswith(end) for end in NEEDED) and (ROOT / name).is_file()
    }
    assert wanted
    assert not wanted - packed


@pytest.mark.parametrize("addon", addons())
def test_a_manifest_names_odoo_19_the_licence_and_existing_files(addon):
    manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())
    assert manifest["version"].startswith("19.0.")
    assert manifest["license"] == "LGPL-3"
    assert all((ROOT / addon / name).is_file() for name in manifest.get("data", []))


@pytest.mark.parametrize("addon", addons())
def test_each_pattern_of_a_manifests_assets_fits_a_file(addon):
    manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())
    patterns = [pattern for bundle in manifest.get("assets", {}).values() for pattern in bundle]
    assert not [pattern for pattern in patterns if not glob(pattern, root_dir=ROOT, recursive=True)]


@pytest.mark.parametrize("addon", addons())
def test_an_addon_that_is_taken_alone_brings_its_licence(addon):
    assert (ROOT / addon / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
