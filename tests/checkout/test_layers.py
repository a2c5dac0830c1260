"""Protocol, state, screens: a layer uses those before it, and asks nothing of those behind it."""

import ast
import re
import sys
from collections.abc import Iterator

import pytest
from tracked_files import tracked

from stack.places import ROOT, addons

OURS = rf"^odoo\.addons\.({'|'.join(addons())})\."
LAYERS = ("tools", "models", "screens", "wizard")
PAGE = ROOT / "docs/design.md"
#: What a module of a layer must not import: other folders of its addon, and Odoo.
FORBIDDEN = {
    "tools": {"models", "screens", "wizard", "controllers", "odoo"},
    "models": {"screens", "wizard", "controllers"},
    "screens": {"controllers"},
}


def modules(layer: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of a layer in all addons: name of the file and what it says."""
    for addon in addons():
        for name in tracked(f"{addon}/{layer}/*.py"):
            yield name, ast.parse((ROOT / name).read_text())


def imported(name: str, module: ast.Module) -> set[str]:
    """Folders of our addons, and packages, that a module imports from."""
    folders = name.split("/")[1:-1]
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = folders[: len(folders) + 1 - node.level] if node.level else []
            path = [*above, *(node.module or "").split(".")]
            found |= {".".join(filter(None, [*path, alias.name])) for alias in node.names}
    ours = [re.sub(OURS, "", path) for path in found]
    return {path.split(".")[0] for path in [*found, *ours]}


def strings(code: ast.AST) -> set[str]:
    """All texts in a module or a part of it, the names of models among them."""
    constants = (node for node in ast.walk(code) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def named_models(layer: str) -> set[str]:
    """The names of the models that a layer defines, not of those that it extends."""
    found: set[str] = set()
    for _name, module in modules(layer):
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                found |= assigned(node, "_name") - assigned(node, "_inherit")
    return found


def assigned(model: ast.ClassDef, name: str) -> set[str]:
    """The texts that a class assigns to an attribute."""
    values = (
        node.value
        for node in model.body
        if isinstance(node, ast.Assign)
        and name in {getattr(goal, "id", "") for goal in node.targets}
    )
    return {text for value in values for text in strings(value)}


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_imports_nothing_from_those_behind_it(layer):
    found = {name: imported(name, module) & FORBIDDEN[layer] for name, module in modules(layer)}
    assert found
    assert not {name: folders for name, folders in found.items() if folders}


def test_the_state_names_no_model_of_a_screen_or_a_window():
    shown = named_models("screens") | named_models("wizard")
    assert {"l10n_pl_ksef.panel", "l10n_pl_ksef.unlock"} <= shown
    found = {name: strings(module) & shown for name, module in modules("models")}
    assert not {name: models for name, models in found.items() if models}


def test_no_model_is_defined_in_two_layers():
    names = [name for layer in LAYERS for name in named_models(layer)]
    assert len(names) == len(set(names))


def opened_again(module: ast.Module) -> list[ast.ClassDef]:
    """The classes of a module that extend a model of ours which another class defines."""
    classes = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    return [
        model
        for model in classes
        for parents in [assigned(model, "_inherit")]
        if any(name.startswith("l10n_pl_ksef.") for name in parents)
        and assigned(model, "_name") <= parents
    ]


def test_a_model_that_is_opened_again_says_why():
    silent, times = [], 0
    for layer in LAYERS:
        for name, module in modules(layer):
            lines = (ROOT / name).read_text().splitlines()
            for model in opened_again(module):
                times += 1
                first = min(node.lineno for node in model.body if isinstance(node, ast.Assign))
                # Line numbers begin with one: this is the line above.
                if not lines[first - 2].strip().startswith("# "):
                    silent.append(f"{name}: {model.name}")
    assert not silent
    assert f"opened again {times} times" in PAGE.read_text()


def test_a_class_opens_a_model_again_that_it_does_not_define():
    texts = {
        '_inherit = "l10n_pl_ksef.a"': True,
        '_name = "l10n_pl_ksef.a"; _inherit = ["l10n_pl_ksef.a", "l10n_pl_ksef.mixin"]': True,
        '_name = "l10n_pl_ksef.a"; _inherit = ["l10n_pl_ksef.mixin"]': False,
        '_inherit = "res.company"': False,
    }
    for text, opens in texts.items():
        assert bool(opened_again(ast.parse(f"class A:\n    {text}"))) == opens


#: Without these Odoo itself does not start.
OF_ODOO = {"babel", "markupsafe", "odoo", "psycopg2", "reportlab", "urllib3", "werkzeug"}
#: What a package is called where it is imported.
IMPORTED_AS = {"Pillow": "PIL"}


@pytest.mark.parametrize("addon", addons())
def test_what_an_addon_imports_its_manifest_names(addon: str) -> None:
    known = set(sys.stdlib_module_names) | OF_ODOO
    for name in addons():
        manifest = ast.literal_eval((ROOT / name / "__manifest__.py").read_text())
        wanted = manifest.get("external_dependencies", {}).get("python", [])
        known |= {IMPORTED_AS.get(package, package) for package in wanted}
    found = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name
        for path in tracked(f"{addon}/*.py")
        if "/tests/" not in path
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, "level", 0)
        for alias in node.names
    }
    assert {name.split(".")[0] for name in found} <= known
