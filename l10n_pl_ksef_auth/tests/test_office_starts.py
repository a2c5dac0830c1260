from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import KsefCase

COLUMNS = (
    "name",
    "vat",
    "country_id",
    "l10n_pl_ksef_signer_name",
    "l10n_pl_ksef_signer_email",
)
CLIENTS = (
    ("Piekarnia Kłos", "PL5260010015", "Poland", "Anna Kłos", "anna@example.com"),
    ("Warsztat Młot", "PL1111111111", "Poland", "Jan Młot", "jan@example.com"),
)


@tagged("post_install", "-at_install")
class TestOfficeStarts(KsefCase):
    """An administrator imports an office's clients, and lets its accountants use them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "base.group_erp_manager,base.group_partner_manager"
        cls.administrator = cls.make_user("office_administrator", groups)

    def imported(self):
        """Import two clients as Odoo's import does, and return them."""
        companies = self.env["res.company"].with_user(self.administrator)
        result = companies.load(list(COLUMNS), [list(row) for row in CLIENTS])
        self.assertFalse(result["messages"])
        return companies.browse(result["ids"])

    def give(self, companies, users, giver=None):
        """Choose who may use companies, in the window of the list's menu."""
        window = self.env["l10n_pl_ksef.company.users"].with_user(giver or self.administrator)
        made = window.with_context(active_ids=companies.ids).create({"user_ids": users.ids})
        return made.action_give()

    def test_companies_are_imported_with_their_signers(self):
        first = self.imported()[0]
        signer = (first.l10n_pl_ksef_signer_name, first.l10n_pl_ksef_signer_email)
        self.assertEqual(signer, CLIENTS[0][3:])

    def test_the_accountants_who_were_chosen_find_them_in_their_list(self):
        clients = self.imported()
        self.give(clients, self.accountant)
        self.env.invalidate_all()
        lines = self.env["l10n_pl_ksef.overview"].with_user(self.accountant).search([])
        self.assertEqual(lines.company_id, self.company | clients)
        self.assertEqual(set(lines.mapped("signer")), {False, "Anna Kłos", "Jan Młot"})
        self.assertNotIn(clients[0], self.manager.company_ids)

    def test_nobody_else_lets_people_use_companies(self):
        clients = self.imported()
        with self.assertRaises(AccessError):
            self.give(clients, self.accountant, giver=self.accountant)

    def test_who_may_not_add_companies_is_told_whom_to_ask(self):
        overview = self.env["l10n_pl_ksef.overview"]
        with self.assertRaisesRegex(UserError, "office_administrator"):
            overview.with_user(self.accountant).action_add()
        action = overview.with_user(self.administrator).action_add()
        self.assertEqual(action["res_model"], "res.company")

    def test_employees_do_not_read_who_signs(self):
        employee = self.make_user("office_employee", "base.group_user")
        with self.assertRaises(AccessError):
            self.company.with_user(employee).read(["l10n_pl_ksef_signer_email"])
