from odoo import api, fields, models
from odoo.http import request

from ..base.const import ENVIRONMENT_LABELS, OPTIONS, SIGNATURES


class L10n_Pl_KsefAudit(models.Model):
    """What happened to a company's connection, who did it and from where; never a secret.

    Lines are written with the change that they tell of, in its transaction, and nobody can change
    or delete one through Odoo; housekeeping removes them after some years.
    """

    _name = "l10n_pl_ksef.audit"
    _description = "KSeF audit line"
    _order = "id desc"
    _rec_name = "event"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event = fields.Selection(
        [
            ("asked", "Signature asked for by a link"),
            ("link_revoked", "Link for a signature revoked"),
            ("link_void", "Link for a signature void: the office or the company has changed"),
            ("signed", "Signed request handed over"),
            ("login", "Login with a signature"),
            ("consented", "Consent to a certificate, given later"),
            ("renewal", "Login with the certificate"),
            ("failure", "Login failed"),
            ("taken_over", "Connection taken over by another signer"),
            ("disconnected", "Disconnected by hand"),
            ("closed", "Older login closed"),
            ("ended", "Login ended by KSeF"),
            ("expired", "Login expired"),
            ("renewal_asked", "Certificate renewal asked for"),
            ("certificate_requested", "Certificate applied for"),
            ("certificate_issued", "Certificate issued"),
            ("certificate_loaded", "Certificate loaded by hand"),
            ("certificate_shared", "Certificate of another company used"),
            ("agreed", "Agreed that the certificate logs in"),
            ("agreed_offline", "Agreed that the certificate signs offline invoices"),
            ("code_made", "Code of an offline invoice signed"),
            ("errand", "Login for one task"),
            ("office_set", "Office set"),
            ("rights_given", "Rights given to the office"),
            ("rights_refused", "Rights not given to the office"),
            ("rights_received", "Rights for the office found at KSeF"),
            ("rights_lost", "The office's rights are gone"),
            ("rights_returned", "The office's rights taken back"),
            ("client_left", "The office serves the client no more"),
            ("key_forgotten", "Key forgotten with the end of the service"),
            ("nip_changed", "NIP of the company changed"),
            ("certificate_replaced", "Certificate replaced by its successor"),
            ("certificate_revoked", "Certificate revoked"),
            ("revocation_failed", "Certificate could not be revoked"),
            ("certificate_blocked", "Certificate blocked"),
            ("certificate_expired", "Certificate expired"),
            ("certificate_failed", "Certificate not issued"),
            ("passed_over", "Notice did not reach a named person"),
            ("settings", "Settings changed"),
            ("link_address", "Address of links changed"),
            ("original", "Database declared the original"),
            ("afresh", "Secrets given up"),
            ("key_rotated", "Encryption key replaced"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    create_date = fields.Datetime(string="When", readonly=True)
    environment = fields.Selection(ENVIRONMENT_LABELS, readonly=True)
    user_id = fields.Many2one("res.users", string="Who", readonly=True, ondelete="set null")
    address = fields.Char(string="From where", readonly=True)
    signer_name = fields.Char(string="Signed by", readonly=True)
    signer_masked = fields.Char(string="Signer's identifier", readonly=True)
    signature = fields.Selection(SIGNATURES, string="Kind of signature", readonly=True)
    consent = fields.Text(readonly=True)
    reference = fields.Char(string="Number at KSeF", readonly=True)
    detail = fields.Char(readonly=True)
    problem = fields.Json(readonly=True)

    @api.model
    def _address(self):
        """Return the address of the browser as Odoo's server sees it; False without a browser."""
        return request.httprequest.remote_addr if request else False

    @api.model
    def _record(self, companies, event, **values):
        """Add a line for each of some companies, about the request's user unless one is given."""
        line = {"event": event, "user_id": self.env.uid, "address": self._address(), **values}
        self.sudo().create([{"company_id": company.id, **line} for company in companies])

    @api.model
    def _record_settings(self, companies, vals):
        """Add a line for each company whose settings for KSeF are written."""
        changed = [name for name in OPTIONS if name in vals]
        # A colleague who has left Odoo is still named.
        for company in companies.sudo().with_context(active_test=False) if changed else ():
            parts = [
                f"{name.removeprefix('l10n_pl_ksef_')}={_written(company[name])}"
                for name in changed
            ]
            self._record(company, "settings", detail="; ".join(parts))


def _written(value):
    """Return a field's value for an audit line; records by their ids, with commas."""
    is_set_of_records = isinstance(value, models.BaseModel)
    return ",".join(map(str, value.ids)) if is_set_of_records else value
