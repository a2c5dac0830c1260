"""`./run readme`: each addon's README.rst and index.html, made from its readme/ by OCA's tool.

The tool makes pictures' addresses lead to GitHub; here they lead to the addon's own files, so that
the page in Odoo's list of apps needs no network.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .places import ROOT, TESTS, addons
from .say import StackError, say

TOOL = "oca_maintainer_tools.gen_addon_readme"
TEMPLATE = TESTS / "stack/readme.rst.jinja"
README, INDEX = "README.rst", "static/description/index.html"
MADE = (README, INDEX)
# The tool reads these of an addon.
READ = ("__manifest__.py", "readme")
# The tool asks for a place on GitHub; this one is taken out of its pages again.
PLACE = "local"
# The tool's page is wider than a phone where a picture, a table or code is.
NARROW = (
    "img { max-width: 100%; height: auto }\n"
    "pre, table.docutils { display: block; overflow-x: auto }\n"
)


def main(words: list[str]) -> int:
    """Write the pages of all addons, or with "--check" say which are outdated; the exit code."""
    outdated = [f"{addon}/{name}" for addon in addons() for name in _bring_up(addon, words)]
    for name in outdated:
        say(f"{name} is outdated: ./run readme" if words else f"{name} written")
    return 1 if words and outdated else 0


def _bring_up(addon: str, words: list[str]) -> list[str]:
    """Return which of an addon's pages are outdated; without "--check" they are written anew."""
    outdated = []
    for name, content in made(ROOT / addon).items():
        target = ROOT / addon / name
        if not target.exists() or target.read_bytes() != content:
            outdated.append(name)
            if not words:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    return outdated


def made(addon: Path) -> dict[str, bytes]:
    """Return the pages that belong to an addon's readme/ and manifest, by their names in it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / addon.name
        copy.mkdir()
        for name in READ:
            source = addon / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / name)
        _run_the_tool(copy)
        pages = {name: (copy / name).read_text() for name in MADE}
    series = _series(addon)
    raw = f"https://raw.githubusercontent.com/{PLACE}/{PLACE}/{series}/{addon.name}/"
    pages[README] = pages[README].replace(raw, "")
    # Odoo completes a bare name of a file by the page's own folder.
    pages[INDEX] = pages[INDEX].replace(f"{raw}static/description/", "")
    pages[INDEX] = pages[INDEX].replace("</style>", f"{NARROW}</style>", 1)
    return {name: page.encode() for name, page in pages.items()}


def _run_the_tool(addon: Path) -> None:
    command = [sys.executable, "-m", TOOL, f"--org-name={PLACE}", f"--repo-name={PLACE}"]
    command += [f"--branch={_series(addon)}", f"--addon-dir={addon}"]
    done = subprocess.run(
        [*command, f"--template-filename={TEMPLATE}", "--no-commit"],
        env=os.environ | {"PYTHONPATH": str(TESTS), "PYPANDOC_PANDOC": _pandoc()},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise StackError(f"the read-me of {addon.name} cannot be made: {done.stderr[-800:]}")


def _pandoc() -> str:
    """Return the lock file's pandoc: the machine's own may write otherwise."""
    package = importlib.util.find_spec("pypandoc")
    if not package or not package.origin:
        raise StackError("the package pypandoc-binary is missing: ./run readme installs it")
    return str(Path(package.origin).with_name("files") / "pandoc")


def _series(addon: Path) -> str:
    """Return Odoo's series, such as 19.0, of an addon's manifest."""
    version = ast.literal_eval((addon / "__manifest__.py").read_text())["version"]
    return ".".join(str(version).split(".")[:2])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as error:
        sys.exit(str(error))
