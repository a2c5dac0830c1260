from odoo import models
from odoo.tools import email_normalize

from ..base import problems
from ..vault.vault import why_locked
from .address import link_address
from .request import DEFAULT_HOURS, LANGUAGES, PURPOSES

LONGEST_NAME = 120


class L10n_Pl_KsefRequestAsking(models.Model):
    """Asking somebody for a signature, again, and no more."""

    # What people ask for is a subject of its own beside the fields.
    _inherit = "l10n_pl_ksef.request"  # pylint: disable=consider-merging-classes-inherited

    def _obstacle(self, company, asked):
        """Return why nobody can be asked to sign for a company, in a sentence; else nothing.

        :param company: the one that owns the connection
        :param dict asked: signer_name, signer_email (not needed for a link that is copied), lang,
            hours, purpose, by: mail or link
        """
        locked = why_locked(self.env)
        problem = problems.local(locked) if locked else problems.of_company(company)
        if problem:
            return problems.texts(self.env, problem)["text"]
        if not link_address(self.env):
            return self.env._("An administrator has not set yet where the links point.")
        if problem := self._errand_obstacle(company, asked.get("purpose")):
            number = company._l10n_pl_ksef_number()
            return problems.texts(self.env, problem, nip=number)["text"]
        if not (asked.get("signer_name") or "").strip():
            return self.env._("The name of whoever signs is missing.")
        if asked.get("by") != "link" and not email_normalize(asked.get("signer_email") or ""):
            return self.env._("The signer's e-mail address is missing or wrong.")
        return ""

    def _errand_obstacle(self, company, purpose):
        """Return the problem that keeps a company's rights from being asked for, or False."""
        if purpose == "grant":
            there = self.env["l10n_pl_ksef.grant"]._there_already(company)
            obstacle = self.env["l10n_pl_ksef.office"]._obstacle(company)
            return obstacle or (bool(there) and problems.local("rights_there"))
        if purpose == "take_back" and not self._grant_for(company, purpose):
            return problems.local("nothing_to_take_back")
        return False

    def _grant_for(self, company, purpose):
        """Return what a company is to give the office or to take back; empty for a connection."""
        grants = self.env["l10n_pl_ksef.grant"]
        if purpose == "grant":
            return grants._ask(company, self.env.user)
        if purpose == "take_back":
            return grants._of_client(company, "given", "received", "left")
        return grants

    def _ask(self, company, asked):
        """Ask somebody to sign for a company; a link of the same person for it ends.

        :param company: the one that owns the connection
        :param dict asked: as of _obstacle
        :return: the request, whose mail is due unless the link is copied
        :raises LockBusy: the same person is signing for it just now
        """
        values = self._asked(company, asked)
        same = ("company_id", "purpose", "signer_name", "signer_email")
        former = [(name, "=", values[name]) for name in same]
        self.sudo().search([("state", "=", "open"), *former])._revoke()
        request = self.sudo().create(values)
        request._audit("asked")
        return request

    def _asked(self, company, asked):
        by_mail = asked.get("by") != "link"
        name = " ".join(asked["signer_name"].split())
        purpose = _one_of(PURPOSES, asked.get("purpose"))
        grant = self._grant_for(company, purpose)
        own = grant.office_id.company_id or self.env.user.company_id
        return {
            "company_id": company.id,
            "user_id": self.env.uid,
            "office_id": own.id,
            "purpose": purpose,
            "grant_id": grant.id,
            "signer_name": name[:LONGEST_NAME],
            "signer_email": email_normalize(asked.get("signer_email") or ""),
            "lang": _one_of(LANGUAGES, asked.get("lang")),
            "valid_until": self._default_end(int(asked.get("hours") or DEFAULT_HOURS)),
            "mail_due": by_mail and "mail",
        }

    def _write_again(self, kind):
        """Have a mail with a new link sent: the first one once more, or a reminder."""
        usable = self.filtered(lambda request: request._is_usable() and request.signer_email)
        usable.write({"mail_due": kind, "mail_problem": False})


def _one_of(selection, wanted):
    """Return a value of a selection: the wanted one, or the first."""
    return wanted if wanted in dict(selection) else selection[0][0]
