from pathlib import Path

from odoo.modules import get_module_path
from odoo.tests import HttpCase, tagged

OURS = "l10n_pl_ksef_auth"
TESTS = "static/tests/**/*.test.js"
BUNDLE = "web.assets_unit_tests"


@tagged("post_install", "-at_install")
class TestJavascript(HttpCase):
    def setUp(self):
        super().setUp()
        self.leave_out_the_tests_of_others()

    def leave_out_the_tests_of_others(self):
        """Have the page of tests load what ours need: all tests of Odoo take most of its time."""
        installed = self.env["ir.module.module"].search([("state", "=", "installed")])
        for name in set(installed.mapped("name")) - {OURS}:
            if any(Path(get_module_path(name)).glob(TESTS)):
                self.env["ir.asset"].create(
                    {
                        "name": name,
                        "bundle": BUNDLE,
                        "directive": "remove",
                        "path": f"{name}/{TESTS}",
                        "sequence": 99,
                    }
                )

    def test_the_components_pass_their_own_tests(self):
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&filter=@{OURS}",
            "",
            "",
            login="admin",
            success_signal="[HOOT] Test suite succeeded",
            # A machine that does other things beside takes minutes.
            timeout=600,
        )
