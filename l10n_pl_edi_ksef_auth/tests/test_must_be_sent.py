from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.res_company_duty import SINCE
from .common import EdiCase

FOREIGN = {"country_id": "base.de"}
# What differs from a Polish business buyer, or from its invoice; whether KSeF must get it.
BUYERS = (
    ("a Polish company with its NIP", {"vat": "PL1111111111", "is_company": True}, True),
    ("a company without a number", {"vat": False, "is_company": True}, True),
    ("a trader with a NIP, who is a person", {"vat": "PL1111111111"}, True),
    ("a foreign company", {"vat": False, "is_company": True, **FOREIGN}, True),
    ("a foreign trader with a number", {"vat": "DE123456788", **FOREIGN}, True),
    ("a consumer", {"vat": False}, False),
    ("a consumer, as accountants mark one", {"vat": "/"}, False),
    ("a foreign consumer", {"vat": False, **FOREIGN}, False),
)
INVOICES = (
    ("an invoice", {}, True),
    ("a correction", {"move_type": "out_refund"}, True),
    ("a receipt", {"move_type": "out_receipt"}, False),
    ("a bill", {"move_type": "in_invoice"}, False),
    ("a draft", {"post": False}, False),
    ("on the first day", {"invoice_date": "2026-04-01"}, True),
    ("on the day before", {"invoice_date": "2026-03-31"}, False),
)


@tagged("post_install", "-at_install")
class TestMustBeSent(EdiCase):
    """One method decides which invoices must go to KSeF; this is its table."""

    def check(self, move, expected):
        """Check that an invoice counts as missing in KSeF, or not, on its form and in lists."""
        found = move.search([("l10n_pl_ksef_edi_state", "=", "missing"), ("id", "=", move.id)])
        self.assertEqual(move.l10n_pl_ksef_edi_state, "missing" if expected else False)
        self.assertEqual(bool(found), expected)

    def partner(self, country_id="base.pl", **values):
        """Create a buyer of a country."""
        country = self.env.ref(country_id).id
        return self.env["res.partner"].create({"name": "N", "country_id": country, **values})

    def test_the_buyer_decides(self):
        for name, values, expected in BUYERS:
            with self.subTest(name):
                self.check(self.invoice(partner_id=self.partner(**values).id), expected)

    def test_a_companys_employee_buys_for_the_company(self):
        company = self.partner(is_company=True)
        self.check(self.invoice(partner_id=self.partner(parent_id=company.id).id), True)

    def test_kind_state_and_date_decide(self):
        for name, values, expected in INVOICES:
            with self.subTest(name):
                self.check(self.invoice(self.manager, **values), expected)
        cancelled = self.invoice(post=False)
        cancelled.button_cancel()
        self.check(cancelled, False)

    def test_the_company_says_since_when_and_an_empty_day_means_never(self):
        move = self.invoice()
        for since, expected in (("2026-11-20", True), ("2026-11-21", False), (False, False)):
            with self.subTest(since):
                self.company.l10n_pl_ksef_edi_since = since
                move.invalidate_recordset()
                self.check(move, expected)

    def test_a_branch_has_its_own_day_and_the_connection_of_the_company_above_it(self):
        poland = self.env.ref("base.pl").id
        values = {"name": "Oddział", "parent_id": self.company.id, "country_id": poland}
        branch = self.env["res.company"].create(values)
        # A branch takes over the chart of accounts before its transaction ends.
        self.cr.flush()
        self.manager.company_ids |= branch
        self.env = self.env(context={"allowed_company_ids": [branch.id, self.company.id]})
        self.company.l10n_pl_ksef_edi_since = False
        move = self.invoice(self.manager, company_id=branch.id)
        self.assertEqual(branch.l10n_pl_ksef_edi_since, SINCE)
        self.check(move, True)
        self.assertEqual(branch._l10n_pl_ksef_edi_obstacle()[0], "never")
        self.connect()
        self.assertIsNone(branch._l10n_pl_ksef_edi_obstacle())
        branch.l10n_pl_ksef_edi_since = False
        move.invalidate_recordset()
        self.check(move, False)

    def test_a_company_abroad_need_not_use_ksef(self):
        move = self.invoice()
        self.company.country_id = self.env.ref("base.de")
        move.invalidate_recordset()
        self.check(move, False)

    def test_another_addon_may_decide_otherwise(self):
        move = self.invoice()
        model = type(move)
        decide, spared = model._l10n_pl_ksef_must_be_sent, Domain("id", "!=", move.id)
        self.patch(model, "_l10n_pl_ksef_must_be_sent", lambda moves: decide(moves) & spared)
        self.check(move, False)

    def test_a_list_of_what_is_missing_reads_its_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        query = self.env["account.move"]._search([("l10n_pl_ksef_edi_state", "=", "missing")])
        plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertIn("l10n_pl_ksef_edi_missing_idx", str(plan))
