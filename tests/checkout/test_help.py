"""The help page: its pictures are there, and what it calls a label is one, in both languages."""

import re
import runpy
from pathlib import Path

import pytest
from lxml import etree
from polish_texts import texts_of
from tracked_files import tracked

from stack.places import ROOT, addons

ADDON = "l10n_pl_ksef_auth"
PAGE = f"{ADDON}/views/ksef_help_templates.xml"
TERM = f"model_terms:ir.ui.view,arch_db:{ADDON}.help"
#: Pictures that the page does not show.
OTHERS = {"icon.png"}


def _page():
    return etree.parse(ROOT / PAGE)


def _labels() -> dict[str, set[str]]:
    """Return the Polish texts of all screens by their English source."""
    labels: dict[str, set[str]] = {}
    for entry in texts_of(ADDON):
        if {place for place, _line in entry.occurrences} - {TERM}:
            labels.setdefault(entry.msgid, set()).add(entry.msgstr)
    return labels


def _fits(pattern: str, text: str) -> bool:
    """Return True if a text is a sentence with something for its placeholders."""
    parts = re.split(r"%\(\w+\)s|%s", pattern)
    return re.fullmatch(".+".join(map(re.escape, parts)), text) is not None


def test_the_page_shows_each_of_our_pictures_and_describes_it():
    images = [image for image in _page().iter("img") if image.get("loading")]
    kept = {name.rpartition("/")[2] for name in tracked(f"{ADDON}/static/description/*.png")}
    assert {image.get("src").rpartition("/")[2] for image in images} == kept - OTHERS
    assert all(image.get("alt") for image in images)


def test_each_picture_is_made_by_a_test_of_the_browser():
    pictures = runpy.run_path(str(ROOT / "tests/e2e/manual.py"))["PICTURES"]
    sources = "".join((ROOT / name).read_text() for name in tracked("tests/e2e/test_*.py"))
    assert not [name for name in pictures if f'picture("{name}")' not in sources]
    kept = {name for addon in addons() for name in tracked(f"{addon}/static/description/*.png")}
    made = {str(picture.path.relative_to(ROOT)) for picture in pictures.values()}
    assert made == {name for name in kept if Path(name).name not in OTHERS}


def test_each_link_within_the_page_leads_somewhere():
    places = {node.get("id") for node in _page().iter() if node.get("id")}
    links = {
        link.get("href")[1:] for link in _page().iter("a") if link.get("href", "").startswith("#")
    }
    assert links
    assert not links - places


def test_each_step_of_the_window_has_its_part_of_the_page():
    places = {node.get("id") for node in _page().iter()}
    script = (ROOT / ADDON / "static/src/authorization/authorization.js").read_text()
    titles = re.search(r"STEP_TITLES = \{(.*?)\}", script, re.S)
    steps = set(re.findall(r"^\s+(\w+):", titles[1], re.M)) - {"done"}
    assert len(steps) > 3
    assert {f"step-{step}" for step in steps} <= places


def _bold(text: str) -> list[str]:
    return re.findall(r"<b>(.*?)</b>", text)


@pytest.mark.parametrize(
    ("english", "polish"),
    [
        pytest.param(*pair, id=pair[0])
        for entry in texts_of(ADDON)
        if TERM in {place for place, _line in entry.occurrences}
        for pair in zip(_bold(entry.msgid), _bold(entry.msgstr), strict=True)
    ],
)
def test_what_the_page_calls_a_label_is_one_in_both_languages(english, polish):
    sources = {label: texts for label, texts in _labels().items() if _fits(label, english)}
    assert sources, "no screen has this label"
    assert any(_fits(text, polish) for texts in sources.values() for text in texts)
