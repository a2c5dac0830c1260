from odoo import api, fields, models

from ..models.base.const import OPTIONS
from ..models.certificate.certificate import OFFLINE
from ..models.upkeep import alert_texts


class L10n_Pl_KsefAudit(models.Model):
    # What only a screen shows is no part of the state.
    _inherit = "l10n_pl_ksef.audit"  # pylint: disable=consider-merging-classes-inherited

    detail_text = fields.Char(string="Details", compute="_compute_detail_text")

    @api.depends("event", "detail")
    @api.depends_context("lang")
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
            if line.event.startswith("certificate_") and detail.partition(" ")[0] == OFFLINE:
                kind = self.env._("for offline invoices")
                detail = " ".join(filter(None, (kind, detail.partition(" ")[2])))
            line.detail_text = told(detail) if told and detail else detail

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
