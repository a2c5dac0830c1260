from odoo import fields, models

from ..models.certificate.certificate import OFFLINE
from ..models.certificate.states import STANDING

# What the second line says in these; in the others it only tells.
ASKS, WAITS, NONE = "asks", "waits", "none"
VALID, ENDING, ENDED, REFUSED = "valid", "ending", "ended", "refused"


class L10n_Pl_KsefPanelOffline(models.AbstractModel):
    """Describes the certificate for offline invoices: the panel's second line, and the account."""

    _name = "l10n_pl_ksef.panel.offline"
    _description = "KSeF connection panel: certificate for offline invoices"

    def _line(self, principal):
        """Return the panel's second line; False where the company needs no such certificate."""
        certificate = self._shown(principal)
        is_here = certificate.state in STANDING and not certificate._waits_in_vain()
        if not is_here and not principal._l10n_pl_ksef_needs_offline():
            return False
        state = self._state(principal, certificate)
        valid_to = certificate.valid_to if state in (VALID, ENDING, ENDED) else False
        return {
            "state": state,
            "text": self._text(state, certificate._waits_for_a_place()),
            "valid_to": fields.Datetime.to_string(valid_to),
        }

    def _shown(self, principal):
        certificates = self.env["l10n_pl_ksef.certificate"]
        newest = certificates._of_company(principal, usage=OFFLINE, order="id desc", limit=1)
        return principal._l10n_pl_ksef_offline_certificate() or newest

    def _state(self, principal, certificate):
        state, login = self._state_of(principal, certificate), principal._l10n_pl_ksef_certificate()
        if state in (WAITS, VALID, ENDING, "issuing", "exists") or not login:
            return state
        certificates = self.env["l10n_pl_ksef.certificate"]
        if certificates._is_coming(login, principal):
            return "issuing"
        # How to get another is what the account asks; here it matters more that none signs now.
        is_asked = state != ENDED and certificates._to_be_followed(principal)
        return ASKS if is_asked else state

    def _state_of(self, principal, certificate):
        """Return the state that the certificate alone tells."""
        if certificate._waits_for_a_place():
            return WAITS
        if certificate.state == "failed":
            return REFUSED
        if certificate._is_past_its_end():
            return ENDED
        state = self.env["l10n_pl_ksef.panel"]._certificate_state(certificate)
        if state != VALID:
            return state
        if certificate != principal._l10n_pl_ksef_offline_certificate():
            # It signs for another NIP than the company's of now, or its time has not come.
            return "attention"
        # People are told by the same measure.
        level = self.env["l10n_pl_ksef.alert.watch"]._ending_level(certificate)
        return VALID if level is None else ENDING

    def _text(self, state, why=False):
        """Return the line in words; the panel adds the date, and the way to Konto.

        :param why: why one that waits has no place, of WAITING
        """
        waits = {
            "offline_waits": self.env._(
                "waits: KSeF issues only one more certificate to this person"
            ),
            "offline_no_place": self.env._("waits: KSeF issues no more certificate to this person"),
            "offline_no_application": self.env._("waits: this person's applications are used up"),
        }
        return {
            NONE: self.env._("none"),
            ASKS: self.env._("needs your consent"),
            WAITS: waits.get(why),
            "issuing": self.env._("being issued"),
            VALID: self.env._("valid until"),
            ENDING: self.env._("ends soon"),
            ENDED: self.env._("ended"),
            REFUSED: self.env._("could not be issued"),
            "exists": self.env._("one exists already"),
            "attention": self.env._("needs attention"),
        }[state]

    def _question(self, principal):
        """Return for whom the account asks for a consent that names it; False if it need not."""
        login = self.env["l10n_pl_ksef.certificate"]._to_be_followed(principal)
        if not login:
            return False
        owner = login.owner_name or login.identity_masked or ""
        # Who does not manage all companies of the owner's certificate cannot decide for them.
        return {"owner": owner, "is_mine": login._serves_only(self.env.user)}
