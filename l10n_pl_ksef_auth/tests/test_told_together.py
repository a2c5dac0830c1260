from collections import Counter
from contextlib import suppress
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.upkeep.alert import TOGETHER
from .common import OWNER, KsefCase

COMPANIES, SOME = 6, 3
UPKEEP = "odoo.addons.l10n_pl_ksef_auth.models.upkeep"


@tagged("post_install", "-at_install")
class TestToldTogether(KsefCase):
    """One certificate connects several companies: what befalls all is told to each person once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.speak_polish()
        cls.companies = cls.company + cls.make_clients(COMPANIES - 1)
        cls.some = cls.companies[:SOME]

    def begin(self):
        for company in self.companies[1:]:
            self.simulator.world.grant(OWNER.identity, company.l10n_pl_ksef_digits)
        self.certified()
        others = self.companies[1:].with_user(self.accountant)
        self.agree(others)
        others.l10n_pl_ksef_connect_with_certificate()
        self.settle()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.simulator.faults.clear)
        self.accountant.lang, self.manager.lang = "pl_PL", "en_US"
        self.manager.company_ids |= self.companies
        self.companies.l10n_pl_ksef_responsible_ids = self.accountant
        self.some.l10n_pl_ksef_responsible_ids |= self.manager

    def revoke_at_ksef(self):
        """Revoke the companies' certificate with another program."""
        certificate = self.company._l10n_pl_ksef_certificate()
        kept = self.simulator.state.certificates[certificate.serial_number]
        kept.revoked = kept.revocation_done = self.simulator.clock.now()

    def fall_silent(self, days=8):
        """Have KSeF answer nothing; after eight days all logins have ended, and two levels told."""
        self.simulator.faults.add("*", "503", times=-1)
        for _day in range(days):
            self.keep_alive(days=1)

    def mails(self, user=None):
        """Return all mails, or a person's, about logins; the certificate's end is told apart."""
        self.env.invalidate_all()
        mails = self.env["mail.mail"].search([("subject", "like", "] KSeF:")], order="id")
        mails = mails.filtered(lambda mail: "certyfikat" not in mail.subject)
        mails = mails.filtered(lambda mail: "certificate" not in mail.subject)
        return mails.filtered(lambda mail: not user or mail.recipient_ids == user.partner_id)

    def sent(self):
        """Return how many mails about logins each person has got."""
        return dict(Counter(mail.recipient_ids for mail in self.mails()))

    def each(self, mails):
        """Return what is expected of `sent` if both persons have got so many mails."""
        return dict.fromkeys((self.accountant.partner_id, self.manager.partner_id), mails)

    def alerts(self):
        self.env.invalidate_all()
        return self.env["l10n_pl_ksef.alert"].search(
            [("reason", "=", "login"), ("closed_at", "=", False)]
        )

    def listed(self, mail):
        """Return the companies that a mail names."""
        return self.companies.filtered(lambda one: one._l10n_pl_ksef_number() in mail.body_html)

    # ------------------------------------------------------------------
    # One mail for many
    # ------------------------------------------------------------------
    def test_each_person_gets_one_mail_for_each_level_and_every_company_its_alert(self):
        self.revoke_at_ksef()
        levels = set()
        for _day in range(9):
            self.keep_alive(days=1)
            self.keep_alive(seconds=10)
            levels.update(self.alerts().mapped("level"))
        self.assertEqual(len(self.alerts().filtered(lambda alert: not alert.level)), COMPANIES)
        self.assertEqual(self.sent(), self.each(len(levels)))

    def test_it_names_the_companies_that_its_reader_is_told_of_in_the_readers_language(self):
        self.fall_silent()
        last = self.mails(self.accountant)[-1], self.mails(self.manager)[-1]
        self.assertEqual([self.listed(mail) for mail in last], [self.companies, self.some])
        self.assertIn("[Firmy (6)] KSeF: brak połączenia", last[0].subject)
        self.assertIn("[Companies (3)] KSeF: no connection", last[1].subject)
        self.assertIn(">Otwórz listę firm<", last[0].body_html)

    def test_it_says_of_each_company_when_its_connection_ends(self):
        self.fall_silent(days=6)
        self.keep_alive(hours=12)
        mail = self.mails(self.accountant)
        for company in self.companies:
            end = company._l10n_pl_ksef_session().refresh_valid_until
            self.assertIn(f"{end.day}.{end:%m}.{end.year}", mail.body_html)

    def test_its_one_link_opens_the_list_of_the_companies_that_need_attention(self):
        self.fall_silent()
        mail = self.mails(self.accountant)[-1]
        self.assertEqual(mail.body_html.count("href="), 1)
        action = self.env.ref("l10n_pl_ksef_auth.action_overview_attention")
        self.assertIn(f'/odoo/{action.path}"', mail.body_html)
        lines = self.env["l10n_pl_ksef.overview"].with_user(self.accountant)
        shown = lines.search([("state", "not in", ["connected", "verifying"])])
        self.assertEqual(shown.company_id & self.companies, self.companies)

    def test_nobody_else_reads_it_at_the_first_companys_alert(self):
        self.fall_silent()
        told = self.mails().filtered(lambda mail: mail.model or mail.res_id)
        self.assertFalse(told)

    def test_what_a_browser_puts_into_the_context_names_no_other_company(self):
        other = self.companies[-1]
        self.revoke_at_ksef()
        self.settle(days=8)
        own = self.alerts().filtered(lambda alert: alert.company_id == self.company)
        ids = self.alerts().ids
        self.accountant.company_ids = self.company
        self.env.flush_all()
        seen = own.with_user(self.accountant).with_context(**{TOGETHER: ids})
        self.assertIn(self.company.name, seen.body)
        self.assertNotIn(other.name, seen.body)

    def test_who_lost_a_company_meanwhile_does_not_read_its_name(self):
        send = self.registry["l10n_pl_ksef.alert"]._send_letter

        def late(alerts, letter):
            self.manager.company_ids -= self.some[1]
            send(alerts, letter)

        with patch.object(self.registry["l10n_pl_ksef.alert"], "_send_letter", late):
            self.fall_silent()
        self.assertEqual(self.listed(self.mails(self.manager)[0]), self.some - self.some[1])

    def test_what_is_so_for_one_company_alone_stands_beside_that_company(self):
        self.some[1].l10n_pl_ksef_responsible_ids |= self.clerk
        self.fall_silent()
        body = self.mails(self.manager)[-1].body_html
        self.assertEqual(body.count(self.clerk.name), 1)
        self.assertEqual(body.count("has ended"), 1)
        of_the_second = body.split(self.some[1].name)[1].split(self.some[2].name)[0]
        self.assertIn("Not reached", of_the_second)

    def test_that_it_works_again_is_one_mail_too(self):
        self.fall_silent()
        before = self.sent()
        self.simulator.faults.clear()
        self.settle(hours=1)
        self.settle(hours=1)
        self.assertFalse(self.alerts())
        self.assertEqual((before, self.sent()), (self.each(2), self.each(3)))
        mail = self.mails(self.manager)[-1]
        self.assertIn("in order again", mail.subject)
        self.assertEqual(self.listed(mail), self.some)

    def test_a_mail_that_people_have_written_themselves_tells_of_each_company_alone(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_alert")
        template.with_context(lang="pl_PL").body_html = "<p t-out='object.summary'/>"
        template.with_context(lang="en_US").body_html = "<p t-out='object.summary'/>"
        self.fall_silent()
        self.assertEqual(len(self.mails(self.manager)), 2 * SOME)

    # ------------------------------------------------------------------
    # Whatever fails
    # ------------------------------------------------------------------
    def fail_for_the_accountant(self, error):
        """Have what sends mails fail for one person, who comes first."""
        alerts = self.registry["l10n_pl_ksef.alert"]
        send = alerts._send_mail

        def failing(told, template):
            if told[:1].user_id == self.accountant:
                raise error
            send(told, template)

        return patch.object(alerts, "_send_mail", failing)

    @mute_logger(f"{UPKEEP}.alert_watch")
    def test_a_failure_for_one_person_keeps_no_other_from_being_told_and_is_made_up_for(self):
        with self.fail_for_the_accountant(ZeroDivisionError()):
            self.fall_silent()
        self.assertEqual(self.sent(), {self.manager.partner_id: 2})
        self.keep_alive(minutes=1)
        self.assertEqual(self.sent(), {**self.each(2), self.accountant.partner_id: 1})

    def test_a_process_that_dies_between_two_mails_loses_none_and_sends_none_twice(self):
        self.fall_silent(days=5)
        alerts = self.registry["l10n_pl_ksef.alert"]
        send, sent = alerts._send_letter, []

        def dying(told, letter):
            if sent:
                raise SystemExit
            send(told, letter)
            sent.append(letter)

        with patch.object(alerts, "_send_letter", dying), suppress(SystemExit):
            self.keep_alive(days=1, hours=12)
        self.assertEqual(len(self.mails()), 1)
        for _run in range(3):
            self.keep_alive(minutes=1)
        self.assertEqual(self.sent(), self.each(1))
