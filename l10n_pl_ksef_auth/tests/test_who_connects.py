import os
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import config

from odoo.addons.l10n_pl_ksef_auth.models.certificate.states import ISSUING
from odoo.addons.l10n_pl_ksef_auth.tools import xades

from .common import KsefCase


@tagged("post_install", "-at_install")
class TestWhoConnects(KsefCase):
    """The same journey as an accountant, a manager and a clerk, and in another company."""

    def test_a_manager_of_accounting_connects_too(self):
        self.connect(user=self.manager)
        self.assertEqual(self.panel(self.manager)["state"], "connected")

    def test_a_clerk_sees_the_state_and_no_button(self):
        self.connect()
        panel = self.panel(self.clerk)
        self.assertEqual(panel["state"], "connected")
        self.assertFalse(panel["can_connect"])

    def test_a_clerk_cannot_open_the_window(self):
        with self.assertRaises(AccessError):
            self.open_window(self.clerk)

    def test_a_clerk_watching_the_panel_moves_the_login_on(self):
        window = self.open_window()
        self.send_signed(window)
        for _round in range(4):
            self.travel(seconds=3)
            panel = self.company.with_user(self.clerk).l10n_pl_ksef_follow()
        self.assertEqual(panel["state"], "connected")

    def test_watching_the_panel_asks_nothing_of_an_environment_that_was_left(self):
        self.connect(consent=True)
        certificate = self.env["l10n_pl_ksef.certificate"].search([])
        self.assertIn(certificate.state, ISSUING)
        self.company.l10n_pl_ksef_environment = "demo"
        before = self.simulator.requests.count()
        self.travel(minutes=1)
        self.company.with_user(self.clerk).l10n_pl_ksef_follow()
        self.assertEqual(self.simulator.requests.count(), before)

    def test_nobody_drives_the_window_of_another(self):
        window = self.open_window(self.accountant)
        with self.assertRaises(AccessError):
            window.with_user(self.manager).view()

    def test_the_accountant_of_one_company_sees_nothing_of_another(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        with self.assertRaises(AccessError):
            other.with_user(self.accountant).l10n_pl_ksef_panel()

    def test_one_company_connected_leaves_the_other_red(self):
        other = self.make_company("Inna Sp. z o.o.", "1111111111")
        stranger = self.make_user("ksef_other", "l10n_pl_ksef_auth.group_ksef_connection", other)
        self.connect()
        self.assertEqual(self.panel(stranger, other)["state"], "disconnected")

    def test_a_window_that_was_closed_opens_where_it_was(self):
        window = self.open_window()
        document = self.downloaded(window)
        self.attach(window, self.signed(document))
        window.go("upload")
        again = self.open_window()
        self.assertEqual(again, window)
        view = again.view()
        self.assertEqual(
            (view["step"], view["document"]["name"]), ("upload", "AuthTokenRequest (1).xml")
        )

    def test_a_branch_without_a_nip_uses_its_parents_connection(self):
        branch = self.env["res.company"].create(
            {"name": "Oddział Kraków", "parent_id": self.company.id}
        )
        self.accountant.company_ids |= branch
        self.connect()
        self.assertEqual(self.panel(company=branch)["state"], "connected")

    def test_a_branch_with_its_own_nip_is_a_company_of_its_own(self):
        branch = self.env["res.company"].create(
            {"name": "Oddział Gdańsk", "parent_id": self.company.id, "vat": "PL1111111111"}
        )
        self.accountant.company_ids |= branch
        self.connect()
        self.assertEqual(self.panel(company=branch)["state"], "disconnected")


@tagged("post_install", "-at_install")
class TestWhoIsRefused(KsefCase):
    """A refusal names the missing right, and whom to ask for it."""

    def test_who_may_not_connect_is_told_the_name_of_the_right(self):
        told = 'right "KSeF: Manage".*administrator.*ksef_accountant'
        with self.assertRaisesRegex(AccessError, told):
            self.company.with_user(self.clerk).l10n_pl_ksef_open_account()

    def test_who_works_elsewhere_is_told_that_it_is_the_company(self):
        other = self.make_company("Druga Sp. z o.o.", "1111111111")
        with self.assertRaisesRegex(AccessError, "do not work in this company"):
            other.with_user(self.accountant).l10n_pl_ksef_panel()


@tagged("post_install", "-at_install")
class TestBeyondTheScreens(KsefCase):
    """A browser that calls the server beyond the screens gets no further."""

    def test_nothing_but_the_settings_for_ksef_is_saved_for_an_accountant(self):
        name = self.company.name
        with self.assertRaises(UserError):
            self.company.with_user(self.accountant).l10n_pl_ksef_save_options({"name": "Inna"})
        self.assertEqual(self.company.name, name)

    def test_who_may_not_see_the_panel_does_not_move_its_login_either(self):
        employee = self.make_user("ksef_employee", "base.group_user")
        elsewhere = self.make_company("Inna Sp. z o.o.", "1111111111")
        stranger = self.make_user("ksef_elsewhere", "account.group_account_invoice", elsewhere)
        for user in (employee, stranger):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.company.with_user(user).l10n_pl_ksef_follow()

    def test_a_login_of_one_environment_is_none_in_another(self):
        self.connect()
        self.company.l10n_pl_ksef_environment = "demo"
        self.assertFalse(self.company._l10n_pl_ksef_session())
        self.assertEqual(self.panel()["state"], "disconnected")


@tagged("post_install", "-at_install")
class TestForWhom(KsefCase):
    """The request names the right context and subject."""

    def test_the_nip_may_be_written_in_many_ways(self):
        for vat in ("PL5265877635", "526-587-76-35", "PL 526 587 76 35", "5265877635"):
            with self.subTest(vat=vat):
                self.company.vat = vat
                document = self.downloaded(self.open_window())
                self.assertIn(b"<Nip>5265877635</Nip>", document)

    def test_each_way_to_get_the_nip_wrong_has_its_own_sentence(self):
        sentences = set()
        for vat in (False, "PL526587763", "PL5265877636", "PL526587763X"):
            self.company.partner_id.with_context(no_vat_validation=True).vat = vat
            view = self.open_window().prepare_download()
            self.assertFalse(view["download_url"])
            self.assertEqual(view["problem"]["way_back"], "company")
            sentences.add(view["problem"]["text"])
        self.assertEqual(len(sentences), 4)

    def test_a_company_without_a_nip_is_told_so_by_the_panel(self):
        self.company.vat = False
        self.assertIn("NIP", self.panel()["problem"]["text"])

    def test_a_typing_error_in_the_internal_identifier_is_not_called_one_in_the_nip(self):
        said = set()
        for identifier in (None, "5265877635-0001", "5265877636-00001", "5265877635-0000A"):
            with self.subTest(identifier=identifier):
                # As an earlier version stored it.
                self.env.cr.execute(
                    "UPDATE res_company SET l10n_pl_ksef_context_type = 'internal_id',"
                    " l10n_pl_ksef_internal_id = %s WHERE id = %s",
                    [identifier, self.company.id],
                )
                problem = self.panel()["problem"]
                self.assertIn("internal identifier", problem["text"])
                self.assertEqual(problem["way_back"], "account")
                said.add("missing" in problem["text"])
        self.assertEqual(said, {True, False}, "an empty field is called what it is")

    def test_an_address_that_odoo_must_not_call_is_told_by_panel_window_and_diagnosis(self):
        window = self.open_window()
        self.set_address("http://ksef.example/v2")
        told = {
            "panel": self.panel()["problem"]["text"],
            "window": window.prepare_download()["problem"]["text"],
            "diagnosis": self.company.with_user(self.accountant).l10n_pl_ksef_diagnose()["report"],
        }
        for place, text in told.items():
            with self.subTest(place):
                self.assertIn("system parameter", text)

    def test_an_address_beyond_this_machine_in_a_system_parameter_is_shown_in_red(self):
        self.connect()
        self.set_address("https://ksef.example/v2")
        panel = self.panel()
        self.assertEqual((panel["state"], panel["color"]), ("attention", "red"))
        self.assertIn("l10n_pl_ksef_base_url", panel["problem"]["action"])
        colors = self.env["l10n_pl_ksef.dot"]._colors(self.company)
        self.assertEqual(colors, {self.company.id: "red"})

    def test_a_system_parameter_that_leads_back_into_odoo_is_not_followed(self):
        """Neither directly, nor through a proxy before it, which hands bearers on."""
        odoo = f"http://127.0.0.1:{config['http_port']}"
        for address in (odoo, "http://localhost", "http://127.0.0.1:80", "https://localhost"):
            with self.subTest(address):
                self.set_address(f"{address}/website/action/listen")
                self.assertIn("system parameter", self.panel()["problem"]["text"])

    def test_the_configuration_may_name_an_address_beyond_this_machine(self):
        self.set_address("http://ksef.example/v2")
        for given in (
            patch.dict(os.environ, {"L10N_PL_KSEF_BASE_URL_TEST": "https://ksef.example/v2"}),
            patch.dict(config.options, {"l10n_pl_ksef_base_url_test": "https://ksef.example/v2"}),
        ):
            with self.subTest(given), given:
                address = self.company._l10n_pl_ksef_base_url("test")
                self.assertEqual(address, "https://ksef.example/v2")
        with patch.dict(os.environ, {"L10N_PL_KSEF_BASE_URL_TEST": "http://ksef.example/v2"}):
            self.assertIn("must begin with https://", self.panel()["problem"]["text"])

    def test_no_login_is_given_up_for_a_wrong_address(self):
        session = self.connect()
        self.set_address("http://ksef.example/v2")
        self.keep_alive(minutes=30)
        self.set_address(self.simulator.base_url)
        self.keep_alive(minutes=30)
        self.assertEqual(session.state, "active")
        self.assertFalse(self.panel()["problem"])

    def set_address(self, address):
        self.env["ir.config_parameter"].set_param("l10n_pl_ksef_auth.base_url.test", address)

    def test_a_company_abroad_is_not_told_that_its_nip_is_wrong(self):
        abroad = self.make_company("Auslandsfirma GmbH", False)
        abroad.account_fiscal_country_id = self.env.ref("base.de")
        self.accountant.company_ids |= abroad
        self.assertIn("abroad", self.panel(company=abroad)["problem"]["text"])

    def test_a_unit_logs_in_with_its_internal_identifier(self):
        self.company.write(
            {
                "l10n_pl_ksef_context_type": "internal_id",
                "l10n_pl_ksef_internal_id": "5265877635-00001",
            }
        )
        session = self.connect()
        self.assertEqual(session.context_value, "5265877635-00001")

    def test_a_certificate_without_pesel_logs_in_by_its_fingerprint(self):
        self.company.l10n_pl_ksef_subject_type = "certificateFingerprint"
        self.connect("foreign")
        self.assertEqual(self.panel()["tick"], "yes")

    def test_the_company_seal_connects(self):
        session = self.connect("seal")
        self.assertEqual(session.signer_kind, "seal")


@tagged("post_install", "-at_install")
class TestPackagesThatDoNotFit(KsefCase):
    def test_a_mismatched_xmlsec_is_a_state_with_its_remedy(self):
        self.certified()
        session = self.company._l10n_pl_ksef_session()
        with patch.object(xades, "available", return_value="mismatch"):
            # The renewal's hour is drawn by chance, and one that is hours late is told otherwise.
            self.settle(session.renew_at - session._now())
        panel = self.panel()
        self.assertEqual(panel["state"], "connected")
        self.assertIn("xmlsec", panel["problem"]["text"])

    def test_no_renewal_is_promised_that_the_packages_do_not_allow(self):
        self.certified()
        self.assertTrue(self.panel()["renews_at"])
        with patch.object(xades, "available", return_value="mismatch"):
            panel = self.panel()
            self.travel(days=5)
            later = self.panel()
        self.assertFalse(panel["renews_at"])
        self.assertIn("xmlsec", panel["problem"]["text"])
        self.assertIn("xmlsec", panel["problem"]["action"])
        self.assertEqual((panel["state"], later["state"]), ("connected", "expiring"))

    def test_packages_that_nothing_is_signed_with_are_no_problem(self):
        self.connect()
        with patch.object(xades, "available", return_value="mismatch"):
            self.assertFalse(self.panel()["problem"])

    def test_with_a_mismatched_xmlsec_the_signature_still_connects(self):
        with patch.object(xades, "available", return_value="mismatch"):
            self.connect()
        self.assertEqual(self.panel()["state"], "connected")
