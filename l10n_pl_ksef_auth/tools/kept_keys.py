"""Texts that outlive an uninstallation: encrypted private keys, in a file beside the vault's key.

Without them a certificate that stays valid at KSeF would be a stranger to a later installation.
"""

from __future__ import annotations

import json
from pathlib import Path

from . import secret_file


def read(path: Path) -> dict[str, str]:
    """Return the texts by name; none where there is no such file, or one that cannot be read."""
    try:
        found = json.loads(path.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def write(path: Path, texts: dict[str, str]) -> None:
    """Replace the file, complete or not at all; without texts there is none. It keeps its owner.

    :raises OSError: the folder cannot be written
    """
    if not texts:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_file.replace(path, json.dumps(texts), like=path if path.exists() else None)
