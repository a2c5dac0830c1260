"""Writes the whole corpus anew; `faulty` and words: the faulty documents whose names hold one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from ksef_simulator.layouts import LAYOUTS

from . import by_others, by_signxml, by_xmlsec1, faulty, handmade
from .job import Job
from .people import IDENTITIES

DOCUMENTS = Path(__file__).parents[1] / "documents"
_ALONE: dict[str, tuple[Iterable[str], Callable[[Job], bytes]]] = {
    "handmade": ([*LAYOUTS, *handmade.EXTRA], handmade.sign),
    "signxml": (by_signxml.METHODS, by_signxml.sign),
    "xmlsec1": (by_xmlsec1.LAYOUTS, by_xmlsec1.sign),
}
_TOGETHER: dict[str, tuple[Iterable[str], Callable[[list[Job]], dict[Job, bytes]]]] = {
    "java": (by_others.JAVA_LAYOUTS, by_others.sign_with_java),
    "node": (by_others.NODE_LAYOUTS, by_others.sign_with_node),
}


def jobs_of(tool: str, layouts: Iterable[str]) -> list[Job]:
    """Return each layout of a tool with each identity, with RSA and with EC keys.

    xadesjs writes roles as plain text only, so Profil Zaufany is left to the other tools.
    """
    return [
        Job(tool, layout, identity, algorithm)
        for layout in layouts
        for identity in IDENTITIES
        if not (tool == "node" and identity.role)
        for algorithm in ("rsa", "ec")
    ]


def main(words: list[str]) -> None:
    """Sign everything and write the documents with their index."""
    if words[:1] == ["faulty"]:
        _write_faulty(words[1:])
        return
    signed: dict[Job, bytes] = {}
    for tool, (layouts, sign) in _ALONE.items():
        signed.update({job: sign(job) for job in jobs_of(tool, layouts)})
        print(tool, len(signed), file=sys.stderr)
    for tool, (layouts, sign_all) in _TOGETHER.items():
        signed.update(sign_all(jobs_of(tool, layouts)))
        print(tool, len(signed), file=sys.stderr)
    _write(signed, faulty.documents())


def _write(signed: dict[Job, bytes], wrong: list[faulty.Faulty]) -> None:
    for folder in (DOCUMENTS / "valid", DOCUMENTS / "faulty"):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
    for job, document in signed.items():
        (DOCUMENTS / "valid" / job.file).write_bytes(document)
    for item in wrong:
        (DOCUMENTS / "faulty" / item.file).write_bytes(item.document)
    _write_index([_valid_row(job) for job in signed], wrong)


def _write_faulty(words: list[str]) -> None:
    """Write some faulty documents; what independent programs have signed stays as it is."""
    wrong = faulty.documents()
    for item in wrong:
        if not words or any(word in item.file for word in words):
            (DOCUMENTS / "faulty" / item.file).write_bytes(item.document)
    _write_index(json.loads((DOCUMENTS / "index.json").read_text())["valid"], wrong)


def _write_index(rows: list[dict[str, str]], wrong: list[faulty.Faulty]) -> None:
    index = {
        "valid": rows,
        "faulty": [{"file": item.file, "codes": list(item.codes)} for item in wrong],
    }
    text = json.dumps(index, ensure_ascii=False, indent=1, sort_keys=True)
    (DOCUMENTS / "index.json").write_text(text + "\n")


def _valid_row(job: Job) -> dict[str, str]:
    who = job.identity
    return {
        "file": job.file,
        "tool": job.tool,
        "layout": job.layout,
        "identity": who.slug,
        "algorithm": job.algorithm,
        "kind": who.kind,
        "name": who.name,
        "masked": who.masked,
    }


main(sys.argv[1:])
