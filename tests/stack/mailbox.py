"""The demo's mailbox: takes every mail that Odoo sends, shows them on a page, delivers none."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .places import LOOPBACK

#: The newest are kept.
MOST = 200
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Mailbox</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; }}
iframe {{ width: 100%; height: 26rem; border: 1px solid #ccc; }}</style>
<h1>Mails that Odoo has sent ({count})</h1>{mails}</html>"""
MAIL = """<h2>{subject}</h2><p>{sender} → {to}</p>
<iframe title="{subject}" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="{body}">
</iframe>"""


class Mailbox:
    """A mail server for Odoo, and a page that shows what it took."""

    def __init__(self, page_port: int = 0) -> None:
        """Listen on two ports of this machine; a free one stands in for a page's port of 0."""
        self.mails: list[EmailMessage] = []
        self._smtp = _Smtp((LOOPBACK, 0), _Conversation)
        self._smtp.mails = self.mails
        self._page = ThreadingHTTPServer((LOOPBACK, page_port), _page_of(self.mails))
        self.smtp_port = self._smtp.server_address[1]
        self.url = f"http://{LOOPBACK}:{self._page.server_address[1]}"
        for server in (self._smtp, self._page):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take no further mail, and show none."""
        for server in (self._smtp, self._page):
            server.shutdown()
            server.server_close()

    def html_for(self, address: str) -> list[str]:
        """Return the texts of all mails to an address, the newest last."""
        return [_html(mail) for mail in self.mails if address in str(mail["To"])]


class _Smtp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mails: list[EmailMessage]


class _Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as Python's smtplib speaks."""

    server: _Smtp

    def handle(self) -> None:
        """Answer line by line until the client says good-bye."""
        self._say("220 mailbox")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                self._take()
            self._say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()).rstrip(b"\r\n") != b"." and line:
            lines.append(line[1:] if line.startswith(b"..") else line)
        mail = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.mails.append(mail)
        del self.server.mails[:-MOST]

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


def _page_of(mails: list[EmailMessage]) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Show all mails, the newest first."""
            shown = "".join(_shown(mail) for mail in reversed(mails))
            content = PAGE.format(count=len(mails), mails=shown).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Say nothing: the terminal belongs to the demo."""

    return Page


def _shown(mail: EmailMessage) -> str:
    names = {"subject": mail["Subject"], "sender": mail["From"], "to": mail["To"]}
    texts = {name: escape(str(text)) for name, text in names.items()}
    return MAIL.format(body=escape(f'<base target="_blank">{_html(mail)}'), **texts)


def _html(mail: EmailMessage) -> str:
    body = mail.get_body(("html", "plain"))
    return str(body.get_content()) if body else ""
