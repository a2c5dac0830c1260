"""Debian's package manager: system packages for root, single packages of sid without installing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from . import children
from .places import cache
from .say import StackError, announce, progress

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# What apt is asked about each of its sources; the code name stands there even for "stable".
TARGET = "$(CODENAME) $(COMPONENT) $(REPO_URI)"


def available() -> bool:
    """Return True if this machine has apt."""
    return shutil.which("apt-get") is not None


def require(package: str, why: str) -> None:
    """Announce and install a system package; raise StackError where that is not possible."""
    if not available():
        raise StackError(
            f"{why} is missing: install it with this system's package manager "
            f"(Debian's package: {package})."
        )
    if os.geteuid():
        raise StackError(
            f"{why} is missing: have it installed with 'apt-get install {package}', "
            "then run this again."
        )
    announce(f"installing the system package {package} ({why})")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        if _to_its_end(["apt-get", "-q", *arguments], environment):
            raise StackError(
                f"'apt-get {' '.join(arguments)}' failed: "
                "mend what it says above, then run this again."
            )


def _to_its_end(command: list[str], environment: dict[str, str]) -> int:
    """Run a command that changes the system; Ctrl-C waits, so that no package is left half done."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        announce(f"stopping as soon as '{' '.join(command)}' is done …")
        process.wait()
        raise


def codename() -> str:
    """Return the code name of this machine's Debian release, "" on any other system."""
    release = dict(_os_release())
    return release.get("VERSION_CODENAME", "") if release.get("ID") == "debian" else ""


def _os_release() -> list[tuple[str, str]]:
    """The pairs of os-release(5)."""
    path = Path("/etc/os-release")
    lines = path.read_text().splitlines() if path.exists() else []
    return [
        (key, value.strip('"'))
        for key, mark, value in (line.partition("=") for line in lines)
        if mark
    ]


class Archive:
    """A private view of Debian's archive, sid beside the machine's own release.

    Nothing of the system's own apt is touched.
    """

    def __init__(self, folder: Path) -> None:
        """Keep lists and downloads in `folder`."""
        self._folder = folder
        for part in ("cache/archives/partial", "parts"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def update(self) -> None:
        """Fetch the package lists from the mirror that this machine already uses."""
        with progress("Debian's package lists", lambda: ""):
            source = f"deb [signed-by={KEYRING}] {self._mirror()}"
            (self._folder / "sources.list").write_text(
                f"{source} sid main\n{source} {codename()} main\n"
            )
            # By itself apt counts it as a success that nothing could be fetched.
            self._apt("-oAPT::Update::Error-Mode=any", "update")

    def candidate(self, package: str) -> str:
        """The version of sid's `package`, as `apt-get download package/sid` would take it."""
        for line in self._apt("download", "--print-uris", f"{package}/sid").splitlines():
            name = line.split()[1]
            return name.split("_")[1].replace("%3a", ":")
        raise StackError(
            f"Debian's archive has no {package} any more: set ODOO_PATH to an Odoo 19 of yours."
        )

    def download(self, packages: list[str], target: Path, what: str) -> list[Path]:
        """Fetch `packages` ("name/release") into `target`; apt verifies what it fetches."""
        target.mkdir(parents=True, exist_ok=True)
        uris = [
            line.split() for line in self._apt("download", "--print-uris", *packages).splitlines()
        ]
        total = sum(int(row[2]) for row in uris)
        with progress(what, lambda: f"{_size(target) >> 20} of {total >> 20} MB"):
            self._apt("download", *packages, folder=target)
        # Not all that lies there: an interrupted run may have left another version.
        return [target / row[1] for row in uris]

    def _mirror(self) -> str:
        """The address of the Debian mirror that this machine's own apt is set to.

        apt tells it from its lists, and a fresh container has none: then they are fetched into our
        folder, the system's own stay as they are.
        """
        found = _listed_mirror(_apt_get([], ["indextargets", "--format", TARGET]))
        if found is None:
            own = [*self._kept_apart("system-lists"), "-oAcquire::Languages=none"]
            _apt_get(own, ["update"])
            found = _listed_mirror(_apt_get(own, ["indextargets", "--format", TARGET]))
        if found is None:
            raise StackError(
                f"apt knows no mirror of Debian {codename()}: add one to its sources, "
                "or set ODOO_PATH to an Odoo 19 of yours."
            )
        return found

    def _apt(self, *arguments: str, folder: Path | None = None) -> str:
        """Run apt-get with the private configuration and return what it prints."""
        place = self._folder
        options = [
            *self._kept_apart("lists"),
            f"-oDir::Etc::sourcelist={place}/sources.list",
            f"-oDir::Etc::sourceparts={place}/parts",
            "-oAcquire::Languages=none",
            "-oAcquire::Retries=3",
        ]
        return _apt_get(options, list(arguments), folder or place)

    def _kept_apart(self, lists: str) -> list[str]:
        """Options that make apt keep its lists, in the folder `lists`, and its cache with us."""
        place = self._folder
        (place / lists / "partial").mkdir(parents=True, exist_ok=True)
        options = [f"-oDir::State::Lists={place}/{lists}", f"-oDir::Cache={place}/cache"]
        # The unprivileged user _apt may not reach a checkout below /root.
        return options if os.geteuid() else [*options, "-oAPT::Sandbox::User=root"]


def private_archive() -> Archive:
    """The archive view inside the cache; raises StackError on a system that is not Debian."""
    if not available() or not codename():
        raise StackError(
            "Odoo is fetched by itself only on Debian: set ODOO_PATH to an Odoo 19 of yours."
        )
    return Archive(cache("apt"))


def _listed_mirror(listed: str) -> str | None:
    """The mirror of this machine's release among apt's targets, whatever its sources call it."""
    for line in sorted(set(listed.splitlines())):
        name, component, uri = line.split(maxsplit=2)
        if (name, component) == (codename(), "main") and "security" not in uri:
            return uri
    return None


def _apt_get(options: list[str], arguments: list[str], folder: Path = Path("/")) -> str:
    """Run apt-get in `folder` and return what it prints; it changes nothing of the system."""
    done = children.run(
        ["apt-get", "-q", *options, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if done.returncode:
        verb = next(word for word in arguments if not word.startswith("-"))
        raise StackError(
            f"'apt-get {verb}' failed ({_last_line(done.stderr)}): "
            "check the network and the room on the disk, then run this again."
        )
    return done.stdout


def _size(folder: Path) -> int:
    """Bytes of all files directly in `folder`."""
    return sum(file.stat().st_size for file in folder.glob("*") if file.is_file())


def _last_line(text: str) -> str:
    """The last line that is not empty."""
    return next(
        (line.strip() for line in reversed(text.splitlines()) if line.strip()), "no reason given"
    )
