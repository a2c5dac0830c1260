from odoo import api, fields, models

from ..models.base import problems
from ..models.base.const import OPTIONS
from ..models.certificate.certificate import OFFLINE
from ..models.upkeep import alert_texts
from ..tools import nip

# Their lines tell of a problem, if there was one.
AFTER_A_PROBLEM = ("failure", "ended", "expired", "disconnected", "closed", "rights_refused")


def signature_text(env, kind):
    """Return in words what something was signed with.

    :param env: the reader's environment
    :param str kind: of SIGNATURES
    """
    labels = dict(env["l10n_pl_ksef.audit"]._fields["signature"]._description_selection(env))
    return labels.get(kind, labels["other"])


class L10n_Pl_KsefAudit(models.Model):
    # What only a screen shows is no part of the state.
    _inherit = "l10n_pl_ksef.audit"  # pylint: disable=consider-merging-classes-inherited

    detail_text = fields.Char(string="Details", compute="_compute_detail_text")
    technical_text = fields.Char(string="For support", compute="_compute_detail_text")

    @api.depends("event", "detail", "problem", "signer_name")
    @api.depends_context("lang", "tz")
    def _compute_detail_text(self):
        words = {
            "settings": self._settings_text,
            "agreed": self._agreed_text,
            "agreed_offline": self._agreed_text,
            "taken_over": self._taken_over_text,
            "passed_over": self._passed_over_text,
        }
        for line in self:
            told = words.get(line.event)
            detail = line.detail or ""
            line.technical_text = False
            if line._may_tell_of_problem():
                line.update(line._problem_texts())
            else:
                line.detail_text = told(detail) if told and detail else detail

    def _may_tell_of_problem(self):
        is_certificates = self.event.startswith("certificate_") or self.event == "revocation_failed"
        return bool(self.problem) or is_certificates or self.event in AFTER_A_PROBLEM

    def _problem_texts(self):
        """Return in a sentence why something failed, and apart what helps support."""
        kind, _space, technical = (self.detail or "").partition(" ")
        if kind != OFFLINE:
            kind, technical = "", self.detail or ""
        text = ""
        if self.problem:
            number = self.problem.get("number") or ""
            unit = number if "-" in number else ""
            whom = number and problems.number(self.env, unit, nip.formatted(number))
            signer = self.signer_name or ""
            told = problems.texts(self.env, self.problem, nip=whom, signer=signer)
            text, technical = told["text"], told["technical"]
        elif technical:
            # Lines of earlier versions keep no more.
            text = self.env._("KSeF's own words are under “For support”.")
        kind = kind and self.env._("for offline invoices")
        return {
            "detail_text": ": ".join(filter(None, (kind, text))),
            "technical_text": technical,
        }

    def _settings_text(self, detail):
        """Return "environment=test" as the settings' own labels say it."""
        company = self.env["res.company"]
        parts = []
        for part in detail.split("; "):
            name, _equals, value = part.partition("=")
            field = company._fields.get(f"l10n_pl_ksef_{name}")
            if field and field.name in OPTIONS:
                label = field._description_string(self.env)
                part = f"{label}: {self._value_text(field, value)}"
            parts.append(part)
        return "; ".join(parts)

    def _value_text(self, field, value):
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field.type == "many2many":
            return self._names(field.comodel_name, value) or "–"
        return "–" if value in ("", "False", "None") else value

    def _names(self, model, ids):
        """Return the names of records by their ids, "3,7"; the id where a record is gone."""
        records = self.env[model].sudo()
        numbers = [one for one in ids.split(",") if one.isdecimal()]
        return ", ".join(records.browse(int(one)).exists().display_name or one for one in numbers)

    def _passed_over_text(self, detail):
        """Return "3=archived" as the notice itself said it."""
        users = self.env["res.users"].sudo()
        reasons = (part.partition("=")[::2] for part in detail.split("; "))
        known = {users.browse(int(id_)).exists(): why for id_, why in reasons if id_.isdigit()}
        return alert_texts.passed_over(self.env, {user: why for user, why in known.items() if user})

    def _agreed_text(self, detail):
        digits, _colon, how = detail.partition(": ")
        field = self.env["l10n_pl_ksef.agreement"]._fields["how"]
        labels = dict(field._description_selection(self.env))
        return f"{digits}: {labels.get(how, how)}"

    def _taken_over_text(self, detail):
        numbers, _colon, choice = detail.rpartition(": ")
        choices = {
            "keep": self.env._("the former certificate stays valid"),
            "revoke": self.env._("the former certificate is to be revoked"),
        }
        return ": ".join(filter(None, (numbers, choices.get(choice, choice))))
