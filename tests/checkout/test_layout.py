"""The layout that docs/design.md "Layout" draws is the repository's."""

import re

from stack.places import ROOT

PAGE = "docs/design.md"


def drawn(page: str) -> list[str]:
    """Return the paths of the first drawing on a page: names by their indentation, two spaces each.

    A line may name several files or folders, and then says what they are for.
    """
    drawing = page.split("```", 2)[1]
    paths, folders = [], [""]
    for line in drawing.splitlines():
        found = re.match(r"((?:  )*)(\S+(?: \S+)*)", line)
        if not found:
            continue
        depth = len(found[1]) // 2
        names = [name for name in found[2].split() if re.fullmatch(r"\w+/|\w+\.\w+|run", name)]
        paths += ["".join(folders[: depth + 1]) + name for name in names]
        folders[depth + 1 :] = names[:1]
    return paths


def test_each_file_and_folder_of_the_layout_is_there():
    paths = drawn((ROOT / PAGE).read_text())
    assert len(paths) > 30
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_names_are_read_by_their_indentation():
    page = "# X\n```\na/   one\n  b/ c.py   two of them\n  d/\n    e.py\nrun\n```\n"
    assert drawn(page) == ["a/", "a/b/", "a/c.py", "a/d/", "a/d/e.py", "run"]
