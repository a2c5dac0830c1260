import base64
import binascii
import json
from functools import wraps

from odoo import http
from odoo.http import request
from odoo.tools import config, file_open

from ..models.request.address import link_address
from ..screens.signer_texts import in_both_languages
from ..tools.signed_document import MAX_SIZE
from ..tools.signing_link import PATH, is_asked_at, known_address

# Of a call's body: the file in base64, and some room for the rest.
LONGEST_BODY = (MAX_SIZE + 1) * 4 // 3 + 10_000
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
PAGE = "l10n_pl_ksef_auth/static/signer/page.html"
TEXTS = "<!--texts-->"
LANGUAGES = {"pl": "pl_PL", "en": "en_US"}
# One answer for a wrong link, an outdated one and a revoked one.
GONE = {"error": "gone"}
TOO_MANY = {"error": "too_many"}
# Of one link; it counts the calls of a minute.
TOO_OFTEN = {"error": "too_often"}


def _action(name):
    """Serve a method at an address of the page: it gets the link's requests, and the body.

    :param str name: the last part of the address
    """

    def decorate(method):
        @http.route(
            f"{PATH}/{name}",
            type="http",
            auth="public",
            methods=["POST"],
            # The token in the body is the only authority: no cookie is asked for anything.
            csrf=False,
            save_session=False,
            max_content_length=LONGEST_BODY,
        )
        @wraps(method)
        def served(self):
            return self._serve(method)

        return served

    return decorate


class KsefSigning(http.Controller):
    """The page for a signer without an account (docs/design.md 22).

    GET answers the same page to everybody and changes nothing: scanners of mails open links. What
    the link is for is told to its token alone, which the page's script sends.
    """

    @http.route(PATH, type="http", auth="public", methods=["GET"], save_session=False)
    def page(self):
        """Show the page, which knows neither company nor signer yet."""
        if not self._is_asked_here():
            return self._answer({"error": "not_here"}, 404)
        with file_open(PAGE) as file:
            content = file.read()
        texts = json.dumps(in_both_languages()).replace("<", "\\u003c")
        content = content.replace(TEXTS, texts)
        headers = {**HEADERS, "Content-Type": "text/html; charset=utf-8"}
        return request.make_response(content, headers=list(headers.items()))

    @_action("open")
    def open(self, page, requests, body):
        """Tell what the link is for: a person has pressed a button."""
        return page._open(requests)

    @_action("download")
    def download(self, page, requests, body):
        """Give the file to be signed."""
        one = self._chosen(requests, body)
        return page._download(one, len(requests) > 1) if one else None

    @_action("check")
    def check(self, page, requests, body):
        """Say what a chosen file is; nothing is sent and nothing is kept."""
        content = self._content(body)
        one = self._chosen(requests, body)
        if content is None:
            return None
        return page._check(requests, one, body.get("name") or "", content)

    @_action("send")
    def send(self, page, requests, body):
        """Send a signed file to KSeF."""
        content, one = self._content(body), self._chosen(requests, body)
        if content is None or not one:
            return None
        return page._send(one, content, self._text(body, "answer"), body.get("is_agreed") is True)

    @_action("result")
    def result(self, page, requests, body):
        """Tell how far KSeF is with a signature, and with the others of the link."""
        one = self._chosen(requests, body)
        return page._follow(one, requests) if one else None

    # ------------------------------------------------------------------
    # Who is served
    # ------------------------------------------------------------------
    def _serve(self, method):
        """Answer a call of the page's script: for a link's token, and only where links point."""
        body = self._body()
        if body is None or not self._is_asked_here():
            return self._answer({"error": "not_here"}, 404)
        env = self._env(body)
        tokens = env["l10n_pl_ksef.request.token"]
        row, now = tokens._find(body.get("token")), env["l10n_pl_ksef.request"]._now()
        requests = row.request_ids.filtered(lambda one: one._is_shown())
        if not requests:
            return self._unknown(env, now)
        if not row._count_call(now):
            return self._answer(TOO_OFTEN, 429)
        found = method(self, env["l10n_pl_ksef.signer.page"], requests, body)
        return self._answer(GONE, 404) if found is None else self._answer(found)

    def _unknown(self, env, now):
        address = self._address()
        guesses = env["l10n_pl_ksef.request.guesses"]
        if address and guesses._count(address, now):
            return self._answer(TOO_MANY, 429)
        return self._answer(GONE, 404)

    def _address(self):
        """Return the browser's address if this server can tell it from others; else nothing."""
        return known_address(request.httprequest.remote_addr or "", bool(config["proxy_mode"]))

    def _is_asked_here(self):
        address, asked = link_address(request.env), request.httprequest
        return bool(address) and is_asked_at(address, asked.host, self._scheme())

    def _scheme(self):
        """Return how the browser asked, http or https; None where that cannot be told.

        A proxy that Odoo does not know of may have taken https off, which leaves http.
        """
        asked = request.httprequest
        told = config["proxy_mode"] and "HTTP_X_FORWARDED_HOST" in asked.environ
        return asked.scheme if told or asked.scheme == "https" else None

    def _env(self, body):
        """Return a superuser's environment in the signer's language; whoever is logged in."""
        lang = LANGUAGES.get(self._text(body, "lang"), "pl_PL")
        known = request.env["res.lang"].sudo()._get_data(code=lang)
        visitor = request.env.ref("base.public_user").id
        return request.env(user=visitor, su=True, context={"lang": lang if known else "en_US"})

    # ------------------------------------------------------------------
    # What is asked and answered
    # ------------------------------------------------------------------
    def _body(self):
        """Return what the page's script sent, or None: a form of another site sends no JSON."""
        if request.httprequest.mimetype != "application/json":
            return None
        try:
            body = json.loads(request.httprequest.get_data())
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None

    def _text(self, body, name):
        """Return a text of the body; empty for anything else that JSON may hold."""
        value = body.get(name)
        return value if isinstance(value, str) else ""

    def _chosen(self, requests, body):
        """Return the request that the body names, if the link is for it; empty otherwise."""
        return requests.filtered(lambda one: one.id == body.get("request"))

    def _content(self, body):
        """Return the bytes of the file in a body, one more than can be at most; None without."""
        try:
            content = base64.b64decode(body.get("content"), validate=True)
        except (binascii.Error, TypeError, ValueError):
            return None
        return content[: MAX_SIZE + 1]

    def _answer(self, found, status=200):
        return request.make_json_response(found, headers=list(HEADERS.items()), status=status)
