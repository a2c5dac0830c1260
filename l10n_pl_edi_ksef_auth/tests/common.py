from unittest.mock import patch

from odoo import Command

from odoo.addons.l10n_pl_edi.tools.ksef_api_service import KsefApiService
from odoo.addons.l10n_pl_ksef_auth.tests.common import KsefCase

# It logs each refusal as an error, also those that something is done about.
SERVICE_LOGGER = "odoo.addons.l10n_pl_edi.tools.ksef_api_service"


class EdiCase(KsefCase):
    """A Polish company with a chart of accounts; Odoo's own sender talks to the simulator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("l10n_pl_edi_ksef.mode", "test")
        cls.company.write({"street": "ul. Przykładowa 1", "city": "Warszawa", "zip": "00-001"})
        # The right to connect gives no role in accounting.
        cls.accountant.group_ids |= cls.env.ref("account.group_account_invoice")
        cls.env["account.chart.template"].try_loading("pl", cls.company, install_demo=False)
        cls.buyer = cls.env["res.partner"].create(
            {
                "name": "Nabywca S.A.",
                "vat": "PL1111111111",
                "country_id": cls.env.ref("base.pl").id,
                "street": "ul. Boczna 2",
                "city": "Gdynia",
                "invoice_edi_format": "fa3_pl",
            }
        )
        # The sender's addresses are written in its code; the browser tests go through a proxy.
        base_url = cls.simulator.base_url
        cls.startClassPatcher(
            patch.object(KsefApiService, "_get_api_url", lambda service: base_url)
        )

    def invoice(self, user=None, post=True, **values):
        """Write an invoice of 100 zł and VAT, post it, and return it.

        :param values: other ones than a customer invoice's of 20 November to the Polish buyer
        """
        moves = self.env["account.move"].with_user(user or self.clerk).with_company(self.company)
        tax = self.env["account.tax"].search(
            [
                ("company_id", "=", self.company.id),
                ("type_tax_use", "=", "sale"),
                ("amount", "=", 23),
            ],
            limit=1,
        )
        line = {"name": "Usługa", "quantity": 1, "price_unit": 100, "tax_ids": tax.ids}
        move = moves.create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "invoice_date": "2026-11-20",
                "invoice_line_ids": [Command.create(line)],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    def send(self, *moves):
        """Send invoices to KSeF as their user, without mails."""
        invoices = self.env["account.move"].union(*moves).with_env(moves[0].env)
        sender = invoices.env["account.move.send"].with_company(self.company)
        sender._generate_and_send_invoices(
            invoices, sending_methods=[], extra_edis={"pl_ksef"}, invoice_edi_format=False
        )

    def sent(self, user=None):
        """Post an invoice, send it, and return it."""
        move = self.invoice(user)
        self.send(move)
        return move

    def fields_of_sender(self):
        """Return the company's fields that the sender reads its tokens from."""
        self.env.invalidate_all()
        names = ("access_token", "refresh_token", "session_id")
        return self.company.sudo().read([f"l10n_pl_edi_{name}" for name in names])[0]
