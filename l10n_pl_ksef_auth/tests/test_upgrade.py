import os

from odoo import Command
from odoo.modules.migration import load_script
from odoo.tests import tagged
from odoo.tools import SQL, convert_file, file_path

from odoo.addons.l10n_pl_ksef_auth.models.res_company import DEFAULTS
from odoo.addons.l10n_pl_ksef_auth.models.session.statement import statement_of
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import write_secrets
from odoo.addons.l10n_pl_ksef_auth.tools.vault import Vault

from .common import KsefCase

SCRIPT = "l10n_pl_ksef_auth/migrations/19.0.1.1.0/post-migration.py"
ACTIVITIES = "l10n_pl_ksef_auth/migrations/19.0.1.3.0/post-activities.py"
MAILS = "l10n_pl_ksef_auth/migrations/19.0.1.2.0/post-alert_mails.py"
NOTICES = "l10n_pl_ksef_auth/migrations/19.0.1.3.0/post-notices.py"
AGREEMENTS = "l10n_pl_ksef_auth/migrations/19.0.1.5.0/post-agreements.py"
VOID_MAIL = "l10n_pl_ksef_auth/migrations/19.0.1.6.0/pre-void_mail.py"
RIGHTS = "l10n_pl_ksef_auth/migrations/19.0.1.3.0/post-rights.py"
NAMES = "l10n_pl_ksef_auth/migrations/19.0.1.3.0/post-texts.py"
OURS = ("l10n_pl_ksef_", "l10n_pl_edi_")
# What version 19.0.1.3.0 had not: tables, and columns of
# tables that have rows.
LATER_TABLES = (
    "l10n_pl_ksef_office",
    "l10n_pl_ksef_grant",
    "l10n_pl_ksef_request",
    "l10n_pl_ksef_request_mail_activity_rel",
    "l10n_pl_ksef_request_token",
    "l10n_pl_ksef_request_token_rel",
    "l10n_pl_ksef_request_guesses",
    "l10n_pl_ksef_link_address",
    "l10n_pl_ksef_availability",
)
LATER_COLUMNS = {
    "res_company": (
        "l10n_pl_ksef_signer_name",
        "l10n_pl_ksef_signer_email",
        "l10n_pl_ksef_signer_asked_at",
        "l10n_pl_ksef_offline",
    ),
    "l10n_pl_ksef_session": (
        "purpose",
        "moved_at",
        "grant_id",
        "office_id",
        "request_id",
        "consent_offline",
        "statement_secret",
    ),
    "l10n_pl_ksef_certificate": ("usage",),
    "l10n_pl_ksef_agreement": ("offline_wanted",),
    "l10n_pl_ksef_audit": ("problem",),
}
ONE_LOGIN = "l10n_pl_ksef_session_one_certificate_login"
# Odoo tells by an index's comment whether it is still the one that is wanted.
INDEX_BEFORE = (
    ONE_LOGIN,
    "(company_id, environment)"
    " WHERE (method = 'certificate' AND state IN ('waiting', 'submitted', 'authorized'))",
)


@tagged("post_install", "-at_install")
class TestUpgrade(KsefCase):
    """What an upgrade changes, and what Odoo does while this addon is not loaded yet."""

    def upgrade(self, script=SCRIPT):
        load_script(file_path(script), "script").migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def action(self):
        return self.env.ref("l10n_pl_ksef_auth.ir_cron_keep_alive")

    def test_one_scheduled_action_is_left(self):
        second = self.action().copy()
        self.env["ir.model.data"].create(
            {
                "module": "l10n_pl_ksef_auth",
                "name": "ir_cron_keep_alive_helper",
                "model": "ir.cron",
                "res_id": second.id,
            }
        )
        orders = second.ir_actions_server_id
        self.upgrade()
        self.assertFalse(second.exists() or orders.exists())
        self.assertTrue(self.action().exists())

    def test_the_scheduled_action_of_an_older_version_works_on(self):
        self.action().model_id = self.env["ir.model"]._get("l10n_pl_ksef.session")
        self.upgrade()
        self.connect()
        self.keep_alive(minutes=1)
        self.assertEqual(self.panel()["state"], "connected")

    def test_alert_mails_get_the_recipient_that_their_template_names(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_alert")
        template.use_default_to = True
        self.upgrade(MAILS)
        self.assertFalse(template.use_default_to)

    def test_who_was_named_or_told_stays_so_now_that_there_may_be_several(self):
        self.connect()
        self.keep_alive(days=5)
        alert = self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)])
        activity = alert.activity_ids
        session = alert.session_id
        activity.write({"res_model_id": self.env["ir.model"]._get_id(session._name)})
        activity.res_id = session.id
        self.env.cr.execute("ALTER TABLE res_company ADD l10n_pl_ksef_responsible_id int")
        self.env.cr.execute("ALTER TABLE l10n_pl_ksef_alert ADD user_id int, ADD activity_id int")
        told = (self.manager.id, self.company.id, self.accountant.id, activity.id, alert.id)
        self.env.cr.execute(
            """
            UPDATE res_company SET l10n_pl_ksef_responsible_id = %s WHERE id = %s;
            UPDATE l10n_pl_ksef_alert SET user_id = %s, activity_id = %s WHERE id = %s;
            DELETE FROM l10n_pl_ksef_alert_res_users_rel
            """,
            told,
        )
        self.upgrade(NOTICES)
        self.assertEqual(self.company.l10n_pl_ksef_responsible_ids, self.manager)
        self.assertEqual((alert.user_ids, alert.activity_ids), (self.accountant, activity))

    def test_a_line_about_the_one_person_of_before_still_names_that_person(self):
        audit = self.env["l10n_pl_ksef.audit"]
        detail = f"environment=test; responsible_id={self.manager.id}"
        audit._record(self.company, "settings", detail=detail)
        self.env.flush_all()
        self.upgrade(NOTICES)
        line = audit.search([("event", "=", "settings")], limit=1)
        self.assertIn(self.manager.name, line.detail_text)

    def test_the_mail_is_written_anew_unless_people_have_edited_it(self):
        template = self.env.ref("l10n_pl_ksef_auth.mail_template_alert")
        template.subject = "Ours"
        self.upgrade(NOTICES)
        self.assertEqual(template.subject, "{{ object.subject }}")
        template.with_user(self.env.ref("base.user_admin")).subject = "Theirs"
        self.upgrade(NOTICES)
        self.assertEqual(template.subject, "Theirs")

    def load_mails(self):
        """Load the mails as each upgrade does: those that are there stay as they are."""
        file = "data/mail_template_data.xml"
        convert_file(self.env, "l10n_pl_ksef_auth", file, None, mode="update")
        self.env.invalidate_all()

    def test_the_mail_for_a_void_request_is_written_anew_unless_people_have_edited_it(self):
        edited = self.env.ref("l10n_pl_ksef_auth.mail_template_request")
        edited.with_user(self.env.ref("base.user_admin")).subject = "Theirs"
        void = self.env.ref("l10n_pl_ksef_auth.mail_template_void")
        void.subject = "The office has changed"
        self.upgrade(VOID_MAIL)
        self.load_mails()
        void = self.env.ref("l10n_pl_ksef_auth.mail_template_void")
        self.assertIn("ksef['changed']", void.subject)
        self.assertEqual(edited.subject, "Theirs")
        void.with_user(self.env.ref("base.user_admin")).subject = "Theirs"
        self.upgrade(VOID_MAIL)
        self.load_mails()
        self.assertEqual(void.subject, "Theirs")

    def test_logins_have_no_chatter_any_more_and_a_reminder_there_is_of_no_record(self):
        session = self.connect()
        self.keep_alive(days=5)
        activity = self.env["l10n_pl_ksef.alert"].search([("closed_at", "=", False)]).activity_ids
        activity.write({"res_model_id": self.env["ir.model"]._get_id(session._name)})
        activity.res_id = session.id
        message = {"model": session._name, "res_id": session.id, "body": "created"}
        self.env["mail.message"].create(message)
        self.env.flush_all()
        self.upgrade(ACTIVITIES)
        self.assertEqual((activity.res_model, activity.res_id), (False, 0))
        self.assertFalse(self.env["mail.message"].search([("model", "=", session._name)]))

    def test_who_had_the_invoicing_role_by_the_right_to_connect_keeps_it(self):
        invoicing = self.env.ref("account.group_account_invoice")
        manage = self.env.ref("l10n_pl_ksef_auth.group_ksef_connection")
        office = self.env["res.groups"].create(
            {"name": "Office", "implied_ids": [Command.link(manage.id)]}
        )
        self.clerk.group_ids = [Command.set(office.ids)]
        archived = self.make_user("ksef_archived", "l10n_pl_ksef_auth.group_ksef_connection")
        archived.active = False
        manage.implied_ids = [Command.link(invoicing.id)]
        users = self.accountant | self.manager | self.clerk | archived
        before = {user: user.all_group_ids for user in users}
        for _time in range(2):
            self.upgrade(RIGHTS)
            self.assertEqual({user: user.all_group_ids for user in users}, before)
        self.assertNotIn(invoicing, manage.all_implied_ids)
        self.assertIn(invoicing, self.accountant.group_ids)

    def test_a_right_that_changed_its_name_has_the_new_one_in_polish_too(self):
        self.env["res.lang"]._activate_lang("pl_PL")
        manage = self.env.ref("l10n_pl_ksef_auth.group_ksef_connection")
        manage.with_context(lang="pl_PL").name = "Połączenie z KSeF"
        self.upgrade(NAMES)
        self.assertEqual(manage.with_context(lang="pl_PL").name, "Zarządzanie")

    def test_an_upgrade_may_be_repeated(self):
        self.upgrade()
        self.upgrade()
        self.assertTrue(self.action().exists())

    def company_made_without_us(self):
        """Insert a company as Odoo does while it does not know of this addon's fields."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'res_company'"
        )
        columns = {name for (name,) in self.env.cr.fetchall()} - {"id", "name"}
        known = [SQL.identifier(name) for name in columns if not name.startswith(OURS)]
        listed = SQL(", ").join(known)
        query = SQL(
            "INSERT INTO res_company (name, %s) SELECT 'Inna', %s FROM res_company WHERE id = %s"
            " RETURNING id",
            listed,
            listed,
            self.company.id,
        )
        return self.env["res.company"].browse(self.env.execute_query(query)[0][0])

    def test_no_mandatory_column_on_a_table_of_odoos_lacks_a_default(self):
        query = r"""
            SELECT table_name, column_name FROM information_schema.columns
             WHERE starts_with(column_name, 'l10n_pl_') AND column_name LIKE '%%ksef%%'
               AND NOT starts_with(table_name, 'l10n_pl_')
               AND is_nullable = 'NO' AND column_default IS NULL
        """
        self.assertEqual(self.env.execute_query(SQL(query)), [])

    def test_a_company_can_be_made_while_this_addon_is_not_loaded(self):
        company = self.company_made_without_us()
        self.assertEqual({name: company[name] for name in DEFAULTS}, DEFAULTS)
        self.assertEqual(company._l10n_pl_ksef_principal(), company)


@tagged("post_install", "-at_install")
class TestUpgradeWithRows(KsefCase):
    """A database in use has its rows in what an upgrade adds, and works on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issues_invoices(cls.company)

    def setUp(self):
        super().setUp()
        # The consents of before named one certificate.
        self.company.l10n_pl_ksef_offline = False
        self.certificate = self.certified()
        self.session = self.company._l10n_pl_ksef_session()
        self.become_old()

    def become_old(self):
        """Make the database as it was before this version's tables and columns; rows stay."""
        for agreed in self.certificate.agreement_ids:
            numbers = self.certificate.id, self.company.id, agreed.digits
            write_secrets(agreed, terms_secret=",".join(map(str, numbers)).encode())
        self.env.flush_all()
        execute = self.env.cr.execute
        for table in LATER_TABLES:
            execute(SQL("DROP TABLE %s CASCADE", SQL.identifier(table)))
        for table, columns in LATER_COLUMNS.items():
            for column in columns:
                names = map(SQL.identifier, (table, column))
                execute(SQL("ALTER TABLE %s DROP COLUMN %s", *names))
        execute(SQL("CREATE UNIQUE INDEX %s ON l10n_pl_ksef_session %s", *map(SQL, INDEX_BEFORE)))
        execute(SQL("COMMENT ON INDEX %s IS %s", SQL(ONE_LOGIN), f"UNIQUE {INDEX_BEFORE[1]}"))
        self.env.invalidate_all()

    def upgrade(self):
        """Have Odoo bring the tables up to this version, as it does before scripts run."""
        ours = [
            name
            for name, model in self.registry.items()
            if model._auto and not model._abstract and name.startswith("l10n_pl_ksef.")
        ]
        context = {"module": "l10n_pl_ksef_auth"}
        names = ["res.company", *ours]
        self.registry.init_models(self.env.cr, names, context, install=False)
        self.env.invalidate_all()
        load_script(file_path(AGREEMENTS), "script").migrate(self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()

    def test_rows_of_before_say_what_they_were(self):
        self.upgrade()
        self.assertEqual((self.session.purpose, self.certificate.usage), ("connect", "login"))
        self.assertEqual(self.session.moved_at, self.session.activated_at)
        self.assertTrue(self.certificate.agreement_ids)
        for agreed in self.certificate.agreement_ids:
            self.assertTrue(agreed._is_genuine())
        self.assertEqual(self.company._l10n_pl_ksef_session(), self.session)
        self.assertEqual(self.company._l10n_pl_ksef_certificate(), self.certificate)
        self.assertEqual(self.panel()["color"], "green")

    def test_what_nobody_agreed_to_is_not_agreed_to_by_the_upgrade(self):
        self.env.cr.execute("UPDATE l10n_pl_ksef_agreement SET digits = '1111111111'")
        self.upgrade()
        self.assertFalse(self.certificate.agreement_ids._is_genuine())

    def check_unreadable(self, table, column):
        """Check that an upgrade goes on past what a key encrypted that is not here any more."""
        unreadable = Vault([os.urandom(32)]).encrypt(b"x", "")
        names = map(SQL.identifier, (table, column))
        self.env.cr.execute(SQL("UPDATE %s SET %s = %s", *names, unreadable))
        self.upgrade()
        self.assertTrue(statement_of(self.session))

    def test_an_agreement_that_cannot_be_read_keeps_nothing_else_from_the_upgrade(self):
        self.check_unreadable("l10n_pl_ksef_agreement", "terms_secret")

    def test_a_certificate_that_cannot_be_read_keeps_nothing_else_from_the_upgrade(self):
        self.check_unreadable("l10n_pl_ksef_certificate", "certificate_secret")

    def test_a_certificate_that_is_being_issued_is_agreed_to_once_it_is_stored(self):
        stored = self.certificate.certificate_secret
        self.env.cr.execute("UPDATE l10n_pl_ksef_certificate SET certificate_secret = NULL")
        self.upgrade()
        self.certificate.certificate_secret = stored
        self.assertTrue(self.certificate.agreement_ids._is_genuine())

    def test_what_a_file_was_signed_for_is_kept_that_waits_to_be_sent(self):
        self.env.cr.execute(
            "UPDATE l10n_pl_ksef_session SET state = 'waiting', document_secret = 'x'"
        )
        self.upgrade()
        self.assertEqual(statement_of(self.session).consent, "once")

    def test_a_consent_of_later_brings_a_certificate_that_logs_in(self):
        """Who was connected without a certificate before agrees by that signature."""
        self.upgrade()
        with self.confirmed():
            self.certificate._revoke(self.company, "Unspecified")
        self.certificate.unlink()
        self.session.write({"consent_at": False, "consent_offline": False})
        issued = self.env["l10n_pl_ksef.certificate"]._issue_with_consent(self.company, False)
        self.assertFalse(issued)
        self.settle()
        certificate = self.company._l10n_pl_ksef_certificate()
        self.assertEqual(certificate.agreement_ids.mapped("how"), ["signature"])
        self.assertTrue(certificate.agreement_ids._is_genuine())

    def test_no_row_lacks_what_is_mandatory_now(self):
        self.upgrade()
        for name in ("res.company", "l10n_pl_ksef.session", "l10n_pl_ksef.certificate"):
            model = self.env[name]
            columns = [one.name for one in model._fields.values() if one.required and one.store]
            for column in columns:
                with self.subTest(name, column=column):
                    query = SQL(
                        "SELECT count(*) FROM %s WHERE %s IS NULL",
                        SQL.identifier(model._table),
                        SQL.identifier(column),
                    )
                    self.assertEqual(self.env.execute_query(query), [(0,)])

    def test_the_connection_is_renewed_and_no_second_certificate_comes_without_a_consent(self):
        self.upgrade()
        with self.counted("enroll") as applications, self.counted("xades-signature") as logins:
            self.let_days_pass(8)
        self.assertEqual((applications["calls"], logins["calls"] > 0), (0, True))
        self.assertEqual(self.panel()["offline"]["state"], "asks")
        self.assertTrue(self.company.l10n_pl_ksef_access_token())

    def test_a_login_for_one_task_may_stand_beside_the_one_that_connects(self):
        self.upgrade()
        query = SQL("SELECT indexdef FROM pg_indexes WHERE indexname = %s", ONE_LOGIN)
        self.assertIn("(company_id, environment, purpose)", self.env.execute_query(query)[0][0])

    def test_it_may_be_repeated(self):
        self.upgrade()
        self.upgrade()
        self.assertEqual(self.panel()["color"], "green")
