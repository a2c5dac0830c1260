import base64
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL, config, mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.l10n_pl_ksef_auth.controllers import signing
from odoo.addons.l10n_pl_ksef_auth.models.request.address import link_address
from odoo.addons.l10n_pl_ksef_auth.tools import signing_link

from .common import OWNER, sign
from .own_database import OwnDatabaseCase
from .signers import ACTIONS, EMAIL, SIGNER, SignerCase

try:
    from stack.mailbox import Mailbox
except ImportError:
    Mailbox = None

GONE = {"error": "gone"}
XXE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>"""


@tagged("post_install", "-at_install")
class TestPublicPage(SignerCase):
    """The page without a login: whoever comes without the link's token gets nothing."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.asked()

    def test_the_page_is_the_same_for_everybody_and_opening_it_changes_nothing(self):
        before = self.rows()
        pages = {self.url_open(path).text for path in ("/ksef/podpis", "/ksef/podpis?a=b")}
        self.assertEqual(len(pages), 1)
        page = pages.pop()
        for secret in (self.company.name, SIGNER, EMAIL, self.token, "web.assets"):
            self.assertNotIn(secret, page)
        self.assertEqual(self.rows(), before)
        self.assertFalse(self.request.opened_at)

    def test_each_answer_forbids_framing_indexing_and_caching_and_sets_no_cookie(self):
        self.opener.cookies.clear()
        responses = [
            self.url_open("/ksef/podpis"),
            self.post_to_page("open", {"token": self.token}),
            self.post_to_page("open", {"token": "x"}),
        ]
        for response in responses:
            self.assertEqual(response.headers["X-Frame-Options"], "DENY")
            self.assertIn("frame-ancestors 'none'", response.headers["Content-Security-Policy"])
            self.assertIn("noindex", response.headers["X-Robots-Tag"])
            self.assertEqual(response.headers["Cache-Control"], "no-store")
            self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
            self.assertNotIn("Access-Control-Allow-Origin", response.headers)
            self.assertNotIn("session_id", response.headers.get("Set-Cookie", ""))

    def test_wrong_outdated_and_revoked_links_get_one_answer(self):
        _outdated, outdated = self.asked(signer_name="Jan", hours=1)
        revoked, revokeds = self.asked(signer_name="Ewa")
        self.company.with_user(self.accountant).l10n_pl_ksef_revoke_request(revoked.id)
        self.travel(hours=2)
        wrong = (
            "",
            "x",
            signing_link.new_token(),
            None,
            7,
            ["a"],
            self.token[:-1],
            self.token + " ",
        )
        for token in (*wrong, outdated, revokeds):
            for action in ACTIONS:
                with self.subTest(token=token, action=action):
                    response = self.post_to_page(action, {"token": token, "content": "YQ=="})
                    self.assertEqual((response.status_code, response.json()), (404, GONE))

    def test_wrong_outdated_and_revoked_links_take_the_same_steps(self):
        _outdated, outdated = self.asked(signer_name="Jan", hours=1)
        revoked, revokeds = self.asked(signer_name="Ewa")
        self.company.with_user(self.accountant).l10n_pl_ksef_revoke_request(revoked.id)
        self.travel(hours=2)
        tokens = {"wrong": signing_link.new_token(), "no text": 7, "odd": "x" * 9000}
        tokens |= {"outdated": outdated, "revoked": revokeds}
        # What Odoo itself asks for the first time comes before.
        self.post_to_page("open", {"token": signing_link.new_token()})
        statements = {name: self.statements_for(token) for name, token in tokens.items()}
        self.assertEqual(set(statements.values()), {statements["wrong"]}, statements)

    def statements_for(self, token):
        """Return which statements the database gets for a call with a token, without values."""
        statements, plain = [], type(self.env.cr).execute

        def execute(cursor, query, params=None, *args, **kwargs):
            code = query.code if isinstance(query, SQL) else query
            statements.append(" ".join(str(code).split()[:6]))
            return plain(cursor, query, params, *args, **kwargs)

        with patch.object(type(self.env.cr), "execute", execute):
            self.post_to_page("open", {"token": token})
        return tuple(one for one in statements if "SAVEPOINT" not in one)

    def test_a_link_serves_no_other_request(self):
        other, _token = self.asked(self.make_anothers(), signer_name="Jan")
        for action in ("download", "send", "result"):
            answer = self.at_page(action, self.token, request=other.id, content="YQ==")
            self.assertEqual(answer, GONE)
        self.at_page("check", self.token, request=other.id, content="YQ==")
        self.assertFalse(other.refusal)
        self.assertFalse(other.session_ids)

    def test_a_file_that_was_sent_once_is_not_sent_again(self):
        document = self.signed(self.downloaded_at_page(self.token, self.request))
        values = {"content": base64.b64encode(document).decode(), "answer": "weekly"}
        with self.counted("xades-signature") as sent:
            for _time in range(3):
                self.at_page("send", self.token, request=self.request.id, **values)
        self.assertEqual(sent["calls"], 1)

    def test_two_at_once_send_one_file(self):
        document = self.signed(self.downloaded_at_page(self.token, self.request))
        with self.others_at_it():
            answer = self.at_page(
                "send",
                self.token,
                request=self.request.id,
                answer="weekly",
                content=base64.b64encode(document).decode(),
            )
        self.assertTrue(answer["problem"]["action"])
        self.assertFalse(self.request.session_id)

    def test_what_is_no_call_of_the_page_is_not_read(self):
        for body, kind in (
            (b"{}", "text/plain"),
            (b"token=a", "application/x-www-form-urlencoded"),
            (b"[1]", "application/json"),
            (b"{", "application/json"),
            (b"[" * 100_000, "application/json"),
            (b"\xff\xfe", "application/json"),
        ):
            response = self.url_open("/ksef/podpis/open", data=body, headers={"Content-Type": kind})
            self.assertEqual(response.status_code, 404, body[:20])
        for content in (None, 7, "ż", "===", ["a"]):
            answer = self.at_page("check", self.token, request=self.request.id, content=content)
            self.assertEqual(answer, GONE)

    def test_what_should_be_a_text_and_is_none_breaks_nothing(self):
        for odd in ([], {}, 7, None, True):
            shown = self.post_to_page("open", {"token": self.token, "lang": odd})
            self.assertEqual(shown.status_code, 200, odd)
            signed = self.signed(self.downloaded_at_page(self.token, self.request))
            content = base64.b64encode(signed).decode()
            values = {"request": self.request.id, "content": content, "answer": odd}
            told = self.at_page("send", self.token, **values)
            self.assertIn("problem", told, odd)
            self.assertFalse(self.request.session_id, odd)

    @mute_logger("odoo.http")
    def test_other_methods_and_oversized_bodies_are_refused(self):
        address = f"{self.base_url()}/ksef/podpis"
        for action in ACTIONS:
            self.assertEqual(self.opener.get(f"{address}/{action}").status_code, 405)
            self.assertEqual(self.opener.put(f"{address}/{action}").status_code, 405)
        self.assertEqual(self.opener.post(address, data={}).status_code, 405)
        large = {"token": self.token, "content": "A" * signing.LONGEST_BODY}
        self.assertEqual(self.post_to_page("check", large).status_code, 413)

    def test_a_document_with_entities_is_no_file_and_reads_nothing(self):
        content = base64.b64encode(XXE).decode()
        answer = self.at_page("check", self.token, request=self.request.id, content=content)
        self.assertFalse(answer["can_send"])
        self.assertNotIn("root:", json.dumps(answer))

    def test_the_page_is_shown_on_the_host_of_the_links_alone(self):
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1"):
            forged = {"Host": host}
            page = self.url_open("/ksef/podpis", headers=forged)
            call = self.post_to_page("open", {"token": self.token}, **forged)
            self.assertEqual((page.status_code, call.status_code), (404, 404), host)
        self.env["l10n_pl_ksef.link.address"].search([]).unlink()
        self.env.flush_all()
        self.assertEqual(self.url_open("/ksef/podpis").status_code, 404)

    def test_the_page_is_shown_by_the_scheme_of_the_links_alone(self):
        behind = {"X-Forwarded-Host": self.base_url().partition("://")[2]}
        for scheme, status in (("http", 200), ("https", 404)):
            headers = {**behind, "X-Forwarded-Proto": scheme}
            with patch.dict(config.options, {"proxy_mode": True}):
                page = self.url_open("/ksef/podpis", headers=headers)
                call = self.post_to_page("open", {"token": self.token}, **headers)
            self.assertEqual((page.status_code, call.status_code), (status, status), scheme)

    def test_an_address_that_was_written_past_the_setting_is_none(self):
        row = self.env["l10n_pl_ksef.link.address"].search([])
        row.address_secret = "https://evil.example"
        self.assertEqual(link_address(self.env), "")
        self.env["ir.config_parameter"].set_param("web.base.url", "https://evil.example")
        self.assertEqual(link_address(self.env), "")

    def test_a_user_who_is_logged_in_gets_no_more_than_anybody(self):
        self.authenticate("ksef_accountant", "ksef_accountant")
        self.assertEqual(self.at_page("open", signing_link.new_token()), GONE)
        self.at_page("open", self.token)
        self.downloaded_at_page(self.token, self.request)
        self.assertEqual(self.request.session_ids.create_uid, self.env.ref("base.public_user"))

    def test_a_person_s_identifier_is_never_told(self):
        document = self.signed(self.downloaded_at_page(self.token, self.request))
        pesel = self.simulator_pesel()
        content = base64.b64encode(document).decode()
        values = {"request": self.request.id, "content": content, "answer": "once"}
        answers = [
            self.at_page("open", self.token),
            self.at_page("check", self.token, **values),
            self.at_page("send", self.token, **values),
            self.at_page("result", self.token, **values),
        ]
        told = json.dumps(answers)
        self.assertNotIn(pesel, told)
        self.assertNotIn("•", told)

    def simulator_pesel(self):
        return OWNER.pesel

    def test_code_that_was_typed_into_odoo_gets_no_link_and_moves_no_address(self):
        company = self.company.with_user(self.accountant)
        names = {"company": company, "request": self.request, "asked": self.asking()}
        names["window"] = self.env["l10n_pl_ksef.link.address.change"].create({"address": "x"})
        for expression in (
            "company.l10n_pl_ksef_link(request.id)",
            "company.l10n_pl_ksef_ask(asked)",
            "request._render_and_post('mail')",
            "window.action_save()",
        ):
            with self.subTest(expression=expression), self.outbox() as sent:
                with self.assertRaises(AccessError):
                    safe_eval(expression, dict(names))
                self.assertFalse(sent)

    def test_only_an_administrator_with_the_password_sets_where_links_point(self):
        administrator = self.make_user("ksef_admin", "base.group_system")
        windows = self.env["l10n_pl_ksef.link.address.change"].with_user(administrator)
        window = windows.create({"address": "https://odoo.firma.pl/"})
        with self.confirmed():
            window.action_save()
        self.assertEqual(link_address(self.env), "https://odoo.firma.pl")
        line = self.env["l10n_pl_ksef.audit"].search([("event", "=", "link_address")], limit=1)
        self.assertEqual((line.user_id, line.detail), (administrator, "https://odoo.firma.pl"))
        for user in (self.accountant, self.manager):
            with self.confirmed(), self.assertRaises(AccessError):
                window.with_user(user).action_save()

    def test_an_address_that_leads_nowhere_is_refused_and_a_doubtful_one_is_warned_of(self):
        windows = self.env["l10n_pl_ksef.link.address.change"]
        for address in ("http://odoo.firma.pl", "https://odoo.firma.pl/odoo", "odoo"):
            with self.confirmed(), self.assertRaises(UserError):
                windows.create({"address": address}).action_save()
        self.assertTrue(windows.create({"address": "https://10.0.0.1"}).warning_text)


@tagged("post_install", "-at_install")
class TestNoTokenAnywhere(SignerCase):
    """After asking, failing and reminding, a link stands nowhere but in the mail itself.

    Also one whose mail the mail server refused; tracebacks in the log are looked through, too.
    """

    def test_no_token_is_left_in_the_database_or_the_log(self):
        records = []
        catcher = logging.Handler()
        catcher.emit = lambda record: records.append(catcher.format(record))
        root = logging.getLogger()
        root.addHandler(catcher)
        self.addCleanup(root.removeHandler, catcher)
        company = self.company.with_user(self.accountant)
        with self.outbox() as sent:
            company.l10n_pl_ksef_ask(self.asking())
            self.settle(hours=50)
        tokens = [token for message in sent for token in self.tokens_in(message)]
        self.assertEqual(len(tokens), 2)
        for token in tokens:
            self.at_page("open", token)
        with self.outbox(failing=OSError("no")) as refused:
            company.l10n_pl_ksef_ask(self.asking(signer_name="Jan"))
        (failed,) = refused
        tokens += self.tokens_in(failed)
        tokens.append(self.asked(signer_name="Ewa")[1])
        self.assertEqual(len(tokens), 4)
        found = [token for token in tokens if self.is_in_database(token)]
        found += [token for token in tokens if any(token in record for record in records)]
        self.assertEqual(found, [])
        self.figures(f"links: {len(tokens)} tokens looked for in every table and the log, 0 found")

    def test_a_mail_server_that_is_debugged_logs_no_link(self):
        mailbox = Mailbox()
        self.addCleanup(mailbox.close)
        servers = self.env["ir.mail_server"]
        servers.search([]).active = False
        where = {"smtp_host": "127.0.0.1", "smtp_port": mailbox.smtp_port}
        servers.create({"name": "debugged", "smtp_debug": True, **where})
        self.env.flush_all()
        sends = patch.object(IrMail_Server, "_disable_send", lambda _servers: False)
        with sends, self.assertLogs(IrMail_Server.__module__, "DEBUG") as log:
            self.company.with_user(self.accountant).l10n_pl_ksef_ask(self.asking())
        (mail,) = mailbox.mails
        self.assertEqual(len(self.tokens_in(mail)), 1)
        written = "\n".join(log.output)
        # As it went over the wire: in base64, or in quoted-printable.
        sent = mail.get_body(("html",)).get_payload().splitlines()
        self.assertFalse([line for line in sent if len(line) > 20 and line in written])
        self.assertIn("ehlo", written)

    def is_in_database(self, token):
        """Return True if any text of any table holds a token."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type IN
                   ('text', 'character varying', 'json', 'jsonb')
               AND table_name SIMILAR TO
                   '(mail|bus|ir_logging|ir_attachment|l10n_pl_ksef|res_users)%'
            """
        )
        for table, column in self.env.cr.fetchall():
            self.env.cr.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{token}%"]
            )
            if self.env.cr.fetchone():
                return True
        return False


@tagged("post_install", "-at_install")
class TestTwoSignersAtOnce(OwnDatabaseCase):
    """Two browsers send a file by the same link at once, on database connections of their own."""

    ROUNDS = 4

    def asked(self):
        """Have the accountant ask for a signature by a link, and return the request's number."""
        asked = {"signer_name": SIGNER, "by": "link"}
        with self.environment(self.user_id) as env:
            company = env["res.company"].browse(self.company_id).sudo()
            return env["l10n_pl_ksef.request"]._ask(company, asked).id

    def at_page(self, request_id, action, *args):
        """Do what a button of the page does, on a connection of its own."""
        with self.environment() as env:
            request = env["l10n_pl_ksef.request"].browse(request_id)
            return getattr(env["l10n_pl_ksef.signer.page"], f"_{action}")(request, *args)

    def sent_at_once(self, request_id, files):
        """Send signed files, each in a thread of its own, and return the answers."""
        start = threading.Barrier(len(files))

        def send(file):
            start.wait(10)
            return self.at_page(request_id, "send", file, "weekly", True)

        with ThreadPoolExecutor(len(files)) as browsers:
            return list(browsers.map(send, files))

    def test_of_two_signatures_at_once_one_is_sent_and_once(self):
        for _round in range(self.ROUNDS):
            self.forget()
            request_id = self.asked()
            with self.without_sockets():
                document = base64.b64decode(self.at_page(request_id, "download", False)["file"])
                now = self.simulator.clock.now()
                files = [sign(document, signer, at=now) for signer in ("owner", "qualified")]
                answers = self.sent_at_once(request_id, files)
            refused = [answer for answer in answers if answer.get("problem")]
            self.assertEqual(len(refused), 1, answers)
            self.assertEqual(self.simulator.requests.count("xades-signature"), 1)
            with self.environment() as env:
                request = env["l10n_pl_ksef.request"].browse(request_id)
                self.assertEqual(request.session_id.state, "submitted")
                self.assertEqual(request.session_ids, request.session_id)
