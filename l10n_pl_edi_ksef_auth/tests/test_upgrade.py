from odoo.tests import tagged
from odoo.tools import SQL

from .common import EdiCase

COLUMN = "l10n_pl_ksef_code_link"


@tagged("post_install", "-at_install")
class TestUpgradeWithInvoices(EdiCase):
    """Invoices of before this version have no code of ours, and the next one can get one."""

    def setUp(self):
        super().setUp()
        self.old = self.invoice()
        self.env.flush_all()
        self.env.cr.execute(SQL("ALTER TABLE account_move DROP COLUMN %s", SQL.identifier(COLUMN)))
        self.env.invalidate_all()

    def upgrade(self):
        """Have Odoo bring the table up to this version, as it does before scripts run."""
        context = {"module": "l10n_pl_edi_ksef_auth"}
        self.registry.init_models(self.env.cr, ["account.move"], context, install=False)
        self.env.invalidate_all()

    def test_invoices_of_before_have_none_and_a_new_one_gets_its_own(self):
        for _time in range(2):
            self.upgrade()
            self.assertFalse(self.old[COLUMN])
        self.certified()
        new = self.invoice()
        for move in (self.old, new):
            move._l10n_pl_ksef_sign_code(move.name.encode())
            self.assertEqual(self.judged(move[COLUMN]), "")
        self.assertNotEqual(self.old[COLUMN], new[COLUMN])
