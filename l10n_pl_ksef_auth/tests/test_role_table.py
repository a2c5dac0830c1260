from inspect import isfunction, signature
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.models import BaseModel
from odoo.service.model import get_public_method
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.models.request.address import set_link_address
from odoo.addons.l10n_pl_ksef_auth.models.request.token import new_link
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret
from odoo.addons.l10n_pl_ksef_auth.screens import office as office_screen

from .common import KsefCase

# Roles by the groups that Odoo gives them; "other" is an accountant of another company.
ROLES = {
    "administrator": "base.group_system,base.group_erp_manager",
    "watching administrator": "base.group_system,l10n_pl_ksef_auth.group_ksef_see",
    "manager": "account.group_account_manager",
    "accountant": "account.group_account_invoice,l10n_pl_ksef_auth.group_ksef_connection",
    "connector": "l10n_pl_ksef_auth.group_ksef_connection",
    "clerk": "account.group_account_invoice",
    "auditor": "account.group_account_readonly",
    "employee": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
    "other": "l10n_pl_ksef_auth.group_ksef_connection",
}
OUTSIDE = ("portal", "public")
# Odoo's own groups that would open a door if one were unlocked.
EXTRA = "base.group_allow_export,mail.group_mail_template_editor"
LOOKING = ("read", "search", "group", "export", "web_read", "report")
CHANGING = ("write", "create", "unlink", "mail")
MODELS = {
    "l10n_pl_ksef.session": "state",
    "l10n_pl_ksef.certificate": "name",
    "l10n_pl_ksef.agreement": "digits",
    "l10n_pl_ksef.office": "name",
    "l10n_pl_ksef.grant": "to_whom",
    "l10n_pl_ksef.audit": "event",
    "l10n_pl_ksef.alert": "reason",
    "l10n_pl_ksef.availability": "state",
    "l10n_pl_ksef.authorization": "step",
    "l10n_pl_ksef.unlock": "code",
    "l10n_pl_ksef.confirmation": "phrase",
    "l10n_pl_ksef.overview": "name",
    "l10n_pl_ksef.batch": "kind",
    "l10n_pl_ksef.batch.line": "number",
    "l10n_pl_ksef.office.setup": "company_name",
    "l10n_pl_ksef.request": "state",
    "l10n_pl_ksef.request.token": "kind",
    "l10n_pl_ksef.request.guesses": "count",
    "l10n_pl_ksef.link.address": "create_date",
    "l10n_pl_ksef.link.address.change": "privacy",
    "l10n_pl_ksef.company.users": "company_ids",
}
BOOKS = (
    "l10n_pl_ksef.session",
    "l10n_pl_ksef.certificate",
    "l10n_pl_ksef.audit",
    "l10n_pl_ksef.overview",
)
ALERTS = (
    *BOOKS,
    "l10n_pl_ksef.alert",
    "l10n_pl_ksef.agreement",
    "l10n_pl_ksef.office",
    "l10n_pl_ksef.grant",
    "l10n_pl_ksef.request",
)
# Who may read which model, besides their own windows; nobody may write by the ORM.
MAY_LOOK = {
    **dict.fromkeys(("manager", "accountant", "connector"), ALERTS),
    **dict.fromkeys(("watching administrator", "clerk", "auditor"), BOOKS),
}
# What is typed into a window is nothing until its button asks for the password.
ADMINISTRATORS = ("administrator", "watching administrator")
MAY_CREATE = {
    "l10n_pl_ksef.office.setup": ("manager", "accountant", "connector", "other"),
    "l10n_pl_ksef.link.address.change": ADMINISTRATORS,
    "l10n_pl_ksef.company.users": ADMINISTRATORS,
}
# Who works in the company and manages its connection.
CONNECTORS = ("manager", "accountant", "connector")
# Of a model's methods, who may call each; refusals for another reason than who asks count as yes.
CALLS = {
    "res.company": {
        "l10n_pl_ksef_renew_certificate": ("0000",),
        "l10n_pl_ksef_terms_of_renewal": ("0000",),
        "l10n_pl_ksef_take_over": (),
        "l10n_pl_ksef_agree": ({},),
        "l10n_pl_ksef_ask_for_rights": (),
        "l10n_pl_ksef_account": (),
        "l10n_pl_ksef_issue_offline": (),
        "l10n_pl_ksef_diagnosis": (),
        "l10n_pl_ksef_requests": (),
        "l10n_pl_ksef_ask": ({"signer_name": "Jan", "by": "link"},),
        "l10n_pl_ksef_link": (0,),
        "l10n_pl_ksef_write_again": (0,),
        "l10n_pl_ksef_revoke_request": (0,),
    },
    "l10n_pl_ksef.grant": {
        "action_sign": (),
        "action_take_back": (),
        "action_accept": (),
        "action_end_service": (),
    },
    "l10n_pl_ksef.office": {"action_ask": (), "action_check": ()},
}
# What asks for more than managing the connection; the office's button asks the user's own company.
CALLERS = {"action_accept": ("manager",), "action_ask": (*CONNECTORS, "other")}
# Editors of mail templates write code that Odoo runs when it renders a mail; what such code might
# call is tried in test_typed_code.py.
TEMPLATES = ("{{ object.%(field)s }}", "{{ '{0.%(field)s}'.format(object) }}")


@tagged("post_install", "-at_install")
class TestRoleTable(KsefCase):
    """No role reaches a secret of any model in any way, and each may do only what it should."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger_company = cls.make_company("Obca Sp. z o.o.", "1111111111")
        cls.users = {role: cls.make_role(role, groups) for role, groups in ROLES.items()}

    @classmethod
    def make_role(cls, role, groups):
        company = cls.stranger_company if role == "other" else cls.company
        return new_test_user(
            cls.env,
            f"role_{role}".replace(" ", "_"),
            groups=groups if role in OUTSIDE else f"{groups},{EXTRA}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def begin(self):
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.session = self.company._l10n_pl_ksef_session()
        window = self.open_window(self.manager)
        self.attach(window, self.downloaded(window))
        make = {"company_id": self.company.id, "code": "copy_moved"}
        batch = {"kind": "connect", "line_ids": [Command.create({"company_id": self.company.id})]}
        batch = self.env["l10n_pl_ksef.batch"].create(batch)
        alert = {"company_id": self.company.id, "environment": "test", "reason": "login"}
        office = self.make_office()
        self.records = {
            "l10n_pl_ksef.office": office,
            "l10n_pl_ksef.grant": self.env["l10n_pl_ksef.grant"]._create_for(
                office, self.company, "asked"
            ),
            "l10n_pl_ksef.office.setup": self.env["l10n_pl_ksef.office.setup"].create(
                {"company_name": "Biuro"}
            ),
            "l10n_pl_ksef.session": self.session,
            "l10n_pl_ksef.certificate": self.certificate,
            "l10n_pl_ksef.agreement": self.certificate.agreement_ids,
            "l10n_pl_ksef.audit": self.env["l10n_pl_ksef.audit"].search([], limit=1),
            "l10n_pl_ksef.alert": self.env["l10n_pl_ksef.alert"].create(alert),
            "l10n_pl_ksef.availability": self.env["l10n_pl_ksef.availability"].create(
                {"state": "available", "asked_at": self.session._now()}
            ),
            "l10n_pl_ksef.authorization": window.sudo(),
            "l10n_pl_ksef.unlock": self.env["l10n_pl_ksef.unlock"].create(make),
            "l10n_pl_ksef.confirmation": self.env["l10n_pl_ksef.confirmation"].create(
                {"request": "[]", "phrase": "x"}
            ),
            "l10n_pl_ksef.overview": self.env["l10n_pl_ksef.overview"].browse(self.company.id),
            "l10n_pl_ksef.batch": batch,
            "l10n_pl_ksef.batch.line": batch.line_ids,
            "l10n_pl_ksef.company.users": self.env["l10n_pl_ksef.company.users"].create({}),
            **self.make_request(),
        }

    def make_request(self):
        """Ask somebody for a signature, and return what is kept of it and of its link."""
        set_link_address(self.env, "https://odoo.firma.pl", "")
        asked = {"signer_name": "Jan", "by": "link"}
        request = self.env["l10n_pl_ksef.request"]._ask(self.company, asked)
        guesses = self.env["l10n_pl_ksef.request.guesses"]
        guesses._count("1.1.1.1", request._now())
        return {
            "l10n_pl_ksef.request": request,
            "l10n_pl_ksef.request.token": new_link(request, "copy")[1],
            "l10n_pl_ksef.request.guesses": guesses.search([], limit=1),
            "l10n_pl_ksef.link.address": self.env["l10n_pl_ksef.link.address"].search([]),
            "l10n_pl_ksef.link.address.change": self.env["l10n_pl_ksef.link.address.change"].create(
                {}
            ),
        }

    def make_office(self):
        """Make the company's certificate an office's, so that there is what it is known by."""
        offices = self.env["l10n_pl_ksef.office"]
        self.assertFalse(offices._establish(self.company, self.certificate, self.company.name))
        return offices._of_environment(self.company)

    # ------------------------------------------------------------------
    # The proofs
    # ------------------------------------------------------------------
    def test_role_table(self):
        """Check what each role may do with each model; company B sees nothing of company A."""
        cells = allowed = 0
        for role, user in self.users.items():
            for model, record in self.records.items():
                for operation in LOOKING + CHANGING:
                    expected = operation in LOOKING and model in MAY_LOOK.get(role, ())
                    expected |= operation == "create" and role in MAY_CREATE.get(model, ())
                    with self.subTest(role=role, model=model, operation=operation):
                        self.assertEqual(self.can(operation, record, user), expected)
                    cells += 1
                    allowed += expected
        self.assert_no_way_to_a_secret()
        self.figures(
            f"role_table: {len(ROLES)} roles × {len(MODELS)} models × "
            f"{len(LOOKING + CHANGING)} operations = {cells} cells, {allowed} allowed, as stated; "
            f"{self.ways} ways to {self.secret_count} secrets tried, 0 open"
        )

    def test_who_sees_the_state(self):
        """Check who may call for the panel, and that it offers a button to nobody else."""
        for role, user in self.users.items():
            with self.subTest(role=role):
                self.assertEqual(self.may_call(user, "l10n_pl_ksef_panel", ()), role in MAY_LOOK)
                if role in MAY_LOOK:
                    manages = MAY_LOOK[role] == ALERTS
                    self.assertEqual(self.panel(user)["can_connect"], manages)

    def test_who_manages_the_connection(self):
        """Check who may call what the screens call; one is another company's accountant."""
        records = {"res.company": self.company, **self.records}
        with patch.object(office_screen, "PATIENCE", 0):
            for role, user in self.users.items():
                for model, calls in CALLS.items():
                    for method, args in calls.items():
                        with self.subTest(role=role, method=method), self.confirmed():
                            expected = role in CALLERS.get(method, CONNECTORS)
                            called = self.may_call(user, method, args, records[model])
                            self.assertEqual(called, expected)

    def test_who_sets_the_office_and_where_links_point(self):
        """Check who may use the windows in which one person decides for all."""
        windows = {
            "l10n_pl_ksef.office.setup": (
                "action_set",
                {"company_name": "Biuro"},
                (*CONNECTORS, "other"),
            ),
            "l10n_pl_ksef.link.address.change": (
                "action_save",
                {"address": "http://no.where"},
                ADMINISTRATORS,
            ),
            "l10n_pl_ksef.company.users": ("action_give", {"user_ids": []}, ADMINISTRATORS),
        }
        for role, user in self.users.items():
            for model, (method, values, who) in windows.items():
                with self.subTest(role=role, model=model), self.confirmed():
                    window = self.env[model].with_user(user).with_company(user.company_id)
                    self.assertEqual(self.may_use(window, values, method), role in who)

    def may_use(self, window, values, method):
        """Return True if a user may fill a window in and press its button."""
        try:
            return self.may_call(window.env.user, method, (), window.create(values))
        except AccessError:
            return False

    def test_nobody_calls_what_is_no_screens(self):
        """Check over RPC: private methods are nobody's, and outsiders get nothing of the others."""
        outside = [self.users[role] for role in (*OUTSIDE, "employee")]
        count = 0
        for record, name in self.own_methods():
            with self.subTest(model=record._name, method=name), self.confirmed():
                if name.startswith("_"):
                    with self.assertRaises(AccessError):
                        get_public_method(record, name)
                else:
                    for user in outside:
                        self.assertFalse(self.gets_something(user, record, name))
            count += 1
        self.assertGreater(count, 300)
        self.figures(f"role_table: {count} methods of our models tried over RPC, as stated")

    def own_methods(self):
        """Yield a record and the name of each method that our addons define, of all models."""
        records = {"res.company": self.company, **self.records}
        for name, model in self.registry.items():
            if name != "res.company" and not name.startswith("l10n_pl_ksef."):
                continue
            ours = {
                method
                for kind in model.__mro__
                if kind.__module__.startswith("odoo.addons.l10n_pl_ksef_auth")
                for method, value in vars(kind).items()
                # Of the ORM's own the table above tells; anybody may give the own password.
                if isfunction(value)
                and not hasattr(BaseModel, method)
                and method != "l10n_pl_ksef_confirm"
            }
            for method in sorted(ours):
                yield records.get(name, self.env[name]), method

    def gets_something(self, user, record, name):
        """Return True if a user who calls a public method is not refused."""
        try:
            method = get_public_method(record.with_user(user), name)
        except AccessError:
            return False
        needed = [
            one
            for one in list(signature(method).parameters.values())[1:]
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        return self.may_call(user, name, [[] for _one in needed], record)

    def may_call(self, user, method, args, record=None):
        record = self.company if record is None else record
        self.env.invalidate_all()
        try:
            getattr(record.with_user(user), method)(*args)
        except AccessError:
            return False
        except UserError:
            # Refused for what is the matter, not for who asks.
            return True
        return True

    def assert_no_way_to_a_secret(self):
        self.ways = self.secret_count = 0
        for record in self.records.values():
            for name, field in record._fields.items():
                if field.groups == fields.NO_ACCESS:
                    self.secret_count += 1
                    self.assert_secret_is_closed(record, name)

    def assert_secret_is_closed(self, record, name):
        traces = self.traces(record, name)
        for role, user in self.users.items():
            for way in (
                self.read_it,
                self.search_it,
                self.group_it,
                self.export_it,
                self.order_it,
                self.web_read_it,
                self.web_search_read_it,
                self.filter_it,
                self.write_it,
                self.report_it,
                self.download_it,
                self.describe_it,
            ):
                with self.subTest(role=role, record=record, field=name, way=way.__name__):
                    self.assertTrue(self.is_closed(way, record, name, user, traces))
                self.ways += 1
            for template in TEMPLATES:
                with self.subTest(role=role, record=record, field=name, way=template):
                    self.assertTrue(
                        self.is_closed(self.mail_it, record, name, user, traces, template)
                    )
                self.ways += 1

    @mute_logger(
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_access",
        "odoo.addons.mail.models.mail_render_mixin",
        "odoo.addons.mail.models.mail_template",
        "odoo.models",
        "odoo.orm.models",
    )
    def is_closed(self, way, record, name, user, traces, *more):
        """Return True if a way is refused, or its answer shows nothing of the secret."""
        self.env.invalidate_all()
        try:
            answer = way(record.with_user(user), name, *more)
        except (AccessError, UserError, ValueError, KeyError):
            return True
        return not any(trace in str(answer) for trace in traces)

    def traces(self, record, name):
        """Return the texts by which an answer would betray a secret, encrypted or not."""
        if not record[name]:
            return ["AESGCM"]
        plain = read_secret(record, name) if name.endswith("_secret") else record[name].encode()
        return ["AESGCM", record[name], repr(plain)[2:60], plain.hex()[:60]]

    @mute_logger(
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_model",
        "odoo.addons.base.models.ir_access",
        "odoo.models",
        "odoo.orm.models",
    )
    def can(self, operation, record, user):
        self.env.invalidate_all()
        try:
            # A savepoint: an operation that is wrongly allowed must not change the next cell.
            with self.env.cr.savepoint() as savepoint:
                result = bool(getattr(self, f"do_{operation}")(record.with_user(user), record))
                savepoint.rollback()
            return result
        except (AccessError, UserError):
            return False

    # ------------------------------------------------------------------
    # Operations on what is no secret
    # ------------------------------------------------------------------
    def do_read(self, record, _original):
        return record.read([MODELS[record._name]])

    def do_search(self, record, _original):
        return record.search([("id", "=", record.id)])

    def do_group(self, record, _original):
        field = MODELS[record._name]
        return record.formatted_read_group([("id", "=", record.id)], [field], ["__count"])

    def do_export(self, record, _original):
        return record.export_data([".id", MODELS[record._name]])["datas"]

    def do_web_read(self, record, _original):
        return record.web_read({MODELS[record._name]: {}})

    def do_report(self, record, _original):
        view = self.template('<t t-out="doc[field]"/>')
        values = {"doc": record, "field": MODELS[record._name]}
        return record.env["ir.qweb"]._render(view.id, values)

    def do_write(self, record, original):
        field = MODELS[record._name]
        record.write({field: original[field]})
        return True

    def do_create(self, record, original):
        return record.create({"company_id": self.company.id} if "company_id" in record else {})

    def do_unlink(self, record, _original):
        return record.unlink()

    def do_mail(self, record, _original):
        return hasattr(record, "message_post") and record.message_post(body="x")

    # ------------------------------------------------------------------
    # Ways to a secret
    # ------------------------------------------------------------------
    def read_it(self, record, name):
        return record.read([name])

    def search_it(self, record, name):
        return record.search([(name, "=like", "v2:%"), ("id", "=", record.id)])

    def group_it(self, record, name):
        return record.formatted_read_group([], [name], ["__count"])

    def export_it(self, record, name):
        return record.export_data([name])

    def order_it(self, record, name):
        return record.search([], order=f"{name} desc")

    def web_read_it(self, record, name):
        return record.web_read({name: {}})

    def web_search_read_it(self, record, name):
        return record.web_search_read([("id", "=", record.id)], {name: {}})

    def filter_it(self, record, name):
        return record.filtered_domain([(name, "=like", "v2:%")])

    def write_it(self, record, name):
        return record.write({name: "x"})

    def describe_it(self, record, name):
        return name in record.fields_get() and record[name]

    def report_it(self, record, name):
        view = self.template('<t t-out="doc[field]"/>')
        return record.env["ir.qweb"]._render(view.id, {"doc": record, "field": name})

    def mail_it(self, record, name, template):
        """Write a mail template as the user, and render it."""
        body = template % {"field": name}
        mail = record.env["mail.template"].create(
            {"name": "x", "model_id": self.env["ir.model"]._get_id(record._name), "subject": body}
        )
        return mail._render_field("subject", record.ids)[record.id]

    def download_it(self, record, name):
        """Fetch the field as /web/content serves it."""
        binary = record.env["ir.binary"]
        found = binary._find_record(res_model=record._name, res_id=record.id, field=name)
        return binary._get_stream_from(found, name).read()

    def template(self, body):
        return self.env["ir.ui.view"].create(
            {"type": "qweb", "arch": f"<t t-name='x'>{body}</t>", "key": "x.x"}
        )
