import time

from odoo.tests import tagged
from odoo.tools import SQL

from .common import EdiCase

MANY = 100_000
# One of so many is not in KSeF.
RARE = 100
LIMIT_SECONDS = 0.5


@tagged("post_install", "-at_install", "long")
class TestManyInvoices(EdiCase):
    def multiply(self, move):
        """Copy an invoice in the database, MANY times; most copies are in KSeF."""
        move.flush_recordset()
        columns = [
            field.name
            for field in move._fields.values()
            if field.store
            and field.column_type
            and field.name not in ("id", "name", "access_token")
        ]
        changed = {"name": SQL("'MANY/' || number"), "is_move_sent": SQL("TRUE")}
        changed["l10n_pl_edi_status"] = SQL("CASE WHEN number %% %s > 0 THEN 'accepted' END", RARE)
        values = [changed.get(name, SQL.identifier(name)) for name in ("name", *columns)]
        self.env.cr.execute(
            SQL(
                "INSERT INTO account_move (%s) SELECT %s FROM account_move, generate_series(1, %s)"
                " AS number WHERE id = %s",
                SQL(", ").join(map(SQL.identifier, ("name", *columns))),
                SQL(", ").join(values),
                MANY,
                move.id,
            )
        )
        self.env.cr.execute("ANALYZE account_move")
        self.env.invalidate_all()

    def seconds(self, call):
        """Return how long a call takes, and what it returns."""
        began = time.perf_counter()
        result = call()
        return time.perf_counter() - began, result

    def test_lists_of_many_invoices_stay_quick(self):
        move = self.invoice()
        self.multiply(move)
        missing = [("l10n_pl_ksef_edi_state", "=", "missing")]
        counting, count = self.seconds(lambda: move.search_count(missing))
        listing, found = self.seconds(lambda: move.search(missing, limit=80))
        showing, states = self.seconds(lambda: found.mapped("l10n_pl_ksef_edi_state"))
        ours = [("company_id", "=", self.company.id)]
        grouping, groups = self.seconds(
            lambda: move._read_group(ours, ["move_sent_values"], ["__count"])
        )
        self.assertEqual((count, len(found), set(states)), (MANY // RARE + 1, 80, {"missing"}))
        self.assertEqual(dict(groups), {"not_sent": count, "sent": MANY + 1 - count})
        self.figures(
            f"{MANY} invoices, {count} not in KSeF: counted in {counting * 1000:.0f} ms, listed in"
            f" {listing * 1000:.0f} ms, states of 80 in {showing * 1000:.0f} ms, grouped in"
            f" {grouping * 1000:.0f} ms"
        )
        self.assertLess(max(counting, listing, showing, grouping), LIMIT_SECONDS)
