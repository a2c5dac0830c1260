"""Every citation names a document of this repository and something that this document holds.

How to cite is said at the top of each document. KSeF's own contract is not in this repository: a
citation of it is checked for its form alone.
"""

import re

import pytest
from tracked_files import tracked

from stack.places import ROOT

#: The documents that are cited by a number, and the form of these; others are cited as a whole.
ANCHORS = {
    "ksef": r"[A-G]\d*(?:-\w+)?",
    "design": r"\d+",
    "journey": r"\d+",
}
# Words that look like a citation but have not its form, or name a page that is not here.
LOOSE = re.compile(
    r"(?<!docs/)(?<!\w)(?:facts|house|style|design|journey|odoo-setup)\.md"
    r"|\b[Ff]acts (?:[A-G]\b|[A-G]\d)|\b[Dd]ecisions? \d|\bdesign, \d|\bjourney, \d"
)
CONTRACT = re.compile(r"KSeF's contract, (?:(?:GET|POST|PUT|DELETE) /[\w/{}.-]+|[A-Z][a-z]\w+)")
#: The contract's file is named where it is opened and where it is introduced, and not cited.
NAMES_THE_FILE = ("docs/ksef.md", "tests/ksef_simulator/contract.py")
NO_PROSE = ("tests/corpus/documents/", "tests/checkout/test_citations.py")


def flowing(text: str) -> str:
    """Return `text` without line breaks and without the marks that begin a comment's lines."""
    return re.sub(r"\s*\n\s*(?:#:?\s|//\s|\*\s)?\s*", " ", text)


def holds(document: str, text: str) -> set[str]:
    """Return what can be cited of a document: headings, numbered facts, rows of its tables."""
    found: set[str] = set(re.findall(r"^#+ (.+)$", text, re.M))
    part = ""
    for line in text.splitlines():
        if heading := re.match(r"#+ (?:Stage )?([A-G]\d*(?:-[a-z\d]+)?|\d+)(?:\.| -) ", line):
            part = heading[1]
            found.add(part)
        elif line.startswith("## "):
            part = ""
        elif item := re.match(r"(\d+)\. ", line):
            found.add(f"{part}-{item[1]}" if document == "ksef" else item[1])
        elif row := re.match(r"\|\s*(E\d+|\d{3,5})\s*\|", line):
            found.add(row[1] if row[1][0] == "E" else f"{part.partition('-')[0]}-{row[1]}")
    return found


def citations(text: str) -> list[tuple[str, list[str]]]:
    """Return the citations in a text: the document's name, and the parts cited (maybe none)."""
    found = []
    for mention in re.finditer(r"docs/(\w+)\.md(`|>|\"|')?", text):
        document, path = mention.groups()
        if path:
            found.append((document, ["a path"]))
            continue
        rest = text[mention.end() :]
        anchor = ANCHORS.get(document, r"(?!)")
        several = re.match(rf" ({anchor}(?:(?:, | and | to ){anchor})*)(?![\w])", rest)
        heading = re.match(r' "([^"]+)"', rest)
        if several:
            found.append((document, re.findall(anchor, several[1])))
        else:
            found.append((document, [heading[1]] if heading else []))
    return found


def faults(text: str, held: dict[str, set[str]]) -> list[str]:
    """Say what is wrong with the citations in a text.

    :param held: what each document holds, by the document's name
    """
    text = re.sub(r"\[[^]]*\]\([^)]*\)", "", flowing(text))  # links are tested below
    wrong = [f"{found[0]}: not the form of a citation" for found in LOOSE.finditer(text)]
    for document, anchors in citations(text):
        if document not in held:
            wrong.append(f"docs/{document}.md: no such document")
        elif not anchors and document in ANCHORS:
            wrong.append(f"docs/{document}.md: say what of it")
        elif anchors != ["a path"]:
            absent = [anchor for anchor in anchors if anchor not in held[document]]
            wrong += [f"docs/{document}.md {anchor}: not there" for anchor in absent]
    for found in re.finditer(r"KSeF's contract, [A-Z/].{0,40}", text):
        if not CONTRACT.match(found[0]):
            wrong.append(f"{found[0]}: name an operation or a schema")
    return wrong


@pytest.fixture(scope="module")
def held() -> dict[str, set[str]]:
    """Give what can be cited of each page in docs."""
    pages = (ROOT / name for name in tracked("docs/*.md"))
    return {page.stem: holds(page.stem, page.read_text()) for page in pages}


def test_every_citation_in_the_repository_resolves(held):
    wrong = {}
    for name in tracked():
        if not name.startswith(NO_PROSE):
            text = (ROOT / name).read_text(errors="replace")
            if found := faults(text, held):
                wrong[name] = found
    assert not wrong


def test_the_contracts_file_is_cited_by_its_name_nowhere():
    named = [
        name
        for name in tracked()
        if not name.startswith((*NO_PROSE, *NAMES_THE_FILE))
        and "open-api" in (ROOT / name).read_text(errors="replace")
    ]
    assert not named


def test_every_link_between_the_pages_leads_to_one_that_is_there():
    for name in tracked("docs/*.md"):
        links = re.findall(r"\]\(([\w./-]+\.md)\)", (ROOT / name).read_text())
        folder = (ROOT / name).parent
        assert not [link for link in links if not (folder / link).is_file()], name


def test_each_document_that_can_be_cited_is_there(held):
    assert set(ANCHORS) <= set(held)
    assert {"A0-1", "A1-login", "A1-460", "A1-21115", "A2-28", "B-2", "D-3", "E4"} <= held["ksef"]
    assert {"1", "20", "The states"} <= held["design"]
    assert {"1", "5", "Words"} <= held["journey"]


RIGHT = (
    "# KSeF takes no P-521 (docs/ksef.md A2-5).",
    "docs/ksef.md A2-5, A2-7 and B-3",
    "the steps to a certificate (docs/ksef.md A2-19\n    # to A2-30)",
    "docs/ksef.md A1-21111: a wrong challenge",
    "the signature of 9105 (docs/ksef.md A1-9105); else docs/ksef.md E4, or A1-http",
    "docs/design.md 2",
    "docs/design.md 1, 2, 4, 9 and 12",
    'docs/design.md "The states"',
    "docs/journey.md 5",
    'Path("docs/design.md").read_text()',
    "its word is in docs/glossary.md",
    "KSeF's contract, POST /certificates/enrollments",
    "KSeF's contract, GET /auth/{referenceNumber}",
    "KSeF's contract, SystemWarning",
    "KSeF's contract, where it is at hand",
    "[journey.md](journey.md) tells what a user lives through",
)
WRONG = (
    ("docs/ksef.md A2-99", "A2-99: not there"),
    ("docs/ksef.md A2-5 and A2-99", "A2-99: not there"),
    ("docs/ksef.md A2-19\n    # to A2-99", "A2-99: not there"),
    ("docs/ksef.md A1-99999", "A1-99999: not there"),
    ("docs/ksef.md H", "say what of it"),
    ("as docs/ksef.md says", "say what of it"),
    ("(docs/ksef.md)", "say what of it"),
    ("docs/design.md 99", "99: not there"),
    ('docs/design.md "The moods"', "The moods: not there"),
    ("docs/design.md, decision 13", "not the form of a citation"),
    ("docs/journey.md 6", "6: not there"),
    ("docs/facts.md A2-5", "no such document"),
    ("facts.md A2-5", "not the form of a citation"),
    ("(facts A2-5)", "not the form of a citation"),
    ("(facts D)", "not the form of a citation"),
    ("design.md 13", "not the form of a citation"),
    ("(design, decision 13)", "not the form of a citation"),
    ("journey.md, stage 1", "not the form of a citation"),
    ("house.md", "not the form of a citation"),
    ("KSeF's contract, POST enrollments", "name an operation or a schema"),
    ("KSeF's contract, /auth/challenge", "name an operation or a schema"),
    ("KSeF's contract, PATCH /auth", "name an operation or a schema"),
)


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_citation_is_let_through(held, text):
    assert not faults(text, held)


@pytest.mark.parametrize("text, said", WRONG, ids=[text for text, _said in WRONG])
def test_a_wrong_citation_is_refused(held, text, said):
    found = faults(text, held)
    assert found
    assert said in found[0]
