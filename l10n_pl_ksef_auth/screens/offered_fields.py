from odoo import api, models

# By model, what people look for and group by; its other fields serve the machine.
OFFERED = {
    "l10n_pl_ksef.session": {
        "company_id",
        "environment",
        "method",
        "purpose",
        "state",
        "reference_number",
        "activated_at",
        "refresh_valid_until",
        "signer_name",
        "signer_masked",
        "user_id",
        "certificate_id",
        "consent_at",
        "closed_by_user",
        "create_date",
    },
    "l10n_pl_ksef.certificate": {
        "name",
        "company_ids",
        "environment",
        "state",
        "usage",
        "origin",
        "owner_name",
        "identity_masked",
        "serial_number",
        "valid_from",
        "valid_to",
        "taken_at",
        "user_id",
        "create_date",
    },
    "l10n_pl_ksef.audit": {
        "company_id",
        "environment",
        "event",
        "user_id",
        "create_date",
        "address",
        "signer_name",
        "signer_masked",
        "reference",
        "consent",
    },
}


class L10n_Pl_KsefOfferedFields(models.AbstractModel):
    """Has the lists' search and "group by" offer what people know, not the machine's fields.

    This is no wall: it hides nothing that a user may read.
    """

    _name = "l10n_pl_ksef.offered.fields"
    _description = "KSeF fields offered for a search"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Describe the fields; those for the machine can be neither searched nor grouped by."""
        described = super().fields_get(allfields, attributes)
        for name in described.keys() - OFFERED[self._name]:
            described[name].update(
                (attribute, False)
                for attribute in ("searchable", "groupable")
                if attribute in described[name]
            )
        return described


class L10n_Pl_KsefSession(models.Model):
    # What only a screen offers is no part of the state.
    _name = "l10n_pl_ksef.session"
    _inherit = ["l10n_pl_ksef.session", "l10n_pl_ksef.offered.fields"]


class L10n_Pl_KsefCertificate(models.Model):
    # What only a screen offers is no part of the state.
    _name = "l10n_pl_ksef.certificate"
    _inherit = ["l10n_pl_ksef.certificate", "l10n_pl_ksef.offered.fields"]


class L10n_Pl_KsefAudit(models.Model):
    # What only a screen offers is no part of the state.
    _name = "l10n_pl_ksef.audit"
    _inherit = ["l10n_pl_ksef.audit", "l10n_pl_ksef.offered.fields"]
