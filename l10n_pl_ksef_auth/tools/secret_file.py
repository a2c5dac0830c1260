"""Writes files that hold secrets: their owner's alone, and complete or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_new(path: Path, text: str, like: Path | None = None) -> None:
    """Write a file that does not exist yet; what stands at its name is never followed.

    :param like: a file whose owner gets this one: an administrator who writes it may be root
    :raises FileExistsError: something has that name already
    :raises OSError: it cannot be written; nothing is left then
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            if like:
                _give(descriptor, like.stat())
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # nobody would replace an empty file
        raise


def replace(path: Path, text: str, like: Path | None = None) -> None:
    """Put a text in the place of a file, or make the file.

    :param like: as for ``write_new``
    :raises OSError: it cannot be written; the file is as it was
    """
    draft = path.with_name(f".{path.name}.new")
    # One that a broken run has left.
    draft.unlink(missing_ok=True)
    write_new(draft, text, like)
    draft.replace(path)


def _give(descriptor: int, like: os.stat_result) -> None:
    """Give an open file to the owner of another; on Windows a folder's rights are its files'."""
    give = getattr(os, "fchown", None)
    if give and os.fstat(descriptor).st_uid != like.st_uid:
        give(descriptor, like.st_uid, like.st_gid)
