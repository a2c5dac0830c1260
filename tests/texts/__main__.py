"""Exports each addon's .pot anew, merges it into pl.po, and says which texts lack a Polish one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import polib

from stack.places import ROOT, addons
from stack.say import say
from stack.workshop import Workshop, workshop

# Exports of the same texts on two days must not differ.
STAMPS = ("POT-Creation-Date", "PO-Revision-Date")


def main() -> int:
    """Bring all addons' texts up to date; return 1 if a Polish text is missing."""
    with workshop() as shop, tempfile.TemporaryDirectory() as folder:
        database = shop.databases.copy("addon", "texts")
        try:
            missing = [
                text for addon in addons() for text in _update(shop, database, addon, Path(folder))
            ]
        finally:
            shop.databases.drop(database)
    for text in missing:
        say(f"no Polish text: {text!r}")
    say(f"{len(missing)} Polish texts are missing")
    return 1 if missing else 0


def _update(shop: Workshop, database: str, addon: str, folder: Path) -> list[str]:
    """Export one addon and merge; return the English texts without a Polish one."""
    exported = _export(shop, database, addon, folder / f"{addon}.pot")
    i18n = ROOT / addon / "i18n"
    i18n.mkdir(exist_ok=True)
    template, polish = i18n / f"{addon}.pot", i18n / "pl.po"
    _keep_stamps(exported, template)
    exported.save(str(template))
    translated = _polish_file(polish, exported)
    translated.save(str(polish))
    return [entry.msgid for entry in translated if not entry.msgstr]


def _export(shop: Workshop, database: str, addon: str, target: Path) -> polib.POFile:
    program = [str(shop.programs.interpreter), "-m", "odoo", "i18n", "export"]
    where = ["-c", str(shop.programs.configuration), "-d", database]
    command = [*program, *where, "-l", "pot", "-o", str(target), addon]
    subprocess.run(command, env=shop.programs.environment(), check=True, stdout=sys.stderr)
    return polib.pofile(str(target))


def _keep_stamps(exported: polib.POFile, earlier: Path) -> None:
    known = polib.pofile(str(earlier)).metadata if earlier.exists() else {}
    for stamp in STAMPS:
        exported.metadata[stamp] = known.get(stamp, "2026-11-22 16:00+0000")


def _polish_file(path: Path, template: polib.POFile) -> polib.POFile:
    """Return the template, filled with the Polish texts that the file has already."""
    earlier = polib.pofile(str(path)) if path.exists() else polib.POFile()
    known = {entry.msgid: entry.msgstr for entry in earlier}
    merged = polib.POFile()
    merged.header = template.header
    merged.metadata = {**template.metadata, **earlier.metadata, "Language": "pl"}
    for entry in template:
        merged.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=known.get(entry.msgid, ""),
                comment=entry.comment,
                occurrences=entry.occurrences,
                flags=entry.flags,
            )
        )
    merged.sort(key=lambda entry: entry.msgid)
    return merged


if __name__ == "__main__":
    sys.exit(main())
