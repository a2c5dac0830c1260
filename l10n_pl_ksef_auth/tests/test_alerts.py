from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import KsefCase, put


@tagged("post_install", "-at_install")
class TestAlerts(KsefCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("pl_PL")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.simulator.settings.reset)

    def open_alerts(self):
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])

    def mails(self):
        return self.env["mail.mail"].search([("model", "=", "l10n_pl_ksef.alert")], order="id")

    def told(self):
        """Return reason and level of every open alert."""
        return [(alert.reason, alert.level) for alert in self.open_alerts()]

    def wake(self, days=0, **delta):
        self.keep_alive(days=days, **delta)
        return self.told()

    def refuse_logins(self, code):
        self.simulator.settings.force_status = {"code": code}
        session = self.company._l10n_pl_ksef_session()
        session.write({"renew_at": session._now(), "next_attempt": session.refresh_valid_until})
        self.keep_alive(seconds=1)
        return self.wake(seconds=10)

    def test_a_login_that_nothing_renews_is_told_three_days_one_day_and_none_before_its_end(self):
        self.connect()
        self.assertEqual(self.wake(days=3), [])
        self.assertEqual(self.wake(days=1, hours=1), [("login", 3)])
        self.assertEqual(self.wake(days=2), [("login", 1)])
        self.assertEqual(self.wake(days=1), [("login", 0)])
        self.assertEqual(len(self.mails()), 3)

    def test_who_is_told_late_reads_how_many_days_are_left(self):
        self.connect()
        self.assertEqual(self.wake(days=5), [("login", 3)])
        self.assertIn("ends in 2 days", self.open_alerts().summary)

    def test_each_is_told_once(self):
        self.connect()
        self.wake(days=4, hours=1)
        self.wake(hours=1)
        self.wake(hours=1)
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(len(self.open_alerts().activity_ids), 1)

    def test_a_login_that_the_certificate_renews_is_not_told(self):
        self.certified()
        for _day in range(10):
            self.assertEqual(self.wake(days=1), [])
            self.keep_alive(seconds=10)
        self.assertFalse(self.mails())

    def test_an_outage_that_repairs_itself_is_not_told(self):
        self.certified()
        self.simulator.faults.add("*", "503", times=-1)
        self.addCleanup(self.simulator.faults.clear)
        for _half_day in range(4):
            self.assertEqual(self.wake(hours=12), [])

    def test_signing_again_closes_the_alert_and_its_activity(self):
        self.connect()
        self.wake(days=5)
        activity = self.open_alerts().activity_ids
        self.assertTrue(activity)
        self.connect()
        self.assertEqual(self.wake(seconds=5), [])
        self.assertFalse(activity.exists())

    def test_who_signed_is_told_unless_the_company_names_somebody(self):
        self.connect(user=self.accountant)
        self.wake(days=5)
        self.assertEqual(self.open_alerts().user_id, self.accountant)
        self.company.l10n_pl_ksef_responsible_ids = self.manager
        self.wake(days=1, hours=12)
        self.assertEqual(self.open_alerts().user_id, self.manager)

    def test_mail_and_activity_are_in_the_recipients_language(self):
        self.speak_polish()
        self.accountant.write({"lang": "pl_PL", "tz": "Etc/GMT-1"})
        self.connect(user=self.accountant)
        self.wake(days=5)
        alert = self.open_alerts()
        polish = alert.with_context(lang="pl_PL").summary
        self.assertEqual(alert.activity_ids.summary, polish)
        mail = self.mails()
        end = alert.session_id.refresh_valid_until + timedelta(hours=1)
        subject = f"[{self.company.name}] KSeF: podpisz ponownie do {end.day}.{end:%m}"
        self.assertEqual((mail.subject, mail.recipient_ids), (subject, self.accountant.partner_id))
        headings = ("Co się stało", "Co z fakturami", "Co zrobić", "Podpisz teraz")
        for words in (*headings, f"{end:%H:%M}"):
            self.assertIn(words, mail.body_html)

    def test_the_mail_has_one_link_which_leads_to_the_window(self):
        self.connect()
        self.wake(days=5)
        alert = self.open_alerts()
        self.assertEqual(self.mails().body_html.count(alert.link), 1)
        self.assertEqual(alert._page(self.accountant), "/odoo/ksef?sign=1")
        self.assertEqual(alert._page(self.clerk), "/odoo/ksef")

    def test_all_whom_the_company_names_are_told_each_in_the_own_language(self):
        self.speak_polish()
        self.accountant.lang, self.manager.lang = "pl_PL", "en_US"
        self.company.l10n_pl_ksef_responsible_ids = self.accountant | self.manager
        self.connect()
        self.wake(days=5)
        told = {mail.recipient_ids: mail.subject for mail in self.mails()}
        self.assertIn("podpisz ponownie", told[self.accountant.partner_id])
        self.assertIn("sign again", told[self.manager.partner_id])
        activities = self.open_alerts().activity_ids
        self.assertEqual(activities.user_id, self.accountant | self.manager)
        self.connect()
        self.wake(seconds=5)
        self.assertEqual(len(self.mails()), 4)
        self.assertFalse(activities.exists())

    def test_a_named_person_who_may_not_act_is_passed_over_and_others_hear_of_it(self):
        self.connect(user=self.accountant)
        self.company.l10n_pl_ksef_responsible_ids = self.manager | self.clerk
        self.manager.active = False
        self.wake(days=5)
        mail = self.mails()
        self.assertEqual(mail.recipient_ids, self.accountant.partner_id)
        for name in (self.manager.name, self.clerk.name):
            self.assertIn(name, mail.body_html)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "passed_over")])
        self.assertIn(f"{self.manager.id}=archived", line.detail)
        self.assertIn(f"{self.manager.name} (archived)", line.detail_text)

    def test_a_template_that_somebody_edited_reaches_who_is_told_all_the_same(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_alert")
        template.write({"use_default_to": True, "partner_to": False})
        self.connect()
        self.wake(days=5)
        self.assertEqual(self.mails().recipient_ids, self.accountant.partner_id)

    def test_a_success_closes_the_alert_and_says_so_to_who_was_told(self):
        self.accountant.lang = "en_US"
        self.connect()
        self.wake(days=5)
        self.connect()
        self.wake(seconds=5)
        first, last = self.mails()
        self.assertIn("in order again", last.subject)
        self.assertEqual(last.recipient_ids, first.recipient_ids)

    def test_what_an_administrator_deleted_keeps_nobody_from_being_told(self):
        self.env.ref("l10n_pl_ksef_auth.mail_activity_ksef").unlink()
        self.env.ref("mail.ir_cron_mail_scheduler_action").unlink()
        self.connect()
        self.wake(days=5)
        self.assertEqual(self.open_alerts().activity_ids.user_id, self.accountant)
        self.assertEqual(len(self.mails()), 1)

    def test_a_company_that_goes_to_the_archive_closes_its_alert_and_nobody_reads_of_success(self):
        self.connect()
        self.wake(days=5)
        users = self.env["res.users"].search([("company_id", "=", self.company.id)])
        elsewhere = self.make_company("Druga", "1111111111")
        users.write({"company_ids": [Command.link(elsewhere.id)], "company_id": elsewhere.id})
        self.company.active = False
        self.assertEqual(self.wake(hours=1), [])
        self.assertEqual(len(self.mails()), 1)

    def test_who_has_no_time_zone_reads_polish_time(self):
        self.accountant.write({"tz": False, "lang": "en_US"})
        self.connect()
        self.wake(days=5)
        end = self.open_alerts().session_id.refresh_valid_until.replace(tzinfo=timezone.utc)
        self.assertIn(f"{end.astimezone(ZoneInfo('Europe/Warsaw')):%H:%M}", self.mails().body_html)

    @mute_logger("odoo.addons.l10n_pl_ksef_auth.models.upkeep.alert")
    @mute_logger("odoo.addons.mail.models.mail_render_mixin")
    def test_a_template_that_somebody_broke_takes_no_activity_along(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_alert")
        template.email_from = "{{ object.no_such_field }}"
        self.connect()
        self.assertEqual(self.wake(days=5), [("login", 3)])
        self.assertTrue(self.open_alerts().activity_ids)
        self.assertFalse(self.mails())

    def test_a_login_refused_for_lack_of_rights_is_told_at_once_of_the_certificates_owner(self):
        owner = self.certified().owner_name
        self.assertEqual(self.refuse_logins(415), [("login", 7)])
        self.assertEqual(self.wake(days=8), [("login", 0)])
        needed = self.company._l10n_pl_ksef_login_needed(
            self.company._l10n_pl_ksef_why(self.company)
        )
        told = (self.open_alerts().explanation, self.panel()["problem"]["text"], str(needed))
        for text in told:
            self.assertIn(f"certificate is fine, but {owner} has no rights in KSeF", text)
            self.assertIn(self.company.name, text)

    def test_a_refused_renewal_is_told_as_an_end_that_comes_and_once_more_when_it_came(self):
        self.certified()
        end = self.company._l10n_pl_ksef_session().refresh_valid_until
        told = [self.refuse_logins(480)]
        self.assertIn("ends in 7 days", self.open_alerts().summary)
        self.assertIn("Until then invoices are sent", self.open_alerts().invoices)
        self.assertIn(str(end.day), self.open_alerts().subject)
        told += [self.wake(days=days) for days in (5, 1, 1)]
        self.assertEqual(told, [[("login", days)] for days in (7, 3, 1, 0)])
        self.assertIn("not sent", self.open_alerts().subject)
        self.assertEqual(len(self.mails()), 4)

    def test_after_a_final_refusal_no_machine_tries_again(self):
        self.certified()
        self.refuse_logins(480)
        with self.counted("challenge") as logins:
            self.wake(hours=6)
            self.wake(hours=6)
        self.assertEqual(logins["calls"], 0)

    def test_a_right_that_was_taken_away_is_told_at_once(self):
        self.connect()
        people = self.simulator.world.people
        for pesel in people:
            self.simulator.world.revoke(pesel, "5265877635", "InvoiceWrite")
        self.assertIn(("rights", 0), self.wake(days=1, hours=1))

    def test_a_certificate_revoked_elsewhere_is_told_at_once(self):
        certificate = self.certified()
        kept = self.simulator.state.certificates[certificate.serial_number]
        kept.revoked = kept.revocation_done = self.simulator.clock.now()
        self.assertEqual(self.wake(hours=25), [("certificate", 0)])
        self.assertEqual(self.open_alerts()._page(self.accountant), "/odoo/ksef-account")

    def test_a_certificate_not_renewed_is_told_thirty_fourteen_seven_and_one_day_before(self):
        certificate = self.certified()
        session = self.company._l10n_pl_ksef_session()
        now = certificate._now()
        never = {"renew_at": now + timedelta(days=60), "next_attempt": now + timedelta(days=60)}
        session.write({**never, "refresh_valid_until": now + timedelta(days=90)})
        validity = {"valid_from": now - timedelta(days=699), "valid_to": now + timedelta(days=31)}
        certificate.write({**never, **validity})
        told = [self.wake(days=days) for days in (1, 16, 7, 6)]
        self.assertEqual(told, [[("certificate", days)] for days in (30, 14, 7, 1)])

    def test_a_certificate_that_the_signer_has_elsewhere_is_told_at_once(self):
        self.certified()
        certificate = self.company._l10n_pl_ksef_certificate()
        certificate.unlink()
        self.env["l10n_pl_ksef.session"].search([]).unlink()
        self.connect(consent=True)
        self.assertEqual(self.wake(seconds=15), [("certificate", 0)])

    def test_a_missing_key_is_told_at_once(self):
        self.connect()
        self.env["ir.config_parameter"].set_param("l10n_pl_ksef_auth.key_fingerprint", "another")
        self.assertIn(("key", 0), self.wake(days=1, hours=1))

    def test_a_refused_signature_does_not_speak_for_a_company_disconnected_since(self):
        self.connect()
        self.simulator.faults.add("xades-signature", "refusal", code=9105)
        window = self.open_window()
        self.attach(window, self.signed(self.downloaded(window)))
        window.authenticate()
        self.disconnect()
        self.let_days_pass(9)
        self.assertFalse(self.env["l10n_pl_ksef.alert"].search([]))

    def test_a_file_downloaded_since_does_not_hide_a_refusal_from_who_disconnects(self):
        self.certified()
        self.refuse_logins(480)
        self.downloaded(self.open_window())
        self.disconnect()
        self.assertEqual(self.wake(hours=1), [])
        self.let_days_pass(9)
        self.assertEqual(self.told(), [])

    def test_a_file_downloaded_before_a_refusal_and_signed_after_it_is_the_newer_login(self):
        self.certified()
        window = self.open_window()
        document = self.downloaded(window)
        self.refuse_logins(480)
        self.simulator.settings.reset()
        self.travel(minutes=1)
        self.attach(window, self.signed(document))
        window.authenticate()
        self.follow(window)
        self.assertEqual(self.wake(seconds=5), [])
        self.let_days_pass(7)
        self.assertEqual(self.company._l10n_pl_ksef_session().method, "certificate")
        self.assertEqual(self.told(), [])

    def test_a_login_that_is_to_be_closed_does_not_stand_for_the_one_that_replaced_it(self):
        """KSeF ends the newer one early, and the older one could not be closed."""
        self.connect()
        self.simulator.faults.add("session-revoke", "503", times=-1)
        self.addCleanup(self.simulator.faults.clear)
        self.travel(minutes=1)
        newer = self.connect()
        self.settle()
        put(newer, state="revoked")
        self.wake(minutes=1)
        self.assertEqual(self.wake(hours=2), [("login", 0)])

    def test_a_company_disconnected_by_hand_is_not_told(self):
        self.connect()
        self.disconnect()
        self.assertEqual(self.wake(days=8), [])

    def test_a_changed_nip_that_only_a_signature_serves_is_told_at_once(self):
        self.connect()
        self.company.vat = "PL1111111111"
        self.assertEqual(self.wake(hours=1), [("login", 0)])
        self.assertIn("another NIP", self.open_alerts().explanation)

    def test_a_changed_nip_that_is_changed_back_needs_nobody(self):
        self.connect()
        nip, self.company.vat = self.company.vat, "PL1111111111"
        self.wake(hours=1)
        self.company.vat = nip
        self.assertEqual(self.wake(hours=1), [])

    def test_a_nip_that_became_wrong_is_told_although_there_is_a_certificate(self):
        self.certified()
        self.company.partner_id.with_context(no_vat_validation=True).vat = "PL5265877636"
        self.assertEqual(self.wake(hours=1), [("login", 0)])
        self.assertIn("typing error", self.open_alerts().explanation)

    def test_a_branch_that_went_over_to_the_connection_of_the_company_above_is_not_told(self):
        self.connect()
        branch = self.env["res.company"].create({"name": "Oddział", "parent_id": self.company.id})
        branch.l10n_pl_ksef_environment = self.company.l10n_pl_ksef_environment
        own = {"company_id": branch.id, "context_value": "1111111111", "reference_number": "x"}
        self.company._l10n_pl_ksef_session().copy({**own, "state": "expired"})
        self.assertEqual(self.wake(hours=1), [])
