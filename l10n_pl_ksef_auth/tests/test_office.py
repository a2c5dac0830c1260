from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.l10n_pl_ksef_auth.exceptions import LoginNeeded

from .office_case import OFFICE_NIP, OfficeCase

try:
    from ksef_simulator.identities import READER, STRANGER
    from ksef_simulator.rights import INDIRECT, Target
except ImportError:
    READER = STRANGER = INDIRECT = Target = None

RIGHTS = ["InvoiceRead", "InvoiceWrite"]


@tagged("post_install", "-at_install")
class TestOffice(OfficeCase):
    """A client gives the office rights; the office logs in with its own certificate."""

    def test_the_office_is_read_from_its_certificate_and_confirmed_by_its_own_login(self):
        self.assertEqual((self.office.kind, self.office.number), ("nip", "NIP 701-000-21-39"))
        self.assertTrue(self.office.is_usable)
        check = self.env["l10n_pl_ksef.session"].search([("purpose", "=", "office")], limit=1)
        self.assertEqual((check.context_value, check.state), (OFFICE_NIP, "revoked"))

    def test_a_client_gives_the_rights_by_one_signature_and_the_office_logs_in(self):
        grant = self.given()
        self.assertEqual(self.rights_at_ksef(), RIGHTS)
        self.assertEqual((grant.state, grant.to_whom), ("given", self.office._label()))
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)
        self.assertFalse(session.lacks_rights)
        (agreed,) = self.env["l10n_pl_ksef.agreement"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual((agreed.how, agreed.user_id), ("rights", self.accountant))

    def test_nothing_of_the_signers_stays(self):
        self.given()
        errand = self.env["l10n_pl_ksef.session"].search([("purpose", "=", "grant")])
        self.assertEqual(errand.mapped("state"), ["revoked"])
        for name in errand._secret_fields():
            self.assertFalse(errand[name], name)
        held = self.env["l10n_pl_ksef.certificate"]._of_company(self.company)
        self.assertEqual(held, self.office.certificate_id)

    def test_a_login_for_a_grant_gives_nobody_a_token_and_is_no_connection(self):
        self.simulator.settings.permission_delay = 3600
        window = self.asked()
        self.sign_in(window)
        self.assertEqual(window.sudo().session_id.state, "ordered")
        with self.assertRaises(LoginNeeded):
            self.company.l10n_pl_ksef_access_token()
        panel = self.panel()
        self.assertEqual((panel["state"], panel["tick"]), ("disconnected", "no"))
        self.assertFalse(self.company._l10n_pl_ksef_session())

    def test_a_second_signature_gives_nothing_twice(self):
        with self.counted("permission-grant") as first:
            self.given()
        with self.counted("permission-grant") as second:
            self.given()
        self.assertEqual((first["calls"], second["calls"]), (1, 0))

    def test_who_may_give_no_rights_is_told_and_nothing_is_given(self):
        window = self.asked()
        view = self.sign_in(window, "edowod")
        self.assertIn("may not give rights", view["problem"]["text"])
        self.settle()
        self.assertEqual((self.rights_at_ksef(), self.grant().state), ([], "refused"))

    def test_who_was_named_in_zaw_fa_gives_the_rights_though_he_may_not_send(self):
        self.simulator.world.revoke(READER.identity, "5265877635")
        self.simulator.world.grant(READER.identity, "5265877635", ["CredentialsManage"])
        self.given("reader")
        self.assertEqual(self.rights_at_ksef(), RIGHTS)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(
            (session.certificate_id, session.lacks_rights), (self.office.certificate_id, False)
        )

    def test_a_415_right_after_the_grant_is_tried_again(self):
        self.travel(minutes=5)
        self.simulator.settings.permission_login_delay = 90
        self.given()
        self.assertTrue(self.company._l10n_pl_ksef_session())

    def test_nothing_is_given_to_an_office_that_has_changed_since(self):
        window = self.asked()
        document = self.signed(self.downloaded(window))
        self.set_office(name="Inne Biuro Sp. z o.o.")
        self.attach(window, document)
        window.authenticate()
        view = self.follow(window)
        self.assertIn("has changed", view["problem"]["text"])
        self.assertEqual(self.rights_at_ksef(), [])

    def test_nobody_replaces_an_office_that_others_look_after(self):
        self.certified()
        stranger = self.make_user("ksef_stranger", "l10n_pl_ksef_auth.group_ksef_connection")
        with self.assertRaises(AccessError):
            self.set_office(self.company, user=stranger)
        self.assertEqual(self.office.number, "NIP 701-000-21-39")

    def test_a_login_for_a_grant_is_forgotten_after_a_day_whatever_else_fails(self):
        window = self.asked()
        self.simulator.settings.permission_delay = 10**9
        self.sign_in(window)
        self.simulator.faults.add("*", "503", times=10**6)
        errand = window.sudo().session_id
        self.assertTrue(errand.refresh_token_secret)
        self.settle(hours=12)
        self.settle(hours=13)
        self.assertEqual((errand.state, errand.refresh_token_secret), ("revoked", False))


@tagged("post_install", "-at_install")
class TestOfficeOfAPerson(OfficeCase):
    """An office without a seal: clients name the accountant by the PESEL of her certificate."""

    def make_office(self):
        """Connect the office's own company by its accountant, who is no owner of its NIP."""
        self.simulator.world.grant(STRANGER.identity, OFFICE_NIP)
        self.connect("stranger", company=self.bureau, consent=True)
        self.settle()
        return self.set_office()

    def test_the_pesel_is_read_from_the_certificate_and_shown_masked(self):
        self.assertEqual((self.office.kind, self.office.name), ("pesel", STRANGER.name))
        self.assertTrue(self.office.is_usable)
        shown = str(self.office.read() + self.office.with_user(self.accountant).read())
        self.assertNotIn(STRANGER.pesel, shown)
        self.assertIn(STRANGER.pesel[-2:], self.office.number)

    def test_the_client_gives_that_person_the_rights_and_the_office_logs_in(self):
        grant = self.given()
        self.assertEqual(self.rights_at_ksef(STRANGER.pesel), RIGHTS)
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)
        self.assertNotIn(STRANGER.pesel, str(grant.read()))

    def test_the_panel_says_since_when_the_client_lets_that_person_in(self):
        self.given()
        told = self.panel()["stands_on"]
        self.assertIn("rights from the client since", told)
        self.assertIn(self.office._label(), told)
        self.assertNotIn(STRANGER.pesel, told)
        line = self.env["l10n_pl_ksef.overview"].browse(self.company.id)
        self.assertIn("rights from the client since", line.stands_on)

    def pass_on(self):
        """Have the client let the office pass rights on, and the office let that person in."""
        world, client = self.simulator.world, "5265877635"
        world.grant(OFFICE_NIP, client, RIGHTS, can_delegate=True)
        target = Target("Nip", client)
        world.grant(STRANGER.identity, OFFICE_NIP, RIGHTS, kind=INDIRECT, target=target)
        self.settle(hours=25)

    def test_rights_that_were_passed_on_to_that_person_wait_until_somebody_accepts_them(self):
        self.pass_on()
        grant = self.grant()
        self.assertEqual(grant.state, "received")
        self.env.flush_all()
        with self.confirmed():
            grant.with_user(self.manager).action_accept()
        self.settle()
        session = self.company._l10n_pl_ksef_session()
        self.assertEqual(session.certificate_id, self.office.certificate_id)
        self.assertFalse(session.lacks_rights)

    def test_what_was_passed_on_and_no_client_gave_is_nothing_to_accept(self):
        target = Target("Nip", "5265877635")
        self.simulator.world.grant(
            STRANGER.identity, OFFICE_NIP, RIGHTS, kind=INDIRECT, target=target
        )
        self.settle(hours=25)
        self.assertFalse(self.grant())

    def test_what_no_list_of_that_persons_holds_is_doubted_by_none(self):
        grant = self.given()
        before = self.company._l10n_pl_ksef_session()
        self.settle(days=2)
        self.assertEqual((grant.state, self.company._l10n_pl_ksef_session()), ("given", before))

    def test_what_the_client_took_away_is_learned_from_a_login(self):
        grant = self.given()
        self.simulator.world.remove(lambda one: one.context.value != OFFICE_NIP)
        self.let_days_pass(6)
        self.assertEqual(grant.state, "lost")
