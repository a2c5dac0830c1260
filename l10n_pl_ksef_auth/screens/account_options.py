from odoo import models
from odoo.exceptions import ValidationError

from ..models.base.const import OPTIONS
from ..models.res_company import CONTEXT
from .panel import label_of

PREFIX = "l10n_pl_ksef_"
SELECTIONS = ("environment", "context_type", "subject_type")


class L10n_Pl_KsefAccountOptions(models.AbstractModel):
    """The company's settings on the account screen: what they are, and what a change would stop."""

    _name = "l10n_pl_ksef.account.options"
    _description = "KSeF account settings"

    def _describe(self, principal):
        company = principal.sudo()
        return {
            "internal_id": company.l10n_pl_ksef_internal_id or "",
            "responsible_ids": company.l10n_pl_ksef_responsible_ids.ids,
            "offline": company.l10n_pl_ksef_offline,
            **{name: company[f"{PREFIX}{name}"] for name in SELECTIONS},
            "choices": {
                name: company._fields[f"{PREFIX}{name}"]._description_selection(self.env)
                for name in SELECTIONS
            },
        }

    def _save(self, principal, values, confirmed):
        """Change settings, unless they are wrong or would stop invoices and nobody confirmed that.

        :param dict values: fields of OPTIONS
        :param bool confirmed: the user has read what stops
        :return dict: empty once it is saved; else ``invalid``, the sentence by the field's name, or
            ``stops``, the sentences to be confirmed
        """
        known = {name: values[name] for name in OPTIONS if name in values}
        invalid = self._invalid(principal, known)
        if invalid:
            return {"invalid": invalid}
        stops = principal._l10n_pl_ksef_what_stops(known)
        if stops and not confirmed:
            return {"stops": stops}
        principal.sudo().write(known)
        return {}

    def _invalid(self, principal, values):
        """Return what is wrong with values: sentences by the name of the field."""
        kind, unit = (values.get(name, principal[name]) for name in CONTEXT)
        if kind != "internal_id" and (unit or False) == principal.l10n_pl_ksef_internal_id:
            return {}
        try:
            principal._l10n_pl_ksef_check_unit_of(unit)
        except ValidationError as error:
            return {"internal_id": str(error)}
        return {}


class ResCompany(models.Model):
    """What other settings for KSeF would stop; told before they are saved."""

    # What a form shows belongs to the screens: the state asks no screen.
    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    def _l10n_pl_ksef_what_stops(self, values):
        """Return what other settings would stop, in sentences; nothing if invoices go on.

        :param dict values: fields of OPTIONS, as they are to be
        """
        self.ensure_one()
        standing = self.sudo()._l10n_pl_ksef_standing()
        if not standing:
            return []
        environment = values.get("l10n_pl_ksef_environment", standing.l10n_pl_ksef_environment)
        sentences = []
        if environment != standing.l10n_pl_ksef_environment:
            sentences.append(standing._l10n_pl_ksef_environment_stops(environment))
        digits = standing._l10n_pl_ksef_digits_as(standing.partner_id.vat, values)
        if digits != standing.l10n_pl_ksef_digits:
            sentences.append(standing._l10n_pl_ksef_what_a_change_means())
        branches = sentences and standing._l10n_pl_ksef_branches(self.env.user)
        if branches:
            names = ", ".join(branches.mapped("name"))
            sentences.append(self.env._("This also concerns: %(companies)s.", companies=names))
        return sentences

    def _l10n_pl_ksef_environment_stops(self, environment):
        choices = dict(self._fields["l10n_pl_ksef_environment"]._description_selection(self.env))
        return self.env._(
            "%(company)s is connected in the environment %(old)s. Its invoices stop: in %(new)s"
            " somebody has to connect it first.",
            company=self.name,
            old=label_of(self, "l10n_pl_ksef_environment"),
            new=choices.get(environment, environment),
        )

    def _l10n_pl_ksef_branches(self, user):
        """Return the user's companies that use self's connection beside self."""
        mine = user.sudo().company_ids - self
        return mine.filtered(lambda one: one._l10n_pl_ksef_principal() == self)
