"""The demo's mailbox: takes what Odoo sends, and shows it on a page."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from html import unescape

import pytest
import requests

from stack.mailbox import MOST, Mailbox
from stack.places import LOOPBACK


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Give an empty mailbox."""
    opened = Mailbox()
    yield opened
    opened.close()


def send(mailbox: Mailbox, subject: str, body: str, to: str = "roza@example.com") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "biuro@example.com", to, subject
    mail.set_content(body, subtype="html")
    with smtplib.SMTP(LOOPBACK, mailbox.smtp_port) as server:
        server.send_message(mail)


def page(mailbox: Mailbox) -> str:
    answer = requests.get(mailbox.url, timeout=10)
    answer.encoding = "utf-8"
    return answer.text


def test_the_page_shows_the_newest_mail_first(mailbox: Mailbox) -> None:
    for subject in ("Podpis: żółć", "Przypomnienie"):
        send(mailbox, subject, "<p>Dzień dobry</p>")
    shown = page(mailbox)
    assert shown.index("Przypomnienie") < shown.index("Podpis: żółć")
    assert "biuro@example.com → roza@example.com" in shown
    assert "(2)" in shown


def test_a_link_of_a_mail_can_be_pressed_and_its_scripts_do_not_run(mailbox: Mailbox) -> None:
    send(mailbox, "<b>&</b>", '<a href="http://localhost/ksef/podpis#abc">Podpisz</a>')
    shown = page(mailbox)
    assert "<b>&" not in shown
    assert 'href="http://localhost/ksef/podpis#abc"' in unescape(shown)
    assert '<base target="_blank">' in unescape(shown)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown


def test_mails_are_found_by_their_address(mailbox: Mailbox) -> None:
    send(mailbox, "1", "<p>pierwsza</p>")
    send(mailbox, "2", "<p>druga</p>", to="jan@example.com")
    (found,) = mailbox.html_for("jan@example.com")
    assert "druga" in found


def test_the_mailbox_keeps_the_newest_alone(mailbox: Mailbox) -> None:
    with smtplib.SMTP(LOOPBACK, mailbox.smtp_port) as server:
        for number in range(MOST + 5):
            mail = EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "x"
            mail.set_content(f"numer {number}.\n.kropka")
            server.send_message(mail)
    assert len(mailbox.mails) == MOST
    assert "numer 5." in mailbox.mails[0].get_content()
    assert "\n.kropka" in mailbox.mails[0].get_content().replace("\r", "")
