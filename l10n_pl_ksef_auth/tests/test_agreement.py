import os
from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import file_path

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded
from odoo.addons.l10n_pl_ksef_auth.models.base.const import OPTIONS
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_model
from odoo.addons.l10n_pl_ksef_auth.screens import sensitive
from odoo.addons.l10n_pl_ksef_auth.tools.vault import Vault

from .common import OWNER, KsefCase, credentials, put

CONNECTION = "l10n_pl_ksef_auth.group_ksef_connection"
OTHERS_NIP, UNIT = "1111111111", "5265877635-00001"
MIGRATIONS = "l10n_pl_ksef_auth/migrations"
SCRIPT = f"{MIGRATIONS}/19.0.1.2.0/post-agreements.py"
LET_IN = f"{MIGRATIONS}/19.0.1.3.0/post-let_in.py"


class AgreementCase(KsefCase):
    """A company that is connected, and the NIP of a client whose invoices its signer may see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client_b = cls.make_company("Klient B", OTHERS_NIP)

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.simulator.world.add_company(OTHERS_NIP, "Klient B")
        self.simulator.world.grant(OWNER.identity, OTHERS_NIP)

    def make_unit(self):
        """Have the company connect for its unit, not for its NIP."""
        self.company.write(
            {"l10n_pl_ksef_context_type": "internal_id", "l10n_pl_ksef_internal_id": UNIT}
        )

    def agreed(self, company=None):
        """Return what was agreed to for a company: its digits, how and by whom."""
        self.env.invalidate_all()
        found = self.env["l10n_pl_ksef.agreement"].search(
            [("company_id", "=", (company or self.company).id)], order="id"
        )
        return [(one.digits, one.how, one.user_id) for one in found]

    def contexts(self):
        """Return the NIPs and units for which a certificate has signed for this company."""
        self.env.invalidate_all()
        logins = self.env["l10n_pl_ksef.session"].search(
            [
                ("company_id", "=", self.company.id),
                ("method", "=", "certificate"),
                ("reference_number", "!=", False),
            ]
        )
        return set(logins.mapped("context_value"))

    def line(self, event):
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.audit"].search([("event", "=", event)], limit=1)


@tagged("post_install", "-at_install")
class TestAnothersNip(AgreementCase):
    """Who writes a client's number into another company opens no door by it."""

    def setUp(self):
        super().setUp()
        self.employee = self.make_user("ksef_employee", f"{CONNECTION},base.group_partner_manager")
        self.administrator = self.env.ref("base.user_admin")
        # The office's certificate serves a company in which the employee does not work.
        third = self.make_company("Trzecia", "1234563218")
        self.share(self.certificate, third)

    def write_the_clients_nip(self):
        self.company.partner_id.with_user(self.employee).vat = f"PL{OTHERS_NIP}"
        self.env.flush_all()

    def test_a_tax_id_that_an_employee_writes_logs_nobody_in(self):
        self.write_the_clients_nip()
        self.settle()
        self.let_days_pass(8)
        self.assertEqual(self.contexts() - {"5265877635"}, set())
        self.assertFalse(self.company._l10n_pl_ksef_session())

    def test_somebody_is_told_and_the_audit_trail_names_the_employee(self):
        self.write_the_clients_nip()
        self.settle()
        alert = self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])
        self.assertEqual((alert.company_id, alert.level), (self.company, 0))
        self.assertIn("nobody has agreed", alert.explanation)
        line = self.line("nip_changed")
        self.assertEqual((line.company_id, line.user_id), (self.company, self.employee))
        self.assertEqual(line.detail, f"5265877635 > {OTHERS_NIP}")

    def test_who_gives_a_company_another_partner_changes_its_nip_too(self):
        other = self.env["res.partner"].create({"name": "Klient", "vat": f"PL{OTHERS_NIP}"})
        self.company.sudo().with_user(self.administrator).partner_id = other
        self.env.flush_all()
        line = self.line("nip_changed")
        self.assertEqual(line.company_id, self.company)
        self.assertEqual(line.detail, f"5265877635 > {OTHERS_NIP}")
        self.settle()
        alert = self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])
        self.assertEqual(alert.company_id, self.company)

    def test_merged_contacts_change_the_nip_of_a_company_too(self):
        other = self.env["res.partner"].create({"name": "Klient", "vat": f"PL{OTHERS_NIP}"})
        self.merge(self.company.partner_id, into=other)
        self.assertEqual(self.company.l10n_pl_ksef_digits, OTHERS_NIP)
        line = self.line("nip_changed")
        self.assertEqual(line.detail, f"5265877635 > {OTHERS_NIP}")
        self.assertEqual((line.company_id, line.user_id), (self.company, self.administrator))

    def test_a_contact_without_a_number_gets_the_company_s_when_they_are_merged(self):
        self.merge(self.company.partner_id, into=self.env["res.partner"].create({"name": "Kopia"}))
        self.assertEqual(self.company.l10n_pl_ksef_digits, "5265877635")
        self.assertFalse(self.line("nip_changed"))

    def merge(self, partner, into):
        """Have the administrator merge a contact into another, which stays."""
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(self.administrator)
        wizard._merge([partner.id, into.id], into)
        self.env.invalidate_all()

    def test_the_panel_says_that_nobody_has_agreed(self):
        self.write_the_clients_nip()
        panel = self.panel()
        self.assertEqual(panel["color"], "red")
        self.assertIn("nobody has agreed", panel["problem"]["text"])

    def test_the_employee_cannot_agree_for_companies_that_others_manage(self):
        self.write_the_clients_nip()
        self.agree(self.company, self.employee)
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])
        (row,) = self.company.with_user(self.employee).l10n_pl_ksef_connect_with_certificate()
        self.assertIn("nobody has agreed", row["text"])

    def test_nobody_agrees_to_the_number_of_a_company_that_others_manage(self):
        self.employee.company_ids |= self.certificate.company_ids
        self.write_the_clients_nip()
        self.agree(self.company, self.employee)
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])
        self.employee.company_ids |= self.client_b
        self.agree(self.company, self.employee)
        self.assertIn((OTHERS_NIP, "accepted", self.employee), self.agreed())

    def test_an_internal_identifier_of_another_company_logs_nobody_in(self):
        self.make_unit()
        self.company.partner_id.with_user(self.employee).vat = f"PL{OTHERS_NIP}"
        self.settle()
        self.assertIn("company's own NIP", self.panel()["problem"]["text"])
        self.assertEqual(self.contexts(), set())
        self.accountant.company_ids = self.certificate.company_ids
        self.agree(self.company)
        with self.counted("xades-signature") as logins:
            self.company.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()
        self.assertEqual(logins["calls"], 0)

    def test_back_to_its_own_nip_the_company_logs_in_without_being_asked(self):
        self.write_the_clients_nip()
        self.settle()
        self.company.vat = "PL5265877635"
        self.settle()
        self.assertEqual(self.panel()["state"], "connected")

    def test_no_caller_gets_a_token_for_a_nip_that_nobody_agreed_to(self):
        self.write_the_clients_nip()
        with self.assertRaisesRegex(LoginNeeded, "nobody has agreed"):
            self.company.with_user(self.employee).l10n_pl_ksef_access_token()
        self.assertEqual(self.contexts(), set())


@tagged("post_install", "-at_install")
class TestWaysToAgree(AgreementCase):
    """A signature of the owner, a certificate loaded by hand, who manages all its companies."""

    def test_a_signature_with_consent_is_one(self):
        self.assertEqual(self.agreed(), [("5265877635", "signature", self.accountant)])
        line = self.line("agreed")
        self.assertEqual((line.company_id, line.user_id), (self.company, self.accountant))
        self.assertIn("5265877635: signature", line.detail)

    def test_a_signature_of_the_owner_for_a_new_nip_is_one_without_a_new_consent(self):
        self.company.vat = f"PL{OTHERS_NIP}"
        self.connect(consent=False)
        self.assertIn((OTHERS_NIP, "signature", self.accountant), self.agreed())
        self.settle(days=6)
        self.assertEqual(self.contexts(), {OTHERS_NIP})
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_signature_of_somebody_else_is_none(self):
        self.company.vat = f"PL{OTHERS_NIP}"
        window = self.open_window()
        self.send_signed(window, "qualified")
        self.follow(window)
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])

    def test_a_signer_of_a_second_company_agrees_for_it_with_the_consent(self):
        self.accountant.company_ids |= self.client_b
        self.connect(company=self.client_b, consent=True)
        self.settle()
        self.assertEqual(self.client_b._l10n_pl_ksef_certificate(), self.certificate)
        self.assertEqual(self.agreed(self.client_b), [(OTHERS_NIP, "signature", self.accountant)])

    def test_loading_a_certificate_agrees_for_the_company_it_is_loaded_in(self):
        self.certificate.agreement_ids.unlink()
        loaded = self.certificate.with_user(self.accountant).sudo()
        loaded._store_loaded(self.company, *credentials(self.certificate))
        self.assertEqual(self.agreed(), [("5265877635", "loaded", self.accountant)])

    def test_who_manages_all_companies_agrees_for_a_list_with_one_password(self):
        third = self.make_company("Trzecia", "1234563218")
        self.accountant.company_ids |= self.client_b | third
        self.agree(self.client_b | third)
        self.assertEqual(self.agreed(self.client_b), [(OTHERS_NIP, "accepted", self.accountant)])
        self.assertEqual(self.agreed(third), [("1234563218", "accepted", self.accountant)])
        lines = self.env["l10n_pl_ksef.audit"].search([("event", "=", "agreed")], limit=2)
        self.assertEqual(lines.company_id, self.client_b | third)

    def test_a_nip_that_changed_after_it_was_shown_is_not_agreed_to(self):
        self.accountant.company_ids |= self.client_b
        company = self.client_b.with_user(self.accountant)
        with self.confirmed():
            company.l10n_pl_ksef_agree({str(company.id): "NIP 123-456-32-18"})
        self.assertFalse(self.agreed(self.client_b))

    def test_without_the_password_nobody_agrees(self):
        self.accountant.company_ids |= self.client_b
        company = self.client_b.with_user(self.accountant)
        asked = patch.object(type(company), "l10n_pl_ksef_confirm", return_value="the question")
        with self.confirmed(), asked, patch.object(sensitive, "TRUSTED_SECONDS", -1):
            answer = company.l10n_pl_ksef_agree({str(company.id): f"NIP {OTHERS_NIP}"})
        self.assertEqual(answer, {"confirm": "the question"})
        self.assertFalse(self.agreed(self.client_b))

    def test_who_has_no_right_there_cannot_agree(self):
        for user in (self.clerk, self.accountant):
            with self.assertRaises(AccessError):
                self.agree(self.client_b, user)

    def test_agreeing_twice_is_one_agreement(self):
        self.agree(self.company)
        self.agree(self.company)
        self.assertEqual(len(self.agreed()), 1)

    def test_a_renewed_certificate_keeps_what_was_agreed_to(self):
        self.share(self.certificate, self.client_b)
        self.certificate.write({"renew_at": self.certificate._now(), "next_attempt": False})
        self.settle(days=4)
        successor = self.company._l10n_pl_ksef_certificate()
        self.assertNotEqual(successor, self.certificate)
        self.assertEqual(successor.agreement_ids.company_id, self.company | self.client_b)
        self.assertFalse(self.certificate.agreement_ids)

    def test_a_company_that_another_signer_took_over_has_no_agreement_left(self):
        self.certificate._leave(self.company)
        self.assertFalse(self.agreed())


@tagged("post_install", "-at_install")
class TestToldBefore(AgreementCase):
    """Who changes a NIP or a unit is told what it means, before it is saved."""

    def warning(self, record, values):
        """Return what a form tells when some values are typed into it."""
        fields = {name: {} for name in (*values, "company_id") if name in record._fields}
        return record.onchange(values, list(values), fields).get("warning", {}).get("message", "")

    def test_who_changes_the_tax_id_of_the_company_or_its_partner_is_told(self):
        for record in (self.company, self.company.partner_id):
            with self.subTest(record._name):
                told = self.warning(record, {"vat": f"PL{OTHERS_NIP}"})
                self.assertIn("NIP 526-587-76-35", told)
                self.assertIn("audit trail", told)

    def test_who_only_writes_it_in_another_way_is_not_told(self):
        self.assertFalse(self.warning(self.company.partner_id, {"vat": "526-587-76-35"}))

    def test_who_changes_the_tax_id_of_a_connected_unit_is_told(self):
        self.make_unit()
        self.connect()
        for record in (self.company, self.company.partner_id):
            with self.subTest(record._name):
                self.assertIn(UNIT, self.warning(record, {"vat": f"PL{OTHERS_NIP}"}))
                self.assertFalse(self.warning(record, {"vat": "526-587-76-35"}))

    def test_who_changes_a_number_that_nothing_depends_on_is_not_told(self):
        self.assertFalse(self.warning(self.client_b.partner_id, {"vat": "PL5265877635"}))

    def test_the_settings_show_what_the_account_screen_changes_and_change_none_of_it(self):
        self.env.user.company_ids |= self.company
        before = self.company.read(OPTIONS)
        settings = self.env["res.config.settings"].with_company(self.company)
        arch = etree.fromstring(settings.get_view(view_type="form")["arch"])
        values = {"l10n_pl_ksef_context_type": "internal_id", "l10n_pl_ksef_internal_id": "123"}
        settings.create({**values, "l10n_pl_ksef_environment": "production"}).execute()
        self.assertEqual(self.company.read(OPTIONS), before)
        for name in OPTIONS:
            with self.subTest(name):
                self.assertTrue(arch.xpath(f"//field[@name='{name}']"))
                self.assertTrue(settings.fields_get([name])[name]["readonly"])
        action = self.env.ref("l10n_pl_ksef_auth.action_account")
        self.assertTrue(arch.xpath(f"//button[@name='{action.id}']"))

    def test_the_account_screen_says_it_before_saving(self):
        unit = {"l10n_pl_ksef_context_type": "internal_id", "l10n_pl_ksef_internal_id": UNIT}
        account = self.company.with_user(self.accountant).l10n_pl_ksef_save_options(unit)
        self.assertIn("NIP 526-587-76-35", account["stops"][0])


@tagged("post_install", "-at_install")
class TestUnit(AgreementCase):
    def test_its_login_is_nobodys_once_the_company_has_another_nip(self):
        self.make_unit()
        self.connect()
        self.assertTrue(self.company._l10n_pl_ksef_session())
        self.company.vat = f"PL{OTHERS_NIP}"
        self.env.flush_all()
        self.assertFalse(self.company._l10n_pl_ksef_session())
        self.company.vat = "PL5265877635"
        self.env.flush_all()
        self.assertTrue(self.company._l10n_pl_ksef_session())

    def test_an_upgrade_ends_what_a_unit_of_another_company_stood_on(self):
        self.make_unit()
        self.connect()
        self.company.vat = f"PL{OTHERS_NIP}"
        self.env.flush_all()
        # As an earlier version stored it.
        self.env.cr.execute(
            "UPDATE res_company SET l10n_pl_ksef_digits = '526587763500001' WHERE id = %s",
            [self.company.id],
        )
        self.env.invalidate_all()
        load_script(file_path(SCRIPT), "post_agreements").migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()
        self.assertFalse(self.company._l10n_pl_ksef_session())

    def test_a_refusal_of_a_unit_names_the_unit(self):
        self.make_unit()
        self.simulator.settings.force_status = {"code": 415}
        window = self.open_window()
        self.send_signed(window)
        told = self.follow(window)["problem"]["text"]
        self.assertIn(UNIT, told)
        self.assertNotIn("526-587-76-35", told)


@tagged("post_install", "-at_install")
class TestEarlierLogins(AgreementCase):
    """An upgrade keeps as agreed what companies log in for already."""

    def upgrade(self):
        self.env.cr.execute("DELETE FROM l10n_pl_ksef_agreement")
        self.env.invalidate_all()
        load_script(file_path(SCRIPT), "post_agreements").migrate(self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()

    def test_a_company_that_has_logged_in_with_its_certificate_is_not_asked(self):
        self.settle(days=6)
        self.assertEqual(self.contexts(), {"5265877635"})
        self.upgrade()
        self.assertEqual(self.agreed(), [("5265877635", "earlier", self.accountant)])
        self.settle(days=6)
        self.assertEqual(self.panel()["state"], "connected")

    def test_a_company_whose_signer_agreed_to_the_certificate_is_not_asked(self):
        self.upgrade()
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])

    def test_a_login_with_another_certificate_agrees_to_none_of_somebody_else(self):
        self.settle(days=6)
        foreign = self.env["l10n_pl_ksef.certificate"].create(
            {
                "name": "Obcy",
                "environment": "test",
                "owner_name": "Obcy",
                "identity_masked": "NIP 111-111-11-11",
                "company_ids": self.company.ids,
            }
        )
        self.upgrade()
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])
        self.assertFalse(foreign.agreement_ids)

    def test_a_certificate_that_cannot_be_read_keeps_no_other_from_its_agreement(self):
        self.settle(days=6)
        unreadable = Vault([os.urandom(32)]).encrypt(b"x", "")
        values = {"name": "A", "environment": "test", "company_ids": self.company.ids}
        self.env["l10n_pl_ksef.certificate"].create({**values, "certificate_secret": unreadable})
        self.upgrade()
        self.assertEqual([digits for digits, *_rest in self.agreed()], ["5265877635"])

    def test_a_successor_stands_on_the_logins_of_what_it_replaced(self):
        self.certificate.write({"renew_at": self.certificate._now(), "next_attempt": False})
        self.settle(days=4)
        successor = self.company._l10n_pl_ksef_certificate()
        self.assertEqual(successor.replaces_id, self.certificate)
        self.upgrade()
        self.assertEqual(successor.agreement_ids.mapped("digits"), ["5265877635"])

    def test_a_certificate_that_has_logged_in_still_lends_to_its_successor(self):
        self.settle(days=6)
        put(self.company._l10n_pl_ksef_session(), opened_with_secret=False)
        put(self.certificate, issued_secret=False)
        self.assertFalse(self.certificate._was_let_in())
        load_script(file_path(LET_IN), "post_let_in").migrate(self.env.cr, "19.0.1.2.0")
        self.assertTrue(self.certificate._was_let_in())

    def test_a_nip_that_was_never_logged_in_for_is_not_agreed_to(self):
        self.company.vat = f"PL{OTHERS_NIP}"
        self.upgrade()
        self.assertFalse(self.agreed())

    def test_without_the_key_the_upgrade_goes_on_and_says_what_is_left_to_do(self):
        locked = patch.object(vault_model, "copy_code", return_value="copy_moved")
        with locked, self.assertLogs(level="WARNING") as logs:
            self.upgrade()
        self.assertIn("agree", str(logs.output))
        self.assertFalse(self.agreed())
