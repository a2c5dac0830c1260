from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.controllers.request_file import KsefRequest

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestFirstLogin(KsefCase):
    def test_an_accountant_gets_from_red_to_green_with_one_signature(self):
        self.assertEqual(self.panel()["color"], "red")
        self.connect()
        panel = self.panel()
        self.assertEqual(
            (panel["state"], panel["tick"], panel["color"]), ("connected", "yes", "green")
        )
        self.assertEqual(panel["lifetime_share"] > 0.99, True)

    def test_the_unsigned_file_is_refused_before_anything_is_sent(self):
        window = self.open_window()
        document = self.downloaded(window)
        with self.counted("xades-signature") as sent:
            view = self.attach(window, document)
            view = window.authenticate()
        self.assertEqual(sent["calls"], 0)
        self.assertFalse(view["reading"]["can_send"])
        self.assertEqual(view["reading"]["findings"][0]["level"], "stop")

    def test_the_file_is_served_from_the_database_that_its_challenge_was_just_written_to(self):
        self.assertFalse(KsefRequest.download.original_routing["readonly"])
