from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import OWNER, KsefCase


@tagged("post_install", "-at_install")
class TestCompanySeparation(KsefCase):
    """Companies that share a certificate learn nothing of each other; branches use a parent's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Poufny Klient Sp. z o.o.", "1111111111")

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.simulator.world.add_company("1111111111", "Poufny Klient")
        self.simulator.world.grant(OWNER.identity, "1111111111")

    def test_an_accountant_is_not_told_whom_else_a_certificate_serves(self):
        self.share(self.certificate, self.other)
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        self.assertNotIn("Poufny", str(account))

    def test_the_offices_window_tells_nobody_who_signs_for_another_company(self):
        stranger = self.make_user(
            "ksef_stranger", "l10n_pl_ksef_auth.group_ksef_connection", self.other
        )
        setups = self.env["l10n_pl_ksef.office.setup"].with_user(stranger).with_company(self.other)
        with self.assertRaises(UserError):
            setups.create({"certificate_id": self.certificate.id})
        own = setups.create({})
        with self.assertRaises(UserError):
            own.write({"certificate_id": self.certificate.id})

    def test_who_lacks_a_right_learns_names_of_the_own_companys_people_alone(self):
        employee = self.make_user("ksef_employee", "base.group_user", self.other)
        portal = self.make_user("ksef_portal", "base.group_portal")
        for user in employee, portal:
            with self.subTest(user.login), self.assertRaises(AccessError) as refused:
                self.company.with_user(user).l10n_pl_ksef_panel()
            self.assertNotIn(self.accountant.name, str(refused.exception))

    def test_a_company_of_another_country_has_no_dot(self):
        germany = self.env.ref("base.de").id
        abroad = self.env["res.company"].create({"name": "Köln GmbH", "country_id": germany})
        colors = self.env["l10n_pl_ksef.dot"]._colors(self.company | abroad)
        self.assertEqual(colors, {self.company.id: "green", abroad.id: ""})

    def test_nobody_revokes_what_another_company_logs_in_with(self):
        self.share(self.certificate, self.other)
        with self.confirmed(), self.counted("certificate-revoke") as revocations:
            with self.assertRaises(AccessError):
                self.company.with_user(self.accountant).l10n_pl_ksef_disconnect(True)
        self.assertEqual(revocations["calls"], 0)

    def test_who_manages_all_of_them_may_revoke_it(self):
        self.share(self.certificate, self.other)
        self.accountant.company_ids |= self.other
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_disconnect(True)
        self.env.invalidate_all()
        self.assertEqual(self.certificate.state, "revoked")

    def test_a_company_without_access_cannot_be_connected_by_its_id(self):
        with self.assertRaises(AccessError):
            self.other.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()

    def test_a_branchs_accountant_sees_the_state_but_does_not_manage_the_company_above(self):
        branch = self.env["res.company"].create({"name": "Oddział", "parent_id": self.company.id})
        user = self.make_user("ksef_branch", "l10n_pl_ksef_auth.group_ksef_connection", branch)
        panel = branch.with_user(user).l10n_pl_ksef_panel()
        self.assertEqual((panel["color"], panel["can_connect"]), ("green", False))
        for method in ("l10n_pl_ksef_open_authorization", "l10n_pl_ksef_account"):
            with self.assertRaises(AccessError):
                getattr(branch.with_user(user), method)()

    def test_a_branch_whose_tax_id_is_not_applicable_uses_the_connection_of_the_company_above(self):
        values = {"name": "Oddział", "parent_id": self.company.id, "vat": "/"}
        branch = self.env["res.company"].create(values)
        self.manager.company_ids |= branch
        self.assertTrue(branch.l10n_pl_ksef_access_token())
        self.assertEqual(self.panel(self.manager, branch)["color"], "green")
        self.assertEqual(self.env["l10n_pl_ksef.dot"]._colors(branch), {branch.id: "green"})

    def test_a_branch_follows_each_tax_id_that_comes_or_goes_above_it(self):
        """Its own comes first, then that of the nearest company above."""
        companies = self.env["res.company"]
        branch = companies.create({"name": "Oddział", "parent_id": self.company.id})
        below = companies.create({"name": "Pododdział", "parent_id": branch.id})
        self.assertEqual(below._l10n_pl_ksef_principal(), self.company)
        for tax_id, principal in (
            ("PL1111111111", branch),
            (False, self.company),
            ("/", self.company),
        ):
            branch.partner_id.vat = tax_id
            self.assertEqual(below._l10n_pl_ksef_principal(), principal)

    def test_a_company_is_not_deleted_while_ksef_would_let_it_in(self):
        client = self.make_company("Nowy Klient Sp. z o.o.", "5261040828")
        self.accountant.company_ids |= client
        self.simulator.world.grant(OWNER.identity, "5261040828")
        self.connect(company=client)
        with self.assertRaisesRegex(UserError, "Disconnect"):
            client.unlink()
        with self.confirmed():
            client.with_user(self.accountant).l10n_pl_ksef_disconnect()
        self.settle()
        client.unlink()
        self.assertFalse(client.exists())

    def test_a_company_is_not_deleted_while_a_certificate_serves_it_alone(self):
        self.share(self.certificate, self.other)
        self.other.unlink()
        client = self.make_company("Nowy Klient Sp. z o.o.", "5261040828")
        self.certificate.company_ids = client
        with self.assertRaisesRegex(UserError, "revoke"):
            client.unlink()
