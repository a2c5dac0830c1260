from odoo.tests import TransactionCase, tagged

from odoo.addons.l10n_pl_ksef_auth.tests.polish import PolishTexts


@tagged("post_install", "-at_install")
class TestPolish(PolishTexts, TransactionCase):
    """Every text of the glue addon is there in Polish."""

    module = "l10n_pl_edi_ksef_auth"

    def test_the_settings_say_in_polish_which_connection_sends(self):
        source = "Invoices are sent with the connection above."
        self.assertEqual(self.polish[source].msgstr, "Faktury są wysyłane powyższym połączeniem.")
