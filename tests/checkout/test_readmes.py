"""Each addon's read-me and its page in Odoo's list of apps are made from its readme/."""

import ast
import re
import shutil

import pytest

from stack import readmes
from stack.places import ROOT, addons


@pytest.mark.parametrize("addon", addons())
def test_the_pages_name_the_next_and_the_former_odoo_and_what_this_version_changed(addon):
    page = (ROOT / addon / readmes.README).read_text()
    version = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())["version"]
    assert {"Changelog", "Known issues / Roadmap", version} <= set(page.splitlines())
    assert re.search(r"\*\*Odoo 20\*\*", page)
    assert re.search(r"\*\*Odoo 18\*\*", page)


@pytest.mark.parametrize("addon", addons())
def test_the_pages_show_the_addons_own_pictures_and_none_of_the_networks(addon):
    index = (ROOT / addon / readmes.INDEX).read_text()
    shown = re.findall(r'<img[^>]* src="([^"]+)"', index)
    assert all((ROOT / addon / "static/description" / name).is_file() for name in shown)
    named = re.findall(r"image:: (\S+)", (ROOT / addon / readmes.README).read_text())
    assert all((ROOT / addon / name).is_file() for name in named)
    assert len(named) == len(shown)


def test_a_changed_fragment_makes_the_pages_outdated(tmp_path):
    addon = tmp_path / "l10n_pl_edi_ksef_auth"
    shutil.copytree(ROOT / addon.name, addon)
    kept = {name: (addon / name).read_bytes() for name in readmes.MADE}
    assert readmes.made(addon) == kept
    with open(addon / "readme/ROADMAP.md", "a") as fragment:
        fragment.write("- A further plan.\n")
    made = readmes.made(addon)
    assert all(b"A further plan." in made[name] != kept[name] for name in readmes.MADE)
