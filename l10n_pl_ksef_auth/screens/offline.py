from odoo import fields, models

from ..models.certificate.certificate import OFFLINE

# What the second line says in these; in the others it only tells.
ASKS, WAITS, NONE = "asks", "waits", "none"


class L10n_Pl_KsefPanelOffline(models.AbstractModel):
    """Describes the certificate for offline invoices: the panel's second line, and the account."""

    _name = "l10n_pl_ksef.panel.offline"
    _description = "KSeF connection panel: certificate for offline invoices"

    def _line(self, principal):
        """Return the panel's second line; False where the company needs no such certificate."""
        certificate = self._shown(principal)
        if not certificate and not principal._l10n_pl_ksef_needs_offline():
            return False
        state = self._state(principal, certificate)
        valid_to = certificate.valid_to if state == "valid" else False
        return {
            "state": state,
            "text": self._text(state),
            "valid_to": fields.Datetime.to_string(valid_to),
        }

    def _shown(self, principal):
        certificates = self.env["l10n_pl_ksef.certificate"]
        newest = certificates._of_company(principal, usage=OFFLINE, order="id desc", limit=1)
        return principal._l10n_pl_ksef_offline_certificate() or newest

    def _state(self, principal, certificate):
        if certificate._waits_for_a_place():
            return WAITS
        state = self.env["l10n_pl_ksef.panel"]._certificate_state(certificate)
        if state == "valid" and certificate != principal._l10n_pl_ksef_offline_certificate():
            # It signs for another NIP than the company's of now, or its time has not come.
            state = "attention"
        login = principal._l10n_pl_ksef_certificate()
        if state in ("valid", "issuing", "exists") or not login:
            return state
        certificates = self.env["l10n_pl_ksef.certificate"]
        if certificates._is_coming(login, principal):
            return "issuing"
        return ASKS if certificates._to_be_followed(principal) else state

    def _text(self, state):
        return {
            NONE: self.env._("none"),
            ASKS: self.env._("needs your consent: menu KSeF → Account"),
            WAITS: self.env._("waits: KSeF issues only one more certificate to this person"),
            "issuing": self.env._("being issued"),
            "valid": self.env._("valid until"),
            "exists": self.env._("one exists already: load it by hand in the menu KSeF → Account"),
            "attention": self.env._("needs attention: see the menu KSeF → Account"),
        }[state]

    def _question(self, principal):
        """Return for whom the account asks for a consent that names it; False if it need not."""
        login = self.env["l10n_pl_ksef.certificate"]._to_be_followed(principal)
        if not login:
            return False
        owner = login.owner_name or login.identity_masked or ""
        # Who does not manage all companies of the owner's certificate cannot decide for them.
        return {"owner": owner, "is_mine": login._serves_only(self.env.user)}
