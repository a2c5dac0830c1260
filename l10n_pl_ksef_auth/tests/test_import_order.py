import ast
import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from odoo.modules.module import get_module_path
from odoo.orm.models import MetaModel
from odoo.tests import tagged
from odoo.tests.common import BaseCase
from odoo.tools import config

MAIN, GLUE = "l10n_pl_ksef_auth", "l10n_pl_edi_ksef_auth"
SHUFFLES = 4
# Not a member that one class of a model could hide from another.
EACH_CLASS_HAS = {"_name", "_inherit", "_module", "_field_definitions", "_table_object_definitions"}
# Imports what an addon's models/__init__ imports, in another order, and prints the models as they
# come.
SCRIPT = """
import importlib, json, random, sys, types
from odoo.modules.module import initialize_sys_path
from odoo.tools import config
path, addon, folder, seed, *rooms = sys.argv[1:]
config.parse_config(["--addons-path", path])
initialize_sys_path()
from odoo.orm.models import MetaModel
for name, place in ((addon, folder), (addon + ".models", folder + "/models")):
    package = types.ModuleType("odoo.addons." + name)
    package.__path__ = [place]
    sys.modules[package.__name__] = package
random.Random(int(seed)).shuffle(rooms)
for room in rooms:
    importlib.import_module(f"odoo.addons.{addon}.models.{room}")
definitions = MetaModel._module_to_models__[addon]
print(json.dumps([[one._name, list(one._inherit)] for one in definitions]))
"""


@tagged("post_install", "-at_install")
class TestImportOrder(BaseCase):
    """The order of the imports carries no behaviour."""

    def rooms(self, folder):
        """Return what models/__init__ imports: "base.steps" for the module in a package."""
        tree = ast.parse((folder / "models" / "__init__.py").read_text())
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        return [
            ".".join(filter(None, (node.module, alias.name)))
            for node in imports
            for alias in node.names
        ]

    def shuffled(self, addon, seed):
        """Return names and parents of an addon's models, imported in an order that a seed makes."""
        folder = Path(get_module_path(addon))
        path = ",".join(config["addons_path"])
        arguments = [path, addon, str(folder), str(seed), *self.rooms(folder)]
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def addons(self):
        """Return those of our addons that can be imported here: the glue needs Odoo's sender."""
        return [addon for addon in (MAIN, GLUE) if get_module_path(addon, display_warning=False)]

    def test_a_model_comes_after_its_parents_whatever_is_imported_first(self):
        for addon, seed in itertools.product(self.addons(), range(SHUFFLES)):
            defined = self.shuffled(addon, seed)
            # What another addon defines is there before.
            own, known = {name for name, parents in defined if name not in parents}, set()
            for name, parents in defined:
                self.assertLessEqual(own & set(parents), known, f"{name}, {addon}, seed {seed}")
                known.add(name)

    def test_no_class_of_a_model_hides_what_another_class_of_it_defines(self):
        members = Counter(
            (addon, definition._name, member)
            for addon in self.addons()
            for definition in MetaModel._module_to_models__[addon]
            for member in vars(definition)
            if not member.startswith("__") and member not in EACH_CLASS_HAS
        )
        self.assertFalse([member for member, times in members.items() if times > 1])
