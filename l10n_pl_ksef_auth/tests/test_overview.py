from datetime import timedelta

from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import KsefCase, invented_nips, put
from .office_case import OfficeCase

FEW, MANY = 5, 40


@tagged("post_install", "-at_install")
class TestOverview(KsefCase):
    """The list of companies says of each what its panel says, and asks no more for many."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_company("Inna Sp. z o.o.", "1111111111")
        cls.stranger = cls.make_company("Obca Sp. z o.o.", "2222222222")
        cls.accountant.company_ids |= cls.other

    def lines(self, *domain, user=None):
        """Return the lines of the list that a user finds by a domain."""
        self.env.invalidate_all()
        overview = self.env["l10n_pl_ksef.overview"].with_user(user or self.accountant)
        return overview.search(list(domain))

    def line(self, company=None):
        """Return one company's line."""
        return self.lines(("company_id", "=", (company or self.company).id))

    def assert_as_panel(self, state):
        """Check that list, filter and panel agree on the company's state and problem."""
        panel, line = self.panel(), self.line()
        problem = panel["problem"]["text"] if panel["problem"] else ""
        self.assertEqual(panel["state"], state)
        self.assertEqual((line.state, line.problem or ""), (state, problem))
        self.assertIn(line, self.lines(("state", "=", state)))
        self.assertNotIn(line, self.lines(("state", "!=", state)))

    def test_each_state_of_a_login_is_the_panels(self):
        session = self.connect()
        good = {name: session[name] for name in ("rights", "rights_checked_at", "renew_at")}
        for state, days, changes in (
            ("connected", 7, {}),
            ("verifying", 7, {"rights_checked_at": False, "next_attempt": False}),
            ("limited", 7, {"rights": "InvoiceRead"}),
            ("expiring", 2, {"renew_at": False}),
            ("attention", -1, {}),
        ):
            until = session._now() + timedelta(days=days)
            session.write({**good, "refresh_valid_until": until, **changes})
            with self.subTest(state):
                self.assert_as_panel(state)

    def test_each_state_without_a_login_is_the_panels(self):
        self.assert_as_panel("disconnected")
        window = self.open_window()
        self.downloaded(window)
        self.assert_as_panel("waiting")
        self.simulator.settings.force_status = {"code": 415, "details": [], "times": 1}
        self.send_signed(window)
        self.assert_as_panel("verifying")
        self.follow(window)
        self.assert_as_panel("attention")

    def test_what_has_ended_and_what_was_disconnected_is_told_as_by_the_panel(self):
        session = self.connect()
        put(session, state="expired", renew_at=False)
        self.assert_as_panel("disconnected")
        self.connect()
        self.disconnect(self.accountant)
        self.assert_as_panel("disconnected")

    def test_an_open_request_is_told_of_whatever_was_asked_after_it(self):
        asked = {"signer_name": "Anna", "by": "link"}
        requests = self.env["l10n_pl_ksef.request"].with_user(self.accountant)
        first = requests._ask(self.company, asked)
        second = requests._ask(self.company, {**asked, "signer_name": "Jan"})
        first.opened_at = first._now()
        self.assertFalse(self.line().opened_at)
        second._revoke_by_hand()
        self.assertEqual((self.line().is_asked, self.line().opened_at), (True, first.opened_at))

    def test_a_changed_nip_is_told_as_by_the_panel(self):
        for certified in (False, True):
            self.company.vat = f"PL{self.company.vat.removeprefix('PL')}"
            (self.certified if certified else self.connect)()
            nip, self.company.vat = self.company.vat, "PL3333333333"
            with self.subTest(certified=certified):
                self.assert_as_panel("disconnected")
            self.company.vat = nip

    def test_a_server_without_its_key_is_told_as_by_the_panel(self):
        self.connect()
        self.env["ir.config_parameter"].set_param("l10n_pl_ksef_auth.key_fingerprint", "other")
        self.assert_as_panel("attention")

    def test_a_line_says_on_what_a_connection_stands(self):
        self.connect()
        self.assertEqual(self.line().stands_on, f"signature: {self.line().signer}")
        owner = self.certified().owner_name
        self.assertEqual(self.line().stands_on, f"KSeF certificate: {owner}")

    def test_a_certificate_for_offline_invoices_holds_no_connection(self):
        certificate = self.certified()
        put(certificate, usage="offline")
        self.assert_as_panel("connected")
        self.assertIn("signature", self.line().stands_on)

    def test_a_user_finds_only_companies_that_he_may_use(self):
        self.assertEqual(self.lines().company_id, self.company | self.other)
        self.assertFalse(self.lines(("company_id", "=", self.stranger.id)))
        with self.assertRaises(AccessError):
            hidden = self.env["l10n_pl_ksef.overview"].browse(self.stranger.id)
            hidden.with_user(self.accountant).read(["state"])

    def test_a_company_is_found_by_its_nip_however_it_is_written(self):
        line = self.line(self.other)
        for written in ("1111111111", "111-111-11-11", "PL1111111111", "11111"):
            with self.subTest(written):
                self.assertIn(line, self.lines(("nip", "ilike", written)))
                self.assertNotIn(self.line(), self.lines(("nip", "ilike", "111-111-11-11")))

    def test_filters_find_who_needs_somebody(self):
        self.connect()
        self.other.vat = False
        self.assertEqual(self.lines(("nip", "=", False)).company_id, self.other)
        self.assertEqual(self.lines(("was_connected", "=", False)).company_id, self.other)
        self.assertEqual(self.lines(("ends_soon", "=", True)).company_id, self.company)
        self.certified()
        self.assertFalse(self.lines(("ends_soon", "=", True)))

    def test_the_cards_which_a_phone_shows_have_the_buttons_of_the_list(self):
        self.assertGreater(len(self.buttons("list")), 5)
        self.assertEqual(self.buttons("kanban"), self.buttons("list"))

    def test_a_phone_shows_the_menu_with_the_buttons_of_the_selected_cards(self):
        # Odoo hides it where no action is bound to what is selected.
        overview = self.env["l10n_pl_ksef.overview"].with_user(self.accountant)
        views = overview.get_views([(False, "kanban")], {"toolbar": True})["views"]
        self.assertTrue(views["kanban"]["toolbar"]["action"])

    def buttons(self, kind):
        """Return what can be done for the selected companies, in a view of a kind."""
        overview = self.env["l10n_pl_ksef.overview"].with_user(self.accountant)
        arch = etree.fromstring(overview.get_view(view_type=kind)["arch"])
        return [
            (button.get("name"), button.get("string")) for button in arch.iterfind("header/button")
        ]

    def test_lines_are_grouped_by_the_signer_who_was_named_until_somebody_signs(self):
        self.other.l10n_pl_ksef_signer_name = "Anna Zarząd"
        self.connect()
        groups = self.lines().formatted_read_group([], ["signer"], ["__count"])
        signers = {group["signer"] for group in groups}
        self.assertEqual(signers, {"Anna Zarząd", self.line().signer})

    def test_many_companies_take_as_many_queries_as_few(self):
        counts = []
        for number in (FEW, MANY):
            companies = self.env["res.company"]
            for nip in invented_nips(number):
                companies += self.make_company(f"Klient {number}/{nip}", nip)
            user = self.make_user(f"office_{number}", "l10n_pl_ksef_auth.group_ksef_see", companies)
            for index, company in enumerate(companies):
                self.fill(company, index)
            counts.append(self.queries(user))
        self.figures(f"list of companies: {counts[1]} queries for {MANY} companies")
        self.assertEqual(*counts)

    def fill(self, company, index):
        """Give a company a login in one of several states, as a real office has them."""
        session = {"company_id": company.id, "environment": "test"}
        session |= {"context_value": company.vat.removeprefix("PL"), "signer_name": f"P{index % 3}"}
        now = self.env["l10n_pl_ksef.session"]._now()
        worked = {"activated_at": now, "rights_checked_at": now}
        kinds = (
            {},
            {"state": "active", "refresh_valid_until": now + timedelta(days=5), **worked},
            {"state": "failed", "problem": {"kind": "local", "code": "busy"}},
            {"state": "submitted"},
            {"state": "expired", **worked},
        )
        if kinds[index % 5]:
            self.env["l10n_pl_ksef.session"].create({**session, **kinds[index % 5]})

    def queries(self, user):
        """Return how many queries the first page of the list takes, with the filter set."""
        self.env.flush_all()
        self.env.invalidate_all()
        overview = self.env["l10n_pl_ksef.overview"].with_user(user)
        names = ("name", "nip", "state", "days_left", "stands_on", "signer", "problem")
        wanted = {name: {} for name in names}
        needed = [("state", "not in", ["connected", "verifying"])]
        overview.web_search_read(needed, wanted)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        overview.web_search_read(needed, wanted, limit=80)
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestOverviewOfAnOffice(OfficeCase):
    """The list knows of the rights that clients gave the office."""

    def test_a_line_says_since_when_it_stands_on_the_clients_rights(self):
        self.given()
        line = self.env["l10n_pl_ksef.overview"].with_user(self.accountant)
        line = line.browse(self.company.id)
        self.assertIn("rights from the client", line.stands_on)
        self.assertEqual(line.stands_on, self.panel()["stands_on"])

    def test_rights_are_offered_before_a_certificate_where_the_office_is_set(self):
        line = self.env["l10n_pl_ksef.overview"].with_user(self.accountant)
        action = line.browse(self.company.id).with_context(ksef_kind="ask").action_for_all()
        batch = self.env["l10n_pl_ksef.batch"].with_user(self.accountant)
        asking = batch.browse(action["params"]["batch_id"]).view()["asking"]
        self.assertEqual([one["id"] for one in asking["purposes"]], ["grant", "connect"])
