"""The pictures of the manual and of the addons' pages: each says in itself what it shows.

So a test can tell which is outdated. Compared are words, buttons and their order, not pixels: those
differ from machine to machine.
"""

from __future__ import annotations

import difflib
import io
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import FloatRect, Page

from stack.places import ROOT

ADDON, GLUE = "l10n_pl_ksef_auth", "l10n_pl_edi_ksef_auth"
#: `./run manual` sets it, and the pictures are made anew.
VARIABLE = "MANUAL"
WINDOW = ".modal-content:has(.o_ksef_authorization)"
#: Of a whole page; below there is nothing to see.
TOP: FloatRect = {"x": 0, "y": 0, "width": 1280, "height": 620}
# Where the panel has opened by itself, it hides what the picture is of.
NO_POPOVER = ".o_popover:has(.o_ksef_panel) { visibility: hidden }"
#: The name under which a picture keeps what it shows.
SHOWS = "shows"
# Texts that people see, one a line, with what can be pressed; "checked a moment ago" grows old.
SCRIPT = """selectors => [...document.querySelectorAll(selectors)].flatMap(root => {
    const lines = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const text = node.textContent.replace(/\\s+/g, " ").trim(), near = node.parentElement;
        if (!text || !near.checkVisibility() || near.closest(".visually-hidden, .o_ksef_checked")) {
            continue;
        }
        const pressed = near.closest("button, a[href]");
        const kind = pressed ? (pressed.disabled ? "[off] " : "[press] ") : "";
        lines.push(kind + text);
    }
    return lines;
})"""


@dataclass(frozen=True)
class Picture:
    """One picture of the manual, or of an addon's page.

    ``file`` without its ending; ``part`` is what is cut out of the page (its top, when empty);
    ``compared`` is what of ours is looked at; ``addon`` keeps it.
    """

    file: str
    part: str
    compared: str
    addon: str = ADDON

    @property
    def path(self) -> Path:
        """Return where the picture is kept."""
        return ROOT / self.addon / "static/description" / f"{self.file}.png"


#: By the names that the journeys' tests give to their pictures.
PICTURES = {
    "stage_1_disconnected": Picture(
        "stage_1_disconnected", "", ".o_ksef_systray, .o_ksef_dashboard"
    ),
    **{
        name: Picture(name, WINDOW, WINDOW)
        for name in ("stage_2_download", "stage_3_sign", "stage_4_unsigned", "stage_4_signed")
    },
    "stage_5_connected": Picture("stage_5_connected", ".o_ksef_popover", ".o_ksef_popover"),
    # How many certificates and logins there are depends on what was tested before.
    "take_over_1_account": Picture(
        "account", "", ".o_ksef_account_page h3, .o_ksef_account_page th"
    ),
    "ask_for_signature": Picture("ask_for_signature", ".o_ksef_ask", ".o_ksef_ask"),
    "signer_begins": Picture("signer_begins", "main", "main"),
    # Its states, too, depend on what was tested before.
    "office_list": Picture("office_list", "", ".o_list_table th"),
    "office_desk": Picture("office_desk", ".o_ksef_batch", ".o_ksef_desk"),
    "office_rights_window": Picture("office_rights_window", WINDOW, WINDOW),
    "not_in_ksef": Picture("not_in_ksef", "", ".o_ksef_notice, .ribbon", GLUE),
    "send_window": Picture("send_window", ".modal-content", ".modal .o_ksef_notice", GLUE),
    "not_sent_list": Picture(
        "not_sent_list", "", ".o_facet_value, .o_data_cell[name=l10n_pl_ksef_edi_state]", GLUE
    ),
}


def look(page: Page, name: str) -> str:
    """Compare what a page shows with the manual's picture, if it has one of this name.

    With `./run manual` the picture is made anew instead.

    :return: what is wrong with the picture; empty if nothing is
    """
    picture = PICTURES.get(name)
    if not picture:
        return ""
    # Dates, times and numbers differ from run to run.
    lines = [re.sub(r"\S*\d\S*", "0", line) for line in page.evaluate(SCRIPT, picture.compared)]
    file = picture.path
    if os.environ.get(VARIABLE):
        _make(page, picture, file, lines)
    elif (before := shown(file)) != lines:
        changes = [line for line in difflib.ndiff(before, lines) if line[0] in "+-"]
        return f"{file.stem} is outdated (./run manual): {changes}"
    return ""


def shown(file: Path) -> list[str]:
    """Return what a picture says that it shows; nothing if it is no picture of the manual."""
    if not file.exists():
        return []
    with Image.open(file) as image:
        kept: list[str] = json.loads(image.info.get(SHOWS, "[]"))
        return kept


def _make(page: Page, picture: Picture, file: Path, lines: list[str]) -> None:
    # What the mouse points at looks otherwise.
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    if picture.part:
        taken = page.locator(picture.part).first.screenshot()
    else:
        taken = page.screenshot(clip=TOP, style=NO_POPOVER)
    about = PngImagePlugin.PngInfo()
    about.add_itxt(SHOWS, json.dumps(lines, ensure_ascii=False), zip=True)
    with Image.open(io.BytesIO(taken)) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        small.save(file, optimize=True, pnginfo=about)
