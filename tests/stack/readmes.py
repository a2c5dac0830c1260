"""`./run readme`: each addon's README.rst and index.html, made from its manifest and readme/.

The pages have the parts and the order of those that OCA's oca-gen-addon-readme makes of the same
fragments. Pictures lead to the addon's own files: the page in Odoo's list of apps needs no network.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .places import ROOT, TESTS, addons
from .say import StackError, say

TEMPLATE = TESTS / "stack/readme.rst.jinja"
README, INDEX = "README.rst", "static/description/index.html"
MADE = (README, INDEX)
# Of the page in Odoo's list of apps; the widest things scroll on a phone by themselves.
STYLE = """<style>
body { max-width: 60rem; margin: 0 auto; padding: 1rem; font: 16px/1.5 sans-serif; color: #202124 }
img { max-width: 100%; height: auto }
pre, table { display: block; overflow-x: auto }
th, td { padding: .25rem .5rem; border: 1px solid #ccc; text-align: left; vertical-align: top }
</style>"""


def main(words: list[str]) -> int:
    """Write the pages of all addons, or with "--check" say which are outdated; the exit code."""
    only_check = words == ["--check"]
    outdated = {page: content for addon in addons() for page, content in _outdated(ROOT / addon)}
    for page, content in outdated.items():
        name = page.relative_to(ROOT)
        say(f"{name} is outdated: ./run readme" if only_check else f"{name} written")
        if not only_check:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_bytes(content)
    return 1 if only_check and outdated else 0


def _outdated(addon: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the pages of an addon that say something else than they should, and what."""
    for name, content in made(addon).items():
        page = addon / name
        if not page.exists() or page.read_bytes() != content:
            yield page, content


def made(addon: Path) -> dict[str, bytes]:
    """Return the pages that belong to an addon's readme/ and manifest, by their names in it."""
    import jinja2

    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    template = jinja2.Template(TEMPLATE.read_text(), keep_trailing_newline=True)
    page = template.render(
        manifest=manifest,
        series=".".join(str(manifest["version"]).split(".")[:2]),
        authors=[author.strip() for author in manifest["author"].split(",")],
        fragments={file.stem: _as_rst(file) for file in sorted((addon / "readme").glob("*.md"))},
    )
    page = re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"
    return {README: page.encode(), INDEX: _as_html(page).encode()}


def _as_rst(fragment: Path) -> str:
    """Return a fragment in Markdown as reStructuredText, its headings below the page's own."""
    import pypandoc

    os.environ["PYPANDOC_PANDOC"] = _pandoc()
    # The page's title, its parts and theirs come first; pandoc names marks by the level.
    options = ["--shift-heading-level-by=1", "--wrap=auto", "--columns=80"]
    text: str = pypandoc.convert_text(fragment.read_text(), "rst", "gfm", extra_args=options)
    return text.replace("../static/", "static/").strip() + "\n\n"


def _pandoc() -> str:
    """Return the lock file's pandoc: the machine's own may write otherwise."""
    package = importlib.util.find_spec("pypandoc")
    if not package or not package.origin:
        raise StackError("the package pypandoc-binary is missing: ./run readme installs it")
    return str(Path(package.origin).with_name("files") / "pandoc")


def _as_html(page: str) -> str:
    """Return the page as HTML; Odoo completes a bare name of a file by the page's own folder."""
    from docutils.core import publish_string

    settings: dict[str, Any] = {
        "embed_stylesheet": False,
        "stylesheet_path": "",
        "stylesheet": "",
        "output_encoding": "unicode",
        "halt_level": 2,
        "report_level": 2,
        "datestamp": None,
        "generator": None,
    }
    html = str(publish_string(page, writer="html5", settings_overrides=settings))
    html = html.replace('src="static/description/', 'src="')
    return html.replace("</head>", f"{STYLE}\n</head>", 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as error:
        sys.exit(str(error))
