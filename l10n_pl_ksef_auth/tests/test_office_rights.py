import time
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.models.office import office as office_model
from odoo.addons.l10n_pl_ksef_auth.models.request.address import set_link_address
from odoo.addons.l10n_pl_ksef_auth.models.session.login import UNCLEAR_REFUSALS
from odoo.addons.l10n_pl_ksef_auth.models.upkeep import alert_texts
from odoo.addons.l10n_pl_ksef_auth.screens import office as office_screen

from .common import put
from .office_case import OFFICE_NIP, OfficeCase

RIGHTS = ["InvoiceRead", "InvoiceWrite"]


@tagged("post_install", "-at_install")
class TestReceivedRights(OfficeCase):
    """Clients give rights by themselves, take them back, and the office hears of it."""

    def give_at_the_ministry(self):
        """Have the client give the office its rights in the Ministry's application."""
        self.simulator.world.grant(self.office._context().value, "5265877635", RIGHTS)
        self.settle(hours=25)
        return self.grant()

    def accept(self, grants, user=None):
        """Have a user accept rights with the password (by default the manager)."""
        self.env.flush_all()
        with self.confirmed():
            grants.with_user(user or self.manager).action_accept()
        self.settle()

    def told(self):
        """Return what people were told of the client and is still open."""
        self.env.invalidate_all()
        open_ones = [("company_id", "=", self.company.id), ("closed_at", "=", False)]
        return self.env["l10n_pl_ksef.alert"].search(open_ones)

    def test_a_right_that_a_client_gave_by_itself_waits_until_somebody_accepts_it(self):
        grant = self.give_at_the_ministry()
        self.assertEqual(grant.state, "received")
        self.assertFalse(self.company._l10n_pl_ksef_session())
        self.accept(grant)
        self.assertEqual(grant.state, "given")
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)
        agreed = self.env["l10n_pl_ksef.agreement"].search([("company_id", "=", self.company.id)])
        self.assertEqual((agreed.how, agreed.user_id), ("rights", self.manager))

    def test_who_lacks_the_role_does_not_accept(self):
        grant = self.give_at_the_ministry()
        with self.assertRaises(AccessError):
            self.accept(grant, self.accountant)
        self.assertEqual(grant.state, "received")

    def test_nobody_is_asked_for_a_signature_where_the_rights_are_there(self):
        self.simulator.world.grant(OFFICE_NIP, "5265877635", RIGHTS)
        self.travel(minutes=1)
        company = self.company.with_user(self.accountant)
        action = company.with_company(company).l10n_pl_ksef_ask_for_rights()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("l10n_pl_ksef.grant", self.grant().id)
        )
        self.assertEqual(self.grant().state, "received")

    def test_the_window_that_asks_for_a_signature_asks_ksef_first_and_proposes_no_grant(self):
        company = self.company.with_user(self.accountant)
        self.assertIn("grant", [one["id"] for one in company.l10n_pl_ksef_requests()["purposes"]])
        self.simulator.world.grant(OFFICE_NIP, "5265877635", RIGHTS)
        self.travel(minutes=1)
        view = company.l10n_pl_ksef_requests()
        self.assertNotIn("grant", [one["id"] for one in view["purposes"]])
        self.assertIn("nobody has to sign", view["rights_there"])
        set_link_address(self.env, "https://odoo.firma.pl", "")
        self.env.flush_all()
        with self.assertRaisesRegex(UserError, "nobody has to sign"):
            company.l10n_pl_ksef_ask({"signer_name": "Jan", "by": "link", "purpose": "grant"})

    def test_a_company_that_got_its_nip_after_the_look_is_looked_up_at_once(self):
        client = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= client
        self.simulator.world.grant(OFFICE_NIP, "5261040828", RIGHTS)
        self.settle(hours=25)
        self.look_now()
        client.vat = "PL5261040828"
        self.env.flush_all()
        view = client.with_user(self.accountant).l10n_pl_ksef_requests()
        self.assertIn("nobody has to sign", view["rights_there"])

    def test_a_company_that_came_to_the_offices_environment_is_looked_up_at_once(self):
        client = self.make_company("Druga Sp. z o.o.", "5261040828")
        self.accountant.company_ids |= client
        client.l10n_pl_ksef_environment = "demo"
        self.simulator.world.grant(OFFICE_NIP, "5261040828", RIGHTS)
        self.settle(hours=25)
        self.look_now()
        client.l10n_pl_ksef_environment = self.office.environment
        self.env.flush_all()
        view = client.with_user(self.accountant).l10n_pl_ksef_requests()
        self.assertIn("nobody has to sign", view["rights_there"])

    def test_where_ksef_takes_long_the_window_says_that_it_is_not_known_yet(self):
        self.settle(hours=1)
        company = self.company.with_user(self.accountant)
        slow = patch.object(self.simulator.settings, "auth_delay", 60)
        with slow, patch.object(office_screen, "PATIENCE", 0):
            view = company.l10n_pl_ksef_requests()
        self.assertIn("KSeF has not answered yet", view["rights_there"])
        self.settle()
        self.assertFalse(company.l10n_pl_ksef_requests()["rights_there"])

    def test_a_silent_ksef_is_not_waited_for_longer_than_the_bound(self):
        self.settle(hours=1)
        self.simulator.faults.add("*", "delay", times=-1, seconds=10)
        company, began = self.company.with_user(self.accountant), time.monotonic()
        with patch.object(office_screen, "PATIENCE", 1), patch.object(office_model, "AT_ONCE", 1):
            view = company.l10n_pl_ksef_requests()
        self.assertLess(time.monotonic() - began, 8)
        self.assertIn("KSeF has not answered yet", view["rights_there"])

    def test_a_list_that_ksef_keeps_closed_is_asked_for_once_an_hour(self):
        self.settle(hours=2)
        self.simulator.faults.add("permission-list", "403", times=-1)
        company = self.company.with_user(self.accountant)
        with self.counted("challenge") as logins:
            for _opening in range(3):
                company.l10n_pl_ksef_requests()
                self.travel(minutes=5)
            self.travel(hours=1)
            company.l10n_pl_ksef_requests()
        self.assertEqual(logins["calls"], 2)

    def look_now(self):
        """Have the office look KSeF's list up just now."""
        before = self.office._now()
        self.office.with_user(self.accountant).action_check()
        self.env.invalidate_all()
        self.assertGreaterEqual(self.office.looked_at, before)

    def test_nobody_is_asked_for_rights_on_which_the_connection_stands(self):
        self.given()
        company = self.company.with_user(self.accountant)
        purposes = [one["id"] for one in company.l10n_pl_ksef_requests()["purposes"]]
        self.assertEqual(purposes, ["connect", "take_back"])

    def test_one_right_of_two_is_nothing_to_accept(self):
        self.simulator.world.grant(OFFICE_NIP, "5265877635", ["InvoiceRead"])
        self.settle(hours=25)
        self.assertFalse(self.grant())

    def test_rights_that_the_client_took_away_are_told_at_once(self):
        grant = self.given()
        self.simulator.world.remove(lambda one: one.who.value == OFFICE_NIP)
        self.settle(hours=25)
        self.assertEqual(grant.state, "lost")
        self.assertIn("rights for the office are gone", " ".join(self.told().mapped("explanation")))
        self.assertNotIn(self.panel()["color"], ("green",))
        self.assertFalse(self.office.certificate_id._agreements_for(self.company, grant.digits))

    def test_the_office_hears_that_its_certificate_is_gone_and_no_client_of_it(self):
        self.given()
        # Before the office in the order of companies.
        self.company.name = "A"
        at_ksef = self.at_ksef(self.office.certificate_id)
        at_ksef.revoked = at_ksef.revocation_done = self.simulator.clock.now()
        self.settle(hours=25)
        alert = self.env["l10n_pl_ksef.alert"].search([("reason", "=", "certificate")])
        self.assertEqual(alert.company_id, self.bureau)

    def test_who_took_the_rights_away_can_be_asked_again(self):
        self.given()
        self.simulator.world.remove(lambda one: one.who.value == OFFICE_NIP)
        self.settle(hours=25)
        self.assertEqual(self.panel()["problem"]["way_back"], "rights")
        lost = self.env["l10n_pl_ksef.alert"].search([("reason", "=", "login")])
        self.assertEqual(alert_texts.page(lost), alert_texts.ASK_FOR_RIGHTS)
        view = self.company.with_user(self.accountant).l10n_pl_ksef_requests()
        self.assertEqual(view["purposes"][0]["id"], "grant")
        self.assertEqual(self.given().state, "given")
        self.assertEqual(self.panel()["color"], "green")

    def test_a_list_that_lacks_a_right_ends_nothing_while_the_login_works(self):
        grant = self.given()
        self.simulator.settings.permission_list_delay = 10**7
        grant.given_at -= timedelta(days=2)
        before = self.company._l10n_pl_ksef_session()
        self.settle(hours=25)
        after = self.company._l10n_pl_ksef_session()
        self.assertNotEqual(after, before)
        self.assertEqual((grant.state, after.certificate_id), ("given", before.certificate_id))

    def test_the_client_takes_the_rights_back_by_a_signature(self):
        grant = self.given()
        window = self.env["l10n_pl_ksef.authorization"].with_user(self.accountant)
        action = grant.with_user(self.accountant).action_take_back()
        view = self.sign_in(window.browse(action["params"]["wizard_id"]))
        self.assertEqual(view["result"], "taken_back")
        self.settle()
        self.assertEqual((grant.state, self.rights_at_ksef()), ("returned", []))
        self.assertFalse(self.company._l10n_pl_ksef_session())
        self.assertFalse(self.told())

    def test_the_end_of_the_service_ends_logins_and_offers_to_take_the_rights_back(self):
        grant = self.given()
        self.env.flush_all()
        with self.confirmed():
            action = grant.with_user(self.accountant).action_end_service()
        self.env.invalidate_all()
        window = self.env["l10n_pl_ksef.authorization"].browse(action["params"]["wizard_id"])
        self.assertEqual((grant.state, window.sudo().purpose), ("left", "take_back"))
        self.settle(days=8)
        self.assertFalse(self.company._l10n_pl_ksef_session())
        self.assertEqual(self.company.id in self.office.certificate_id.company_ids.ids, False)

    def end_service(self):
        """Have the accountant end the service for the client, with the password."""
        self.env.flush_all()
        with self.confirmed():
            self.grant().with_user(self.accountant).action_end_service()
        self.settle()

    def test_a_login_that_somebody_is_at_keeps_the_service_from_ending_at_all(self):
        grant = self.given()
        sessions = type(self.env["l10n_pl_ksef.session"])
        busy = patch.object(sessions, "_disconnect", side_effect=UserError("Try again."))
        with busy, self.assertRaises(UserError):
            self.end_service()
        self.assertEqual(grant.state, "given")
        self.end_service()
        self.assertEqual((grant.state, bool(self.company._l10n_pl_ksef_session())), ("left", False))

    def test_with_the_service_the_key_of_who_signed_before_the_office_is_forgotten(self):
        own = self.certified()
        self.given()
        self.assertIn(self.company, own.former_company_ids)
        self.assertTrue(own.private_key_secret)
        self.end_service()
        self.assertFalse(own.private_key_secret)
        self.assertTrue(self.office.certificate_id.private_key_secret)
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "key_forgotten")])
        self.assertEqual((line.company_id, line.reference), (self.company, own.serial_number))
        self.settle(days=30)
        self.assertFalse(own.private_key_secret)

    def test_a_key_that_has_served_another_company_outlives_the_service(self):
        own = self.certified()
        other = self.make_company("Druga Sp. z o.o.", "5261040828")
        own.former_company_ids |= other
        self.given()
        self.end_service()
        self.assertTrue(own.private_key_secret)

    def end_service_while_stuck(self, endpoint):
        """End the service while KSeF does not go on with what a signer signed; return its login."""
        self.given()
        self.take_away()
        window = self.asked()
        self.simulator.faults.add(endpoint, "503", times=-1)
        self.sign_in(window)
        self.end_service()
        self.simulator.faults.clear()
        self.settle()
        return window.sudo().session_id

    def test_after_the_end_of_the_service_nothing_is_ordered_of_what_was_signed_before(self):
        login = self.end_service_while_stuck("permissions")
        self.assertIn("The service has ended", login.problem_text)
        self.assertEqual((login.state, self.rights_at_ksef()), ("revoked", []))
        self.assertEqual((self.grant().state, self.panel()["state"]), ("left", "disconnected"))

    def test_an_order_that_ends_after_the_service_does_not_begin_it_again(self):
        self.end_service_while_stuck("permission-operation")
        self.assertEqual(self.rights_at_ksef(), RIGHTS)
        self.settle(hours=25)
        self.assertEqual((self.grant().state, self.panel()["state"]), ("left", "disconnected"))

    def test_an_order_whose_answer_was_lost_does_not_begin_the_service_again(self):
        self.given()
        self.take_away()
        window = self.asked()
        self.simulator.faults.add("permission-grant", "lost")
        self.sign_in(window)
        self.simulator.faults.add("permissions", "503", times=-1)
        self.end_service()
        login, certificate = window.sudo().session_id, self.office.certificate_id
        self.assertEqual(login.state, "opened")
        put(login, refresh_valid_until=login._now(), next_attempt=False)
        self.settle()
        self.assertEqual((login.state, self.grant().state), ("revoked", "left"))
        self.assertFalse(certificate._agreements_for(self.company, login.context_digits))

    def left(self):
        """Have the client give the rights, and the office serve it no more; return the grant."""
        grant = self.given()
        self.env.flush_all()
        with self.confirmed():
            grant.with_user(self.accountant).action_end_service()
        self.settle()
        return grant

    def take_away(self):
        """Have the client take the office's rights back in the Ministry's application."""
        self.simulator.world.remove(lambda one: one.who.value == OFFICE_NIP)

    def test_what_a_former_client_has_taken_back_and_gives_anew_is_offered_again(self):
        left = self.left()
        self.take_away()
        self.settle(hours=25)
        self.assertEqual(left.state, "returned")
        grant = self.give_at_the_ministry()
        self.assertEqual((grant.state, grant != left), ("received", True))
        self.accept(grant)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)

    def test_rights_given_anew_between_two_looks_are_offered_again(self):
        left = self.left()
        self.travel(minutes=1)
        self.take_away()
        grant = self.give_at_the_ministry()
        self.assertEqual((grant.state, grant != left), ("received", True))

    def test_what_a_former_client_never_took_back_is_offered_to_who_asks_for_it_alone(self):
        left = self.left()
        self.settle(days=2)
        self.assertEqual((self.grant(), left.state), (left, "left"))
        self.travel(minutes=11)
        company = self.company.with_user(self.accountant)
        action = company.with_company(company).l10n_pl_ksef_ask_for_rights()
        self.assertEqual(action["res_id"], self.grant().id)
        self.accept(self.grant())
        self.assertTrue(self.company._l10n_pl_ksef_session())

    def test_who_took_rights_back_and_gave_them_again_at_the_ministry_connects(self):
        self.given()
        self.take_away()
        self.settle(hours=25)
        grant = self.give_at_the_ministry()
        self.assertEqual(grant.state, "received")
        self.accept(grant)
        self.assertEqual(self.panel()["color"], "green")

    def test_an_office_whose_own_login_fails_asks_nobody(self):
        self.simulator.settings.force_status = {"code": 460, "times": -1}
        self.settle(hours=25)
        self.assertFalse(self.office.is_usable)
        with self.assertRaisesRegex(Exception, "does not log in"):
            self.asked()


@tagged("post_install", "-at_install")
class TestWhatItStandsOn(OfficeCase):
    """A client that had a connection of its own goes over to the office's certificate."""

    def test_the_panel_says_on_what_a_connection_stands(self):
        self.connect()
        self.assertEqual(self.panel()["stands_on"], "")
        self.given()
        told = self.panel()["stands_on"]
        self.assertIn("rights from the client since", told)
        line = self.env["l10n_pl_ksef.overview"].browse(self.company.id)
        self.assertIn("rights from the client since", line.stands_on)
        self.assertIn(self.office._label(), told)

    def test_the_signers_certificate_leaves_the_client(self):
        own = self.certified()
        self.given()
        self.assertNotIn(self.company, own.company_ids)
        certificate = self.company._l10n_pl_ksef_session().certificate_id
        self.assertEqual(certificate, self.office.certificate_id)
        self.assertEqual(self.company._l10n_pl_ksef_certificate(), certificate)

    def sending(self):
        """Have invoices be on their way inside the block."""
        companies = self.registry["res.company"]
        return patch.object(companies, "_l10n_pl_ksef_is_sending", return_value=True)

    def assert_the_office_logs_in(self, expected=True):
        """Check whether the client's connection stands on the office's certificate."""
        self.env.invalidate_all()
        held = self.company._l10n_pl_ksef_session().certificate_id
        self.assertEqual(held == self.office.certificate_id, expected)

    def test_invoices_on_their_way_arrive_before_the_office_logs_in(self):
        before = self.connect()
        with self.sending():
            self.sign_in(self.asked())
            for _minute in range(5):
                self.keep_alive(minutes=1)
            self.assertEqual(self.company._l10n_pl_ksef_session(), before)
        self.settle(minutes=2)
        self.assert_the_office_logs_in()

    def test_invoices_that_never_arrive_hold_the_office_up_for_an_hour_at_most(self):
        self.connect()
        with self.sending():
            self.sign_in(self.asked())
            self.go_on(timedelta(minutes=58))
            self.assert_the_office_logs_in(False)
            self.go_on(timedelta(minutes=5))
            self.assert_the_office_logs_in()

    def test_a_signers_login_is_forgotten_a_day_after_the_signature_wherever_it_is_stuck(self):
        """Checked, opened, or closing: whatever KSeF answers no more, its secrets go."""
        for endpoint in ("auth-status", "permissions", "permission-list", "session-revoke"):
            with self.subTest(endpoint=endpoint):
                window = self.asked()
                self.simulator.faults.add(endpoint, "503", times=10**6)
                self.sign_in(window)
                errand = window.sudo().session_id
                self.settle(hours=23)
                self.assertNotEqual(errand.state, "revoked")
                self.settle(hours=2)
                self.assertEqual(errand.state, "revoked")
                self.assertFalse(any(errand[name] for name in errand._secret_fields()))
                self.simulator.faults.clear()
        self.assertEqual(self.grant().state, "given")

    def test_an_odd_answer_at_the_end_leaves_no_signers_login_open_at_ksef(self):
        self.simulator.faults.add("session-revoke", "401")
        with self.counted("session-revoke") as closings:
            grant = self.given()
        errand = self.env["l10n_pl_ksef.session"].search([("purpose", "=", "grant")], limit=1)
        self.assertEqual((closings["calls"], errand.state, errand.problem), (2, "revoked", False))
        self.assertEqual(grant.state, "given")

    def test_odd_answers_at_the_end_are_counted_in_a_row(self):
        for kind, times in (("401", UNCLEAR_REFUSALS), ("503", 1), ("401", UNCLEAR_REFUSALS)):
            self.simulator.faults.add("session-revoke", kind, times=times)
        with self.counted("session-revoke") as closings:
            self.given()
            self.go_on(timedelta(hours=3))
        self.assertEqual(closings["calls"], 2 * UNCLEAR_REFUSALS + 2)


@tagged("post_install", "-at_install")
class TestRefusedRights(OfficeCase):
    """Rights that were asked for and did not come: who asked is told, until they are given."""

    def refused(self):
        """Have a signer who may give no rights try it, asked by the accountant."""
        self.sign_in(self.asked(), "edowod")
        self.settle()
        self.assertEqual(self.grant().state, "refused")

    def alerts(self):
        self.env.invalidate_all()
        wanted = [("company_id", "=", self.company.id), ("reason", "=", "grant")]
        return self.env["l10n_pl_ksef.alert"].search(wanted)

    def test_who_asked_is_told_why_the_rights_did_not_come(self):
        # Who connected the company would be told of its connection.
        self.connect(user=self.manager)
        self.refused()
        (alert,) = self.alerts()
        self.assertEqual((alert.user_ids, alert.closed_at), (self.accountant, False))
        self.assertEqual(alert.activity_ids.user_id, self.accountant)
        self.assertIn("may not give rights", alert.explanation)
        self.assertIn("office", alert.invoices)
        self.assertIn("/odoo/ksef-rights", alert._page(self.accountant))
        polish = alert.with_context(lang="pl_PL")
        self.assertIn("biuro", polish.summary)

    def test_it_is_told_once_and_ends_when_the_rights_are_given(self):
        self.refused()
        self.let_days_pass(2)
        (alert,) = self.alerts()
        self.given()
        self.assertTrue(alert.closed_at)
        self.assertFalse(alert.activity_ids)
        self.assertIn("has the rights", alert.summary)

    def taken_back(self):
        """Have the client's signer take the rights back, as far as KSeF does it."""
        action = self.grant().with_user(self.accountant).action_take_back()
        window = self.env["l10n_pl_ksef.authorization"].with_user(self.accountant)
        self.sign_in(window.browse(action["params"]["wizard_id"]))
        self.settle()

    def test_rights_that_ksef_does_not_take_back_are_told_until_they_are_gone(self):
        self.given()
        self.simulator.faults.add("permission-revoke", "403")
        self.taken_back()
        (alert,) = self.alerts()
        self.assertEqual((alert.user_ids, self.grant().state), (self.accountant, "given"))
        self.assertIn("still has the client's rights", alert.summary)
        self.taken_back()
        self.assertTrue(alert.closed_at)
        self.assertIn("no rights any more", alert.summary)

    def test_asking_anew_ends_nothing_yet(self):
        self.refused()
        self.asked()
        self.settle()
        (alert,) = self.alerts()
        self.assertFalse(alert.closed_at)
