from contextlib import suppress
from html import unescape
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.base.models.ir_model import make_compute
from odoo.addons.l10n_pl_ksef_auth.models.vault import guard
from odoo.addons.l10n_pl_ksef_auth.models.vault.guard import door
from odoo.addons.l10n_pl_ksef_auth.models.vault.vault import read_secret, sources
from odoo.addons.l10n_pl_ksef_auth.tools import vault
from odoo.addons.l10n_pl_ksef_auth.wizard import confirmation

from .common import KsefCase
from .typed_code import look_down, look_up

# Expressions by which typed code has reached a secret or a client, or would without the guard.
# ENV is the environment, SESSION a login and CERTIFICATE a certificate, as superuser.
WAYS = (
    "SESSION._stored_token()",
    "SESSION._shared_token()",
    "SESSION._live_token()",
    "SESSION._errand_token()",
    "SESSION._token_if_good()",
    "SESSION._due_token(SESSION.company_id, SESSION._now() - SESSION._now())",
    "CERTIFICATE._token()",
    "CERTIFICATE._signing_material()",
    "SESSION.company_id.l10n_pl_ksef_access_token()",
    "SESSION.company_id.l10n_pl_ksef_api().request('GET', '/auth/sessions')",
    "SESSION.company_id.l10n_pl_ksef_certificate_link(SESSION.company_id.vat, b'0' * 32)",
    "SESSION.company_id._l10n_pl_ksef_client()",
    "SESSION._client()",
    "SESSION.mapped(lambda one: one._stored_token())",
    "SESSION.mapped(ENV.registry['l10n_pl_ksef.session']._stored_token)",
    "SESSION.company_id.mapped(ENV.registry['res.company'].l10n_pl_ksef_access_token)",
    "ENV['l10n_pl_ksef.account.actions']._or_user_error(SESSION._stored_token)",
    "ENV['l10n_pl_ksef.account.actions']._or_user_error(CERTIFICATE._signing_material)",
    "ENV['l10n_pl_ksef.confirmation'].sudo().create("
    '{"request": REQUEST, "phrase": "x", "typed": "x"}).action_confirm()',
)
# What needs no guard: there is nothing to be found.
BESIDE = (
    "SESSION.company_id.l10n_pl_ksef_diagnose()",
    "SESSION.company_id.l10n_pl_ksef_account_at_ksef()",
    "SESSION._request_document()",
    "'{0.env.cr.cache} {0.env.transaction}'.format(SESSION)",
    "'{0._stored_token.__func__.__globals__}'.format(SESSION)",
    "'{0._stored_token.__func__.__globals__[read_secret].__globals__[tools].config.options}'"
    ".format(SESSION)",
    "'{0._stored_token.__func__.__globals__[read_secret].__globals__[os].environ}'.format(SESSION)",
)
# How the link of code II begins, which is signed with the key.
SIGNED = "qr-test.ksef.mf.gov.pl/certificate"
REQUEST = '["l10n_pl_ksef.session", [%s], "_stored_token", [], {}]'
STORE = "ENV['res.partner'].sudo().browse(%s).write({'ref': str(%s)})"


@tagged("post_install", "-at_install")
class TestTypedCode(KsefCase):
    """Code that was typed into Odoo gets no token, no key and no document, wherever it is typed."""

    def begin(self):
        self.issues_invoices(self.company)
        self.certified()

    def setUp(self):
        super().setUp()
        self.certificate = self.company._l10n_pl_ksef_certificate()
        self.session = self.company._l10n_pl_ksef_session()
        self.note = self.env["res.partner"].create({"name": "x"})
        # What keeps a window open that asks for confirmation, and outlives the test's own request.
        self.browser = SimpleNamespace(session={})

    # ------------------------------------------------------------------
    # The role table, in every evaluator
    # ------------------------------------------------------------------
    @mute_logger(
        "odoo.addons.base.models.ir_rule",
        "odoo.addons.base.models.ir_actions",
        "odoo.addons.base.models.ir_cron",
        "odoo.addons.mail.models.mail_render_mixin",
        "odoo.addons.mail.models.mail_template",
    )
    def test_no_way_is_open_in_any_language_that_odoo_evaluates(self):
        evaluators = [getattr(self, name) for name in dir(self) if name.startswith("in_")]
        traces = self.traces()
        for evaluate in evaluators:
            # A way that is open shows itself here: the evaluator does run what is typed.
            self.assertIn("2099", self.answer(evaluate, "99 + 2000"), evaluate.__name__)
            for way in (*WAYS, *BESIDE):
                with self.subTest(evaluator=evaluate.__name__, way=way):
                    self.assertFalse(self.found(traces, evaluate, way))
        ways = len(WAYS) + len(BESIDE)
        self.figures(f"typed_code: {len(evaluators)} evaluators × {ways} ways, 0 open")

    def test_each_way_leads_somewhere_where_nobody_looks_at_who_calls(self):
        """Show that the table above could fail: its ways are open without the guard."""
        traces = self.traces()
        with (
            patch.object(guard, "_is_typed", return_value=False),
            patch.object(guard, "_names", return_value=True),
            patch.object(confirmation, "getattr", self.any_method, create=True),
        ):
            closed = [way for way in WAYS if not self.found(traces, self.in_a_server_action, way)]
        self.assertFalse(closed)

    def any_method(self, *_whose):
        return self.session._stored_token

    def found(self, traces, evaluate, way):
        """Return what of the secrets a way brings in an evaluator."""
        answer = self.answer(evaluate, way)
        return [trace for trace in traces if trace in answer]

    def answer(self, evaluate, way):
        """Return what a way brings in an evaluator; nothing if it is refused."""
        self.env.invalidate_all()
        self.note.ref = False
        with (
            suppress(Exception),
            self.env.cr.savepoint(),
            self.confirmed(),
            patch.object(confirmation, "request", self.browser),
        ):
            return unescape(f"{evaluate(way)} {self.note.ref}")
        return ""

    def traces(self):
        """Return the texts by which an answer would betray a secret."""
        secrets = [
            read_secret(record, name)
            for record in (self.session, self.certificate)
            for name in record._secret_fields()
            if record[name]
        ]
        keys = sources(self.env)["file"].read_text("ascii").split()
        secrets += vault.parse_keys(" ".join(keys))
        texts = [text for secret in secrets for text in (repr(secret)[-40:-1], secret.hex()[:40])]
        return [*texts, *(key[:30] for key in keys), "KsefClient", "Answer(", SIGNED]

    def typed(self, way, env):
        """Return an expression in an evaluator's own words."""
        way = way.replace("REQUEST", repr(REQUEST % self.session.id))
        for word, record in (("SESSION", self.session), ("CERTIFICATE", self.certificate)):
            way = way.replace(word, f"ENV['{record._name}'].sudo().browse({record.id})")
        return way.replace("ENV", env)

    def stored(self, way, env):
        """Return an expression that writes down what another one brings."""
        return self.typed(STORE % (self.note.id, way), env)

    def action(self, model="res.partner", **values):
        return self.env["ir.actions.server"].create(
            {"name": "x", "model_id": self.env["ir.model"]._get_id(model), **values}
        )

    def in_a_server_action(self, way):
        code = f"action = {{'type': 'x', 'help': str({self.typed(way, 'env')})}}"
        return self.action(state="code", code=code).run()["help"]

    def in_the_value_of_a_server_action(self, way):
        action = self.action(
            state="object_write",
            evaluation_type="equation",
            update_path="ref",
            value=f"str({self.typed(way, 'env')})",
        )
        return action.with_context(active_model="res.partner", active_id=self.note.id).run()

    def in_a_scheduled_action(self, way):
        cron = self.env["ir.cron"].create(
            {
                "name": "x",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": self.stored(way, "env"),
            }
        )
        return cron.ir_actions_server_id.run()

    def in_a_computed_field(self, way):
        make_compute(f"for record in self: {self.stored(way, 'self.env')}", "")(self.note)

    def in_a_record_rule(self, way):
        rule = self.env["ir.rule"].create(
            {"name": "x", "model_id": self.env["ir.model"]._get_id("res.country.group")}
        )
        domain = f"[('id', '!=', {self.stored(way, 'user.env')} and 0)]"
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_rule SET domain_force = %s WHERE id = %s", [domain, rule.id])
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return self.env["res.country.group"].with_user(self.manager).search([])

    def report(self, model, **values):
        values |= {"name": "x", "model": model, "report_name": "x.x"}
        return self.env["ir.actions.report"].create(values)

    def in_the_name_of_a_reports_file(self, way):
        report = self.report("res.partner", attachment=f"str({self.typed(way, 'object.env')})")
        with suppress(AttributeError):
            report.retrieve_attachment(self.note)
        return safe_eval(report.attachment, {"object": self.note})

    def in_the_name_of_a_printed_invoice(self, way):
        name = f"str({self.typed(way, 'object.env')})"
        report = self.report("account.move", print_report_name=name)
        move = self.env["account.move"].create({"move_type": "entry"})
        return move._get_invoice_report_filename(report=report)

    def mail(self, way, **fields):
        (name, text), *_others = fields.items()
        values = {"name": "x", "model_id": self.env["ir.model"]._get_id("res.partner")}
        template = self.env["mail.template"].create({**values, name: text})
        return template._render_field(name, self.note.ids)[self.note.id]

    def in_the_subject_of_a_mail(self, way):
        return self.mail(way, subject="{{ " + self.typed(way, "object.env") + " }}")

    def in_the_body_of_a_mail(self, way):
        return self.mail(way, body_html=self.tag(self.typed(way, "object.env")))

    def in_a_page(self, way):
        return self.page(f"<t t-name='x'>{self.tag(self.typed(way, 'env'))}</t>")

    def in_an_attribute_of_a_page(self, way):
        quoted = self.typed(way, "env").replace("<", "&lt;").replace('"', "&quot;")
        return self.page(f"<t t-name='x'><p t-att-title=\"str({quoted})\"/></t>")

    def tag(self, expression):
        quoted = expression.replace("<", "&lt;").replace('"', "&quot;")
        return f'<p><t t-out="str({quoted})"/></p>'

    def page(self, arch):
        view = self.env["ir.ui.view"].create({"type": "qweb", "arch": arch, "key": "x.x"})
        return self.env["ir.qweb"]._render(view.id, {"env": self.env})

    # ------------------------------------------------------------------
    # What lies around
    # ------------------------------------------------------------------
    def test_an_automation_rule_finds_no_token_in_the_hands_of_whoever_called_it(self):
        self.seen, self.secrets = [], set()
        encrypt = vault.Vault.encrypt

        def noting(box, plain, context):
            if "document" not in context:
                self.secrets.add(repr(plain)[-40:-1])
            return encrypt(box, plain, context)

        with patch.object(vault.Vault, "encrypt", noting), self.automation_rules():
            self.connect(consent=True)
            self.settle(days=5)
            self.disconnect()
        self.assertGreater(len(self.secrets), 6)
        self.assertTrue(any("self" in text for text in self.seen))
        found = [text[:200] for text in self.seen if any(one in text for one in self.secrets)]
        self.assertFalse(found)

    def automation_rules(self):
        """Run typed code whenever a session or certificate is written."""
        write = self.registry["l10n_pl_ksef.step.mixin"].write

        def observed(records, vals):
            result = write(records, vals)
            self.seen += look_up()
            return result

        return patch.object(self.registry["l10n_pl_ksef.step.mixin"], "write", observed)

    def test_what_fails_behind_a_door_keeps_nothing_of_what_it_held(self):
        def work():
            token = "".join(("ge", "heim"))
            raise ValueError(len(token))

        for way, shows in ((work, True), (door(work), False)):
            seen = look_down(way)
            self.assertTrue(seen)
            self.assertEqual("geheim" in str(seen), shows)

    def test_a_method_that_typed_code_handed_to_somebody_opens_nothing(self):
        # Here the code of unittest calls what it was given, and does not know what that is.
        for handed in (self.session._stored_token, self.company.l10n_pl_ksef_access_token):
            with self.subTest(handed):
                self.assertRaises(AccessError, handed)
