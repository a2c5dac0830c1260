from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestJavascript(HttpCase):
    def test_the_components_pass_their_own_tests(self):
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&filter=@l10n_pl_ksef_auth",
            "",
            "",
            login="admin",
            success_signal="[HOOT] Test suite succeeded",
            timeout=180,
        )
