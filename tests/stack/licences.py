"""Lint: may the addons be used with the Python packages that they need?

The addons are LGPL-3; a package that they import, or that such a package needs, must have a licence
that allows it. Licences are those of the packages' own metadata.
"""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata

from .places import ROOT, addons

#: Licences that an LGPL-3 addon may build on, as packages spell them.
FITTING = re.compile(
    r"\b(MIT|BSD|0BSD|ISC|Apache|PSF|Python Software Foundation|LGPL|Lesser General Public|MPL"
    r"|Mozilla|ZPL|Zope|Unlicense|Public Domain|HPND|CC0)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def main() -> int:
    """Check all packages; print those that do not fit; the exit code."""
    names = _closure(_wanted())
    unfit = {name: text for name in names if not FITTING.search(text := _licence(name))}
    for name, text in sorted(unfit.items()):
        print(f"{name}: {text or 'no licence in its metadata'}")
    print(f"{len(names)} packages, {len(unfit)} with a licence that does not fit")
    return 1 if unfit else 0


def _wanted() -> set[str]:
    """Return the packages that the manifests name."""
    manifests = [ROOT / addon / "__manifest__.py" for addon in addons()]
    read = [ast.literal_eval(manifest.read_text()) for manifest in manifests]
    return {
        name for each in read for name in each.get("external_dependencies", {}).get("python", ())
    }


def _closure(wanted: set[str]) -> set[str]:
    """Return these packages and all that they need, as far as installed here."""
    found: set[str] = set()
    waiting = set(wanted)
    while waiting:
        name = waiting.pop()
        found.add(name)
        for needed in _needs(name):
            if needed not in found:
                waiting.add(needed)
    return found


def _needs(name: str) -> set[str]:
    """The packages that a package needs without its extras, if they are installed here."""
    lines = [line for line in metadata.requires(name) or () if "extra ==" not in line]
    matches = [_NAME.match(line) for line in lines]
    return {match[0].lower() for match in matches if match and _is_installed(match[0])}


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _licence(name: str) -> str:
    """What a package's metadata says: the SPDX expression, the classifiers, else the text."""
    about = metadata.metadata(name)
    classifiers = [each for each in about.get_all("Classifier") or () if each.startswith("License")]
    # The old field may hold the whole text, whose first words are enough.
    named = [*(about.get_all("License-Expression") or ()), *(about.get_all("License") or ())]
    return " ".join([*classifiers, *(text[:200] for text in named)])


if __name__ == "__main__":
    sys.exit(main())
