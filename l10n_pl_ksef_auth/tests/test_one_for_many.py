from odoo.tests import tagged

from .common import OWNER, QUALIFIED, KsefCase, packed

OTHERS_NIP = "1111111111"


@tagged("post_install", "-at_install")
class TestOneForMany(KsefCase):
    """One certificate connects many companies: those that KSeF lets its owner in for."""

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.simulator.world.add_company(OTHERS_NIP, "Druga")
        self.other = self.make_company("Druga Sp. z o.o.", OTHERS_NIP)
        self.accountant.company_ids |= self.other
        self.env.flush_all()

    def connect_other(self, user=None):
        """Agree that the certificate logs the other company in, and have it do so."""
        user = user or self.accountant
        self.agree(self.other, user)
        (row,) = self.other.with_user(user).l10n_pl_ksef_connect_with_certificate()
        self.settle()
        return row

    def grant(self):
        self.simulator.world.grant(OWNER.identity, OTHERS_NIP)

    def others(self):
        """Return the account screen's rows of the user's companies, by the company's id."""
        account = self.company.with_user(self.accountant).l10n_pl_ksef_account()
        return {row["id"]: row for row in account["others"]}

    # ------------------------------------------------------------------
    # When a company belongs to a certificate
    # ------------------------------------------------------------------
    def test_a_company_belongs_to_it_once_its_login_has_worked(self):
        self.grant()
        self.agree(self.other)
        self.assertEqual(self.certificate.company_ids, self.company)
        self.connect_other()
        self.assertEqual(self.certificate.company_ids, self.company | self.other)
        self.assertTrue(self.panel(company=self.other)["renews_at"])

    def test_a_login_that_ends_after_another_identity_took_over_brings_nobody_back(self):
        self.grant()
        self.agree(self.other)
        self.certificate.former_company_ids |= self.other
        self.env["l10n_pl_ksef.session"]._log_in(self.other, self.certificate)
        self.settle()
        self.assertTrue(self.other._l10n_pl_ksef_session())
        self.assertEqual(self.certificate.company_ids, self.company)

    def test_a_company_that_ksef_refuses_never_belongs_to_it(self):
        self.connect_other()
        self.assertEqual(self.certificate.company_ids, self.company)
        self.assertFalse(self.certificate._agreements_for(self.other, OTHERS_NIP))
        panel = self.panel(company=self.other)
        self.assertEqual((panel["state"], panel["certificate"]["state"]), ("attention", "none"))
        self.assertIn("no rights", panel["problem"]["text"])

    def test_a_company_whose_rights_are_taken_away_leaves_and_its_signer_is_promised_nothing(self):
        self.grant()
        self.connect_other()
        self.simulator.world.revoke(OWNER.identity, OTHERS_NIP)
        self.simulator.world.grant(QUALIFIED.identity, OTHERS_NIP)
        self.env["l10n_pl_ksef.session"]._log_in(self.other)
        self.connect("qualified", company=self.other)
        self.settle()
        self.assertEqual(self.certificate.company_ids, self.company)
        panel = self.panel(company=self.other)
        self.assertFalse(panel["renews_at"])
        self.assertEqual(panel["sign_again_at"], panel["expires_at"])

    def test_the_last_company_stays_so_that_somebody_can_revoke_it(self):
        self.simulator.settings.force_status = {"code": 415, "times": 1}
        self.env["l10n_pl_ksef.session"]._log_in(self.company)
        self.settle()
        self.assertEqual(self.certificate.company_ids, self.company)
        self.assertFalse(self.certificate.agreement_ids)
        self.assertFalse(self.panel()["renews_at"])

    # ------------------------------------------------------------------
    # What is promised
    # ------------------------------------------------------------------
    def test_a_certificate_of_somebody_else_is_named_and_promises_nothing_before_it_worked(self):
        file = packed(self.certificate)
        self.certificate.unlink()
        self.connect("qualified")
        with self.confirmed():
            self.company.with_user(self.accountant).l10n_pl_ksef_load_certificate([file], "tajne")
        panel = self.panel()
        self.assertEqual(panel["certificate"]["owner"], OWNER.name)
        self.assertFalse(panel["renews_at"])
        self.env["l10n_pl_ksef.session"]._log_in(self.company)
        self.settle()
        panel = self.panel()
        self.assertFalse(panel["certificate"]["owner"])
        self.assertTrue(panel["renews_at"])

    # ------------------------------------------------------------------
    # Who it was
    # ------------------------------------------------------------------
    def test_audit_and_alerts_name_who_pressed(self):
        self.manager.company_ids |= self.other
        self.connect_other(self.manager)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "failure")], limit=1)
        self.assertEqual((line.company_id, line.user_id), (self.other, self.manager))
        alert = self.env["l10n_pl_ksef.alert"].search([("company_id", "=", self.other.id)])
        self.assertEqual(alert.user_id, self.manager)
        self.assertEqual(alert.activity_ids.user_id, self.manager)

    def test_what_people_have_to_do_stands_at_the_alert_where_it_can_be_done(self):
        self.connect_other()
        alert = self.env["l10n_pl_ksef.alert"].search([("company_id", "=", self.other.id)])
        activity = alert.activity_ids
        self.assertEqual((activity.res_model, activity.res_id), (alert._name, alert.id))
        # Whichever of the companies is active.
        here = self.env["res.users"].with_user(self.accountant).with_company(self.company)
        groups = here.with_context(allowed_company_ids=self.company.ids)._get_activity_groups()
        self.assertIn(alert._name, [group["model"] for group in groups])
        seen = alert.with_env(here.with_context(allowed_company_ids=self.company.ids).env)
        self.env.invalidate_all()
        self.assertIn("no rights", seen.read(["explanation"])[0]["explanation"])

    # ------------------------------------------------------------------
    # The list on the account screen
    # ------------------------------------------------------------------
    def test_how_a_login_ended_is_still_there_after_a_reload(self):
        self.connect_other()
        self.assertIn("no rights", self.others()[self.other.id]["result"])
        self.assertEqual(self.others()[self.company.id]["result"], "Connected.")

    def test_a_company_that_cannot_be_connected_is_listed_with_the_reason(self):
        without, elsewhere = (self.make_company(name, "") for name in ("Bez NIP", "Gdzie indziej"))
        elsewhere.vat = "PL1234563218"
        elsewhere.l10n_pl_ksef_environment = "demo"
        theirs = self.make_company("Cudza", "5213017228")
        taken = self.make_company("Cudza też", "5213017228")
        self.accountant.company_ids |= without | elsewhere | theirs
        rows = self.others()
        self.assertNotIn(taken.id, rows)
        for company, reason in ((without, "NIP"), (elsewhere, "Demo"), (theirs, "manages all")):
            self.assertIn(reason, rows[company.id]["reason"])
        self.assertFalse(rows[self.other.id]["reason"])
