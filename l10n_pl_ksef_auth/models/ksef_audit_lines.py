from odoo import fields, models

from .upkeep.audit import address, technical

SESSION_EVENTS = {"failed": "failure", "expired": "expired"}
CERTIFICATE_EVENTS = {
    "requested": "certificate_requested",
    "superseded": "certificate_replaced",
    "revoked": "certificate_revoked",
    "blocked": "certificate_blocked",
    "expired": "certificate_expired",
    "failed": "certificate_failed",
}
ORIGIN_EVENTS = {"enrolled": "certificate_issued", "loaded": "certificate_loaded"}


class L10n_Pl_KsefSession(models.Model):
    """Each change of a login's state leaves a line, whoever makes it."""

    _inherit = "l10n_pl_ksef.session"

    address = fields.Char(string="Signed request came from", readonly=True, copy=False)

    def write(self, vals):
        if "user_id" in vals:
            vals = {**vals, "address": address()}
        changing = self if {"state", "problem"} & set(vals) else self.browse()
        before = {session: (session.state, session.problem) for session in changing}
        result = super().write(vals)
        if "user_id" in vals:
            for session in self:
                session._audit("signed", consent=session.consent_text)
        for session in changing:
            session._audit_change(*before[session])
        return result

    def _audit_change(self, old_state, old_problem):
        # A file that nobody signed is no login that could be disconnected.
        unsigned = old_state == "waiting" and self.method == "signature"
        if unsigned and self.state == "revoked":
            return
        if self.state != old_state and self._audit_event():
            self._audit(self._audit_event())
        elif self.state == "waiting" and self.problem and not old_problem:
            # A refused document, or a login with the certificate that begins again.
            self._audit("failure")

    def _audit_event(self):
        if self.state == "active":
            return "login" if self.method == "signature" else "renewal"
        if self.state == "revoked" and self.closed_by_user:
            return "disconnected"
        if self.state == "revoked":
            return "ended" if self.problem else "closed"
        return SESSION_EVENTS.get(self.state)

    def _audit(self, event, **values):
        # What a signature brings about may happen later, in the scheduled action.
        signed = event in ("signed", "login") and {
            "user_id": self.user_id.id,
            "address": self.address,
        }
        self.env["l10n_pl_ksef.audit"]._record(
            self.company_id,
            event,
            **{
                "environment": self.environment,
                "signer_name": self.signer_name,
                "signer_masked": self.signer_masked,
                "signature": self.signer_kind,
                "reference": self.reference_number,
                "detail": technical(self.env, self.problem),
                **(signed or {}),
                **values,
            },
        )


class L10n_Pl_KsefCertificate(models.Model):
    """Each change of a certificate's state leaves a line for every company that it serves."""

    _inherit = "l10n_pl_ksef.certificate"

    def write(self, vals):
        changing = self if {"state", "company_ids"} & set(vals) else self.browse()
        before = {one: (one.state, one.company_ids) for one in changing}
        result = super().write(vals)
        for certificate in changing:
            state, companies = before[certificate]
            joined = certificate.company_ids - companies
            if certificate.state != state:
                certificate._audit_state(state)
            elif joined and state == "active":
                certificate._audit_certificate("certificate_shared", joined)
        return result

    def _audit_state(self, old):
        event = CERTIFICATE_EVENTS.get(self.state)
        if self.state == "active" and old != "blocked":
            event = ORIGIN_EVENTS[self.origin]
        if event:
            self._audit_certificate(event)

    def _audit_certificate(self, event, companies=None):
        self.env["l10n_pl_ksef.audit"]._record(
            companies or self.company_ids | self.former_company_ids,
            event,
            environment=self.environment,
            signer_name=self.owner_name,
            signer_masked=self.identity_masked,
            reference=self.serial_number or self.reference_number,
            detail=technical(self.env, self.problem),
        )
