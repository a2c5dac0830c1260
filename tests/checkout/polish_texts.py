"""The addons' texts in Polish."""

import polib

from stack.places import ROOT


def texts_of(addon: str) -> list[polib.POEntry]:
    """Return an addon's texts that are in use: English source, Polish, where they stand."""
    file = polib.pofile(str(ROOT / addon / "i18n/pl.po"))
    return [entry for entry in file if not entry.obsolete]
