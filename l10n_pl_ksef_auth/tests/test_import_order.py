import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from odoo.orm.models import MetaModel
from odoo.tests import tagged
from odoo.tests.common import BaseCase
from odoo.tools import config

from odoo.addons import l10n_pl_ksef_auth

ADDON = "l10n_pl_ksef_auth"
FOLDER = Path(l10n_pl_ksef_auth.__file__).parent
SHUFFLES = 4
# Not a member that one class of a model could hide from another.
EACH_CLASS_HAS = {"_name", "_inherit", "_module", "_field_definitions", "_table_object_definitions"}
# Imports what models/__init__ imports, in another order, and prints the models as they come.
SCRIPT = """
import importlib, json, random, sys, types
from odoo.modules.module import initialize_sys_path
from odoo.tools import config
config.parse_config(["--addons-path", sys.argv[1]])
initialize_sys_path()
from odoo.orm.models import MetaModel
for name, folder in ((ADDON, sys.argv[2]), (ADDON + ".models", sys.argv[2] + "/models")):
    package = types.ModuleType("odoo.addons." + name)
    package.__path__ = [folder]
    sys.modules[package.__name__] = package
rooms = sys.argv[4:]
random.Random(int(sys.argv[3])).shuffle(rooms)
for room in rooms:
    importlib.import_module(f"odoo.addons.{ADDON}.models.{room}")
definitions = MetaModel._module_to_models__[ADDON]
print(json.dumps([[one._name, list(one._inherit)] for one in definitions]))
""".replace("ADDON", repr(ADDON))


@tagged("post_install", "-at_install")
class TestImportOrder(BaseCase):
    """The order of the imports carries no behaviour."""

    def rooms(self):
        """Return what models/__init__ imports."""
        lines = (FOLDER / "models" / "__init__.py").read_text().splitlines()
        return [line.removeprefix("from . import ") for line in lines]

    def shuffled(self, seed):
        """Return names and parents of our models, imported in an order that a seed makes."""
        arguments = [",".join(config["addons_path"]), str(FOLDER), str(seed), *self.rooms()]
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_a_model_comes_after_its_parents_whatever_is_imported_first(self):
        for seed in range(SHUFFLES):
            known = set()
            for name, parents in self.shuffled(seed):
                ours = {parent for parent in parents if parent.startswith("l10n_pl_ksef.")}
                self.assertLessEqual(ours, known, f"{name}, seed {seed}")
                known.add(name)

    def test_no_class_of_a_model_hides_what_another_class_of_it_defines(self):
        members = Counter(
            (definition._name, member)
            for definition in MetaModel._module_to_models__[ADDON]
            for member in vars(definition)
            if not member.startswith("__") and member not in EACH_CLASS_HAS
        )
        self.assertFalse([member for member, times in members.items() if times > 1])
