"""axe-core, which knows what keeps people with a disability out, on a page in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

#: What must not be: who uses a screen reader or sees little is kept out, or nearly.
GRAVE = ("critical", "serious")
#: How Odoo draws a field is Odoo's, on our screens too; that it has a name is ours.
FIELDS = (
    ".o_field_widget, .o_form_label, .o-autocomplete, .o_record_selector, .o_multi_record_selector,"
    " .o_tag"
)
NAMES = ["label", "select-name", "button-name", "link-name", "aria-input-field-name"]
RUN = """async ({ ours, fields, names }) => {
    const isOurs = (element, rule) =>
        Boolean(element?.closest(ours)) && (names.includes(rule) || !element.closest(fields));
    const { violations } = await axe.run(document, {
        elementRef: true, resultTypes: ["violations"], iframes: false,
    });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) => ({
        rule: id,
        impact: node.impact || impact || "",
        is_ours: isOurs(node.element, id),
        place: node.target.join(" "),
        html: node.html.slice(0, 200),
        why: [...node.any, ...node.all, ...node.none].map(({ message }) => message).join("; "),
    })));
}"""


@dataclass(frozen=True)
class Finding:
    """What axe found wrong about one element; `is_ours` tells ours from Odoo's own."""

    rule: str
    impact: str
    is_ours: bool
    place: str
    html: str
    why: str

    @property
    def is_grave(self) -> bool:
        """Whether it is critical or serious."""
        return self.impact in GRAVE

    def __str__(self) -> str:
        return f"{self.impact} {self.rule} at {self.place}: {self.why}\n    {self.html}"


@cache
def _source() -> str:
    """Return axe-core, as its package for Python brings it along."""
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def findings(page: Page, ours: str) -> list[Finding]:
    """Have axe look at the whole page.

    :param ours: a CSS selector; what lies within is ours
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_source())
    division = {"ours": ours, "fields": FIELDS, "names": NAMES}
    return [Finding(**found) for found in page.evaluate(RUN, division)]
