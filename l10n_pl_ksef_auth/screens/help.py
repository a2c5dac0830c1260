import re

from odoo import models

from ..models.base import problems
from ..tools.meanings.catalogue import catalogue

# What a message names, such as a number or a name, is not known here.
GAP = "…"


class Gaps(dict):
    """The values of a sentence's placeholders, where there are none."""

    def __missing__(self, name):
        return GAP


class L10n_Pl_KsefHelp(models.AbstractModel):
    """What the help page shows beside its manual: every message, with what to do."""

    _name = "l10n_pl_ksef.help"
    _description = "KSeF help"

    def _page(self):
        """Return the values of the help page's template, in the reader's language."""
        return {"language": (self.env.lang or "en").partition("_")[0], "troubles": self._troubles()}

    def _troubles(self):
        """Return what a screen can say, by subject: ``id``, ``title``, ``messages``."""
        titles = {
            "file": self.env._("What Odoo says about the chosen file"),
            "login": self.env._("What KSeF answers"),
            "certificate-login": self.env._("When Odoo logs in with a certificate"),
            "certificate": self.env._("When a certificate is issued"),
            "credentials": self.env._("When a certificate is loaded from files"),
            "rights": self.env._("When a client gives the office rights"),
            "link": self.env._("When somebody signs by a link"),
            "outage": self.env._("When KSeF does not answer"),
            "here": self.env._("Messages about the company and about Odoo"),
        }
        return [
            {"id": f"messages-{subject}", "title": titles[subject], "messages": self._told(rows)}
            for subject, rows in catalogue().items()
        ]

    def _told(self, messages):
        """Return messages in the reader's language; two that read alike there are one."""
        told = {}
        for message in messages:
            sentences = self._sentence(message.text), self._sentence(message.action)
            told.setdefault(sentences, []).extend(message.codes)
        return [
            {"text": text, "action": action, "codes": ", ".join(codes)}
            for (text, action), codes in told.items()
        ]

    def _sentence(self, text):
        filled = problems.sentence(self.env, text, Gaps())
        return re.sub(rf"{GAP}(?: {GAP})*\.?", GAP, filled)
