"""Odoo 19 itself: the folder that ODOO_PATH names, else Debian's package in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import apt, children
from .locks import exclusive
from .places import cache
from .say import StackError, announce, progress

TESTED = "19.0.0+dfsg-1"
# The package leaves its JavaScript and fonts to these; without them every page answers 500.
COMPANIONS = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
)
# Left out of the package but named in a bundle; it only blurs webcams: an empty file will do.
STRIPPED = "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class Odoo:
    """An Odoo on disk: what to put on Python's path and where its addons are."""

    version: str
    python_path: Path
    addons_path: tuple[Path, ...]


def odoo() -> Odoo:
    """The Odoo to work with; fetched on first use (about 130 MB)."""
    own = os.environ.get("ODOO_PATH")
    if own:
        return _own(Path(own).resolve())
    unpacked = _unpacked()
    if unpacked is None:
        with exclusive("odoo"):
            unpacked = _unpacked() or _fetch()
    return _describe(unpacked / "usr/lib/python3/dist-packages", unpacked.name)


def _own(path: Path) -> Odoo:
    """The user's Odoo at `path`: a git checkout or the folder that holds the `odoo` package."""
    release = path / "odoo/release.py"
    if not release.exists():
        raise StackError(
            f"ODOO_PATH={path} holds no Odoo: name the folder that contains odoo/release.py."
        )
    values: dict[str, object] = {}
    exec(release.read_text(), values)
    version = str(values["version"])
    if not version.startswith("19.0"):
        raise StackError(
            f"ODOO_PATH={path} is Odoo {version}, but these addons are for 19.0: name an Odoo 19.0."
        )
    return _describe(path, f"{version}-{release.stat().st_mtime_ns}")


def _describe(path: Path, version: str) -> Odoo:
    """An Odoo whose package `odoo` lies in `path`, with the folders of addons that exist there."""
    folders = (path / "addons", path / "odoo/addons")
    return Odoo(version, path, tuple(folder for folder in folders if folder.is_dir()))


def _unpacked() -> Path | None:
    """The newest finished download, if any."""
    return max(
        cache("odoo").glob("[0-9]*"), key=lambda folder: folder.stat().st_mtime, default=None
    )


def _fetch() -> Path:
    """Download and unpack Odoo; the final name appears only when everything is in place."""
    archive = apt.private_archive()
    archive.update()
    version = archive.candidate("odoo-19")
    if version != TESTED:
        announce(f"Debian now has Odoo {version}; it is used; {TESTED} is the one tested here")
    wanted = [f"{name}/sid" for name in ("odoo-19", *COMPANIONS)]
    # Version 4.7 of the font: sid's version 7 has other file names.
    wanted.append(f"fonts-font-awesome/{apt.codename()}")
    downloads = cache("apt", "debs")
    debs = archive.download(wanted, downloads, f"Odoo {version}")
    unfinished = _unpack(debs)
    stripped = unfinished / "usr/lib/python3/dist-packages" / STRIPPED
    stripped.parent.mkdir(parents=True, exist_ok=True)
    stripped.touch()
    finished = unfinished.with_name(version)
    unfinished.rename(finished)
    shutil.rmtree(downloads)
    return finished


def _unpack(debs: list[Path]) -> Path:
    """Unpack the packages into one new folder: a killed run's programs may still write theirs."""
    for left in cache("odoo").glob("unfinished*"):
        shutil.rmtree(left, ignore_errors=True)
    unfinished = cache("odoo") / f"unfinished-{os.getpid()}"
    with progress("unpacking Odoo", lambda: ""):
        for deb in debs:
            done = children.run(["dpkg", "-x", str(deb), str(unfinished)], stderr=subprocess.PIPE)
            if done.returncode:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise StackError(
                    f"{deb.name} could not be unpacked ({done.stderr.strip().splitlines()[0]}): "
                    "make room on the disk, then run this again."
                )
    return unfinished
