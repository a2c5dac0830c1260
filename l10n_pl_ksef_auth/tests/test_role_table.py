from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret

from .role_case import ADMINISTRATORS, ROLES, RoleCase

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
MAY_CREATE = {
    "l10n_pl_ksef.office.setup": ("manager", "accountant", "connector", "other"),
    "l10n_pl_ksef.link.address.change": ADMINISTRATORS,
    "l10n_pl_ksef.company.users": ADMINISTRATORS,
}
# Editors of mail templates write code that Odoo runs when it renders a mail; what such code might
# call is tried in test_typed_code.py.
TEMPLATES = ("{{ object.%(field)s }}", "{{ '{0.%(field)s}'.format(object) }}")


@tagged("post_install", "-at_install")
class TestRoleTable(RoleCase):
    """No role reaches a secret of any model in any way, and each may do only what it should."""

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
