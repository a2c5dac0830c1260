from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import FeatureNotSupported, InsufficientPrivilege

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open

from odoo.addons.l10n_pl_ksef_auth.models.vault import database_identity
from odoo.addons.l10n_pl_ksef_auth.models.vault import vault as vault_room
from odoo.addons.l10n_pl_ksef_auth.models.vault.database_identity import HOME_PARAMETER
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret, write_secrets
from odoo.addons.l10n_pl_ksef_auth.tools import vault
from odoo.addons.l10n_pl_ksef_auth.tools.vault import VaultError

from .causes import MOVES
from .common import OWNER, KsefCase, packed, put


@tagged("post_install", "-at_install")
class TestCopiedDatabase(KsefCase):
    """A database that is not where its secrets were made keeps its hands off KSeF.

    Real copies are made by tests/e2e/test_database_copies.py.
    """

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.session = self.company._l10n_pl_ksef_session()

    def move(self, code):
        """Make this database look like one kind of copy."""
        self.set_home(MOVES[code](*database_identity.here(self.env).split("/")))
        self.assertEqual(database_identity.copy_code(self.env), code)

    def set_home(self, place, name=None):
        """Have the secrets come from another place, or from a database of another name."""
        parameters = self.env["ir.config_parameter"]
        *_place, own_name, bound, _mark = parameters.get_param(HOME_PARAMETER).split("/")
        home = "/".join([*place, name or own_name, bound])
        key, *_others = vault_room._keys_here(self.env)
        parameters.set_param(HOME_PARAMETER, f"{home}/{vault.mark(key, home)}")

    def window(self):
        action = self.company.with_user(self.accountant).l10n_pl_ksef_open_authorization()
        return self.env[action["res_model"]].with_user(self.accountant).browse(action["res_id"])

    def decide(self, decision, window=None):
        """Have the accountant say what this database is, by a button of the window."""
        with self.confirmed():
            getattr(window or self.window(), decision)()
        self.env.invalidate_all()

    def test_each_kind_of_copy_says_what_it_is(self):
        for code, word in (
            ("duplicated", "duplicate"),
            ("restored", "restored"),
            ("moved", "moved"),
        ):
            self.move(f"copy_{code}")
            panel = self.panel()
            self.assertEqual((panel["state"], panel["color"]), ("attention", "red"))
            self.assertIn(word, panel["problem"]["text"])
            self.assertEqual(panel["problem"]["way_back"], "sign")

    def test_a_copy_sends_nothing_to_ksef(self):
        self.move("copy_moved")
        before = self.simulator.requests.count()
        self.keep_alive(minutes=20)
        self.keep_alive(days=6)
        with self.assertRaises(VaultError):
            read_secret(self.session, "refresh_token_secret")
        self.assertEqual(self.simulator.requests.count(), before)

    def test_the_moved_original_goes_on_when_a_person_says_so(self):
        self.move("copy_moved")
        self.decide("action_continue")
        self.keep_alive(minutes=20)
        self.assertEqual(self.panel()["color"], "green")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "original")], limit=1)
        self.assertEqual(line.user_id, self.accountant)

    def take_another_home(self):
        """Have the database claim the home of another one that is encrypted with the same key."""
        key, *_others = vault_room._keys_here(self.env)
        home = f"another/1/2/another/{'0' * 16}"
        marked = f"{home}/{vault.mark(key, home)}"
        self.env["ir.config_parameter"].set_param(HOME_PARAMETER, marked)

    def test_nobody_goes_on_under_the_name_of_a_database_that_this_is_no_copy_of(self):
        """The other one's secrets would open here, in a row of the same number."""
        self.take_another_home()
        with self.assertRaisesRegex(UserError, "no copy of"):
            self.decide("action_continue")
        self.assertEqual(database_identity.copy_code(self.env), "copy_duplicated")

    def test_a_database_whose_home_was_exchanged_may_begin_afresh(self):
        self.take_another_home()
        self.decide("action_start_afresh")
        self.assertEqual(self.connect().state, "active")

    def test_a_secret_whose_key_is_long_gone_keeps_no_moved_database_from_going_on(self):
        lost = vault.Vault([bytes(32)]).encrypt(b"lost", "anywhere")
        self.session.document_secret = lost
        self.move("copy_moved")
        self.decide("action_continue")
        self.assertIsNone(database_identity.copy_code(self.env))

    def key_of_another_name(self):
        """Name the key file after a former name of the database."""
        file = vault_room.sources(self.env)["file"]
        former = file.with_name("former.key")
        file.rename(former)
        self.addCleanup(lambda: former.replace(file) if former.exists() else None)

    def test_a_renamed_database_keeps_its_key(self):
        self.set_home(database_identity.here(self.env).split("/"), "former")
        self.key_of_another_name()
        self.assertEqual(self.panel()["color"], "green")
        self.assertTrue(vault_room.sources(self.env)["file"].exists())

    def test_a_copy_under_another_name_does_not_find_the_originals_key(self):
        self.set_home(f"{database_identity.here(self.env)}0".split("/"), "former")
        self.key_of_another_name()
        with self.assertRaisesRegex(UserError, "lacks the key"):
            self.decide("action_continue")
        self.assertFalse(vault_room.sources(self.env)["file"].exists())

    def test_a_server_that_keeps_its_identifier_to_itself_keeps_nobody_out_of_odoo(self):
        for refusal in (InsufficientPrivilege, FeatureNotSupported):
            with self.subTest(refusal), self.hardened(refusal):
                _uuid, server, database = database_identity.here(self.env).split("/")
                self.assertFalse(server)
                self.assertTrue(database)

    @contextmanager
    def hardened(self, refusal):
        """Have PostgreSQL keep its identifier to itself."""
        cursor = type(self.env.cr)
        execute = cursor.execute

        def refusing(cr, query, *args, **kwargs):
            if "pg_control_system" in str(query):
                raise refusal()
            return execute(cr, query, *args, **kwargs)

        with (
            patch.object(database_identity, "_known", {}),
            patch.object(cursor, "execute", refusing),
        ):
            yield

    def test_a_server_that_closes_or_opens_its_identifier_later_is_still_home(self):
        uuid, server, database = database_identity.here(self.env).split("/")
        for then, now in ((server, ""), ("", server)):
            with self.subTest(then=then, now=now):
                self.assertIsNone(self.code_of((uuid, then, database), now))
                self.assertEqual(self.code_of(("x", then, database), now), "copy_duplicated")
                self.assertEqual(self.code_of((uuid, then, "1"), now), "copy_restored")

    def code_of(self, home, server):
        """Return which copy the database takes itself for on a server with an identifier."""
        self.env["ir.config_parameter"].set_param(HOME_PARAMETER, "/".join(home))
        with (
            patch.object(database_identity, "_known", {}),
            patch.object(database_identity, "_server", return_value=server),
        ):
            return database_identity.copy_code(self.env)

    def test_a_copy_that_gives_the_secrets_up_leaves_the_originals_login_alone(self):
        self.move("copy_duplicated")
        with self.counted("session-revoke") as revocations:
            self.decide("action_start_afresh")
        self.assertEqual(revocations["calls"], 0)
        self.assertEqual(self.session.state, "revoked")
        self.assertFalse(self.company._l10n_pl_ksef_certificate())
        self.assertFalse(any(self.session[name] for name in self.session._secret_fields()))

    def test_a_copy_that_gave_up_may_connect_by_itself(self):
        self.move("copy_duplicated")
        self.decide("action_start_afresh")
        self.assertEqual(self.connect().state, "active")

    def test_after_giving_up_companies_of_one_certificate_can_be_agreed_to_again(self):
        other = self.make_company("Klient B", "1111111111")
        self.simulator.world.add_company("1111111111", "Klient B")
        self.simulator.world.grant(OWNER.identity, "1111111111")
        self.accountant.company_ids |= other
        self.agree(other)
        other.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()
        self.settle()
        certificate = other._l10n_pl_ksef_certificate()
        file = packed(certificate)
        self.move("copy_duplicated")
        self.decide("action_start_afresh")
        self.assertFalse(certificate.agreement_ids)
        with self.confirmed():
            company = self.company.with_user(self.accountant)
            self.assertFalse(company.l10n_pl_ksef_load_certificate([file], "tajne")["problem"])
        self.assertTrue(certificate._lacks_agreement(other))
        self.agree(other)
        other.with_user(self.accountant).l10n_pl_ksef_connect_with_certificate()
        self.settle()
        self.assertEqual(self.panel(company=other)["state"], "connected")

    def test_a_neutralized_database_keeps_no_token_and_no_document(self):
        secrets = self.session._secret_fields()
        write_secrets(self.session, **dict.fromkeys(secrets, b"x"))
        self.env.flush_all()
        with file_open("l10n_pl_ksef_auth/data/neutralize.sql") as statements:
            self.env.cr.execute(statements.read())
        self.env.invalidate_all()
        self.assertEqual(self.session.state, "revoked")
        self.assertFalse([name for name in secrets if self.session[name]])

    def test_a_neutralized_database_keeps_away_from_production(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.company.l10n_pl_ksef_environment = "production"
        with self.counted("challenge") as challenges:
            view = self.open_window().prepare_download()
        self.assertEqual(challenges["calls"], 0)
        self.assertIn("neutralized", view["problem"]["text"])

    def test_a_neutralized_copy_in_production_leads_to_where_the_environment_is_changed(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.company.l10n_pl_ksef_environment = "production"
        problem = self.panel()["problem"]
        self.assertEqual(problem["way_back"], "account")
        self.assertIn("KSeF → Account", problem["action"])
        self.assertEqual(self.open_window().prepare_download()["problem"]["way_back"], "account")

    def test_a_neutralized_copy_that_stands_in_the_test_environment_is_told_to_connect(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        put(self.session, state="revoked")
        panel = self.panel()
        self.assertIn("neutralized", panel["problem"]["text"])
        self.assertEqual(panel["problem"]["way_back"], "sign")
        self.assertNotIn("Account", panel["problem"]["action"])

    def test_a_copy_neither_asks_for_signatures_nor_promises_what_follows_the_login(self):
        put(self.session, renew_at=False)
        self.assertFalse(self.panel()["is_locked"])
        self.assertTrue(self.panel()["sign_again_at"])
        self.move("copy_moved")
        self.assertTrue(self.panel()["is_locked"])
        self.assertFalse(self.panel()["sign_again_at"])

    def test_a_neutralized_copy_says_first_that_the_company_has_no_nip(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        put(self.session, state="revoked")
        self.company.vat = False
        panel = self.panel()
        self.assertEqual((panel["problem"]["way_back"], panel["due"]), ("company", "nip"))

    def test_a_copy_without_a_nip_is_decided_about_first_and_has_one_button(self):
        self.company.vat = False
        self.accountant.group_ids |= self.env.ref("base.group_erp_manager")
        self.move("copy_moved")
        panel = self.panel()
        self.assertEqual(panel["problem"]["way_back"], "sign")
        self.assertFalse(panel["opens_company"])

    def test_a_window_left_open_gives_up_nothing_once_somebody_went_on(self):
        self.move("copy_moved")
        left_open = self.window()
        self.decide("action_continue")
        self.decide("action_start_afresh", left_open)
        self.assertEqual(self.session.state, "active")
        self.assertTrue(self.session._stored_token())
