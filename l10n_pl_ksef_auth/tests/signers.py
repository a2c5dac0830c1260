import base64
import re
from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import HttpCase

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.l10n_pl_ksef_auth.models.request.address import set_link_address

from .common import KsefCase

# What the page's buttons call.
ACTIONS = ("open", "download", "check", "send", "result")
SIGNER = "Róża Żółć-Źdźbło"
EMAIL = "roza@example.com"
LINK = re.compile(r"http[^\s\"<>]*/ksef/podpis#([A-Za-z0-9_-]{43})")


class SignerCase(HttpCase, KsefCase):
    """A signer without an account, at the page behind a link."""

    def setUp(self):
        super().setUp()
        self.opener.cookies.clear()
        self.point_here()

    def point_here(self):
        """Have links point to the server of the tests."""
        set_link_address(self.env, self.base_url(), "")
        self.env.flush_all()

    def asking(self, **asked):
        """Return what the window "Ask for a signature" sends."""
        return {"signer_name": SIGNER, "signer_email": EMAIL, "lang": "en_US", **asked}

    def asked(self, company=None, **asked):
        """Have the accountant ask for a signature; return the request and its link's token."""
        company = (company or self.company).with_user(self.accountant)
        view = company.l10n_pl_ksef_ask(self.asking(by="link", **asked))
        self.env.invalidate_all()
        request = self.env["l10n_pl_ksef.request"].browse(view["requests"][0]["id"])
        return request, LINK.fullmatch(view["link"]).group(1)

    @contextmanager
    def outbox(self, failing=None):
        """Collect the mails that the mail server gets inside the block; it may refuse them."""
        sent = []

        def send_email(_servers, message, *_args, **_kwargs):
            sent.append(message)
            if failing:
                raise failing
            return message["Message-Id"]

        with patch.object(IrMail_Server, "send_email", send_email):
            yield sent

    def at_page(self, action, token, **values):
        """Do what a button of the page does, and return the server's answer."""
        answer = self.post_to_page(action, {"token": token, "lang": "en", **values})
        self.env.invalidate_all()
        return answer.json()

    def post_to_page(self, action, body, **headers):
        """Send a body to the page's server, and return the whole response."""
        return self.url_open(f"/ksef/podpis/{action}", json=body, headers=headers)

    def downloaded_at_page(self, token, request):
        """Download the file of a request on its page, and return its bytes."""
        answer = self.at_page("download", token, request=request.id)
        self.assertFalse(answer["problem"])
        return base64.b64decode(answer["file"])

    def signed_at_page(self, token, request, signer="owner", **values):
        """Download, sign and send a request's file on its page; return the server's answer."""
        document = self.signed(self.downloaded_at_page(token, request), signer)
        content = base64.b64encode(document).decode()
        values = {"answer": "weekly", **values}
        return self.at_page("send", token, request=request.id, content=content, **values)

    def followed_at_page(self, token, request, rounds=20):
        """Wait on the page until KSeF has decided, and return the request as it shows it."""
        for _round in range(rounds):
            self.travel(seconds=2)
            shown = self.at_page("result", token, request=request.id)["request"]
            if shown["state"] != "verifying":
                break
        return shown

    def tokens_in(self, message):
        """Return the tokens of the links that a mail holds."""
        body = message.get_body(("html",)).get_content()
        return list(dict.fromkeys(LINK.findall(body)))

    def rows(self):
        """Count the rows of all that a visitor may have added to."""
        models = ("request", "request.token", "request.guesses", "session", "audit")
        return {name: self.env[f"l10n_pl_ksef.{name}"].search_count([]) for name in models}

    def make_anothers(self):
        """Make another company of the accountant's, and return it."""
        company = self.make_company("Druga Sp. z o.o.", "1111111111")
        self.accountant.company_ids |= company
        return company
