import logging
import smtplib
import traceback
from contextlib import suppress

from markupsafe import Markup, escape

from odoo import models
from odoo.tools import is_html_empty
from odoo.tools.misc import format_datetime

from ...tools.deadline import Deadline
from ..base.locks import under_lock
from .token import new_link

_logger = logging.getLogger(__name__)

TEMPLATES = {
    "mail": "l10n_pl_ksef_auth.mail_template_request",
    "reminder": "l10n_pl_ksef_auth.mail_template_reminder",
    "void": "l10n_pl_ksef_auth.mail_template_void",
}
SENT = {"mail": "sent_at", "reminder": "reminded_at"}
# Stands in the template for the link, which is put in after rendering.
LINK_WORD = "KSEF-LINK"
# Seconds that somebody who has asked waits for the mail server; the scheduled action goes on.
LONGEST_DELIVERY = 20
LONGEST_REASON = 200


class L10n_Pl_KsefRequestLetters(models.Model):
    """The mails to signers: one for all that the same person is asked for at once.

    A mail is handed to the mail server and kept nowhere: it holds the link.
    """

    # Mails are a subject of their own beside the fields.
    _inherit = "l10n_pl_ksef.request"  # pylint: disable=consider-merging-classes-inherited

    def _deliver(self):
        """Send the mails that are due and committed, for LONGEST_DELIVERY at most.

        Each mail is a transaction of its own; one that is killed in the middle is sent once more,
        with another link.
        """
        with under_lock(self.env, "ksef-request-mails") as env:
            if env is None:
                return
            self.with_env(env)._end_void_ones()
            # These ended on cursors of their own.
            env.cr.commit()
            deadline = Deadline(LONGEST_DELIVERY)
            while deadline.left > 0 and (together := self.with_env(env)._next_mail()):
                together._send()
                env.cr.commit()

    def _next_mail(self):
        """Return the requests that the next mail is about; empty when none is due.

        One mail has one reader, whatever address people share, one language, and names one office
        and one person who asks.
        """
        first = self.search([("mail_due", "!=", False)], order="id", limit=1)
        same = ("signer_email", "lang", "user_id", "office_id", "mail_due")
        found = first and self.search([(name, "=", self._plain(first, name)) for name in same])
        return found.filtered(
            lambda one: (
                one == first
                or (
                    one._who_asks() == first._who_asks()
                    and first._is_asked(one.signer_name)
                    and (first.mail_due != "void" or one.refusal == first.refusal)
                )
            )
        )

    def _plain(self, request, name):
        value = request[name]
        return value.id if isinstance(value, models.BaseModel) else value

    def _send(self):
        """Send one mail about the requests of self, and keep on them whether it left."""
        kind = self[:1].mail_due
        due = self.filtered(lambda request: request._is_due(kind))
        (self - due).write({"mail_due": False})
        if not due:
            return
        reason = due._render_and_post(kind)
        done = {"mail_due": False, "mail_problem": reason[:LONGEST_REASON] or False}
        if not reason and kind in SENT:
            done[SENT[kind]] = self._now()
        due.write(done)

    def _is_due(self, kind):
        """Return True if a mail about this request still tells the truth."""
        if kind == "void":
            return self.state == "void"
        return self._is_usable() and not self._is_outdated()

    def _render_and_post(self, kind):
        """Return why a mail did not leave; empty if it did."""
        try:
            with self.env.cr.savepoint():
                letter = self._rendered(kind)
        except Exception as error:
            # People edit templates.
            _logger.exception("KSeF request %s: no mail could be written", self.ids)
            return str(error)
        return post(self, kind, letter)

    def _rendered(self, kind):
        """Return the mail without its link: email_from, reply_to, email_to, subject, body."""
        template = self.env.ref(TEMPLATES[kind])
        lang = self[:1]._installed_lang()
        words = self[:1].with_context(lang=lang)._words(self)
        rendered = {
            name: template._render_field(
                name, self[:1].ids, set_lang=lang, add_context={"ksef": words}
            )[self[:1].id]
            for name in ("subject", "body_html")
        }
        body = rendered["body_html"]
        if kind in SENT and (LINK_WORD not in body or is_html_empty(body)):
            # Without the link the mail would be of no use.
            body += Markup('<p><a href="{word}">{word}</a></p>').format(word=LINK_WORD)
        return {
            **self[:1]._addresses(kind),
            "subject": str(rendered["subject"]),
            "body": str(body),
        }

    def _addresses(self, kind):
        """Return between whom a mail goes; who asked gets a word that it is void, too.

        Who has left gets no copy, and no answers while somebody else can.
        """
        user, office = self.user_id, self.office_id
        copied = self._who_is_told().filtered("email") if kind == "void" else user.browse()
        copy = copied.mapped("email_formatted")
        signer = [self.signer_email] if self.signer_email else []
        answers = user.filtered("active").email_formatted or office.email_formatted
        return {
            "email_from": office.email_formatted or user.email_formatted,
            "reply_to": answers or user.email_formatted,
            "email_to": signer or copy,
            "email_cc": copy if signer else [],
        }

    def _installed_lang(self):
        """Return the language of the request, or English where Odoo does not have it."""
        known = self.env["res.lang"]._get_data(code=self.lang)
        return self.lang if known else "en_US"

    def _words(self, together):
        """Return what templates may name beside the request: ``ksef.companies`` and so on."""
        names = [request.with_env(self.env)._what_for() for request in together]
        items = Markup().join(Markup("<li>{}</li>").format(name) for name in names)
        last = min(together.mapped("valid_until"))
        tz = self.user_id.tz or "Europe/Warsaw"
        return {
            "companies": Markup("<ul>{}</ul>").format(items),
            "count": len(together),
            "signer": escape(self.signer_name),
            "until": format_datetime(self.env, last, tz=tz, dt_format="short"),
            "asked_by": self.user_id.name,
            "office": self._who_asks(),
            **self._what_changed(),
        }

    def _what_changed(self):
        """Return what the mail that a request is void says: what has changed, and whose data."""
        if self.state == "void" and self._is_by_client():
            return {
                "changed": self.env._("the company's data have changed"),
                "whose": self.env._("of the company"),
            }
        return {
            "changed": self.env._("the office has changed"),
            "whose": self.env._("of the office"),
        }

    def _what_for(self):
        """Return the company that a signature is for, and whom it gives rights, if anybody."""
        company = f"{self.company_id.name} ({self.company_id._l10n_pl_ksef_number()})"
        whom = self.grant_id.to_whom
        if self.purpose == "grant":
            return self.env._(
                "%(company)s: rights to issue and view invoices in KSeF, for %(whom)s",
                company=company,
                whom=whom,
            )
        if self.purpose == "take_back":
            return self.env._(
                "%(company)s: rights in KSeF taken back from %(whom)s", company=company, whom=whom
            )
        return company


def post(requests, kind, letter):
    """Put a new link into a mail, hand it to the mail server, and forget it.

    :param requests: of one signer, on a cursor of their own
    :param str kind: mail, reminder or void; the last holds no link
    :param dict letter: as of _rendered
    :return str: why it did not leave; empty if it did
    """
    env = requests.env
    link, row = new_link(requests, kind) if kind in SENT else (LINK_WORD, requests.browse())
    if not link:
        return env._("An administrator has not set yet where the links point.")
    # The link must work before anybody can open it; and nothing is left to be written meanwhile.
    env.cr.commit()
    reason = ""
    try:
        _to_server(env, letter, link)
    except Exception as error:
        # Whatever the mail server or its settings are at fault for: the accountant reads it.
        reason = str(error) or type(error).__name__
        traceback.clear_frames(error.__traceback__)
    # Whoever writes below shall not find it.
    del link
    if reason:
        row.unlink()
    return reason


def _to_server(env, letter, link):
    """Hand a mail over; a mail server that is set to be debugged logs nothing of it."""
    servers = env["ir.mail_server"]
    body = letter["body"].replace(LINK_WORD, link)
    message = servers._build_email__(**{**letter, "body": body}, subtype="html")
    # Nothing, where Odoo sends no mails.
    connection = servers._connect__(smtp_from=message["From"])
    if connection:
        connection.set_debuglevel(0)
    try:
        servers.send_email(message, smtp_session=connection)
    finally:
        if connection:
            # Whatever it says good-bye with: the mail has left by then, or has not.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
